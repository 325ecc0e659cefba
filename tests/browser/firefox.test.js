// Another engine: what the player does in Firefox, with a sound card that swallows the sound.
//
// FIREFOX names the program. Where it or PulseAudio is missing the tests say so and are skipped, unless
// LANGDU_DEMAND_FIREFOX is set.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before, beforeEach, test } from "node:test";

import puppeteer from "puppeteer-core";

import { regions, squash } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";
import { hasSink, startSink } from "./sink.js";

const places = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
const firefox = places.find((place) => place && existsSync(place));
const skip = (firefox && hasSink) || process.env.LANGDU_DEMAND_FIREFOX ? false : "there is no Firefox, or no PulseAudio";

/** Milliseconds anything may take: a browser that starts beside others takes its time. */
const LONG = 60_000;
const TEXT = "请注意安全。请带好雨伞。请按时到场。请走东门。";

let sink, service, portal, browser, page;

before(async () => {
  if (skip) return;
  sink = await startSink();
  service = await startHum();
  portal = await startPortal(service.origin);
  const env = { ...process.env, PULSE_SERVER: sink.server };
  browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true, env, timeout: LONG });
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
  await sink?.stop();
});
beforeEach(async () => {
  if (skip) return;
  page = await browser.newPage();
  page.setDefaultTimeout(LONG);
  await page.bringToFront(); // a page behind another draws nothing
  await page.evaluateOnNewDocument(() => {
    window.seen = { states: [], marked: [], errors: [] };
    addEventListener("error", (event) => window.seen.errors.push(event.message));
    addEventListener("langdu:state", ({ detail }) => {
      window.seen.states.push(detail.state);
      const text = [...(CSS.highlights.get("langdu") || [])].join("");
      if (detail.state === "reading" && window.seen.marked.at(-1) !== text) window.seen.marked.push(text);
    }, true);
  });
});
afterEach(() => page?.close());

async function show(html) {
  portal.page = html;
  portal.fault = () => undefined;
  await page.goto(`${portal.origin}/page`);
  await page.waitForSelector(".langdu-button");
}

const pressed = () => page.$eval(".langdu-button", (element) => element.getAttribute("aria-pressed"));
/** Looks again and again by the clock: a browser that has much to do may draw no frame for long. */
const until = (condition, ...given) => page.waitForFunction(condition, { polling: 50 }, ...given);
const untilSaid = (words) =>
  until((wanted) => document.querySelector("[role=status]").textContent.includes(wanted), words);
/**
 * Shows `text` and presses until it is read: now and then Firefox opens no stream on a sink without a card, and a new
 * page does. That is no matter of the player, which says in words that it cannot sound.
 */
async function begin(text, press) {
  for (let tries = 2; ; tries -= 1) {
    await show(regions(text));
    await press();
    const sounds = page.waitForFunction(() => window.seen.states.includes("reading"), { polling: 50, timeout: 15_000 });
    try {
      return await sounds;
    } catch (silent) {
      if (!tries) throw silent;
    }
  }
}
const click = () => page.click(".langdu-button");

test("Firefox: a click reads every sentence in turn, each marked, to the end", { skip }, async () => {
  await begin(TEXT, async () => {
    assert.equal(await pressed(), "false");
    await click();
    await until(() => document.querySelector(".langdu-button").getAttribute("aria-pressed") === "true");
  });
  await untilSaid("朗读完毕");
  const { marked, states, errors } = await page.evaluate(() => window.seen);
  assert.deepEqual(marked.map(squash), TEXT.match(/[^。]+。/g));
  assert.deepEqual([states[0], states.at(-1)], ["preparing", "finished"]);
  assert.equal(await pressed(), "false");
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  assert.deepEqual(errors, []);
});

test("Firefox: the second click takes everything back", { skip }, async () => {
  await begin(TEXT.repeat(20), click);
  await click();
  await untilSaid("已停止");
  assert.equal(await pressed(), "false");
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  const { marked } = await page.evaluate(() => window.seen);
  assert.ok(marked.length < 80, `${marked.length}`);
});

test("Firefox: a service that is down is said in words, and found again", { skip }, async () => {
  await begin(TEXT, async () => {
    portal.fault = () => "down";
    await click();
    await untilSaid("朗读服务暂时不可用");
    assert.equal(await pressed(), "false");
    portal.fault = () => undefined;
    await click();
  });
  await untilSaid("朗读完毕");
});

test("Firefox: the keyboard does it too", { skip }, async () => {
  await begin(TEXT.repeat(20), async () => {
    await page.keyboard.press("Tab");
    await page.keyboard.press(" ");
  });
  await page.keyboard.press("Enter");
  await untilSaid("已停止");
  assert.equal(await pressed(), "false");
});
