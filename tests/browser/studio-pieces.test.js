// The parts of the editor's page that need no page: pinyin, sentences in pieces, names, sounds as pictures.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const studio = createContext({ TextDecoder });
for (const name of ["words", "pinyin", "pieces", "clean", "names", "wave"]) {
  runInContext(await readFile(new URL(`../../web/studio/${name}.js`, import.meta.url), "utf8"), studio);
}
/** What came out of the context, as an object of this one. */
const own = (value) => JSON.parse(JSON.stringify(value));

test("tones are marked where they belong", () => {
  const marked = {
    er4: "èr", lian2: "lián", hao4: "hào", te4: "tè", ou3: "ǒu", gui1: "guī", jiu3: "jiǔ", lv4: "lǜ", "lu:e4": "lüè",
    nü3: "nǚ", xiong2: "xióng", de5: "de", huir4: "huìr", r5: "r", ng2: "ng", A: "A", "，": "，",
  };
  for (const [figures, mark] of Object.entries(marked)) assert.equal(studio.toneMark(figures), mark);
});

test("characters that have other readings are offered them, one at a time", () => {
  assert.deepEqual(own(studio.otherReadings("行长", "hang2 zhang3")), ["xing2 zhang3", "hang2 chang2"]);
  assert.deepEqual(own(studio.otherReadings("停水", "ting2 shui3")), []);
  assert.deepEqual(own(studio.otherReadings("一会儿", "yi1 huir4")), []);
  assert.deepEqual(own(studio.otherReadings("六安", "liu4 an1")), ["lu4 an1"]);
});

/** 5月3日停水（急）😀，二连 as the service takes it apart. */
const SENTENCE = {
  tokens: [
    { class: "date", span: [0, 4], text: "5月3日", said: "五月三日", source: "rule", explain: "按日期读" },
    { class: "plain", span: [4, 6], text: "停水", said: "停水", source: "rule", explain: "" },
    { class: "pause", span: [6, 7], text: "（", said: "，", source: "rule", explain: "标点，读作停顿" },
    { class: "plain", span: [7, 8], text: "急", said: "急", source: "rule", explain: "" },
    { class: "silent", span: [8, 9], text: "）", said: "", source: "rule", explain: "", why: "merged" },
    { class: "silent", span: [9, 11], text: "😀", said: "", source: "rule", explain: "表情符号，不读", why: "emoji" },
    { class: "pause", span: [11, 12], text: "，", said: "，", source: "rule", explain: "" },
    { class: "lexicon", span: [12, 14], text: "二连", said: "二连", source: "lexicon", explain: "按本站读音词典读" },
  ],
  sounds: [
    ...["wu3", "yue4", "san1", "ri4"].map((sound) => ({ sound, span: [0, 4], source: "character" })),
    { sound: "ting2", span: [4, 5], source: "model" },
    { sound: "shui3", as_spoken: "shui2", span: [5, 6], source: "character" },
    { sound: "，", span: [6, 7], source: "spoken" },
    { sound: "ji2", span: [7, 8], source: "character" },
    { sound: "，", span: [11, 12], source: "spoken" },
    { sound: "er4", span: [12, 13], source: "lexicon" },
    { sound: "lian2", span: [13, 14], source: "lexicon" },
  ],
};

test("pieces: what is said otherwise, was decided, is silent; brackets and pauses are nothing to look at", () => {
  const all = studio.pieces(SENTENCE);
  assert.deepEqual(own(all.map(({ state }) => state)),
    ["changed", "plain", "plain", "plain", "plain", "silent", "plain", "set"]);
  assert.deepEqual(own(studio.remarkable(all).map(({ text }) => text)), ["5月3日", "😀", "二连"]);
  assert.equal(all.map(({ text }) => text).join(""), "5月3日停水（急）😀，二连");
  assert.deepEqual(own(all[0].sounds.map(({ sound }) => sound)), ["wu3", "yue4", "san1", "ri4"]);
});

