// The kiosk: what a visitor of a service hall sees, touches and hears, and what is left when one has gone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { launch, newPage } from "./browser.js";
import {
  TALL, at, hall, heard, heardSentence, marks, names, notice, quiet, said, slowly, stopClock, until, watchMarks,
} from "./hall.js";
import { throughPortal } from "./portal.js";
import { startService } from "./service.js";

const WIDE = { width: 1920, height: 1080 };
const PHONE = { width: 390, height: 780 };
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser, service, page;

before(async () => {
  browser = await launch();
  service = await hall();
  for (let number = 1; number <= 60; number += 1) {
    await service.publish(`n${number}`, {
      text: `关于第${number}次停水的通知\n请${number}号楼居民提前储水。`,
      date: `2026-0${1 + Math.floor((number - 1) / 28)}-${String(1 + ((number - 1) % 28)).padStart(2, "0")}`,
      category: number % 2 ? "供水" : "医保",
    });
  }
  await service.publish("long", notice(12, { category: "长文", date: "2026-05-01" }));
  await service.publish("short", { text: "短通知\n请看好。", category: "短文" });
});
after(async () => {
  await browser?.close();
  await service?.stop();
});
beforeEach(async () => {
  page = await newPage(browser, { viewport: TALL, reducedMotion: "reduce", hasTouch: true });
});
afterEach(() => page.context().close());

const sized = (size) => (Array.isArray(size) ? { width: size[0], height: size[1] } : size);

/** Shows the kiosk with these options in its address. */
async function visit(options = "") {
  await page.goto(`${service.origin}/kiosk/${options}`);
  // Not before the list is there: until then the same place says that it is being opened.
  await until(page, () => document.querySelector(".row") || /^现在没有公告/.test(document.getElementById("nothing").textContent));
}

/** Opens the notice of the kiosk that shows nothing but `category`. */
async function openOnly(category, more = "") {
  await visit(`?category=${category}${more}`);
  await page.locator(".row").first().click();
  await page.locator(".sentence").first().waitFor();
}

const press = (name) => page.getByRole("button", { name, exact: true }).click();
const current = () => page.locator(".sentence[aria-current]");

test("the list has the newest notice first, with title, day and category", async () => {
  await visit();
  assert.equal(await page.locator("h1").textContent(), "公告朗读");
  assert.deepEqual((await names(page)).slice(0, 3), ["short", "long", "n60"]);
  assert.equal(await page.locator(".row").nth(2).innerText(), "关于第60次停水的通知\n2026年3月4日\n医保");
  assert.equal(await at(page, "place").textContent(), "第 1～8 条，共 62 条");
  assert.deepEqual(page.errors, []);
  assert.deepEqual(await page.evaluate(() => window.ear.violations), []);
});

test("the address chooses the category and what is written above, which is nothing but text", async () => {
  await visit(`?category=${encodeURIComponent("医保")}&title=${encodeURIComponent("清河<b>大厅</b>")}`);
  assert.deepEqual((await names(page)).slice(0, 3), ["n60", "n58", "n56"]);
  assert.equal(await page.locator("h1").textContent(), "清河<b>大厅</b>");
  assert.equal(await page.title(), "清河<b>大厅</b>");
  assert.equal(await page.locator("h1 b").count(), 0);
});

test("pages are turned through the whole list and back, and both ends are said", async () => {
  await visit();
  const first = await names(page);
  await press("上一页");
  await said(page, "这已经是第一页");
  const seen = [...first];
  while (seen.length < 62) {
    const before = await at(page, "place").textContent();
    await press("下一页");
    await until(page, (was) => document.getElementById("place").textContent !== was, before);
    seen.push(...(await names(page)));
  }
  const numbers = Array.from({ length: 60 }, (_, less) => `n${60 - less}`);
  assert.deepEqual(seen, ["short", "long", ...numbers]);
  const last = await names(page);
  await press("下一页");
  await said(page, "这已经是最后一页");
  assert.deepEqual(await names(page), last);
  await press("上一页");
  assert.equal((await names(page)).length, first.length);
});

/** Turns to the page that shows the row of `name`. */
async function turnTo(name) {
  while (!(await names(page)).includes(name)) {
    const before = await at(page, "place").textContent();
    await press("下一页");
    await until(page, (was) => document.getElementById("place").textContent !== was, before);
  }
}

