// The panel at the edge of the screen: what it does, and that it is never in the way.

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
  page = await newPage(browser, { reducedMotion: "reduce" });
  // Until a speed is chosen every clip lasts ten times as long: nothing moves on by itself while a test looks.
  await page.context().addInitScript(() => {
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
      if (this.defaultPlaybackRate === 1) this.playbackRate = 0.1;
      return play.call(this);
    };
  });
});
afterEach(() => page.context().close());

const SENTENCES = ["请注意安全。", "请带好雨伞。", "请按时到场。", "请保持安静。", "请随手关灯。"];
const LONG = SENTENCES.map((sentence) => sentence.replace("。", "，请各位居民相互转告，并提醒家中的老人和孩子。"));
const TEXT = LONG.join("");

const panel = () => page.getByRole("region", { name: "朗读控制" });
const control = (name) => panel().getByRole("button", { name, exact: true });

async function reading(html = regions(TEXT)) {
  await show(page, portal, html);
  await page.evaluate(() => {
    const status = document.querySelector("[role=status]");
    window.said = [];
    new MutationObserver(() => {
      window.said.push([status.textContent, document.querySelector(".langdu-words")?.textContent]);
    }).observe(status, { childList: true });
  });
  await button(page).click();
  await untilSaid(page, "正在朗读");
}

/** Waits until `text` is marked. */
const untilMarked = (text) => page.waitForFunction((wanted) => {
  const marks = CSS.highlights.get("langdu");
  return marks && [...marks].map(String).join("") === wanted;
}, text);

/** Presses a control, and waits for its words in the status and in the panel: they go when the next sentence begins. */
async function press(name, words) {
  const before = await page.evaluate(() => window.said.length);
  await control(name).click();
  await page.waitForFunction(([from, wanted]) => window.said.slice(from).some((both) => both.every((one) => one === wanted)), [before, words]);
}

test("the panel is there while it reads, and nowhere when it is silent", async () => {
  await show(page, portal, regions(TEXT));
  assert.equal(await page.locator(".langdu-panel,.langdu-control").count(), 0);
  await button(page).click();
  await untilSaid(page, "正在朗读");
  assert.deepEqual(await panel().getByRole("button").allTextContents(), ["停止", "上一句", "下一句", "慢一点", "快一点"]);
  assert.equal(await page.getByRole("status").count(), 1, "one status, that of the part");
  await control("停止").click();
  assert.equal(await status(page).textContent(), "已停止");
  assert.equal(await page.locator(".langdu-panel,.langdu-control,.langdu-room").count(), 0);
  assert.equal(await pressed(page), "false");
  assert.equal(await page.evaluate(() => document.documentElement.style.scrollPaddingBottom), "");
});

test("Tab goes from the button to the speed, to the panel and on, and stopping by key gives the focus back", async () => {
  await reading(regions(`<a href="#x">看这里</a>${TEXT}`));
  const walk = ["语音朗读"];
  await button(page).focus();
  for (let tab = 0; tab < 7; tab += 1) {
    await page.keyboard.press("Tab");
    walk.push(await page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.firstChild.textContent));
  }
  assert.deepEqual(walk, ["语音朗读", "慢", "停止", "上一句", "下一句", "慢一点", "快一点", "看这里"]);
  await control("停止").focus();
  await page.keyboard.press("Enter");
  assert.ok(await button(page).evaluate((element) => element === document.activeElement));
});

test("next and previous, up to both ends", async () => {
  await reading(regions(TEXT));
  await untilMarked(LONG[0]);
  for (const sentence of LONG.slice(1)) {
    await control("下一句").click();
    await untilMarked(sentence);
  }
  await press("下一句", "已经是最后一句");
  assert.equal(await pressed(page), "true", "it goes on reading");
  await control("上一句").click();
  await untilMarked(LONG[3]);
  for (let back = 2; back >= 0; back -= 1) {
    await control("上一句").click();
    await untilMarked(LONG[back]);
  }
  // The mark goes ahead of the sound.
  await page.waitForFunction(() => [...window.ear.elements].every((audio) => !audio.paused));
  const plays = await page.evaluate(() => window.ear.plays);
  await control("上一句").click();
  await page.waitForFunction((before) => window.ear.plays > before, plays);
  await untilMarked(LONG[0]);
  assert.deepEqual(page.errors, []);
});