test("every character has its syllable, as it is heard", () => {
  const [date, water] = studio.pieces(SENTENCE);
  const shown = (piece) => own(studio.syllables(piece)).map(({ text, sounds }) => [text, ...sounds.map(studio.heard)]);
  assert.deepEqual(shown(date), [["五", "wu3"], ["月", "yue4"], ["三", "san1"], ["日", "ri4"]]);
  assert.deepEqual(shown(water), [["停", "ting2"], ["水", "shui2"]]);
});

test("two characters in one syllable stay together, and tags between characters do no harm", () => {
  const child = { text: "一会儿吧", said: "一会儿吧", state: "plain", span: [3, 7], sounds: [
    { sound: "yi1", span: [3, 4] }, { sound: "huir4", span: [4, 6] }, { sound: "ba5", span: [6, 7] }] };
  assert.deepEqual(own(studio.syllables(child).map(({ text }) => text)), ["一", "会儿", "吧"]);
  const tagged = { text: "停水", said: "停水", state: "plain", span: [3, 12], sounds: [
    { sound: "ting2", span: [3, 4] }, { sound: "shui3", span: [11, 12] }] };
  assert.deepEqual(own(studio.syllables(tagged)).map(({ text, sounds }) => [text, sounds[0].sound]),
    [["停", "ting2"], ["水", "shui3"]]);
  const unequal = { ...tagged, text: "会儿", said: "会儿", sounds: [{ sound: "huir4", span: [3, 12] }] };
  assert.deepEqual(own(studio.syllables(unequal).map(({ text }) => text)), ["会儿"]);
});

test("what is selected is known as it is read now, with the tones of the dictionary", () => {
  const all = studio.pieces(SENTENCE);
  assert.deepEqual(own(studio.saidFor(all, 4, 6)), { written: "停水", said: "ting2 shui3" });
  assert.deepEqual(own(studio.saidFor(all, 5, 6)), { written: "水", said: "shui3" });
  assert.deepEqual(own(studio.saidFor(all, 1, 2)), { written: "5月3日", said: "五月三日" });
  assert.deepEqual(own(studio.saidFor(all, 12, Infinity)), { written: "二连", said: "er4 lian2" });
  assert.deepEqual(own(studio.saidFor(all, 0, 0)), { written: "", said: "" });
});

test("entries of the lexicon that a text has, full-width or not, the longest first", () => {
  const entries = ["二连", "二连浩特", "ＲＣＥＰ", "110"].map((written) => ({ written }));
  const found = studio.entriesIn(entries, ["请到二连浩特。", "RCEP 生效。"]);
  assert.deepEqual(own(found.map(({ written }) => written)), ["二连浩特", "ＲＣＥＰ", "二连"]);
});

test("everything that there is to look at is counted", () => {
  const sentences = [SENTENCE, { tokens: [], sounds: [], skip: "footer" }];
  assert.deepEqual(own(studio.counts({ sentences, skipped: [{}], notes: [{}, {}] })),
    { sentences: 1, changed: 3, skipped: 1, notes: 2 });
});

test("a notice proposes its title, its day and its name", () => {
  const sentences = [
    { block: 0, kind: "title", text: "关于A/B区\n" }, { block: 0, kind: "title", text: "停水的通知" },
    { block: 1, kind: "paragraph", text: "2020年1月1日起。" }, { block: 2, kind: "date", text: "2024年5月3日" },
  ];
  assert.equal(studio.titleOf({ sentences }), "关于A/B区停水的通知");
  assert.equal(studio.dateOf({ sentences }), "2024-05-03");
  assert.equal(studio.nameFor("关于A/B区 停水？的通知", "2024-05-03"), "2024-05-03-关于A-B区-停水？的通知");
  assert.equal(studio.titleOf({ sentences: [{ block: 0, kind: "paragraph", text: "明天停水。" }] }), "明天停水。");
  assert.equal(studio.titleOf({ sentences: [{ block: 0, kind: "furniture", skip: "footer", text: "页脚" }] }), "");
});

