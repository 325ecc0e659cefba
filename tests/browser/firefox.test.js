// What the player does in Firefox.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { regions, squash } from "./browser.js";
import { launchFirefox, skip, until, untilItSounds } from "./firefox.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

const TEXT = "请注意安全。请带好雨伞。请按时到场。请走东门。";

let service, portal, browser, page;

before(async () => {
  if (skip) return;
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launchFirefox();
});
after(async () => {
  await browser?.stop();
  await portal?.stop();
  await service?.stop();
});
beforeEach(async () => {
  if (skip) return;
  page = await browser.newPage();
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
const untilSaid = (words) =>
  until(page, (wanted) => document.querySelector("[role=status]").textContent.includes(wanted), words);
/** Shows `text` and presses, and waits until it is read. */
async function begin(text, press) {
  await show(regions(text));
  await untilItSounds(page, press);
}
const click = () => page.click(".langdu-button");

test("Firefox: a click reads every sentence in turn, each marked, to the end", { skip }, async () => {
  await begin(TEXT, async () => {
    assert.equal(await pressed(), "false");
    await click();
  });
  assert.equal(await pressed(), "true");
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
