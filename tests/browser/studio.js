// The editor's page under test: a service with a key and a lexicon, and what an editor does.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeKey, startHum } from "./service.js";

/** A notice with something of everything: a date, times, money, a telephone number, a source, a picture character. */
export const NOTICE = [
  "关于停水的通知",
  "各街道办事处：",
  "因管网检修，2024年5月3日8:30至12:00停水，补偿¥2000元。咨询电话：0477-8123456。",
  "请到二连浩特路取水😀。",
  "市水务局",
  "2024年5月2日",
  "信息来源：市水务局 阅读：123",
].join("\n");

/**
 * The humming service with a key good for `rights` and a lexicon that has 二连浩特, unless it is to have none; `more`
 * are its arguments. `publish(name, text)` and `titles()` are what somebody else does and sees.
 */
export async function startStudio({ rights = ["publish", "lexicon"], words = true, start = startHum, more = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "langdu-studio-"));
  const { file, key } = await makeKey(folder, ...rights);
  const lexicon = join(folder, "lexicon.tsv");
  await writeFile(lexicon, "二连浩特\ter4 lian2 hao4 te4\t地名\n");
  const service = await start(["--keys", file, ...(words ? ["--lexicon", lexicon] : []), ...more]);
  const publish = async (name, text) => {
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const url = `${service.origin}/v1/published/${name}`;
    const response = await fetch(url, { method: "PUT", headers, body: JSON.stringify({ text }) });
    if (!response.ok) throw new Error(await response.text());
  };
  const titles = async () =>
    (await (await fetch(`${service.origin}/v1/published`)).json()).entries.map(({ title }) => title);
  const stop = async () => {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...service, key, folder, lexicon, publish, titles, stop };
}

/** Opens the page and gives it the key; without one, goes on without. */
export async function open(page, { origin, key }) {
  await page.goto(`${origin}/studio/`);
  if (key) {
    await page.getByLabel("密钥", { exact: true }).fill(key);
    await page.getByRole("button", { name: "使用这个密钥" }).click();
  } else {
    await page.getByRole("button", { name: "不用密钥，只看读法" }).click();
  }
  await page.locator("#key-part").waitFor({ state: "hidden" });
}

/** Pastes into the box, as `type`. */
export async function paste(page, data, type = "text/plain") {
  await page.locator("#text").evaluate((box, [name, what]) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData(name, what);
    box.focus();
    box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, [type, data]);
}

/** Has the page show how a text is read. */
export async function look(page, text = NOTICE, type = "text/plain") {
  await page.getByRole("button", { name: "清空" }).click();
  await paste(page, text, type);
  await page.getByRole("button", { name: "查看读法" }).click();
  await said(page, /^读法在下面/);
}

/** Waits until the page says so, or has said so since it was last waited for. */
export async function said(page, words, timeout = 30_000) {
  const wanted = words instanceof RegExp ? words.source : words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  await page.waitForFunction((wanted) => {
    const { said, saidAt } = window.ear;
    // What was waited for before may be what is still said.
    const at = said.findIndex((words, at) => at >= Math.min(saidAt, said.length - 1) && new RegExp(wanted).test(words));
    if (at >= 0) window.ear.saidAt = at + 1;
    return at >= 0;
  }, wanted, { timeout, polling: 20 });
}

/** Waits until nothing is being done: how a question was answered reaches the page as an event, after the answer. */
export const idle = (page) => page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));

/** Has every clip last ten times as long: what is shown while one is heard is there while a test looks. */
export const slowly = (page) => page.evaluate(() => {
  const { play } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    this.playbackRate = 0.1;
    return play.call(this);
  };
});

/** The sentence that has these characters. */
export const sentence = (page, text) => page.locator("#blocks .sentence").filter({ hasText: text }).first();

/** Selects `text` in a sentence that has it in one piece. */
export const select = (page, number, text) =>
  page.locator(`#s${number} .line`).evaluate((line, wanted) => {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const at = node.data.indexOf(wanted);
      if (at < 0) continue;
      getSelection().setBaseAndExtent(node, at, node, at + wanted.length);
      return;
    }
    throw new Error(`${wanted} is not there`);
  }, text);

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds wrong with the page, in short. */
export async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}
