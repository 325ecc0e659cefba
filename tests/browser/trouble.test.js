// Whatever fails is said in words, and the button is never left pressed over silence.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import {
  button, holds, launch, newPage, pauseSound, pressed, regions, show, status, unheard, untilHeard, untilSaid,
} from "./browser.js";
import { startPortal } from "./portal.js";
import { rehearse, startHum } from "./service.js";

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
  page = await newPage(browser);
  // What is marked whenever reading begins or goes on.
  await page.addInitScript(() => {
    window.reads = [];
    addEventListener("langdu:state", ({ detail }) => {
      if (detail.state === "reading") window.reads.push([...CSS.highlights.get("langdu")].map(String).join(""));
    }, true);
  });
});
afterEach(() => page.context().close());

const UNAVAILABLE = "朗读服务暂时不可用，请稍后再试";
const SHORT = "请注意安全。请带好雨伞。请按时到场。";

/** The paths of the clips of a text as they are heard: a page asks for several at once, and they come in any order. */
const clipsOf = async (text) => (await rehearse(service.origin, text)).map((url) => new URL(url).pathname);

/** A fault that befalls the first `times` requests for a clip. */
function clipFault(fault, times, clip) {
  let left = times;
  return (path) => {
    if (left === 0 || !path.startsWith(clip)) return undefined;
    left -= 1;
    return fault;
  };
}

async function stoppedWith(words) {
  await untilSaid(page, words);
  assert.equal(await pressed(page), "false");
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  // What may be heard now is why.
  const isSilent = () => [...window.ear.elements].every((audio) => audio.paused || audio.src.includes("/player/"));
  assert.equal(await page.evaluate(isSilent), true);
}

test("the service is down at the click, and back at the next one", async () => {
  await show(page, portal, regions(unheard()));
  portal.fault = () => "down";
  await button(page).click();
  await stoppedWith(UNAVAILABLE);
  portal.fault = () => undefined;
  await button(page).click();
  await untilHeard(page);
  assert.equal(await pressed(page), "true");
});

const SENTENCES = ["请注意安全，", "请带好雨伞，", "请按时到场，", "请保持安静，", "请随手关灯，"].map((one) => `${one}请各位居民相互转告。`);
const TEXT = SENTENCES.join("");
const NOTICE = regions(TEXT);
const control = (name) => page.getByRole("region", { name: "朗读控制" }).getByRole("button", { name, exact: true });

/** Reads until the connection, lost after the first clips, is missed: the sentence it stands at then. */
async function readUntilLost() {
  const lost = (await clipsOf(TEXT)).slice(3);
  await show(page, portal, NOTICE);
  portal.fault = (path) => (lost.some((clip) => path.startsWith(clip)) ? "down" : undefined);
  await button(page).click();
  await untilSaid(page, "网络不畅，正在重新连接…");
  portal.fault = () => "down";
  assert.equal(await pressed(page), "true");
  return page.evaluate(() => {
    window.reads = [];
    return [...CSS.highlights.get("langdu")].map(String).join("");
  });
}

/** Waits until it has read to the end: it has gone on with this sentence, and all were read. */
async function wentOnWith(sentence) {
  await untilSaid(page, "朗读完毕");
  assert.equal(await page.evaluate(() => window.reads[0]), sentence);
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES, "none is left out, none is read twice");
}

test("the connection is lost in the middle and comes back: it goes on by itself with the same sentence", async () => {
  const sentence = await readUntilLost();
  portal.fault = () => undefined;
  await wentOnWith(sentence);
  assert.equal(portal.asked.filter((path) => path === "/v1/notices").length, 1);
});

test("the connection is lost for good: that is said, and 继续朗读 goes on with the same sentence", async () => {
  const sentence = await readUntilLost();
  await stoppedWith(UNAVAILABLE);
  await control("继续朗读").click();
  await page.waitForFunction(() => window.ear.states.filter((state) => state === "failed").length === 2);
  assert.deepEqual(await page.evaluate(() => window.ear.words.slice(-2)), ["正在准备…", UNAVAILABLE]);
  await stoppedWith(UNAVAILABLE);
  portal.fault = () => undefined;
  await control("继续朗读").click();
  await wentOnWith(sentence);
});

test("a clip is refused with Retry-After: that is waited for, and said", async () => {
  const [, second] = await clipsOf(TEXT);
  await show(page, portal, NOTICE);
  portal.fault = clipFault({ status: 503, code: "overloaded", after: "9" }, 1, second);
  await button(page).click();
  await untilHeard(page);
  await untilSaid(page, "正在加载");
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES);
});

test("clips that the service knows no longer: the text is sent once more, and it goes on with the same sentence", async () => {
  const fourth = (await clipsOf(TEXT))[3];
  await show(page, portal, NOTICE);
  const unknown = clipFault({ status: 404, code: "clip_unknown" }, Infinity, fourth);
  const sent = () => portal.asked.filter((path) => path === "/v1/notices").length;
  portal.fault = (path) => (sent() < 2 ? unknown(path) : undefined);
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  assert.equal(sent(), 2);
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES);
});

