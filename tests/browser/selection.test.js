// "Read what I selected": the button beside a selection, and what it reads.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { button, launch, newPage, pressed, regions, show, status, untilSaid } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});
beforeEach(async () => {
  page = await newPage(browser, { viewport: { width: 800, height: 600 } });
});
afterEach(() => page.context().close());

const SENTENCES = ["请注意安全。", "请带好雨伞。", "请按时到场。", "请保持安静。", "请随手关灯。"];
const TEXT = SENTENCES.join("");

const pick = () => page.getByRole("button", { name: "朗读所选", exact: true });

/** Selects characters of the first text of `selector`. */
const select = (selector, start, end) => page.locator(selector).first().evaluate((element, [from, to]) => {
  const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
  getSelection().setBaseAndExtent(text, from, text, to);
}, [start, end]);

/** The button has gone, and does not come. */
async function neverOffered() {
  await page.waitForTimeout(600); // more than twice as long as it takes to come
  assert.equal(await pick().count(), 0);
}

/** Drags the mouse over the characters `start` to `end` of the first text of `selector`. */
async function drag(selector, start, end) {
  const [from, to] = await page.locator(selector).first().evaluate((element, places) => {
    const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    return places.map((place) => {
      const range = document.createRange();
      range.setStart(text, place);
      range.collapse(true);
      const { left, top, height } = range.getBoundingClientRect();
      return { x: left, y: top + height / 2 };
    });
  }, [start, end]);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, to.y, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
}

test("the sentences that the selection touches are read, and no others, and the whole text is sent", async () => {
  await show(page, portal, regions(TEXT));
  await select("#r0", 8, 13); // within the second, into the third
  const request = page.waitForRequest((one) => one.method() === "POST");
  await pick().click();
  assert.equal((await request).postDataJSON().text, TEXT);
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(1, 3));
  assert.equal(await pressed(page), "false");
  assert.equal(await pick().count(), 0);
  assert.deepEqual(page.errors, []);
});

test("a selection up to the end of a sentence does not touch the next", async () => {
  await show(page, portal, regions(TEXT));
  await select("#r0", 6, 12);
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(1, 2));
});

test("a selection over several paragraphs and inline tags", async () => {
  await show(page, portal, regions(`前面的话。<b>请注意</b><i>安全。</i></p><p>请带好<u>雨伞。</u></p><ul><li>请按时到场。</li></ul><p>后面的话。`));
  await page.evaluate(() => getSelection().setBaseAndExtent(document.querySelector("i").firstChild, 1, document.querySelector("li").firstChild, 2));
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), ["请注意安全。", "请带好雨伞。", "请按时到场。"]);
});

test("it is offered when the mouse is let go, and a press with the mouse keeps the selection until then", async () => {
  await show(page, portal, regions(TEXT));
  await drag("#r0", 1, 9);
  await neverOffered();
  await page.mouse.up();
  await pick().waitFor();
  const box = await pick().boundingBox();
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  assert.equal(await page.evaluate(() => String(getSelection())), TEXT.slice(1, 9));
  await page.waitForTimeout(400);
  await page.mouse.up();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(0, 2));
  assert.equal(await page.evaluate(() => getSelection().isCollapsed), true, "nothing covers the mark");
});

test("a finger reads what it selected", async () => {
  await page.context().close();
  page = await newPage(browser, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  await show(page, portal, regions(TEXT));
  await select("#r0", 0, 6);
  await pick().tap();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(0, 1));
});

test("the second tap of a double tap is not for the sentence behind it", async () => {
  await page.context().close();
  page = await newPage(browser, { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  for (let tries = 0; ; tries += 1) {
    await show(page, portal, regions(TEXT.repeat(20)));
    await select("#r0", 0, 6);
    await pick().waitFor();
    const { x, y, width, height } = await pick().boundingBox();
    const tap = () => page.touchscreen.tap(x + width / 2, y + height / 2);
    const begun = Date.now();
    await tap();
    await untilSaid(page, "正在朗读"); // what stands behind it could be read from now
    await tap();
    if (Date.now() - begun < 450) break;
    assert.ok(tries < 10, "taps come too late for any double tap");
  }
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(0, 1));
});

test("it is reached with Tab, pressed with Enter, and the focus goes to the button that stops", async () => {
  await show(page, portal, regions(TEXT.repeat(4)));
  await drag("#r0", 0, 45); // long enough to be read still when it is stopped
  await page.mouse.up();
  await pick().waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "朗读所选");
  assert.equal(await page.evaluate(() => getSelection().isCollapsed), false);
  await page.keyboard.press("Enter");
  await untilSaid(page, "正在朗读");
  assert.equal(await button(page).evaluate((element) => element === document.activeElement), true);
  await page.keyboard.press("Enter");
  await untilSaid(page, "已停止");
});

