// The kiosk and the editor's page in Firefox.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { squash } from "./browser.js";
import { launchFirefox, skip, until, untilItSounds } from "./firefox.js";
import { hall, notice } from "./hall.js";
import { startStudio } from "./studio.js";

let browser, page;

before(async () => {
  if (!skip) browser = await launchFirefox();
});
after(() => browser?.stop());
beforeEach(async () => {
  if (skip) return;
  page = await browser.newPage();
  // What is pressed must be seen: this driver scrolls to nothing that lies under the bar at the bottom.
  await page.setViewport({ width: 1280, height: 1600 });
  await page.evaluateOnNewDocument(() => {
    window.seen = { marked: [], errors: [] };
    addEventListener("error", (event) => window.seen.errors.push(event.message));
    new MutationObserver(() => {
      const text = document.querySelector(".sentence[aria-current], .sentence.heard")?.innerText;
      if (text && window.seen.marked.at(-1) !== text) window.seen.marked.push(text);
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["aria-current", "class"] });
  });
});
afterEach(() => page?.close());

const words = (id) => page.$eval(`#${id}`, (element) => element.textContent);
const untilSaid = (id, wanted) =>
  until(page, (where, text) => document.getElementById(where).textContent.includes(text), id, wanted);
const seen = () => page.evaluate(() => window.seen);

/** Shows the kiosk and opens a notice of it. */
async function openNotice(origin, name) {
  await page.goto(`${origin}/kiosk/`);
  await page.waitForSelector(".row");
  await page.click(`.row[data-name="${name}"]`);
  await page.waitForSelector(".sentence");
}

async function begin(origin, name) {
  await openNotice(origin, name);
  await untilItSounds(page, () => page.click("#read"));
}

test("Firefox: the kiosk reads a notice to its end, each sentence marked, stops, and turns to the next", { skip }, async () => {
  const service = await hall();
  try {
    await service.publish("long", notice(12));
    await service.publish("short", { text: "停水通知\n明天停水。后天恢复。" });
    await begin(service.origin, "short");
    await untilSaid("said", "朗读完毕");
    assert.deepEqual((await seen()).marked.map(squash), ["停水通知", "明天停水。", "后天恢复。"]);

    await page.click("#notice-after");
    await until(page, () => document.querySelectorAll(".sentence").length === 25);
    await begin(service.origin, "long");
    await page.click("#sentence-after");
    await page.click("#read");
    await untilSaid("said", "已停止。按“朗读”接着听");
    const { marked, errors } = await seen();
    assert.ok(marked.length < 20, `${marked.length}`);
    assert.deepEqual(errors, []);
  } finally {
    await service.stop();
  }
});

test("Firefox: what the kiosk has sounded is heard without the service, also after the page was loaded anew", { skip }, async () => {
  const service = await hall();
  try {
    await service.publish("short", { text: "停水通知\n明天停水。" });
    await page.goto(`${service.origin}/kiosk/`);
    await until(page, () => navigator.serviceWorker.controller !== null);
    await begin(service.origin, "short");
    await untilSaid("said", "朗读完毕");
    await until(page, async () => (await (await caches.open("langdu-kiosk-clips")).keys()).length === 2);
    await service.kill();
    await begin(service.origin, "short");
    await untilSaid("said", "朗读完毕");
    assert.match(await words("connection"), /暂时连不上朗读服务/);
    assert.deepEqual((await seen()).errors, []);
  } finally {
    await service.stop();
  }
});

test("Firefox: an editor sees how a text is read, hears it, corrects a word, publishes and withdraws", { skip }, async () => {
  const studio = await startStudio();
  try {
    await page.goto(`${studio.origin}/studio/`);
    await page.type("#key", studio.key);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#key-part", { hidden: true });
    await page.type("#text", "六安5月3日停水。");
    await page.click("#look");
    await untilSaid("status", "读法在下面");
    await untilItSounds(page, () => page.click("#s0 .hear"));
    await untilSaid("status", "朗读完毕");
    assert.equal((await seen()).marked.length, 1);
    assert.match(await page.$eval("#s0", (sentence) => sentence.innerText), /五月三日/);

    await page.click("#s0 ruby");
    await page.waitForSelector("#correct[open]");
    assert.equal(await page.$eval("#written", (field) => field.value), "5月3日");
    await page.$eval("#said", (field) => field.select());
    await page.type("#said", "五月三号");
    await page.click("#correct-form [type=submit]");
    await until(page, () => document.querySelector("#s0 ruby rt").textContent === "五月三号");

    await page.click("#publish-form [type=submit]");
    await untilSaid("status", "已发布：");
    await page.waitForSelector("#published-list .entry");
    await page.click("#published-list .tools button:last-child");
    await page.waitForSelector("#ask[open]");
    await page.click("#ask-yes");
    await untilSaid("status", "已撤下：");
    const { total } = await (await fetch(`${studio.origin}/v1/published`)).json();
    assert.equal(total, 0);
    assert.deepEqual((await seen()).errors, []);
  } finally {
    await studio.stop();
  }
});
