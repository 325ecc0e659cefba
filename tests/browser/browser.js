// A browser that listens: pages of a portal, with an ear on what they sound.

import { readFile } from "node:fs/promises";

import { chromium } from "playwright-core";

/** Never --autoplay-policy: whether sound may start is one of the things tested. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(options = {}) {
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: FLAGS, ...options });
}

/**
 * Runs in the page before its own scripts. `ear` hears every audio element through an analyser and
 * keeps what was pressed, heard and shown, with times.
 */
function installEar() {
  const ear = {
    plays: 0,
    elements: new Set(),
    level: 0,
    ringing: false,
    pressedAt: null,
    loudAt: null,
    quietAt: null,
    states: [],
    words: [],
    marked: [],
    violations: [],
    said: [],
    saidAt: 0,
  };
  window.ear = ear;
  const play = HTMLMediaElement.prototype.play;
  let context = null;
  const analysers = [];

  HTMLMediaElement.prototype.play = function (...args) {
    ear.plays += 1;
    if (!ear.elements.has(this)) {
      ear.elements.add(this);
      context = context || new AudioContext();
      const analyser = context.createAnalyser();
      analyser.fftSize = 512;
      context.createMediaElementSource(this).connect(analyser).connect(context.destination);
      analysers.push(analyser);
    }
    return play.apply(this, args);
  };

  function listen() {
    let power = 0;
    for (const analyser of analysers) {
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      power += samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    }
    ear.level = Math.sqrt(power);
    // What still rings from before the press is not its sound, also where the press fell between two syllables.
    const playing = [...ear.elements].some((element) => !element.paused && element.currentTime > 0);
    if (ear.level < 0.05) ear.ringing = false;
    else if (playing && !ear.ringing && ear.loudAt === null) ear.loudAt = performance.now();
    if (ear.level > 0.0005) ear.quietAt = null;
    else if (ear.quietAt === null) ear.quietAt = performance.now();
  }
  setInterval(listen, 4);

  addEventListener("click", (event) => {
    if (!event.target.closest("button[aria-pressed]")) return;
    if (context) context.resume(); // made before any press, it would stay deaf
    ear.pressedAt = performance.now();
    ear.loudAt = null;
    ear.ringing = ear.level >= 0.05;
  }, true);
  // Everything that is said, for the next words may come before a test looks.
  new MutationObserver(() => {
    const words = [...document.querySelectorAll("[role=status]")].map((status) => status.textContent).join("");
    if (words !== ear.said.at(-1)) ear.said.push(words);
  }).observe(document, { subtree: true, childList: true, characterData: true });
  addEventListener("securitypolicyviolation", (event) => ear.violations.push(event.violatedDirective));

  // Every sentence that was shown as being read, and every state.
  addEventListener("langdu:state", (event) => {
    ear.states.push(event.detail.state);
    for (const status of document.querySelectorAll("[role=status]")) ear.words.push(status.textContent);
    const marks = CSS.highlights && CSS.highlights.get("langdu");
    if (event.detail.state !== "reading" || !marks) return;
    const text = [...marks].map((range) => range.toString()).join("");
    if (ear.marked[ear.marked.length - 1] !== text) ear.marked.push(text);
  }, true);
}

/**
 * A page with an ear. `errors` collects what the console complains about.
 *
 * LANGDU_SLUGGISH=MS holds every answer back that long, and LANGDU_SLUGGISH_CPU=TIMES makes the page that many times
 * slower: what a test should wait for and does not then fails every time, not once in a hundred.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ locale: "zh-CN", ...options });
  await context.addInitScript(installEar);
  const page = await context.newPage();
  await slowDown(context, page);
  page.errors = [];
  page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  return page;
}

async function slowDown(context, page) {
  const { LANGDU_SLUGGISH: latency, LANGDU_SLUGGISH_CPU: rate } = process.env;
  if (!latency && !rate) return;
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const network = { offline: false, latency: Number(latency || 0), downloadThroughput: -1, uploadThroughput: -1 };
  await session.send("Network.emulateNetworkConditions", network);
  await session.send("Emulation.setCPUThrottlingRate", { rate: Number(rate || 1) });
}

/** Waits until what `check` asserts of a page holds: what a page shows after an answer comes in its own time. */
export async function holds(check, timeout = 15_000) {
  const until = performance.now() + timeout;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** Shows `html` as a page of `portal`, which answers without faults again. */
export async function show(page, portal, html) {
  portal.page = html;
  portal.fault = () => undefined;
  portal.asked.length = portal.dropped.length = 0;
  await page.goto(`${portal.origin}/page`);
}

/** Shows one of tests/browser/pages. */
export async function showFile(page, portal, name) {
  await show(page, portal, await readFile(new URL(`pages/${name}`, import.meta.url), "utf8"));
}

/** A page with these regions, each text one paragraph, and the player of this origin. */
export const regions = (...texts) => regionsOf("", texts);

/** The same with the player of `service`. */
export function regionsOf(service, texts) {
  const articles = texts.map((text, at) => `<article id="r${at}" data-langdu-region><p>${text}</p></article>`);
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>通知</title>
<link rel="icon" href="${service}/demo/emblem.svg"><script src="${service}/player.js" defer></script><main>${articles.join("\n")}</main>`;
}

/** The button of region `at` of a page made by `regions`. */
export const button = (page, at = 0) => page.getByRole("button", { name: "语音朗读", exact: true }).nth(at);

export const status = (page, at = 0) => page.getByRole("status").nth(at);

/** A text nobody has had read before: no clip of it can be ready. */
export function unheard(sentences = 3) {
  const characters = [..."春夏秋冬山河湖海东西南北花草树木风雨云雪金银铜铁"];
  const pick = () => characters[Math.floor(Math.random() * characters.length)];
  const sentence = () => `请${pick()}${pick()}街道${pick()}${pick()}社区居民，明天到${pick()}${pick()}广场领取${pick()}${pick()}通知。`;
  return Array.from({ length: sentences }, sentence).join("");
}

/** Waits until something can be heard since the last press: milliseconds from the press. */
export async function untilHeard(page, timeout = 60_000) {
  await page.waitForFunction(() => window.ear.loudAt !== null, null, { timeout, polling: 10 });
  return page.evaluate(() => Math.round(window.ear.loudAt - window.ear.pressedAt));
}

/** Waits a while, then says how many milliseconds after the last press the lasting silence began. */
export async function untilQuiet(page) {
  await page.waitForTimeout(800);
  return page.evaluate(() => (window.ear.quietAt === null ? Infinity : Math.round(window.ear.quietAt - window.ear.pressedAt)));
}

/** Waits until region `at` says `words`. */
export const untilSaid = (page, words, at = 0, timeout = 60_000) =>
  status(page, at).filter({ hasText: words }).waitFor({ timeout });

/** Has somebody else pause the sound: a telephone call. Not between two clips, where nothing plays that could be. */
export const pauseSound = (page) =>
  page.waitForFunction(() => {
    const [audio] = window.ear.elements;
    if (audio.paused) return false;
    audio.pause();
    return true;
  });

export const pressed = (page, at = 0) => button(page, at).getAttribute("aria-pressed");

/** Text without white space: how a page breaks its lines is not part of a sentence. */
export const squash = (text) => text.replace(/\s+/gu, "");