test("who is far behind in the list stays there when it changes", async () => {
  await page.clock.install();
  await visit();
  await turnTo("n10"); // the 53rd
  await page.locator('.row[data-name="n10"]').click();
  await page.locator(".sentence").first().waitFor();
  const checked = page.waitForResponse(`${service.origin}/v1/published/n10`);
  await service.publish("new", { text: "新通知\n刚刚发布。" });
  try {
    await page.clock.fastForward(61_000);
    await checked; // that is done when the list has changed
    await press("下一条");
    await page.locator("h2 .sentence", { hasText: "关于第9次停水的通知" }).waitFor();
    await press("返回列表");
    assert.equal((await names(page)).includes("n10"), true);
  } finally {
    await service.withdraw("new");
  }
});

test("what is replaced far behind in the list is seen after ten minutes", async () => {
  await page.clock.install();
  await visit();
  await turnTo("n3");
  await service.publish("n3", { text: "关于改日停水的通知\n请看好。", date: "2026-01-03" });
  try {
    await page.clock.fastForward(11 * 60_000);
    await page.locator('.row[data-name="n3"]', { hasText: "关于改日停水的通知" }).waitFor();
  } finally {
    await service.publish("n3", { text: "关于第3次停水的通知\n请3号楼居民提前储水。", date: "2026-01-03", category: "供水" });
  }
});

test("while a page is waited for it is said, and who turns back meanwhile stays there", async () => {
  await throughPortal(service.origin, async (portal) => {
    await page.goto(`${portal.origin}/kiosk/`);
    await page.locator(".row").first().waitFor();
    await turnTo("n20"); // the 43rd: there is one page more without a question
    const asked = () => portal.asked.filter((path) => path.includes("after=")).length;
    portal.fault = (path) => (path.includes("after=") ? { wait: 5000 } : undefined);
    const before = await at(page, "place").textContent();
    const answered = page.waitForResponse(/after=/);
    await press("下一页");
    await said(page, "正在打开…");
    await press("下一页");
    await said(page, "正在打开…");
    await press("上一页");
    const back = await at(page, "place").textContent();
    assert.notEqual(back, before);
    await (await answered).finished();
    assert.equal(await at(page, "place").textContent(), back);
    assert.equal(asked(), 1);
    portal.fault = () => undefined;
    await press("下一页");
    await said(page, before);
  });
});

test("what of the list cannot be fetched is not said to be its end", async () => {
  await throughPortal(service.origin, async (portal) => {
    await page.goto(`${portal.origin}/kiosk/`);
    await page.locator(".row").first().waitFor();
    await turnTo("n13"); // the 50th
    await page.reload();
    await page.locator(".row").first().waitFor();
    await page.evaluate(() => caches.delete("langdu-kiosk-notices"));
    portal.fault = (path) => (path.includes("after=") ? 404 : undefined);
    await turnTo("n13");
    await press("下一页");
    await said(page, "连不上朗读服务，请过一会儿再按一次");
    await page.locator('.row[data-name="n13"]').click();
    await page.locator(".sentence").first().waitFor();
    await press("下一条");
    await said(page, "连不上朗读服务，请过一会儿再按一次");
    portal.fault = () => undefined;
    await press("下一条");
    await page.locator("h2 .sentence", { hasText: "关于第12次停水的通知" }).waitFor();
  });
});

test("rows are as many as there is room for, in every size, and none is cut off", async () => {
  for (const viewport of [TALL, WIDE]) {
    await page.setViewportSize(viewport);
    await visit();
    for (let size = 1; size < 4; size += 1) {
      if (size > 1) await press("放大字号");
      const room = await page.locator("#rows").evaluate((rows) => [rows.scrollHeight, rows.clientHeight]);
      assert.ok(room[0] <= room[1] + 1, `${viewport.width} ${size}: ${room}`);
      assert.ok((await page.locator(".row").count()) >= 3);
    }
  }
});

test("where nothing is published it is said", async () => {
  await visit("?category=none");
  assert.equal(await at(page, "nothing").textContent(), "现在没有公告。有了新公告，会自动出现在这里。");
  assert.equal(await page.locator("#empty svg").isVisible(), true);
  assert.equal(await page.locator(".row").count(), 0);
});