test("slower and faster, up to both ends, in step with the choice of every part, and remembered", async () => {
  await reading(regions(TEXT.repeat(3), TEXT));
  const speeds = () => page.locator("select").evaluateAll((all) => all.map(({ value }) => value));
  for (const [words, value] of [["语速：稍快", "1.25"], ["语速：快", "1.5"]]) {
    await press("快一点", words);
    assert.deepEqual(await speeds(), [value, value]);
  }
  await press("快一点", "已经最快了");
  assert.ok(await control("快一点").isEnabled());
  for (const words of ["语速：稍快", "语速：正常", "语速：稍慢", "语速：慢", "已经最慢了"]) await press("慢一点", words);
  assert.equal(await panel().locator(".langdu-pace").textContent(), "语速：慢");
  assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), { "langdu-speed": "0.75" });
  await page.reload();
  assert.deepEqual(await speeds(), ["0.75", "0.75"]);
  assert.equal(await page.evaluate(() => window.langdu.speed), 0.75);
  await page.evaluate(() => localStorage.setItem("langdu-speed", "77"));
  await page.reload();
  assert.deepEqual(await speeds(), ["1", "1"], "what is unknown is as if there were nothing");
});

test("where nothing may be stored, the speed holds until the page is left", async () => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
  });
  await reading();
  await press("快一点", "语速：稍快");
  assert.equal(await page.evaluate(() => [...window.ear.elements][0].playbackRate), 1.25);
  assert.deepEqual(page.errors, []);
});

/** How much of what has the focus the panel covers: pixels. */
const covered = () => page.evaluate(() => {
  const [one, other] = [document.activeElement, document.querySelector(".langdu-panel")].map((element) => element.getBoundingClientRect());
  return Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
});

test("the panel never covers what has the focus", async () => {
  const links = Array.from({ length: 30 }, (_, at) => `请看<a href="#${at}">第${at}条</a>。<br><br>`).join("");
  await reading(regions(links));
  await button(page).focus();
  for (const key of ["Tab", "Shift+Tab"]) {
    for (let step = 0; step < 36; step += 1) {
      await page.keyboard.press(key);
      const inside = await page.evaluate(() => Boolean(document.activeElement.closest(".langdu-panel")));
      if (inside) continue;
      await page.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))));
      assert.equal(await covered(), 0, `${key} ${step}`);
    }
  }
});

test("over a site's own bar that has the focus, the panel goes to the other edge", async () => {
  const bar = `<div id="bar"><a href="#x">联系我们</a></div>`;
  await show(page, portal, regions(TEXT).replace("</main>", `</main>${bar}`));
  await page.locator("#bar").evaluate(({ style }) => Object.assign(style, { position: "fixed", bottom: 0, left: 0, right: 0 }));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  assert.ok((await panel().boundingBox()).y > 360, "at the lower edge");
  await page.getByRole("link", { name: "联系我们" }).focus();
  await page.waitForFunction(() => document.querySelector(".langdu-panel").getBoundingClientRect().top === 0);
  assert.equal(await covered(), 0);
});

for (const [width, height] of [[320, 256], [390, 780], [1280, 720]]) {
  test(`at ${width} by ${height} the panel leaves room to read, its buttons are large and whole, and the end can be seen`, async () => {
    await page.setViewportSize({ width, height });
    const html = regions(`${"请各位居民注意安全。<br>".repeat(40)}<b id="end">再见。</b>`);
    await reading(html);
    const box = await panel().boundingBox();
    assert.ok(box.y >= height / 2 && Math.round(box.y + box.height) === height, JSON.stringify(box));
    for (const one of await panel().getByRole("button").all()) {
      const { x, y, width: wide, height: high } = await one.boundingBox();
      assert.ok(wide >= 60 && high >= 60 && x >= 0 && x + wide <= width && y + high <= height, `${x} ${y} ${wide} ${high}`);
    }
    const mark = await page.evaluate(() => [...CSS.highlights.get("langdu")][0].getBoundingClientRect());
    assert.ok(mark.top >= 0 && mark.bottom <= box.y, "the sentence being read is not under the panel");
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    const end = await page.locator("#end").boundingBox();
    assert.ok(end.y + end.height <= (await panel().boundingBox()).y, "nor is the end of the page");
  });
}

/** Clicks on the middle of the first character of `text`. */
async function clickOn(text, options) {
  const place = await page.evaluate((wanted) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const at = walker.currentNode.data.indexOf(wanted);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      const { left, top, width, height } = range.getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    }
    throw new Error(wanted);
  }, text);
  for (const key of options?.modifiers || []) await page.keyboard.down(key);
  await page.mouse.click(...place);
  for (const key of options?.modifiers || []) await page.keyboard.up(key);
}

