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
/** Milliseconds after which a press has sounded, or never will; and how often that is tried again. */
const SOUNDING = 15_000;
const TRIES = 2;

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
 * Calls `begin` until `reads` holds in the page: now and then Firefox opens no stream on a sink without a card, and a new
 * page does. That is no matter of ours: the pages say in words that they cannot sound.
 */
export async function untilItReads(page, begin, reads) {
  for (let tries = TRIES; ; tries -= 1) {
    await begin();
    try {
      return await page.waitForFunction(reads, { polling: 50, timeout: SOUNDING });
    } catch (silent) {
      if (!tries) throw silent;
    }
  }
}
