// Whatever fails is said in words, and the button is never left pressed over silence.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { button, launch, newPage, pressed, regions, show, status, unheard, untilHeard, untilSaid } from "./browser.js";
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
});
afterEach(() => page.context().close());

const UNAVAILABLE = "朗读服务暂时不可用，请稍后再试";
const isClip = (path) => path.startsWith("/v1/clips/");

/** A fault that befalls the first `times` requests for each of these clips, counted from 0. */
function clipFault(fault, times, ...which) {
  const order = [];
  const left = new Map();
  return (path) => {
    if (!isClip(path)) return undefined;
    if (!order.includes(path)) order.push(path);
    if (!which.includes(order.indexOf(path))) return undefined;
    left.set(path, (left.get(path) ?? times) - 1);
    return left.get(path) >= 0 ? fault : undefined;
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
const NOTICE = regions(SENTENCES.join(""));
const control = (name) => page.getByRole("region", { name: "朗读控制" }).getByRole("button", { name, exact: true });
const lastMarked = () => page.evaluate(() => window.ear.marked.at(-1));

/** Waits until `text` is marked and read. */
const untilReads = (text) => page.waitForFunction((wanted) => {
  const marks = CSS.highlights.get("langdu");
  return marks && [...marks].map(String).join("") === wanted && window.ear.states.at(-1) === "reading";
}, text, { timeout: 60_000 });

/** Reads until the connection, lost after the first clip, is missed: the sentence it stands at then. */
async function readUntilLost() {
  await show(page, portal, NOTICE);
  await button(page).click();
  await untilHeard(page);
  portal.fault = () => "down";
  await untilSaid(page, "网络不畅，正在重新连接…");
  assert.equal(await pressed(page), "true");
  return page.evaluate(() => [...CSS.highlights.get("langdu")].map(String).join(""));
}

test("the connection is lost in the middle and comes back: it goes on by itself with the same sentence", async () => {
  const sentence = await readUntilLost();
  portal.fault = () => undefined;
  await untilReads(sentence);
  await untilSaid(page, "朗读完毕");
  assert.deepEqual((await page.evaluate(() => window.ear.marked)), SENTENCES, "none is left out, none is read twice");
  assert.equal(portal.asked.filter((path) => path === "/v1/notices").length, 1);
});

test("the connection is lost for good: that is said, and 继续朗读 goes on with the same sentence", async () => {
  const sentence = await readUntilLost();
  await stoppedWith(UNAVAILABLE);
  await control("继续朗读").click();
  await untilSaid(page, "正在准备");
  await stoppedWith(UNAVAILABLE);
  portal.fault = () => undefined;
  await control("继续朗读").click();
  await untilReads(sentence);
  assert.equal(await lastMarked(), sentence);
  await untilSaid(page, "朗读完毕");
});

test("a clip is refused with Retry-After: that is waited for, and said", async () => {
  await show(page, portal, NOTICE);
  portal.fault = clipFault({ status: 503, code: "overloaded", after: "9" }, 1, 1);
  await button(page).click();
  await untilHeard(page);
  await untilSaid(page, "正在加载");
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), SENTENCES);
});

test("clips that the service knows no longer: the text is sent once more, and it goes on with the same sentence", async () => {
  await show(page, portal, NOTICE);
  const unknown = clipFault({ status: 404, code: "clip_unknown" }, Infinity, 3);
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
  await show(page, portal, regions("请注意安全。请带好雨伞。请按时到场。"));
  portal.fault = clipFault(502, 1, 1);
  await button(page).click();
  await untilSaid(page, "朗读完毕");
});

test("a clip keeps failing", async () => {
  await show(page, portal, regions(unheard()));
  portal.fault = clipFault(502, Infinity, 1);
  await button(page).click();
  await stoppedWith("有一句话暂时无法朗读");
  const clips = portal.asked.filter(isClip);
  assert.equal(clips.filter((path) => path === clips[1]).length, 3, "ahead, in its turn, and once more");
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
  await show(page, portal, regions(unheard(1)));
  portal.fault = clipFault("broken", 1, 0);
  await button(page).click();
  await untilHeard(page);
  assert.equal(await pressed(page), "true");
});

test("a clip stays broken", async () => {
  await show(page, portal, regions(unheard(1)));
  portal.fault = clipFault("broken", Infinity, 0);
  await button(page).click();
  await stoppedWith("声音无法播放");
});

test("a slow network is said, and reading goes on", async () => {
  await show(page, portal, regions("请注意安全。请带好雨伞。请按时到场。"));
  portal.fault = clipFault({ wait: 6000 }, 1, 1);
  await button(page).click();
  await untilSaid(page, "正在加载");
  assert.equal(await pressed(page), "true");
  await untilSaid(page, "正在朗读");
  await untilSaid(page, "朗读完毕");
});

test("sound without a press is refused by the browser, and that is said", async () => {
  await page.addInitScript(() => addEventListener("load", () => window.langdu.read(document.getElementById("r0"))));
  await rehearse(service.origin, "请注意安全。");
  await show(page, portal, regions("请注意安全。"));
  // Looking into the page counts as a press, so it is left alone until it has tried.
  await page.waitForTimeout(4000);
  await stoppedWith("请再按一次语音朗读");
  await button(page).click();
  await untilHeard(page);
});

test("somebody else pauses the sound: the page follows", async () => {
  await show(page, portal, regions(unheard()));
  await button(page).click();
  await untilHeard(page);
  await page.evaluate(() => window.ear.elements.forEach((audio) => audio.pause()));
  await untilSaid(page, "已停止");
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