test("Escape and a selection that is taken back take it away", async () => {
  await show(page, portal, regions(TEXT));
  await select("#r0", 0, 6);
  await pick().waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await pick().count(), 0);
  assert.equal(await page.evaluate(() => getSelection().isCollapsed), false, "the selection is the reader's own");
  await select("#r0", 0, 8);
  await pick().waitFor();
  await page.evaluate(() => getSelection().removeAllRanges());
  await pick().waitFor({ state: "detached" });
  assert.deepEqual(portal.asked, []);
});

test("it is not offered outside regions, in fields, in what is not read, and where nothing is selected", async () => {
  await show(page, portal, regions(`${TEXT}<span id="s" data-langdu-skip>这里不读。</span><input id="i" value="写的字"><span id="e" contenteditable>改我。</span>`) +
    "<p id='o'>外面的话。</p>");
  for (const [selector, end] of [["#o", 3], ["#s", 3], ["#e", 2]]) {
    await select(selector, 0, end);
    await neverOffered();
  }
  await page.locator("#i").focus();
  await page.locator("#i").selectText();
  await neverOffered();
  await page.locator("#r0 p").click();
  await neverOffered();
  await select("#r0", 0, 3);
  await pick().waitFor();
});

test("what is selected beyond the region is not read", async () => {
  await show(page, portal, `${regions(TEXT)}<p id="o">外面的话。</p>`);
  await page.evaluate(() => {
    const text = document.querySelector("#r0 p").firstChild;
    getSelection().setBaseAndExtent(text, 26, document.querySelector("#o").firstChild, 3);
  });
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES.slice(4));
});

test("it reads another part while one is read", async () => {
  await show(page, portal, regions(TEXT.repeat(6)));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await select("#r0", 24, 28);
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.equal((await page.evaluate(() => window.ear.marked)).pop(), SENTENCES[4]);
  assert.equal(await page.evaluate(() => [...window.ear.elements].filter((audio) => !audio.paused).length), 0);
});

test("it has 60 by 60 pixels, stands by the end of the selection and never over it, wherever that is", async () => {
  await show(page, portal, regions(TEXT.repeat(30)));
  const texts = 30 * TEXT.length;
  for (const [start, end] of [[0, 6], [100, 300], [texts - 40, texts]]) {
    await page.evaluate(() => getSelection().removeAllRanges());
    await pick().waitFor({ state: "detached" });
    await page.locator("#r0").evaluate((region, last) => {
      const range = document.createRange();
      range.setStart(region.querySelector("p").firstChild, last - 1);
      scrollTo(0, range.getBoundingClientRect().top + scrollY - innerHeight / 2);
    }, end);
    await select("#r0", start, end);
    await pick().waitFor();
    const box = await pick().boundingBox();
    assert.ok(box.width >= 60 && box.height >= 60, JSON.stringify(box));
    const rects = await page.evaluate(() => [...getSelection().getRangeAt(0).getClientRects()].map((rect) => rect.toJSON()));
    const apart = ({ left, right, top, bottom }) =>
      box.x >= right || box.x + box.width <= left || box.y >= bottom || box.y + box.height <= top;
    assert.ok(rects.every(apart), `${start} to ${end}`);
    const below = box.y - rects[rects.length - 1].bottom;
    const above = rects[0].top - box.y - box.height;
    assert.ok(Math.max(below, above) < 20, `it is near: ${below}, ${above}`);
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 800 && box.y + box.height <= 600, "it is on the screen");
  }
});

/** What is seen of the button: nothing, where the page's own ground shines through. */
const look = (where) => where.getByRole("button", { name: "朗读所选", exact: true }).evaluate((element) => {
  const { backgroundColor, borderTopColor, borderTopStyle, borderTopWidth, boxShadow } = getComputedStyle(element);
  return { backgroundColor, borderTopColor, borderTopStyle, borderTopWidth, isShaded: boxShadow !== "none" };
});
const SEEN = {
  backgroundColor: "rgb(11, 90, 115)",
  borderTopColor: "rgb(11, 90, 115)",
  borderTopStyle: "solid",
  borderTopWidth: "3px",
  isShaded: true,
};