test("what is published meanwhile appears by itself", async () => {
  await page.clock.install();
  await visit("?category=new");
  await service.publish("new", { text: "新通知\n刚刚发布。", category: "new" });
  try {
    await page.clock.fastForward(61_000);
    await page.locator(".row").waitFor();
    assert.deepEqual(await names(page), ["new"]);
  } finally {
    await service.withdraw("new");
  }
});

test("nothing sounds before 朗读 is pressed; one press reads, the next stops, the next goes on", async () => {
  await openOnly("长文");
  assert.equal(await page.evaluate(() => window.ear.plays), 0);
  assert.equal(await at(page, "said").textContent(), "按“朗读”开始听；按哪一句，就从哪一句听起");
  await slowly(page);
  await press("朗读");
  await heard(page);
  await said(page, "正在朗读");
  assert.equal(await page.getByRole("button", { name: "朗读", exact: true }).count(), 0);
  await until(page, () => document.querySelector(".sentence[aria-current]").textContent.includes("第1件"));
  await press("停止");
  await said(page, "已停止。按“朗读”接着听");
  await quiet(page);
  assert.equal(await page.getByRole("button", { name: "停止", exact: true }).count(), 0);
  const place = await current().innerText();
  await watchMarks(page);
  await press("朗读");
  await heardSentence(page, place);
  assert.deepEqual(await marks(page), [place]);
});

test("a notice is read to its end, every sentence marked in its turn", async () => {
  await openOnly("短文");
  await watchMarks(page);
  await press("朗读");
  await said(page, "朗读完毕");
  assert.deepEqual(await marks(page), ["短通知", "请看好。"]);
  assert.equal(await current().count(), 0);
  assert.equal(await page.getByRole("button", { name: "朗读", exact: true }).count(), 1);
});

test("the sentence that is heard is larger than the others, marked, and in view on every screen and in every size", async () => {
  for (const viewport of [TALL, WIDE, PHONE]) {
    await page.setViewportSize(viewport);
    await openOnly("长文");
    for (let size = 0; size < 4; size += 1) {
      if (size) await press("放大字号");
      else await press("缩小字号");
      // From far away: the sentence before was the last one, or the page has just been opened.
      for (const number of [2, -1]) {
        await page.locator(".sentence").nth(number).evaluate((sentence) => sentence.click());
        // Looked at while it is heard, for it may be the last.
        const seen = await until(page, (index) => {
          const sentence = [...document.querySelectorAll(".sentence")].at(index);
          if (!sentence.hasAttribute("aria-current")) return null;
          const { top, bottom, left, right } = sentence.getBoundingClientRect();
          const scrolls = getComputedStyle(document.getElementById("text")).overflowY === "auto";
          const room = document.getElementById("text").getBoundingClientRect();
          const above = scrolls ? room.top : document.getElementById("said").getBoundingClientRect().bottom;
          const below = scrolls ? room.bottom : document.getElementById("controls").getBoundingClientRect().top;
          const other = document.querySelector(".paragraph > .sentence:not([aria-current])");
          const font = (element) => Number.parseFloat(getComputedStyle(element).fontSize);
          return { top, bottom, left, right, above, below, larger: font(sentence) / font(other), width: innerWidth };
        }, number);
        const name = `${viewport.width} ${size} ${number} ${JSON.stringify(seen)}`;
        assert.ok(seen.top >= seen.above - 1, name);
        assert.ok(seen.bottom <= seen.below + 1 || seen.top <= seen.above + 2, name); // or higher than the room
        assert.ok(seen.left >= 0 && seen.right <= seen.width, name);
        assert.ok(seen.larger > 1.1, name);
      }
    }
  }
});

test("who looks around in the text is left alone for a while, then the text follows again", async () => {
  await page.clock.install();
  await openOnly("长文");
  await press("朗读");
  await heard(page);
  await at(page, "text").evaluate((text) =>
    text.addEventListener("scroll", () => { window.scrolledAt = performance.now(); }));
  await at(page, "text").hover();
  await page.mouse.wheel(0, 3000);
  const top = () => at(page, "text").evaluate((text) => text.scrollTop);
  await until(page, () => // it glides there
    document.getElementById("text").scrollTop > 500 && performance.now() - window.scrolledAt > 500);
  const moved = await top();
  const before = await current().innerText();
  await until(page, (text) => document.querySelector(".sentence[aria-current]").innerText !== text, before);
  assert.ok(Math.abs((await top()) - moved) < 60, "but for what the mark takes");
  await page.clock.fastForward(9000);
  await until(page, (was) => document.getElementById("text").scrollTop < was - 100, moved);
});