const isMarked = (text) => page.evaluate((wanted) =>
  CSS.highlights.size === 1 && [...CSS.highlights.get("langdu")].map(String).join("") === wanted, text);

test("a click on a sentence goes on from there, and means nothing while it is silent", async () => {
  await show(page, portal, regions(TEXT));
  await clickOn("请按时到场");
  assert.equal(await pressed(page), "false");
  assert.deepEqual(portal.asked, []);
  await button(page).click();
  await untilMarked(LONG[0]);
  await clickOn("请保持安静");
  await untilMarked(LONG[3]);
  await clickOn("请带好雨伞");
  await untilMarked(LONG[1]);
  assert.equal(await pressed(page), "true");
});

test("links, buttons, clicks with a key held, beside the text, and outside of the region keep their own meaning", async () => {
  const other = `<p>别处的话。</p>`;
  await reading(regions(`${LONG[0]}<a href="#there">看这里</a><button type="button">按这里</button>${LONG[1]}`).replace("</main>", `</main>${other}`));
  await untilMarked(LONG[0]);
  await page.getByRole("link", { name: "看这里" }).click();
  await page.waitForURL(/#there$/);
  await page.getByRole("button", { name: "按这里" }).click();
  await clickOn("请带好雨伞", { modifiers: ["Shift"] });
  await page.evaluate(() => getSelection().removeAllRanges());
  await clickOn("别处的话");
  const { x, y, width, height } = await page.locator("#r0").boundingBox();
  await page.mouse.click(x + width - 2, y + height - 2);
  assert.ok(await isMarked(LONG[0]), "it reads on where it was");
});

test("a click that takes back a selection does no more", async () => {
  await reading(regions(LONG.map((sentence) => `${sentence}<br>`).join("")));
  await untilMarked(LONG[0]);
  await page.evaluate(() => getSelection().selectAllChildren(document.querySelector("#r0")));
  await clickOn("请按时到场");
  assert.ok(await isMarked(LONG[0]));
  await clickOn("请按时到场");
  await untilMarked(LONG[2]);
});

test("a click on a sentence goes on from there where the page listens to clicks and the region takes the focus", async () => {
  const html = regions(`${LONG[0]}<a href="#there">看这里。</a>${LONG.slice(1).join("")}`)
    .replace("<main>", `<body onclick="void 0"><main tabindex="-1">`)
    .replace('id="r0"', 'id="r0" tabindex="0"');
  await reading(html);
  await untilMarked(LONG[0]);
  await clickOn("请保持安静");
  await untilMarked(LONG[3]);
  await page.getByRole("link", { name: "看这里。" }).click();
  await page.waitForURL(/#there$/);
  assert.ok(await isMarked(LONG[3]), "a link is a link");
  await clickOn("请带好雨伞");
  await untilMarked(LONG[1]);
  assert.equal(await pressed(page), "true");
});

test("the machine's keys: title, pause, on with the same sentence by play, next, previous, stop", async () => {
  await page.addInitScript(() => {
    window.keys = {};
    MediaSession.prototype.setActionHandler = (key, act) => { window.keys[key] = act; };
  });
  await show(page, portal, regions(`<b>通知</b>${TEXT}`).replace("<p>", "<h1>停水  通知</h1><p>"));
  const machine = () => page.evaluate(() => [navigator.mediaSession.metadata?.title, navigator.mediaSession.playbackState]);
  const key = (name) => page.evaluate((one) => window.keys[one](), name);
  await button(page).click();
  await untilSaid(page, "正在朗读");
  assert.deepEqual(await machine(), ["停水 通知", "playing"]);
  await key("nexttrack");
  await key("nexttrack");
  await untilMarked(LONG[1]);
  await key("pause");
  await untilSaid(page, "已暂停");
  assert.deepEqual(await machine(), ["停水 通知", "paused"]);
  assert.equal(await pressed(page), "false");
  assert.deepEqual(await panel().getByRole("button").allTextContents(), ["继续朗读", "关闭", "上一句", "下一句"]);
  await key("play");
  await untilMarked(LONG[1]);
  // As well by the panel and by the button; or no more.
  for (const resume of [control("继续朗读"), button(page)]) {
    await key("pause");
    await untilSaid(page, "已暂停");
    await resume.click();
    await untilMarked(LONG[1]);
  }
  await key("pause");
  await control("关闭").click();
  await untilSaid(page, "已停止");
  assert.deepEqual(await machine(), [undefined, "none"]);
  assert.equal(await panel().count(), 0);
  await button(page).click();
  await untilMarked(`通知${LONG[0]}`);
  await key("nexttrack");
  await untilMarked(LONG[1]);
  await key("previoustrack");
  await untilMarked(`通知${LONG[0]}`);
  await key("stop");
  assert.deepEqual(await machine(), [undefined, "none"]);
  assert.deepEqual(await page.evaluate(() => Object.values(window.keys)), [null, null, null, null, null]);
});

test("after a failure the panel offers to go on, with the same sentence, and to close", async () => {
  await show(page, portal, regions(TEXT));
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  const planned = await (await fetch(`${service.origin}/v1/notices`, { method: "POST", headers, body: TEXT })).json();
  const bad = planned.sentences[2].clips.map(({ url }) => url.split("?")[0]);
  portal.fault = (path) => (bad.includes(path.split("?")[0]) ? { status: 500 } : undefined);
  await button(page).click();
  await untilMarked(LONG[0]);
  await control("下一句").click();
  await untilMarked(LONG[1]);
  for (const again of [() => control("下一句"), () => control("继续朗读"), () => button(page)]) {
    await again().click();
    await page.waitForFunction(() => document.querySelector(".langdu-panel").dataset.langduState === "failed");
    await untilSaid(page, "有一句话暂时无法朗读");
    assert.deepEqual(await panel().getByRole("button").allTextContents(), ["继续朗读", "关闭", "上一句", "下一句"]);
    assert.equal(await pressed(page), "false");
    assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  }
  await control("下一句").click();
  await untilMarked(LONG[3]); // past the one that cannot be read
  await control("上一句").click();
  await untilSaid(page, "有一句话暂时无法朗读");
  portal.fault = () => undefined;
  await control("继续朗读").click();
  await untilMarked(LONG[2]);
  await untilSaid(page, "正在朗读");
  assert.equal(portal.asked.filter((path) => path === "/v1/notices").length, 1, "the text is sent once");
  await control("停止").click();
  assert.equal(await panel().count(), 0);
});

test("the second tap of a double tap is not for what stood behind the control, or has taken its place", async () => {
  await page.context().close();
  page = await newPage(browser, { viewport: { width: 390, height: 780 }, hasTouch: true, reducedMotion: "reduce" });
  await show(page, portal, `${regions(TEXT.repeat(6))}<a href="#left" id="below">离开</a>`);
  const below = page.locator("#below");
  await below.evaluate(({ style }) => Object.assign(style, { position: "fixed", inset: "auto 0 0", height: "40vh" }));
  const place = () => page.evaluate(() => location.hash);

  /** Taps twice by the left edge of a control, once `ready`, and again where this machine was too slow. */
  const tapTwice = async (name, ready) => {
    for (let tries = 0; tries < 10; tries += 1) {
      await ready();
      const { x, y, height } = await control(name).boundingBox();
      const begun = Date.now();
      for (let taps = 0; taps < 2; taps += 1) await page.touchscreen.tap(x + 20, y + height / 2);
      if (Date.now() - begun < 450) return;
      await page.evaluate(() => { location.hash = ""; });
      if (await control("停止").count()) await control("停止").tap();
    }
    assert.fail("taps come too late for any double tap");
  };

  await tapTwice("停止", async () => {
    await button(page).tap();
    await untilSaid(page, "正在朗读");
  });
  await untilSaid(page, "已停止");
  assert.equal(await place(), "");
  await page.waitForTimeout(500); // then a tap is one of its own
  await below.tap();
  assert.equal(await place(), "#left");

  await tapTwice("继续朗读", async () => {
    await page.reload();
    portal.fault = () => 503;
    await button(page).tap();
    await control("继续朗读").waitFor();
    portal.fault = () => undefined;
  });
  await untilSaid(page, "正在朗读"); // 停止 has come to where 继续朗读 was
  const { x, y, height } = await control("停止").boundingBox();
  await page.waitForTimeout(500);
  await page.touchscreen.tap(x + 20, y + height / 2);
  await untilSaid(page, "已停止");
});

test("a failed reading that is closed begins anew", async () => {
  await show(page, portal, regions(TEXT));
  portal.fault = () => "down";
  await button(page).click();
  await untilSaid(page, "朗读服务暂时不可用");
  assert.deepEqual(await panel().getByRole("button").allTextContents(), ["继续朗读", "关闭"]);
  await control("关闭").click();
  assert.equal(await panel().count(), 0);
  assert.equal(await status(page).textContent(), "已停止");
  portal.fault = () => undefined;
  await button(page).click();
  await untilMarked(LONG[0]);
});

test("another part that is read takes the words of a failed one away", async () => {
  await show(page, portal, regions(TEXT, TEXT));
  portal.fault = () => "down";
  await button(page).click();
  await untilSaid(page, "朗读服务暂时不可用");
  portal.fault = () => undefined;
  await button(page, 1).click();
  await untilSaid(page, "正在朗读", 1);
  assert.equal(await status(page).textContent(), "");
  assert.deepEqual([await pressed(page), await pressed(page, 1)], ["false", "true"]);
  assert.deepEqual(await panel().getByRole("button").allTextContents(), ["停止", "上一句", "下一句", "慢一点", "快一点"]);
  assert.equal(await page.locator('[data-langdu-state="failed"]').count(), 0);
});

test("where a page may not speak to others of its site, it reads", async () => {
  await page.addInitScript(() => {
    window.BroadcastChannel = class {
      constructor() {
        throw new DOMException("denied", "SecurityError");
      }
    };
  });
  await reading();
  await untilMarked(LONG[0]);
  await control("停止").click();
  assert.equal(await status(page).textContent(), "已停止");
  assert.deepEqual(page.errors, []);
});

test("an old browser reads, marks, has the panel, and reads what is selected", async () => {
  await page.addInitScript(() => {
    for (const name of ["Highlight", "BroadcastChannel", "MediaMetadata", "ResizeObserver"]) delete window[name];
    for (const name of ["popover", "showPopover", "hidePopover", "togglePopover"]) delete HTMLElement.prototype[name];
    delete CSS.highlights;
  });
  await reading();
  const kept = await page.evaluate(() => [window.Highlight, window.BroadcastChannel, window.MediaMetadata, window.ResizeObserver,
    CSS.highlights, document.body.popover, document.body.showPopover].filter(Boolean).length);
  assert.equal(kept, 0, "it is as old as that");

  /** Whether the boxes are as high and as many as the lines of sentence `number`, and lie on them. */
  const untilBoxed = (number) => page.waitForFunction(([texts, at]) => {
    const text = document.querySelector("#r0 p").firstChild;
    const start = texts.slice(0, at).join("").length;
    const range = document.createRange();
    range.setStart(text, start);
    range.setEnd(text, start + texts[at].length);
    const lines = [...range.getClientRects()];
    const boxes = [...document.querySelectorAll(".langdu-box")].map((box) => box.getBoundingClientRect());
    return boxes.length > 0 && boxes.length === lines.length
      && lines.every((line, row) => Math.abs(line.left - boxes[row].left) < 1 && Math.abs(line.top - boxes[row].top) < 1);
  }, [LONG, number]);
  await untilBoxed(0);
  for (const one of await panel().getByRole("button").all()) {
    const { x, y, width, height } = await one.boundingBox();
    assert.ok(x >= 0 && y >= 360 && x + width <= 1280 && y + height <= 720, "it stands at the foot of the window");
  }
  assert.ok((await page.locator(".langdu-room").boundingBox()).height >= 60, "the page can be scrolled out from under it");
  await control("下一句").click();
  await untilBoxed(1);
  await control("停止").click();
  assert.equal(await status(page).textContent(), "已停止");
  assert.equal(await page.locator(".langdu-box,.langdu-panel,.langdu-room").count(), 0);

  await page.evaluate((start) => {
    const text = document.querySelector("#r0 p").firstChild;
    getSelection().setBaseAndExtent(text, start, text, start + 3);
  }, LONG[0].length + LONG[1].length);
  await page.getByRole("button", { name: "朗读所选", exact: true }).click();
  await untilBoxed(2);
  await page.evaluate(() => window.langdu.stop());
  assert.deepEqual(page.errors, []);
});

test("a reading in another page of the site ends this one", async () => {
  await reading();
  const other = await page.context().newPage();
  await other.goto(`${portal.origin}/page`);
  await button(other).click();
  await untilSaid(other, "正在朗读");
  await untilSaid(page, "已停止");
  assert.equal(await pressed(page), "false");
  assert.equal(await pressed(other), "true");
});
