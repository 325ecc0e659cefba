// The page stays quick while the player works on a long notice: between two of its tasks the browser can draw.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { button, launch, newPage, show } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launch();
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});

/** Milliseconds a task of the player may take: a frame. */
const FRAME = 16;

/** A notice of about 14,000 characters: paragraphs full of inline tags, lists, tables, a table in a table. */
function long() {
  const line = (number) => `<b>第${number}号</b>楼<a href="#x">请<i>注意</i>安全</a>，<span>停水</span><font>到${1 + (number % 12)}点</font>。`;
  const blocks = [];
  for (let number = 1; number <= 760; number += 4) {
    const [one, two, three, four] = [0, 1, 2, 3].map((more) => line(number + more));
    blocks.push([
      `<p>${one}${two}</p><p>${three}<span hidden>看不见。</span>${four}</p>`,
      `<ol><li>${one}</li><li>${two}</li><li><p>${three}</p></li><li>${four}</li></ol>`,
      `<table><tbody><tr><th>项目</th><th>说明</th></tr><tr><td>${one}</td><td>${two}</td></tr><tr><td>${three}</td><td>${four}</td></tr></tbody></table>`,
      `<table><tbody><tr><td><table><tbody><tr><td>${one}</td><td>${two}</td></tr></tbody></table></td><td>${three}${four}</td></tr></tbody></table>`,
    ][(number >> 2) % 4]);
  }
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>公告</title><link rel="icon" href="/demo/emblem.svg">
<script src="/player.js" defer></script><article id="r0" data-langdu-region>${blocks.join("\n")}</article>`;
}

/** Milliseconds the worst of many runs of the same piece of script takes: on an idle machine about as long as the best. */
const unrest = () => page.evaluate(() => {
  const times = [];
  for (let run = 0; run < 60; run += 1) {
    const begun = performance.now();
    let sum = 0;
    for (let count = 0; count < 1e6; count += 1) sum = (Math.imul(sum, 31) + count) | 0;
    if (run >= 10) times.push(performance.now() - begun + (sum === 1)); // compiled by then
  }
  return Math.max(...times);
});

/** The longest stretches of script of the player, and of all of the page, in a trace: milliseconds. */
function longest(trace) {
  const { traceEvents } = JSON.parse(trace);
  const main = traceEvents.find(({ name, args }) => name === "FunctionCall" && args.data.url?.endsWith("/player.js"));
  const most = (belongs) => traceEvents
    .filter((event) => event.tid === main.tid && event.pid === main.pid && event.dur && belongs(event))
    .reduce((worst, { dur }) => Math.max(worst, dur / 1000), 0);
  return {
    script: most(({ name, args }) => name === "RunMicrotasks" || (name === "FunctionCall" && args.data.url?.endsWith("/player.js"))),
    task: most(({ name }) => name === "RunTask" || name === "ThreadControllerImpl::RunTask"),
  };
}

/** One long task in many may be that of somebody else who had the machine meanwhile: the best of these counts. */
const ROUNDS = 3;
const isQuick = ({ script, limit }) => script < limit;

test("no task of the player takes longer than a frame, from the click to the 20th sentence of a long notice", async (t) => {
  const rounds = [];
  while (rounds.length < ROUNDS && !rounds.some(isQuick)) rounds.push(await measure(t));
  assert.ok(rounds.some(isQuick), JSON.stringify(rounds));
});

/** Milliseconds of the longest task of the player, and how many there may be on this machine. */
async function measure(t) {
  await show(page, portal, long());
  const chars = await page.locator("#r0").evaluate((region) => region.textContent.replace(/\s/gu, "").length);
  assert.ok(chars >= 14_000, `${chars} characters`);
  // As quickly as a browser plays at all: it is the work between sentences that is measured.
  await page.evaluate(() => { window.langdu.speed = 8; });
  const before = await unrest();
  await browser.startTracing(page, { categories: ["devtools.timeline", "toplevel"] });
  await button(page).click();
  await page.waitForFunction(() => window.ear.marked.length >= 20, null, { timeout: 120_000, polling: 100 });
  await button(page).click();
  const { script, task } = longest(await browser.stopTracing());
  const worst = Math.max(before, await unrest());
  t.diagnostic(`${chars} characters: script ${script.toFixed(1)} ms, any task ${task.toFixed(1)} ms, unrest ${worst.toFixed(1)} ms`);
  return { script, limit: worst < CALM ? FRAME : 10 * FRAME };
}

/** Milliseconds of unrest() on a machine that has nothing else to do. */
const CALM = 8;