test("a text is sent once, however often it is read", async () => {
  await show(page, portal, NOTICE);
  for (let time = 0; time < 3; time += 1) {
    await button(page).click();
    await untilSaid(page, "正在朗读");
    await button(page).click();
  }
  assert.equal(portal.asked.filter((path) => path === "/v1/notices").length, 1);
});

test("an answer that is no manifest", async () => {
  await show(page, portal, regions(unheard()));
  portal.fault = (path) => (path === "/v1/notices" ? "broken" : undefined);
  await button(page).click();
  await stoppedWith(UNAVAILABLE);
});

test("a clip fails once and is asked for again", async () => {
  const [, second] = await clipsOf(SHORT);
  await show(page, portal, regions(SHORT));
  portal.fault = clipFault(502, 1, second);
  await button(page).click();
  await untilSaid(page, "朗读完毕");
});

test("a clip keeps failing", async () => {
  const text = unheard();
  const [first, second] = await clipsOf(text);
  await show(page, portal, regions(text));
  const failing = clipFault(502, Infinity, second);
  // The second has failed for a while when its turn comes.
  portal.fault = (path) => (path.startsWith(first) ? { wait: 1500 } : failing(path));
  await button(page).click();
  await stoppedWith("有一句话暂时无法朗读");
  assert.equal(portal.asked.filter((path) => path.startsWith(second)).length, 3, "ahead, in its turn, and once more");
});

for (const [status, code, after, words, times] of [
  [403, "not_published", undefined, "这段文字还没有开通朗读", 1],
  [403, "origin_refused", undefined, "本网站还没有开通朗读", 1],
  [429, "too_many_requests", "1", "按得太快了", 2],
  [429, "too_many_requests", "60", "按得太快了", 1],
  [503, "overloaded", "2", "现在使用的人较多", 2],
]) {
  test(`a submission is refused: ${code}, Retry-After ${after}`, async () => {
    await show(page, portal, regions(unheard(1)));
    portal.asked.length = 0;
    portal.fault = (path) => (path === "/v1/notices" ? { status, code, after } : undefined);
    const begun = Date.now();
    await button(page).click();
    await stoppedWith(words);
    assert.equal(portal.asked.filter((path) => path === "/v1/notices").length, times);
    if (times === 2) assert.ok(Date.now() - begun >= after * 1000, "it waits as long as it is told");
  });
}

test("a clip arrives broken once and is fetched anew", async () => {
  const text = unheard();
  const [first] = await clipsOf(text);
  await show(page, portal, regions(text));
  portal.fault = clipFault("broken", 1, first);
  await button(page).click();
  await untilHeard(page);
  assert.equal(await pressed(page), "true");
});

test("a clip stays broken", async () => {
  const text = unheard(1);
  const [first] = await clipsOf(text);
  await show(page, portal, regions(text));
  portal.fault = clipFault("broken", Infinity, first);
  await button(page).click();
  await stoppedWith("声音无法播放");
});

test("a slow network is said, and reading goes on", async () => {
  const [, second] = await clipsOf(SHORT);
  await show(page, portal, regions(SHORT));
  portal.fault = clipFault({ wait: 6000 }, 1, second);
  await button(page).click();
  await untilSaid(page, "正在加载");
  assert.equal(await pressed(page), "true");
  await untilSaid(page, "朗读完毕");
  const words = await page.evaluate(() => window.ear.words);
  assert.ok(words.lastIndexOf("正在朗读，再按一次停止") > words.indexOf("正在加载，请稍候…"), String(words));
});

test("sound without a press is refused by the browser, and that is said", async () => {
  await page.addInitScript(() => addEventListener("load", () => window.langdu.read(document.getElementById("r0"))));
  await rehearse(service.origin, "请注意安全。");
  await show(page, portal, regions("请注意安全。"));
  // Looking into the page counts as a press, so it is left alone until it has tried and lets the service know.
  await holds(() => assert.ok(portal.asked.some((path) => path.endsWith("/work"))), 30_000);
  await stoppedWith("请再按一次语音朗读");
  await button(page).click();
  await untilHeard(page);
});

test("somebody else pauses the sound: the page follows", async () => {
  await show(page, portal, regions(unheard()));
  await button(page).click();
  await untilHeard(page);
  await pauseSound(page);
  await untilSaid(page, "已暂停");
  assert.equal(await pressed(page), "false");
});

test("no words of the notice ever stand in the status", async () => {
  await show(page, portal, regions(unheard(1)));
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  const words = await page.evaluate(() => [...new Set(window.ear.words)]);
  for (const one of words) assert.match(one, /^$|^正在准备…$|^正在加载，请稍候…$|^正在朗读，再按一次停止$|^朗读完毕/);
  assert.ok(words.length >= 3, String(words));
  assert.match(await status(page).textContent(), /^朗读完毕/);
});