test("days in figures and in characters; what is no day is none", () => {
  const days = {
    "2024年5月3日": "2024-05-03", "2024 年 12 月 31 日": "2024-12-31", "二〇二四年五月三日": "2024-05-03",
    "二○二四年十二月三十一日": "2024-12-31", "二零二四年十月二十日": "2024-10-20", "2024-05-03": "2024-05-03",
    "2024年2月30日": "", "2024年13月1日": "", "五月三日": "",
  };
  for (const [text, found] of Object.entries(days)) assert.equal(studio.day(text), found, text);
});

/** A WAV file of these samples, with a chunk that nobody needs before them. */
function wav(samples) {
  const bytes = Buffer.alloc(12 + 24 + 10 + 8 + samples.length * 2);
  bytes.write("RIFF", 0);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt32LE(1000, 24);
  bytes.write("LIST", 36);
  bytes.writeUInt32LE(1, 40); // padded to two
  bytes.write("data", 46);
  bytes.writeUInt32LE(samples.length * 2, 50);
  samples.forEach((sample, at) => bytes.writeInt16LE(sample, 54 + at * 2));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

test("the peaks of a sound, and how long it is", () => {
  const samples = studio.samples(wav([0, 16384, 0, 0, -32768, 100]));
  assert.deepEqual(own(studio.peaks(samples, 3)), [0.5, 0, 1]);
  assert.equal(studio.lengthOfWav(wav(Array(2500).fill(1))), 2500);
  assert.equal(studio.waveOutline([0, 1]), "M0.00 11.50H35.00V12.50H0.00ZM50.00 0.00H85.00V24.00H50.00Z");
  assert.deepEqual(own(studio.peaks(new Int16Array(0), 2)), [0, 0]);
});

test("files are read as UTF-8, and as GB18030 where they are none", () => {
  assert.equal(studio.decode(new TextEncoder().encode("停水")), "停水");
  assert.equal(studio.decode(Uint8Array.of(0xcd, 0xa3, 0xcb, 0xae)), "停水");
  assert.equal(studio.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), "A");
  assert.equal(studio.decode(Uint8Array.of(0xff, 0xfe, 0x5c, 0x50)), "停");
});

test("what is wrong with an entry is said in Chinese", () => {
  assert.equal(studio.entryWords("er has no tone: write er1 to er4, or er5 for the neutral tone"),
    "“er”没有声调，请写成 er1 到 er4，轻声写 er5。");
  assert.equal(studio.entryWords("4 syllables are expected, one a character, and 2 are given"),
    "应该有 4 个拼音（一个字一个），现在有 2 个。");
  assert.equal(studio.entryWords("'5' cannot be said: write numbers and signs as words (十二, 加)"),
    "“5”不能读，数字和符号请写成汉字（如 十二、加）。");
  assert.equal(studio.problemWords({ code: "label_invalid", detail: "page: an http or https address" }),
    "网页地址要以 http:// 或 https:// 开头。");
  assert.equal(studio.problemWords({ code: "overloaded", title_zh: "服务繁忙，请稍后再试" }), "服务繁忙，请稍后再试。");
  assert.match(studio.problemWords({}), /^联系不上朗读服务/);
});

test("every name that the service has for a kind, a skip, a note, a source is in words", async () => {
  const source = (path) => readFile(new URL(`../../src/${path}`, import.meta.url), "utf8");
  const variants = (text, of) => text.split(`pub enum ${of} {`)[1].split("\n}")[0].split("\n")
    .map((line) => /^ {4}([A-Z]\w*),$/.exec(line)).filter(Boolean)
    .map(([, name]) => name.replace(/(?<!^)[A-Z]/g, "_$&").toLowerCase());
  const inWords = (name) => Object.keys(runInContext(name, studio));
  const notice = await source("notice/mod.rs");
  for (const [text, of, table] of [
    [notice, "BlockKind", "KINDS"],
    [notice, "Skip", "SKIPS"],
    [await source("note.rs"), "NoteCode", "NOTES"],
    [await source("reading/mod.rs"), "Source", "SOURCES"],
  ]) {
    const names = variants(text, of);
    assert.ok(names.length > 5, of);
    assert.deepEqual(names.filter((name) => !inWords(table).includes(name)), [], of);
  }
});
