// Whatever is pressed, in whatever order: one voice, one pressed button, and the panel and the mark that belong to it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, newPage, regions, show } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser;

before(async () => {
  service = await startHum(["--delay-ms", "30"]);
  portal = await startPortal(service.origin);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});

const CLICKS = 1000;

/** The same numbers from 0 to 1 for the same seed. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** What is wrong with the page as it is now. */
const wrong = () => {
  const found = [];
  const pressed = [...document.querySelectorAll('[aria-pressed="true"]')];
  const panels = [...document.querySelectorAll(".langdu-panel")];
  const marks = CSS.highlights.get("langdu");
  const playing = [...window.ear.elements].filter((audio) => !audio.paused && !audio.src.includes("/player/"));
  if (window.ear.elements.size > 1) found.push("more than one audio element");
  if (pressed.length > 1) found.push("more than one pressed button");
  if (panels.length > 1) found.push("more than one panel");
  const reads = panels.length === 1 && panels[0].dataset.langduState !== "failed";
  if (reads !== (pressed.length === 1)) found.push(`pressed ${pressed.length}, panel ${panels.map((one) => one.dataset.langduState)}`);
  if (playing.length > 0 && pressed.length === 0) found.push("sound without a pressed button");
  if (marks) {
    const region = pressed[0]?.closest(".langdu").nextElementSibling;
    const article = region?.matches("article") ? region : region?.nextElementSibling;
    if (![...marks].every((range) => article?.contains(range.startContainer))) found.push("a mark outside of what is read");
  }
  return found;
};

/** Presses what `choose` picks in the page, as the browser would. */
const act = ([what, which, times]) => {
  const pick = (selector) => {
    const all = [...document.querySelectorAll(selector)].filter((element) => !element.hidden);
    return all[Math.floor(which * all.length)];
  };
  if (what === "speed") {
    const select = pick("select");
    select.selectedIndex = Math.floor(which * select.options.length);
    select.dispatchEvent(new Event("change"));
    return;
  }
  for (let time = 0; time < times; time += 1) pick(what)?.click();
};

test("a thousand clicks over two regions", async (t) => {
  const seed = Number(process.env.LANGDU_SEED) || Date.now() % 1e6;
  t.diagnostic(`LANGDU_SEED=${seed}`);
  const random = numbers(seed);
  const page = await newPage(browser, { reducedMotion: "reduce" });
  const text = ["请注意安全。", "请带好雨伞。", "附件：申请表。", "请按时到场。", "请保持安静。"].join("<br>");
  await show(page, portal, regions(text, text));
  for (let click = 0; click < CLICKS; click += 1) {
    const dice = random();
    const times = 1 + Math.floor(random() ** 3 * 3);
    if (dice < 0.1) {
      // A real one, by the mouse, on the text.
      const box = await page.locator("article p").nth(random() < 0.5 ? 0 : 1).boundingBox();
      await page.mouse.click(box.x + random() * 100, box.y + random() * box.height, { clickCount: times });
      await page.evaluate(() => getSelection().removeAllRanges());
    } else if (dice < 0.15) {
      await page.keyboard.press(["Tab", "Enter", "Space", "Escape", "ArrowDown"][Math.floor(random() * 5)]);
    } else {
      const what = dice < 0.45 ? "button.langdu-button:not(.langdu-pick)" : dice < 0.92 ? ".langdu-control" : "speed";
      await page.evaluate(act, [what, random(), times]);
    }
    if (random() < 0.1) await page.waitForTimeout(Math.floor(random() * 200));
    assert.deepEqual(await page.evaluate(wrong), [], `click ${click} of LANGDU_SEED=${seed}`);
  }
  assert.deepEqual(page.errors, []);
  await page.evaluate(() => window.langdu.stop());
  await page.waitForFunction(() => window.ear.quietAt !== null && performance.now() - window.ear.quietAt > 500);
  assert.deepEqual(await page.evaluate(wrong), []);
  assert.equal(await page.locator('[aria-pressed="true"]').count(), 0);
  assert.ok(await page.evaluate(() => window.ear.plays) > 50, "a good part of it was heard");
});