test("it has a ground and a border of its own", async () => {
  await show(page, portal, regions(TEXT));
  await select("#r0", 8, 13);
  await pick().waitFor();
  assert.deepEqual(await look(page), SEEN);
});

test("it comes again on a page that was left and is shown again as it was", async (t) => {
  // Playwright switches this cache off.
  const keeping = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  try {
    const kept = await newPage(keeping);
    await kept.addInitScript(() => addEventListener("pageshow", ({ persisted }) => { window.persisted = persisted; }));
    await show(kept, portal, regions(TEXT));
    await kept.evaluate(() => { window.persisted = undefined; }); // that was said when it was shown first
    await kept.goto(`${portal.origin}/demo/`);
    await kept.goBack({ waitUntil: "commit" });
    await kept.waitForFunction(() => location.pathname === "/page" && window.persisted !== undefined);
    if (!(await kept.evaluate(() => window.persisted))) return t.skip("this browser does not keep pages");
    await kept.evaluate(() => {
      const text = document.querySelector("#r0 p").firstChild;
      getSelection().setBaseAndExtent(text, 8, text, 13);
    });
    assert.deepEqual(await look(kept), SEEN);
    await kept.getByRole("button", { name: "朗读所选", exact: true }).click();
    await untilSaid(kept, "朗读完毕");
    assert.deepEqual(await kept.evaluate(() => window.ear.marked), SENTENCES.slice(1, 3));
  } finally {
    await keeping.close();
  }
});

test("at the foot of the screen it stands above the selection, and it moves with the page", async () => {
  await show(page, portal, regions(TEXT.repeat(30)));
  await page.evaluate(() => {
    const range = document.createRange();
    range.setStart(document.querySelector("#r0 p").firstChild, 800);
    range.setEnd(document.querySelector("#r0 p").firstChild, 803);
    document.querySelector("main").style.padding = "1000px 0";
    scrollTo(0, range.getBoundingClientRect().bottom + scrollY - innerHeight + 4);
    getSelection().addRange(range);
  });
  await pick().waitFor();
  const top = () => page.evaluate(() => getSelection().getRangeAt(0).getBoundingClientRect().top);
  const box = await pick().boundingBox();
  assert.ok(box.y + box.height <= await top());
  await page.evaluate(() => scrollBy(0, 300));
  await page.waitForFunction(() => {
    const button = document.querySelector(".langdu-pick").getBoundingClientRect();
    return button.top >= getSelection().getRangeAt(0).getBoundingClientRect().bottom;
  });
});

test("a selection in a frame of this site", async () => {
  const body = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>内页</title><p>${TEXT}</p>`;
  await page.route("**/inner", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body }));
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>外页</title><script src="/player.js" defer></script>
    <p>外面的话。</p><iframe src="/inner" title="内页" width="600" height="200" data-langdu-region></iframe>`);
  const frame = page.frame({ url: /inner/ });
  await frame.waitForLoadState();
  await page.waitForFunction(() => document.querySelector(".langdu"));
  await frame.evaluate(() => {
    const text = document.querySelector("p").firstChild;
    getSelection().setBaseAndExtent(text, 7, text, 9);
  });
  await pick().waitFor();
  const selection = await frame.evaluate(() => {
    const { bottom } = getSelection().getRangeAt(0).getBoundingClientRect();
    return bottom + frameElement.getBoundingClientRect().top;
  });
  const { y } = await pick().boundingBox();
  assert.ok(y >= selection && y < selection + 20, `${y} at ${selection}`);
  await frame.evaluate(() => {
    window.marked = [];
    frameElement.addEventListener("langdu:state", () => {
      const marks = CSS.highlights.get("langdu");
      if (marks) window.marked.push([...marks].map(String).join(""));
    });
  });
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await frame.evaluate(() => [...new Set(window.marked)]), [SENTENCES[1]]);
});

test("the automatic main text can be selected from", async () => {
  const lines = ["为了大家的健康，请在冬季经常开窗通风，每次不少于三十分钟。", "出门请戴好帽子和手套，路面结冰时走路要慢，当心滑倒。",
    "家里有老人和孩子的，请把药品放在拿得到又安全的地方。", "如有不适，请及时到附近的社区卫生服务中心看病，不要拖延，也不要自己随便吃药。"];
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>提醒</title><script src="/player.js" defer></script>
    <body><div>${lines.map((line) => `<p>${line}</p>`).join("")}</div></body>`);
  await button(page).waitFor();
  await select("p:nth-of-type(2)", 3, 5);
  await pick().click();
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), [lines[1]]);
  assert.equal(await status(page).textContent(), "朗读完毕");
});
