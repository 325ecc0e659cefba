// The mark is on the characters that are heard: for every sentence of a notice, in pages full of everything, the marked
// characters are those of the manifest, and what no sentence marks is what is not read.
//
// The shipped player is asked for what it would mark, without waiting for the sound of every sentence: one line is added
// to it on its way to the page.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, newPage, show, showFile } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launch();
  page = await newPage(browser);
  await page.route("**/player.js", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("window.langdu = {", "window.inside = { collect, rangesOf };\n$&");
    await route.fulfill({ response, body });
  });
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});

/**
 * Walks through all sentences of `selector` on the page: how many there are, `wrong` sentences whose marked characters are
 * others than theirs, `touched` characters that are marked but not to be read, and `missed` ones that no sentence marks
 * though they are. What is not to be read is inside [data-silent].
 */
const walk = (selector) => page.evaluate(async (name) => {
  const squash = (text) => text.replace(/[\s\u00ad\u200b\u2060\ufeff]+/gu, "");
  const region = document.querySelector(name);
  const { text, runs } = await window.inside.collect([region]);
  const answer = await fetch("/v1/notices", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text }),
  });
  const manifest = await answer.json();
  if (!answer.ok) return manifest;

  const marked = new Map(); // of each text node, which of its characters
  const wrong = [];
  const touched = [];
  const cover = (span) => window.inside.rangesOf(runs, span).map((range) => {
    const { startContainer: node, startOffset, endContainer, endOffset } = range;
    if (node !== endContainer) wrong.push("a range over several nodes");
    if (!marked.has(node)) marked.set(node, new Uint8Array(node.length));
    marked.get(node).fill(1, startOffset, endOffset);
    if (node.parentElement.closest("[data-silent]")) touched.push(String(range));
    return String(range);
  }).join("");
  for (const sentence of manifest.sentences) {
    const shown = squash(cover(sentence.span));
    // Numbers before items and raised figures are drawn otherwise than they are written.
    const said = squash(sentence.text).replace(/[⁰¹²³⁴-⁹⁻]/gu, (one) => (one === "⁻" ? "-" : one.normalize("NFKC")));
    const same = shown === said || (region.querySelector("ol") && shown === said.replace(/^\d+\./, ""));
    if (!same) wrong.push({ shown, said });
  }
  const missed = [];
  const walker = document.createTreeWalker(region, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const mine = marked.get(node) || [];
    const rest = squash(node.data.split("").filter((_, at) => !mine[at]).join(""));
    if (rest && !node.parentElement.closest("[data-silent]")) missed.push(rest);
  }
  return { count: manifest.sentences.length, chars: text.length, wrong, touched, missed };
}, selector);

async function holds(selector, t) {
  const { count, chars, wrong, touched, missed, ...refusal } = await walk(selector);
  assert.deepEqual({ ...refusal, wrong, touched, missed }, { wrong: [], touched: [], missed: [] });
  t.diagnostic(`${count} sentences, ${chars} characters`);
  return count;
}

test("a page of everything: inline tags, entities, emoji, white space, tables, ruby, hidden parts, drawn numbers", async (t) => {
  await showFile(page, portal, "everything.html");
  assert.ok(await holds("#everything", t) >= 25);
});

/** Figures that look random, the same at every run. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** `line` as HTML, cut into tags and strewn with what is not read. */
function strewn(line, roll) {
  const characters = [...line];
  let html = "";
  while (characters.length) {
    const piece = escape(characters.splice(0, 1 + roll(24)).join(""));
    const tag = ["b", "i", "span", "font", "a href='#x'", "u", "em", "mark"][roll(8)];
    const name = tag.split(" ")[0];
    html += [
      piece,
      piece,
      `<${tag}>${piece}</${name}>`,
      `<${tag}><span>${piece}</span></${name}>`,
      `${piece}<!-- 备注 -->`,
      `${piece}<span hidden data-silent>这里看不见，不读。</span>`,
      `${piece}<span data-langdu-skip data-silent>（点击复制）</span>`,
      `${piece}<wbr>`,
      `&shy;${piece}&#8203;`,
      `<ruby>${piece}<rp data-silent>(</rp><rt data-silent>zhù yīn</rt><rp data-silent>)</rp></ruby>`,
      `${piece}&nbsp;💧`,
      `${piece}<button type="button" data-silent>展开</button>`,
      `${piece}<sup data-silent>[${1 + roll(9)}]</sup>`,
    ][roll(13)];
  }
  return html;
}

/** A page of the lines of a notice: paragraphs, lists, tables, tables in tables, lines parted by <br>. */
function pageOf(lines, roll) {
  const blocks = [];
  const rest = [...lines];
  while (rest.length) {
    const some = rest.splice(0, 1 + roll(4)).map((line) => strewn(line, roll));
    const cells = some.map((one) => `<td>${one}</td>`).join("");
    blocks.push([
      some.map((one) => `<p>\n  ${one}\n</p>`).join("\n"),
      `<div>${some.join("<br>\n")}</div>`,
      `<ul>${some.map((one) => `<li>${one}</li>`).join("")}</ul>`,
      `<table><tbody><tr>${cells}</tr></tbody></table>`,
      `<table><tbody><tr><td><table><tbody><tr>${cells}</tr></tbody></table></td><td data-silent hidden>空</td></tr></tbody></table>`,
      `<section><h2>${some[0]}</h2>${some.slice(1).map((one) => `<p>${one}</p>`).join("")}</section>`,
      `<pre>${some.join("\n")}</pre>`,
    ][roll(7)]);
  }
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>公告</title><link rel="icon" href="/demo/emblem.svg">
<script src="/player.js" defer></script><article id="notice" data-langdu-region>${blocks.join("\n")}</article>`;
}

test("a notice in ten pages strewn with everything", async (t) => {
  const lines = [
    "关于开展冬季清洁取暖检查的通知",
    "为保障群众温暖过冬，定于2026年11月23日至12月5日，对全市1,280户清洁取暖设备进行免费检查，费用由市财政承担（约36.5万元）。",
    "一、检查内容：燃气壁挂炉、电暖器、烟道；二、检查人员佩戴证件，不收取任何费用。",
    "咨询电话：0300-8612345转8006，工作时间8:30—17:30。",
    "面积每户不超过120㎡，温度不低于18℃，电压为220V±7%。",
    "清河市城市管理局",
  ];
  for (let seed = 1; seed <= 10; seed += 1) {
    await show(page, portal, pageOf(lines, dice(seed)));
    await holds("#notice", t);
  }
});

const shared = process.env.LANGDU_SHARED || fileURLToPath(new URL("../../../shared", import.meta.url));
const folder = join(shared, "notices");
const absent = !existsSync(folder) && `no notices in ${folder}`;
/** Characters a page of them has, about. */
const MOST = 12_000;
const demanded = process.env.LANGDU_DEMAND_SHARED === "1";

test("every sentence of real notices, strewn with everything", { skip: !demanded && absent }, async (t) => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".txt"));
  assert.ok(names.length > 0);
  for (const [seed, name] of names.entries()) {
    const lines = (await readFile(join(folder, name), "utf8")).split("\n").map((line) => line.trim()).filter(Boolean);
    // As much as one notice may have.
    for (let some = []; lines.length; some = []) {
      for (let left = MOST; lines.length && left > 0; left -= some[some.length - 1].length) some.push(lines.shift());
      await show(page, portal, pageOf(some, dice(seed)));
      await holds("#notice", t);
    }
  }
});
