// What can be heard, with a real voice: how soon, how loud, how soon it is silent, and how long between sentences.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { button, launch, newPage, pressed, regions, show, untilHeard, untilQuiet, untilSaid } from "./browser.js";
import { startPortal } from "./portal.js";
import { rehearse, startService } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startService();
  portal = await startPortal(service.origin);
  browser = await launch();
  await rehearse(service.origin, TEXT);
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

const TEXT = "请注意安全。请带好雨伞。请按时到场。请保持安静。请随手关灯。";

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

/** Milliseconds that a timer of the page is late at worst, in a second: next to nothing on a quiet machine. */
const lateness = () => page.evaluate(async () => {
  let worst = 0;
  for (let tick = 0; tick < 50; tick += 1) {
    const begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    worst = Math.max(worst, performance.now() - begun - 20);
  }
  return Math.round(worst);
});
/** A machine whose timers are later than this is busy with something else, and is not measured as strictly. */
const CALM = 30;

test("where the clips exist, sound comes within 200 ms of the click, and silence within 100 ms of the next", async (t) => {
  await show(page, portal, regions(TEXT));
  const [heard, quiet] = [[], []];
  const before = await lateness();
  for (let time = 0; time < 7; time += 1) {
    await button(page).click();
    heard.push(await untilHeard(page));
    await page.waitForFunction(() => window.ear.level > 0.05, null, { polling: 10 });
    await button(page).click();
    quiet.push(await untilQuiet(page));
    await page.waitForFunction(() => window.ear.level === 0, null, { polling: 10 });
    assert.equal(await pressed(page), "false");
  }
  const late = Math.max(before, await lateness());
  t.diagnostic(`click to sound ${heard} ms, click to silence ${quiet} ms, timers late by ${late} ms`);
  assert.ok(median(heard) < (late < CALM ? 200 : 1500), `${heard} ms`);
  assert.ok(median(quiet) <= (late < CALM ? 100 : 500), `${quiet} ms`);
});

test("all the while that a sentence is read it can be heard", async (t) => {
  await show(page, portal, regions(TEXT));
  await page.evaluate(() => {
    window.levels = [];
    setInterval(() => {
      const [audio] = window.ear.elements;
      // Until it has begun it is being loaded: that is no silence of the clip.
      if (audio && !audio.paused && !audio.ended && audio.currentTime > 0) window.levels.push(window.ear.level);
    }, 20);
  });
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  const levels = await page.evaluate(() => window.levels);
  const loud = levels.filter((level) => level > 0.05).length / levels.length;
  t.diagnostic(`above 0.05: ${Math.round(loud * 100)} % of ${levels.length} samples, at most ${Math.max(...levels).toFixed(2)}`);
  assert.ok(levels.length > 50);
  assert.ok(loud > 0.4, `${loud}`); // the rest are the pauses in and between sentences
});

test("from the end of a clip to the next is less than 60 ms, beyond the pause that is in the clips", async (t) => {
  await page.addInitScript(() => {
    window.gaps = [];
    let ended = null;
    // From the end of one reading to the beginning of the next is no gap.
    addEventListener("click", () => { ended = null; }, true);
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function (...args) {
      if (!this.watched) {
        this.watched = true;
        this.addEventListener("ended", () => { ended = performance.now(); });
        this.addEventListener("playing", () => {
          if (ended !== null) window.gaps.push(Math.round(performance.now() - ended));
          ended = null;
        });
      }
      return play.apply(this, args);
    };
  });
  await show(page, portal, regions(TEXT));
  const before = await lateness();
  for (let time = 0; time < 2; time += 1) {
    await button(page).click();
    await page.waitForFunction((count) => window.gaps.length >= count, 4 * (time + 1), { timeout: 60_000 });
    await untilSaid(page, "朗读完毕");
  }
  const late = Math.max(before, await lateness());
  const gaps = await page.evaluate(() => window.gaps);
  t.diagnostic(`gaps ${gaps} ms, timers late by ${late} ms`);
  assert.ok(median(gaps) < (late < CALM ? 60 : 400), `${gaps} ms`);
});

test("an error is heard in our own voice, is no reading, and any press silences it", async () => {
  await show(page, portal, regions(TEXT));
  const recording = page.waitForResponse((response) => response.url().endsWith("/player/unavailable.wav"));
  await button(page).click();
  await untilHeard(page);
  await (await recording).finished();
  await button(page).click();
  portal.fault = () => "down"; // the recording as well
  await page.evaluate(() => document.querySelector("#r0").append("还有一句。"));
  await page.evaluate(() => addEventListener("keydown", () => { window.ear.pressedAt = performance.now(); }, true));
  await button(page).click();
  // It lasts two seconds: what stays is looked at afterwards.
  await untilHeard(page);
  await page.keyboard.press("Shift");
  const quiet = await untilQuiet(page);
  assert.ok(quiet < 1000, `${quiet} ms`);
  await untilSaid(page, "朗读服务暂时不可用，请稍后再试");
  assert.equal(await pressed(page), "false");
  assert.equal(await page.evaluate(() => [...window.ear.elements].length), 1, "on the same audio element");
});
