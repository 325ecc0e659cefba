// A service hall: the service with a key that publishes, and what is asked of the page of its kiosk.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeKey, startHum } from "./service.js";

/** The screen of an upright terminal. */
export const TALL = { width: 1080, height: 1920 };

/** Starts a service in which `publish(name, body)` and `withdraw(name)` work. */
export async function hall(start = startHum, more = []) {
  const folder = await mkdtemp(join(tmpdir(), "langdu-hall-"));
  const { file, key } = await makeKey(folder, "publish");
  const service = await start(["--keys", file, ...more]);
  const ask = async (method, name, body) => {
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const response = await fetch(`${service.origin}/v1/published/${name}`, { method, headers, body });
    if (!response.ok) throw new Error(`${method} ${name}: ${await response.text()}`);
  };
  return {
    ...service,
    publish: (name, body) => ask("PUT", name, JSON.stringify(body)),
    withdraw: (name) => ask("DELETE", name),
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A proxy that has the service under /langdu/ and sends no ETag: `{origin, asked, stop()}`; `asked` is what was not. */
export async function startFolder(service) {
  const asked = [];
  const server = createServer((asking, answer) => {
    const [, path] = /^\/langdu(\/.*)$/.exec(asking.url) || [];
    if (!path) {
      asked.push(asking.url);
      answer.writeHead(404).end();
      return;
    }
    const { method, headers } = asking;
    const onward = request(new URL(path, service), { method, headers }, (response) => {
      delete response.headers.etag;
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asking.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${server.address().port}/langdu`, asked, stop };
}

/** A notice of so many paragraphs, longer than any screen. */
export function notice(paragraphs, labels = {}) {
  const lines = Array.from({ length: paragraphs }, (_, at) =>
    `第${at + 1}件，请各位居民按时到社区服务中心办理登记手续。办理时请带好身份证和户口本，没有带的可以回家去取。`);
  return { text: ["关于十二件事的通知", ...lines].join("\n"), ...labels };
}

export const at = (page, id) => page.locator(`#${id}`);

/**
 * Waits until `condition` holds in the page, and says what it was then. It may be a promise: page.waitForFunction would
 * take that for a yes.
 */
export async function until(page, condition, argument, timeout = 30_000) {
  for (const end = Date.now() + timeout; ; ) {
    const answer = await page.evaluate(condition, argument);
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`in ${timeout} ms it never was so: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until something can be heard. */
export const heard = (page, timeout) => until(page, () => window.ear.level > 0.05, null, timeout);

/** Waits until something can be heard while this sentence is marked. */
export const heardSentence = (page, text) => until(page, (wanted) =>
  window.ear.level > 0.05 && document.querySelector(".sentence[aria-current]")?.innerText === wanted, text);

/** Has what is read take its time: no sentence passes before a test has looked, or pressed a button. */
export const slowly = (page) => page.evaluate(() => { window.langdu.speed = 0.25; });

/** Keeps every sentence that is marked from now on, also one that is gone before a test looks. */
export const watchMarks = (page) => page.evaluate(() => {
  window.marked = [];
  new MutationObserver(() => {
    const text = document.querySelector(".sentence[aria-current]")?.innerText;
    if (text && window.marked[window.marked.length - 1] !== text) window.marked.push(text);
  }).observe(document.getElementById("text"), { subtree: true, attributes: true });
});

/** The sentences that were marked, in order, since this was asked last. */
export const marks = (page) => page.evaluate(() => window.marked.splice(0));

/** Stops the clock of the page, some seconds on: then only a test has time pass there, and `quiet` never comes. */
export async function stopClock(page) {
  const now = await page.evaluate(() => Date.now());
  await page.clock.pauseAt(now + 5000); // it runs meanwhile, and cannot go back
}

/** Waits for a lasting silence. */
export const quiet = (page) =>
  until(page, () => window.ear.quietAt !== null && performance.now() - window.ear.quietAt > 500);

/** Waits until these words are shown above. */
export const said = (page, words, timeout) =>
  until(page, (wanted) => document.getElementById("said").textContent === wanted, words, timeout);

/** Names under which the notices in the list are published. */
export const names = (page) => page.locator(".row").evaluateAll((rows) => rows.map((row) => row.dataset.name));
