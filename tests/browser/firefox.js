// Another engine: Firefox, with a sound card that swallows the sound.
//
// FIREFOX names the program. Where it or PulseAudio is missing the tests say so and are skipped, unless
// LANGDU_DEMAND_FIREFOX is set.

import { existsSync } from "node:fs";

import puppeteer from "puppeteer-core";

import { hasSink, startSink } from "./sink.js";

const places = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
const firefox = places.find((place) => place && existsSync(place));

/** Why tests are skipped; false where they are not. */
export const skip =
  (firefox && hasSink) || process.env.LANGDU_DEMAND_FIREFOX ? false : "there is no Firefox, or no PulseAudio";

/** Milliseconds anything may take: a browser that starts beside others takes its time. */
const LONG = 60_000;
const SOUNDS = "langdu: something sounds";

/** Starts it: `{newPage(), stop()}`. */
export async function launchFirefox() {
  const sink = await startSink();
  const env = { ...process.env, PULSE_SERVER: sink.server };
  const options = { browser: "firefox", executablePath: firefox, headless: true, env, timeout: LONG };
  const browser = await puppeteer.launch(options).catch(async (error) => {
    await sink.stop();
    throw error;
  });
  const newPage = async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(LONG);
    await page.evaluateOnNewDocument(tellSounds, SOUNDS);
    await page.bringToFront(); // a page behind another draws nothing
    return page;
  };
  const stop = async () => {
    await browser.close();
    await sink.stop();
  };
  return { newPage, stop };
}

/** Looks again and again by the clock: a browser that has much to do may draw no frame for long. */
export const until = (page, condition, ...given) => page.waitForFunction(condition, { polling: 50 }, ...given);

/**
 * Has `press` do what begins to sound, and waits until it does. Nothing looks into the page meanwhile: after each look
 * this driver has Firefox forget that anybody has pressed anything, and without that nothing may begin to sound.
 */
export async function untilItSounds(page, press) {
  let told;
  const sounds = new Promise((resolve, reject) => {
    const silent = setTimeout(() => reject(new Error("nothing sounds")), LONG);
    told = (message) => {
      if (message.text() !== SOUNDS) return;
      clearTimeout(silent);
      resolve();
    };
  });
  page.on("console", told);
  try {
    await press();
    await sounds;
  } finally {
    page.off("console", told);
  }
}

/** In the page: has the console told when something begins to sound. */
function tellSounds(words) {
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    this.addEventListener("playing", () => console.info(words), { once: true });
    return play.call(this);
  };
}