test("a sentence that is touched is heard, then those after it", async () => {
  await openOnly("长文");
  const texts = await page.locator(".sentence").allInnerTexts();
  await slowly(page);
  await watchMarks(page);
  await page.locator(".sentence").nth(3).tap();
  await heardSentence(page, texts[3]);
  assert.deepEqual(await marks(page), [texts[3]]);
  await until(page, (text) => document.querySelector(".sentence[aria-current]")?.innerText === text, texts[4]);
});

test("上一句, 下一句 and 重复 go from sentence to sentence, and both ends are said", async () => {
  await openOnly("长文");
  const texts = await page.locator(".sentence").allInnerTexts();
  await press("上一句");
  await said(page, "这已经是第一句");
  await slowly(page);
  await watchMarks(page);
  await press("下一句");
  await heardSentence(page, texts[0]);
  assert.deepEqual(await marks(page), [texts[0]]);
  await press("下一句");
  await press("下一句");
  await until(page, (text) => document.querySelector(".sentence[aria-current]").innerText === text, texts[2]);
  await until(page, () => [...window.ear.elements].some((element) => element.currentTime > 0.5));
  await press("重复");
  await until(page, () => [...window.ear.elements].every((element) => element.currentTime < 0.4));
  assert.equal(await current().innerText(), texts[2]);
  await press("上一句");
  assert.equal(await current().innerText(), texts[1]);
  await page.locator(".sentence").last().click();
  await page.locator(".sentence").last().and(current()).waitFor();
  await press("下一句");
  await said(page, "这已经是最后一句");
});

test("when all was heard 上一句 and 重复 go on from the end, and 朗读 from the start", async () => {
  await openOnly("短文");
  await watchMarks(page);
  await press("朗读");
  await said(page, "朗读完毕");
  await marks(page);
  await press("上一句");
  await said(page, "朗读完毕");
  // Until it sounds, the place that it was pressed at is marked.
  assert.deepEqual((await marks(page)).slice(-2), ["短通知", "请看好。"]);
  await press("重复");
  await said(page, "朗读完毕");
  assert.deepEqual(await marks(page), ["请看好。"]);
  await press("下一句");
  await said(page, "这已经是最后一句");
  await press("朗读");
  await said(page, "朗读完毕");
  assert.deepEqual(await marks(page), ["短通知", "请看好。"]);
});

test("a browser that lets nothing sound is told of in the words of this page", async () => {
  await openOnly("短文");
  await page.evaluate(() => {
    HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException("not now", "NotAllowedError"));
  });
  await press("朗读");
  await said(page, "浏览器没有允许播放声音，请再按一次“朗读”");
});

test("上一条 and 下一条 go from notice to notice; who is listening goes on listening, and both ends are said", async () => {
  await visit();
  await page.locator(".row").first().click();
  await page.locator("h2 .sentence").waitFor();
  await press("上一条");
  await said(page, "这已经是第一条公告");
  await press("下一条");
  await page.locator("h2 .sentence", { hasText: "关于十二件事的通知" }).waitFor();
  assert.equal(await page.evaluate(() => window.ear.plays), 0);
  await press("朗读");
  await heard(page);
  await watchMarks(page);
  await press("上一条");
  await said(page, "朗读完毕");
  assert.deepEqual((await marks(page)).slice(-2), ["短通知", "请看好。"]);
  await press("返回列表");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.name), "short");
  await openOnly("短文");
  await press("下一条");
  await said(page, "这已经是最后一条公告");
});

test("tables are rows, what is left out is said to be, and what the portal put around is not there", async () => {
  const html = `<nav><a href="/">首页</a></nav><h1>停水安排</h1><p>发布时间：2026-05-01 来源：办公室</p>
    <p>详见<a href="https://www.example.com/">网站</a>。</p>
    <table><tr><th>小区</th><th>时间</th></tr><tr><td>和平小区</td><td>8:00</td></tr></table>`;
  await service.publish("table", { html, category: "表格" });
  try {
    await openOnly("表格");
    assert.deepEqual(await page.locator(".table_row .cell").allInnerTexts(), ["小区", "时间", "和平小区", "8:00"]);
    assert.equal(await page.locator(".silent").innerText(), "发布时间：2026-05-01 来源：办公室 （不朗读）");
    assert.equal(await page.getByText("首页").count(), 0);
    assert.equal(await page.locator("a").count(), 0);
  } finally {
    await service.withdraw("table");
  }
});

