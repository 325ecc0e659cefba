// What the accessibility norms ask of the button and of the demo site: WCAG 2.2 AA and the elder-friendly
// specification of MIIT notice 工信厅信管函〔2021〕67号 (targets of 60 px, text of 18 px and more).

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

import { button, launch, newPage, pressed, regions, show, unheard, untilHeard } from "./browser.js";
import { startPortal } from "./portal.js";
import { startService } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startService();
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

const web = new URL("../../web/", import.meta.url);
const notices = (await readdir(new URL("demo/notices/", web))).map((name) => `/demo/notices/${name}`);
const DEMO = ["/demo/", "/demo/paste.html", ...notices];
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds wrong with the page, in short. */
async function axe() {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

for (const path of DEMO) {
  test(`axe-core finds nothing on ${path}`, async () => {
    await page.goto(service.origin + path);
    assert.deepEqual(await axe(), []);
    assert.deepEqual(page.errors, []);
  });
}

test("axe-core finds nothing while a notice is read", async () => {
  await page.goto(`${service.origin}/demo/notices/holiday.html`);
  await button(page).click();
  await untilHeard(page);
  assert.deepEqual(await axe(), []);
});

test("the button keeps its name and says that it is pressed", async () => {
  await show(page, portal, regions(unheard()));
  const named = (state) => page.getByRole("button", { name: "语音朗读", exact: true, pressed: state });
  assert.equal(await named(false).count(), 1);
  await button(page).click();
  await untilHeard(page);
  assert.equal(await named(true).count(), 1);
  assert.equal(await button(page).evaluate((element) => `${element.localName} ${element.type}`), "button button");
});

test("targets are at least 60 by 60, text at least 18 pixels", async () => {
  for (const path of DEMO) {
    await page.goto(service.origin + path);
    const [targets, texts] = await page.evaluate(() => {
      const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
      const controls = [...document.querySelectorAll("button,select")].filter(shown);
      const sizes = controls.map((element) => [element.textContent, element.getBoundingClientRect()]);
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        const { parentElement: parent, data } = walker.currentNode;
        if (data.trim() && shown(parent)) found.push([data, Number.parseFloat(getComputedStyle(parent).fontSize)]);
      }
      return [sizes.map(([name, { width, height }]) => [name, width, height]), found];
    });
    assert.deepEqual(targets.filter(([, width, height]) => width < 60 || height < 60), [], path);
    assert.deepEqual(texts.filter(([, size]) => size < 18), [], path);
  }
});

test("colours of the player: 4.5 to 1 for text, 3 to 1 for the rest, the mark included", async () => {
  await show(page, portal, regions("请注意。"));
  const value = await page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    return Object.fromEntries(["ink", "ground", "accent", "accent-ink", "pressed", "focus", "mark", "mark-ink"]
      .map((name) => [name, style.getPropertyValue(`--langdu-${name}`).trim()]));
  });
  const contrast = (one, other) => {
    const [light, dark] = [luminance(value[one]), luminance(value[other])].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  for (const [one, other, least] of [
    ["ink", "ground", 4.5],
    ["accent-ink", "accent", 4.5],
    ["pressed", "ground", 4.5],
    ["mark-ink", "mark", 4.5],
    ["accent", "ground", 3],
    ["focus", "ground", 3],
    ["pressed", "mark", 3], // the line under the sentence
  ]) {
    assert.ok(contrast(one, other) >= least, `${one} on ${other}: ${contrast(one, other).toFixed(2)}`);
  }
});

/** Relative luminance of `#rrggbb`, as WCAG 2 defines it. */
function luminance(colour) {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("at 400 % nothing is lost to the side, and stopping stays in view", async () => {
  await page.setViewportSize({ width: 320, height: 256 });
  for (const path of DEMO) {
    await page.goto(service.origin + path);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, path);
  }
  await page.goto(`${service.origin}/demo/notices/flood.html`);
  await button(page).click();
  await untilHeard(page);
  await page.locator("article .date").scrollIntoViewIfNeeded();
  const box = await button(page).boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 256, `${box.y}`);
});

test("what has the focus is not under the player's bar", async () => {
  const links = Array.from({ length: 30 }, (_, at) => `请看<a href="#${at}">第${at}条</a>。<br><br>`).join("");
  await show(page, portal, regions(links));
  await button(page).click();
  await untilHeard(page);
  await page.locator("a").last().focus();
  for (let back = 0; back < 25; back += 1) {
    await page.keyboard.press("Shift+Tab");
    const [link, bar] = await page.evaluate(() =>
      [document.activeElement, document.querySelector(".langdu")].map((element) => element.getBoundingClientRect()));
    assert.ok(link.top >= bar.bottom || bar.bottom <= 0, `${link.top} under ${bar.bottom}`);
  }
});

test("the focus can be seen", async () => {
  await show(page, portal, regions("请注意。"));
  for (let tab = 0; tab < 2; tab += 1) {
    await page.keyboard.press("Tab");
    const width = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.activeElement).outlineWidth));
    assert.ok(width >= 2);
  }
});

test("in forced colours the pressed state can be seen", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await show(page, portal, regions(unheard()));
  const look = () => button(page).evaluate((element) => {
    const style = getComputedStyle(element);
    return [style.outlineStyle, style.borderColor, getComputedStyle(element, "::before").clipPath];
  });
  const before = await look();
  await button(page).click();
  await untilHeard(page);
  const after = await look();
  assert.notDeepEqual(after[2], before[2], "shape");
  assert.notDeepEqual(after[1], before[1], "border");
});

test("a strict policy is kept, nothing is stored, nobody else is asked", async () => {
  const asked = new Set();
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  await show(page, portal, regions(unheard()));
  await button(page).click();
  await untilHeard(page);
  await button(page).click();
  assert.equal(await pressed(page), "false");
  assert.deepEqual(await page.evaluate(() => window.ear.violations), []);
  assert.deepEqual(page.errors, []);
  assert.deepEqual([...asked], [portal.origin]);
  assert.deepEqual(await page.context().cookies(), []);
  const stored = await page.evaluate(async () =>
    [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]);
  assert.deepEqual(stored, [0, 0, 0, 0]);
});

test("printed, the player is not there", async () => {
  await page.emulateMedia({ media: "print" });
  await page.goto(`${service.origin}/demo/notices/holiday.html`);
  assert.equal(await page.locator(".langdu").isVisible(), false);
  assert.equal(await page.locator("article").isVisible(), true);
});

test("the player is small", async () => {
  assert.ok(gzipSync(await readFile(new URL("player.js", web))).length < 10_000);
});