test("volume and speed go in steps to either end and never to silence", async () => {
  await visit();
  const sound = () => page.evaluate(() => [window.langdu.volume, window.langdu.speed]);
  assert.deepEqual(await sound(), [0.8, 1]);
  for (let step = 0; step < 6; step += 1) await press("小声一点");
  for (let step = 0; step < 6; step += 1) await press("慢一点");
  assert.deepEqual(await sound(), [0.3, 0.75]);
  assert.equal(await at(page, "volume").innerText(), "声音：已经是最小");
  assert.equal(await at(page, "speed").innerText(), "语速：已经是慢");
  for (let step = 0; step < 6; step += 1) await press("大声一点");
  for (let step = 0; step < 6; step += 1) await press("快一点");
  assert.deepEqual(await sound(), [1, 1.5]);
  await press("小声一点");
  assert.equal(await at(page, "volume").innerText(), "声音：较大");
  assert.equal(await page.locator("#volume .full").count(), 4);
  assert.equal(await page.locator("#volume .bars > *").count(), 5);
});

test("who has gone leaves nothing behind", async () => {
  await page.clock.install();
  await visit("?idle=15");
  const before = await page.evaluate(() => history.length);
  await press("下一页");
  await page.locator(".row").first().click();
  for (const name of ["放大字号", "黑底黄字", "小声一点", "快一点"]) await press(name);
  await slowly(page);
  await press("朗读");
  await heard(page);
  await stopClock(page);
  await press("停止");
  await page.clock.fastForward(14_000);
  assert.equal(await page.locator("dialog").isVisible(), false);
  await page.clock.fastForward(1500);
  await page.getByRole("dialog", { name: "还在看吗？" }).waitFor();
  assert.equal(await at(page, "idle-left").textContent(), "15 秒后回到公告列表");
  await page.clock.fastForward(16_000);
  await page.locator("dialog").waitFor({ state: "hidden" });

  assert.deepEqual((await names(page))[0], "short");
  assert.equal(await page.locator("#notice").isVisible(), false);
  assert.equal(await page.locator("html").getAttribute("data-size"), "1");
  assert.equal(await page.locator("html").getAttribute("class") || "", "");
  assert.deepEqual(await page.evaluate(() => [window.langdu.volume, window.langdu.speed]), [0.8, 1]);
  assert.equal(await at(page, "text").textContent(), "");
  assert.equal(await page.evaluate(() => document.activeElement.localName), "body");
  assert.equal(await page.evaluate(() => history.length), before);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
  assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).length), 0);
  assert.deepEqual(await page.context().cookies(), []);
});

test("who is still there says so with one touch, or with a key", async () => {
  await page.clock.install();
  await openOnly("长文", "&idle=15");
  await stopClock(page);
  for (const answer of [() => press("继续看"), () => page.keyboard.press("Escape"), () => page.mouse.click(20, 20)]) {
    await page.clock.fastForward(16_000);
    await page.locator("dialog").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "stay");
    await answer();
    await page.locator("dialog").waitFor({ state: "hidden" });
    assert.equal(await page.locator("h2 .sentence").isVisible(), true);
    await page.clock.fastForward(14_000);
    assert.equal(await page.locator("dialog").isVisible(), false);
  }
});

test("Escape answers as often as it is asked", async () => {
  await page.clock.install();
  await openOnly("长文", "&idle=15");
  for (let time = 0; time < 3; time += 1) {
    await page.clock.fastForward(16_000);
    await page.locator("dialog").waitFor();
    assert.equal(await at(page, "notice").isVisible(), true);
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "hidden" });
  }
});

test("a button that a screen reader presses is a sign too", async () => {
  await page.clock.install();
  await openOnly("长文", "&idle=15");
  await page.clock.fastForward(10_000);
  await at(page, "larger").evaluate((button) => button.click());
  await page.clock.fastForward(10_000);
  assert.equal(await page.locator("dialog").isVisible(), false);
  await page.clock.fastForward(6000);
  await page.locator("dialog").waitFor();
});

test("who listens is not asked; the time begins when reading ends", async () => {
  await page.clock.install();
  await openOnly("长文", "&idle=15");
  await press("朗读");
  await heard(page);
  await page.clock.fastForward(8000);
  await page.clock.fastForward(8000);
  assert.equal(await page.locator("dialog").isVisible(), false);
  await press("停止");
  await page.clock.fastForward(16_000);
  await page.locator("dialog").waitFor();
});

test("the time is 90 seconds where none is given, at least 15, and at most a day", async () => {
  await page.clock.install();
  for (const [option, seconds] of [["", 90], ["&idle=abc", 90], ["&idle=1", 15], ["&idle=9999999", 86_400]]) {
    await openOnly("短文", option);
    await stopClock(page);
    await page.keyboard.press("Shift"); // the time begins anew
    await page.clock.fastForward((seconds - 2) * 1000);
    assert.equal(await page.locator("dialog").isVisible(), false, option);
    await page.clock.fastForward(2500);
    await page.locator("dialog").waitFor();
    await page.clock.resume();
  }
});

test("the second tap of a double tap is not for what has come under the finger", async () => {
  await openOnly("长文");
  const sentences = await page.locator(".sentence").evaluateAll((all) =>
    all.flatMap((one) => [...one.getClientRects()].map(({ left, top, height }) => [left + 20, top + height / 2])));
  await press("返回列表");
  const { x, y, width, height } = await page.locator(".row").first().boundingBox();
  // Where a row is now, and a sentence will be.
  const [left, top] = sentences.find(([left, top]) => left > x && left < x + width && top > y + 5 && top < y + height - 5);
  await page.evaluate(() => {
    window.presses = [];
    addEventListener("pointerdown", ({ timeStamp }) => window.presses.push(timeStamp), true);
  });
  const apart = () => page.evaluate(() => window.presses.at(-1) - window.presses.at(-2));
  // The second one when the sentence is there, unless this machine was so slow that it is a tap of its own.
  for (let tries = 0; ; tries += 1) {
    await page.touchscreen.tap(left, top);
    await page.locator(".sentence").first().waitFor();
    await page.touchscreen.tap(left, top);
    if (await apart() < 450) break;
    assert.ok(tries < 10, "the sentences come too late for any double tap");
    await press("返回列表");
    await page.waitForTimeout(600);
  }
  await page.waitForTimeout(1000);
  assert.equal(await page.locator("#read").innerText(), "朗读", "nobody has asked for that");
  // Later it is a tap of its own; and twice on one thing is twice.
  await page.touchscreen.tap(left, top);
  await heard(page);
  await press("停止");
  const size = () => page.locator("html").getAttribute("data-size");
  const before = Number(await size());
  await page.getByRole("button", { name: "放大字号" }).dblclick();
  assert.equal(Number(await size()), before + 2);
});

test("a notice that is withdrawn while it is read is stopped and said to be gone", async () => {
  await page.clock.install();
  await service.publish("gone", notice(12, { category: "撤下" }));
  await openOnly("撤下");
  await press("朗读");
  await heard(page);
  await service.withdraw("gone");
  await page.clock.fastForward(61_000);
  await said(page, "这条公告已经撤下。");
  assert.equal(await page.locator("#notice").isVisible(), false);
  await until(page, () => !document.querySelector(".row")); // a refused clip may tell it before the list does
  await quiet(page);
});

test("there is no way out of the page", async () => {
  await openOnly("长文");
  assert.equal(await page.locator("a[href], [target], input, select, textarea, iframe").count(), 0);
  const prevented = await page.evaluate(() =>
    ["contextmenu", "dragstart"].map((type) => !document.body.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }))));
  assert.deepEqual(prevented, [true, true]);
  const style = await page.evaluate(() => {
    const { touchAction, userSelect, overscrollBehaviorX } = getComputedStyle(document.documentElement);
    return [touchAction, userSelect, overscrollBehaviorX];
  });
  assert.deepEqual(style, ["pan-y", "none", "none"]);
  assert.equal(await page.locator(".sentence").first().evaluate((sentence) => getComputedStyle(sentence).userSelect), "none");
  const asked = new Set();
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  await press("朗读");
  await heard(page);
  assert.deepEqual([...asked].filter((origin) => origin !== service.origin), []);
});

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function axe(state) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(found, [], state);
}

test("axe-core finds nothing in any state", async () => {
  await page.clock.install();
  await visit("?category=none");
  await axe("empty");
  await visit("?idle=15");
  await axe("list");
  await press("黑底黄字");
  await axe("list, high contrast");
  await openOnly("长文", "&idle=15");
  await press("朗读");
  await heard(page);
  await axe("reading");
  await press("黑底黄字");
  await axe("reading, high contrast");
  await press("停止");
  await page.clock.fastForward(16_000);
  await page.locator("dialog").waitFor();
  await axe("question");
});

test("targets are at least 60 by 60, text at least 18 pixels, and nothing is lost to the side", async () => {
  const check = async (state) => {
    const [small, fine, wide] = await page.evaluate(() => {
      const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
      const targets = [...document.querySelectorAll("button")].filter(shown)
        .map((element) => [element.textContent, element.getBoundingClientRect()])
        .filter(([, { width, height }]) => width < 60 || height < 60).map(([name, { width, height }]) => [name, width, height]);
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (walker.nextNode()) {
        const { parentElement: parent, data } = walker.currentNode;
        const size = Number.parseFloat(getComputedStyle(parent).fontSize);
        if (data.trim() && shown(parent) && size < 18) texts.push([data, size]);
      }
      const cut = [...document.querySelectorAll("button, .value, #text, #controls")].filter(shown)
        .filter((element) => element.scrollWidth > element.clientWidth + 1 || element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.id || element.textContent);
      if (document.documentElement.scrollWidth > innerWidth) cut.push("page");
      return [targets, texts, cut];
    });
    assert.deepEqual([small, fine, wide], [[], [], []], state);
  };
  for (const viewport of [TALL, WIDE, PHONE, [1366, 768], [1024, 768], [768, 1366], [320, 256]].map(sized)) {
    await page.setViewportSize(viewport);
    await visit();
    for (const size of ["小", "中", "大", "特大"]) {
      if (size === "小") await press("缩小字号");
      else await press("放大字号");
      assert.equal(await at(page, "size").innerText(), `字号：${size}`);
      await check(`list ${viewport.width} ${size}`);
      await page.locator(".row").nth(1).click();
      await page.locator("h2 .sentence").waitFor();
      await check(`notice ${viewport.width} ${size}`);
      await press("返回列表");
    }
    const text = await page.locator(".row .title").first().evaluate((title) => getComputedStyle(title).fontSize);
    assert.equal(text, "60px");
  }
});

test("on the screens of terminals every button of a notice is in view without scrolling", async () => {
  for (const viewport of [TALL, WIDE, [1366, 768], [1024, 768], [1280, 1024], [768, 1366], [800, 1280]].map(sized)) {
    await page.setViewportSize(viewport);
    await openOnly("长文");
    const text = await at(page, "text").boundingBox();
    assert.ok(text.height >= 300 && text.width >= 600, `${JSON.stringify(viewport)} ${JSON.stringify(text)}`);
    for (const button of await page.locator("#controls button, #settings button").all()) {
      const { x, y, width, height } = await button.boundingBox();
      assert.ok(x >= 0 && y >= 0 && x + width <= viewport.width && y + height <= viewport.height, await button.textContent());
    }
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), viewport.height);
  }
});

test("everything works with a keyboard: the text is one stop of Tab, arrows go through its sentences", async () => {
  await visit(`?category=长文`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator(".sentence").first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement.innerText);
  assert.equal(await focused(), "朗读");
  await slowly(page);
  await page.keyboard.press("Space");
  await heard(page);
  assert.equal(await focused(), "停止");
  await page.keyboard.press("Enter");
  await quiet(page);
  const walk = [];
  for (let tab = 0; tab < 13; tab += 1) {
    await page.keyboard.press("Tab");
    walk.push(await focused());
    const width = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.activeElement).outlineWidth));
    assert.ok(width >= 4, walk[tab]);
  }
  assert.deepEqual(walk, ["重复", "上一句", "下一句", "上一条", "下一条", "返回列表", "缩小字号", "放大字号", "小声一点", "大声一点",
    "慢一点", "快一点", "黑底黄字"]);
  await at(page, "read").focus();
  await page.keyboard.press("Shift+Tab");
  const texts = await page.locator(".sentence").allInnerTexts();
  const here = texts.indexOf(await focused());
  assert.ok(here >= 0);
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), texts[here + 1]);
  await page.keyboard.press("End");
  assert.equal(await focused(), texts[texts.length - 1]);
  await page.keyboard.press("Home");
  assert.equal(await focused(), texts[0]);
  await page.keyboard.press("Enter");
  await heardSentence(page, texts[0]);
});

test("reading takes the focus nowhere, and the text stays one stop of Tab", async () => {
  await openOnly("长文");
  await page.locator(".sentence").nth(1).focus();
  await page.keyboard.press("Enter");
  await heard(page);
  await page.locator(".sentence").nth(2).and(current()).waitFor();
  const focused = () => page.evaluate(() =>
    [...document.querySelectorAll(".sentence")].map((sentence) => [sentence === document.activeElement, sentence.tabIndex]));
  const wanted = Array.from({ length: 25 }, (_, number) => [number === 1, number === 1 ? 0 : -1]);
  assert.deepEqual(await focused(), wanted);
});

test("a screen reader is told headings, groups, names and states", async () => {
  await openOnly("短文");
  assert.equal(await page.locator("body").ariaSnapshot(), `- banner:
  - heading "公告朗读" [level=1]
  - status
- main:
  - status: 按“朗读”开始听；按哪一句，就从哪一句听起
  - region "公告":
    - article:
      - heading "短通知" [level=2]:
        - button "短通知"
      - button "请看好。"
    - group "朗读":
      - button "朗读"
      - button "重复"
      - button "上一句"
      - button "下一句"
      - button "上一条"
      - button "下一条"
      - button "返回列表"
- region "字号、声音和语速":
  - group "字号":
    - button "缩小字号"
    - status: 字号：中
    - button "放大字号"
  - group "声音":
    - button "小声一点"
    - status: 声音：较大
    - button "大声一点"
  - group "语速":
    - button "慢一点"
    - status: 语速：正常
    - button "快一点"
  - button "黑底黄字"`);
  await press("黑底黄字");
  assert.equal(await page.getByRole("button", { name: "黑底黄字", exact: true, pressed: true }).count(), 1);
});

test("high contrast is yellow on black, and the other way round where it is read", async () => {
  await openOnly("长文");
  await press("黑底黄字");
  await press("朗读");
  await current().first().waitFor();
  const colours = (locator) => locator.evaluate((element) => {
    const { color, backgroundColor } = getComputedStyle(element);
    return [color, backgroundColor];
  });
  assert.deepEqual(await colours(at(page, "text")), ["rgb(255, 230, 0)", "rgb(0, 0, 0)"]);
  assert.deepEqual(await colours(current()), ["rgb(0, 0, 0)", "rgb(255, 230, 0)"]);
});

test("in forced colours the sentence that is heard has a frame, and a pressed button its tick", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await openOnly("长文");
  await press("朗读");
  await current().waitFor();
  const outline = (locator) => locator.evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.equal(await outline(current()), "solid");
  assert.equal(await outline(page.locator(".sentence:not([aria-current])").first()), "none");
  const bar = (locator) => locator.evaluate((element) => {
    const { borderLeftColor, backgroundColor } = getComputedStyle(element);
    return borderLeftColor === getComputedStyle(document.body).backgroundColor ? "none" : borderLeftColor + backgroundColor;
  });
  assert.equal(await bar(page.locator(".sentence:not([aria-current])").first()), "none");
  assert.notEqual(await bar(current()), "none");
  await press("黑底黄字");
  assert.match(await at(page, "contrast").evaluate((element) => getComputedStyle(element, "::after").content), /✓/);
});

test("with a real voice a notice is heard", async () => {
  const real = await hall(startService);
  try {
    await real.publish("a", { text: "停水通知\n明天上午停水，请提前储水。" });
    await page.goto(`${real.origin}/kiosk/`);
    await page.locator(".row").click();
    await page.locator(".sentence").first().waitFor();
    await press("朗读");
    await heard(page, 120_000);
    await said(page, "朗读完毕", 120_000);
    assert.deepEqual(page.errors, []);
  } finally {
    await real.stop();
  }
});
