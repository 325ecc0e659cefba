// The editor's page: a word that is read otherwise from now on, publishing, and files to take along.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";

import { holds, launch, newPage, untilHeard } from "./browser.js";
import { startService } from "./service.js";
import { axe, idle, look, open, paste, said, select, startStudio } from "./studio.js";

let studio, browser, page;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});
beforeEach(async () => {
  [studio, page] = await Promise.all([startStudio(), newPage(browser)]);
});
afterEach(async () => {
  await page.context().close();
  await studio.stop();
});

const button = (name) => page.getByRole("button", { name, exact: true });
const field = (name) => page.getByLabel(name, { exact: true });
const isOpen = (id) => page.locator(`#${id}`).evaluate((dialog) => dialog.open);
const lexicon = () => readFile(studio.lexicon, "utf8");
const ruby = (number) => page.locator(`#s${number} ruby`).evaluateAll((all) =>
  all.map((one) => `${one.firstChild.data}=${one.querySelector("rt").textContent}`));
const auth = () => ({ Authorization: `Bearer ${studio.key}` });
/** Has somebody else edit the lexicon. */
const meanwhile = (written, said) => fetch(`${studio.origin}/v1/lexicon/entries/${encodeURIComponent(written)}`, {
  method: "PUT", headers: { ...auth(), "Content-Type": "application/json" }, body: JSON.stringify({ said }),
});
const published = async () => (await (await fetch(`${studio.origin}/v1/published`)).json()).entries;

test("a selected word is corrected: the notice is read anew, and its sentence is heard", async () => {
  await open(page, studio);
  await look(page, "关于开会的通知\n请到六安路签到。\n谢谢。");
  await select(page, 1, "六安");
  await page.locator("#s1 .fix").click();
  assert.equal(await field("原文里的写法").inputValue(), "六安");
  assert.equal(await field("读法").inputValue(), "lu4 an1");
  assert.ok(await field("读法").evaluate((one) => one === document.activeElement));
  await button("liù ān").click();
  assert.equal(await field("读法").inputValue(), "liu4 an1");
  await field("备注（可不填）").fill("路名");
  await button("保存并试听").click();
  await said(page, "“六安”的读法已保存。");
  await said(page, "正在听第 2 句");
  await untilHeard(page);
  assert.equal(await isOpen("correct"), false);
  assert.match(await lexicon(), /^六安\tliu4 an1\t路名$/m);
  assert.deepEqual(await ruby(1), ["六安=liù ān"]);
  assert.match(await page.locator("#entries-list").innerText(), /六安 读作 liù ān\s+路名/);
  assert.ok(await page.locator("#s1 .hear").evaluate((one) => one === document.activeElement));
});

test("what was selected in the notice before is not what is corrected in this one", async () => {
  await open(page, studio);
  await look(page, "关于开会的通知\n请到六安路签到。");
  await select(page, 1, "六安");
  await page.locator("#text").evaluate((box) =>
    box.replaceChildren("关于停水的通知", document.createElement("br"), "请您储水。"));
  await page.locator("#text").pressSequentially("。");
  await button("查看读法").click();
  await page.locator("#s1").filter({ hasText: "储水" }).waitFor();
  await page.locator("#s1 .fix").click();
  assert.equal(await field("原文里的写法").inputValue(), "");
});

test("a marked piece, pressed, is what the form begins with; words may be said for it", async () => {
  await open(page, studio);
  await look(page, "关于开会的通知\n5月3日开会。");
  await page.locator("#s1 ruby").first().click();
  assert.equal(await field("原文里的写法").inputValue(), "5月3日");
  assert.equal(await field("读法").inputValue(), "五月三日");
  await field("读法").fill("五月三号");
  await button("保存并试听").click();
  await said(page, "正在听第 2 句");
  assert.deepEqual(await ruby(1), ["5月3日=五月三号"]);
  assert.match(await lexicon(), /^5月3日\t五月三号$/m);
});

test("a syllable of the pinyin, pressed, is what the form begins with", async () => {
  await open(page, studio);
  await look(page, "请排成一行。");
  await button("显示拼音").click();
  await page.locator("#s0 ruby").filter({ hasText: "行" }).click();
  assert.equal(await field("原文里的写法").inputValue(), "行");
  assert.ok(["hang2", "xing2"].includes(await field("读法").inputValue()));
  assert.equal(await page.locator("#others-list button").count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await isOpen("correct"), false);
});

test("what cannot be said is told beside the field, in Chinese, and the form stays open", async () => {
  await open(page, studio);
  await look(page, "请到六安路签到。");
  await select(page, 0, "六安");
  await page.locator("#s0 .fix").click();
  await field("读法").fill("lu an1");
  await button("保存并试听").click();
  const wrong = page.locator("#said-wrong");
  await wrong.filter({ hasText: "“lu”没有声调，请写成 lu1 到 lu4，轻声写 lu5。" }).waitFor();
  assert.equal(await isOpen("correct"), true);
  assert.ok(await field("读法").evaluate((one) => one === document.activeElement));
  assert.deepEqual(await axe(page), []);
  await field("读法").fill("lu4");
  assert.equal(await wrong.innerText(), "");
  await button("保存并试听").click();
  await wrong.filter({ hasText: "应该有 2 个拼音（一个字一个），现在有 1 个。" }).waitFor();
  await button("不改了").click();
  assert.equal(await isOpen("correct"), false);
  assert.ok(await page.locator("#s0 .fix").evaluate((one) => one === document.activeElement));
});

test("who was not first is told, and saves upon what the other made", async () => {
  await open(page, studio);
  await look(page, "请到六安路签到。");
  await select(page, 0, "六安");
  await page.locator("#s0 .fix").click();
  assert.equal((await meanwhile("六安", "liu4 an4")).status, 201);
  await field("读法").fill("liu4 an1");
  await button("保存并试听").click();
  await page.locator("#said-wrong").filter({ hasText: "别人刚刚改过词典" }).waitFor();
  assert.match(await lexicon(), /^六安\tliu4 an4$/m);
  await button("保存并试听").click();
  await said(page, "正在听第 1 句");
  assert.match(await lexicon(), /^六安\tliu4 an1$/m);
});

test("an entry is deleted after a question, and the notice is read anew", async () => {
  await open(page, studio);
  await look(page, "请到二连浩特路签到。");
  const remove = button("删除 词条“二连浩特”");
  await remove.click();
  assert.equal(await isOpen("ask"), true);
  assert.deepEqual(await axe(page), []);
  await button("不用了").click();
  assert.ok(await remove.evaluate((one) => one === document.activeElement));
  assert.match(await lexicon(), /二连浩特/);
  await idle(page);
  await remove.click();
  await button("删除").click();
  await said(page, "词条“二连浩特”已删除。");
  assert.doesNotMatch(await lexicon(), /二连浩特/);
  assert.deepEqual(await ruby(0), []);
});

test("a key that is good for publishing alone offers no correction; one for words alone, no publishing", async () => {
  for (const [right, fixes, publishes] of [["publish", 0, true], ["lexicon", 1, false]]) {
    const other = await startStudio({ rights: [right] });
    try {
      await open(page, other);
      await look(page, "明天停水。");
      assert.equal(await page.locator(".fix:visible").count(), fixes);
      assert.equal(await page.locator("#publish-form").isVisible(), publishes);
      assert.equal(await page.locator("#publish-none").isVisible(), !publishes);
    } finally {
      await other.stop();
    }
  }
});

test("without a lexicon file there is nothing to correct, and the page says why", async () => {
  const other = await startStudio({ words: false });
  try {
    await open(page, other);
    await look(page, "明天停水。");
    assert.equal(await page.locator(".fix:visible").count(), 0);
    assert.match(await page.locator("#fix-none").innerText(), /本站没有开启读音词典/);
  } finally {
    await other.stop();
  }
});

test("publish, replace after a question, withdraw after a question", async () => {
  await open(page, studio);
  await look(page, "关于停水的通知\n明天停水。\n市水务局\n2024年5月2日");
  assert.equal(await page.locator("#name").inputValue(), "2024-05-02-关于停水的通知");
  assert.equal(await field("标题").inputValue(), "关于停水的通知");
  assert.equal(await field("日期").inputValue(), "2024-05-02");
  await field("分类（可不填）").fill("供水");
  await field("公告网页地址（可不填）").fill("www.example.gov.cn");
  await button("发布").click();
  await page.locator("#page-wrong").filter({ hasText: "网页地址要以 http:// 或 https:// 开头。" }).waitFor();
  assert.ok(await page.locator("#page").evaluate((one) => one === document.activeElement));
  await field("公告网页地址（可不填）").fill("https://www.example.gov.cn/1.html");
  assert.deepEqual(await axe(page), []);
  await button("发布").click();
  await said(page, "已发布：《关于停水的通知》");
  const [entry] = await published();
  assert.deepEqual([entry.name, entry.title, entry.date, entry.category, entry.page],
    ["2024-05-02-关于停水的通知", "关于停水的通知", "2024-05-02", "供水", "https://www.example.gov.cn/1.html"]);
  await page.locator("#done").filter({ hasText: "4 / 4 段，读者可以马上听到全文" }).waitFor();
  const address = await page.locator("#done a").getAttribute("href");
  assert.equal((await (await fetch(address)).json()).notice, entry.notice);
  assert.deepEqual(await axe(page), []);

  await look(page, "关于停水的通知\n后天停水。\n市水务局\n2024年5月2日");
  await field("分类（可不填）").fill("抢修");
  await button("发布").click();
  await page.locator("#ask").filter({ hasText: "《关于停水的通知》" }).waitFor();
  await button("不用了").click();
  await said(page, "没有替换。可以换一个发布名称再发布。");
  assert.equal((await published())[0].notice, entry.notice);
  await button("发布").click();
  await button("替换").click();
  await said(page, "已发布：《关于停水的通知》");
  const after = await published();
  assert.equal(after.length, 1);
  assert.notEqual(after[0].notice, entry.notice);

  const item = page.locator("#published-list li");
  const shown = /关于停水的通知\s+2024-05-02　抢修　2024-05-02-关于停水的通知/;
  await holds(async () => assert.match(await item.innerText(), shown)); // not the one that was replaced
  await item.getByRole("button", { name: "听 《关于停水的通知》" }).click();
  await untilHeard(page);
  await button("撤下 《关于停水的通知》").click();
  await page.locator("#ask-yes").click();
  await said(page, "已撤下：《关于停水的通知》");
  assert.deepEqual(await published(), []);
  assert.ok(await page.locator("#published-none").isVisible());
  assert.equal(await page.locator("#done").isVisible(), false, "nothing says that it is published");
});

test("what somebody else has changed or withdrawn since it was listed is not withdrawn unseen", async () => {
  const ask = (method, body) => fetch(`${studio.origin}/v1/published/1`, {
    method, headers: { ...auth(), "Content-Type": "application/json" }, body: body && JSON.stringify(body),
  });
  await ask("PUT", { text: "明天停水。", title: "停水" });
  await open(page, studio);
  await button("撤下 《停水》").click();
  await page.locator("#ask").filter({ hasText: "撤下《停水》？" }).waitFor();
  await ask("PUT", { text: "明天恢复供水。", title: "恢复供水" });
  await page.locator("#ask-yes").click();
  await said(page, "别人已经改了这篇公告，没有撤下。列表已经更新，请看清楚再撤下。");
  assert.deepEqual((await published()).map(({ title }) => title), ["恢复供水"]);
  await button("撤下 《恢复供水》").waitFor();
  assert.ok(await page.locator("#published-title").evaluate((one) => one === document.activeElement));

  await ask("DELETE");
  await button("撤下 《恢复供水》").click();
  await page.locator("#ask-yes").click();
  await said(page, "这篇公告已经不在发布列表里了。");
  await page.locator("#published-none").waitFor();
  assert.equal(await page.locator("#published-list li").count(), 0);

  await ask("PUT", { text: "后天停水。", title: "又停水" });
  await open(page, studio);
  await button("撤下 《又停水》").click();
  await page.locator("#ask-yes").click();
  await said(page, "已撤下：《又停水》");
  assert.deepEqual(await published(), []);
});

test("what the editor wrote of a notice stays while it is worked on, and is not said of another one", async () => {
  await open(page, studio);
  await look(page, "关于停水的通知\n明天停水。");
  await field("标题").fill("停水");
  await page.locator("#name").fill("water/1");
  await page.locator("#text").press("End");
  await page.keyboard.insertText("（二）");
  await button("查看读法").click();
  await said(page, /^读法在下面/);
  assert.equal(await field("标题").inputValue(), "停水");
  await button("发布").click();
  await said(page, "已发布：《停水》");
  assert.deepEqual((await published()).map(({ name }) => name), ["water/1"]);
  await look(page, "关于停电的通知\n明天停电。");
  assert.equal(await field("标题").inputValue(), "关于停电的通知");
  assert.equal(await page.locator("#name").inputValue(), "关于停电的通知");
  await field("标题").fill("停电");
  await page.locator("#text").press("Control+A");
  await paste(page, "关于停气的通知\n明天停气。");
  assert.deepEqual(await page.locator("#text p").allInnerTexts(), ["关于停气的通知", "明天停气。"]);
  await button("查看读法").click();
  await page.locator("#s0").filter({ hasText: "关于停气的通知" }).waitFor();
  assert.equal(await field("标题").inputValue(), "关于停气的通知");
});

test("what was cleared or replaced can be had back, with what the editor wrote of it", async () => {
  const lines = () => page.locator("#text p").allInnerTexts();
  const put = (name, words) => page.locator("#file").setInputFiles({ name, mimeType: "", buffer: Buffer.from(words) });
  const [water, power] = [["关于停水的通知", "明天停水。"], ["关于停电的通知", "明天停电。"]];
  await open(page, studio);
  await look(page, water.join("\n"));
  assert.equal(await button("恢复刚才的文字").count(), 0, "nothing was cleared yet");
  await field("标题").fill("停水");
  await button("清空").click();
  await said(page, "已清空。要找回，请按“恢复刚才的文字”。");
  assert.equal(await field("标题").inputValue(), "");
  assert.equal(await page.locator("#text").innerText(), "");
  await button("恢复刚才的文字").click();
  await said(page, "已恢复，请再按一次“查看读法”。");
  assert.deepEqual(await lines(), water);
  assert.equal(await button("恢复刚才的文字").count(), 0, "an empty box is nothing to have back");
  assert.ok(await page.locator("#text").evaluate((box) => box === document.activeElement));
  await button("查看读法").click();
  await said(page, /^读法在下面/);
  assert.equal(await field("标题").inputValue(), "停水");
  assert.match(await page.locator("#name").inputValue(), /关于停水的通知/);

  await page.locator("#text").press("Control+A");
  await paste(page, power.join("\n"));
  for (const wanted of [water, power]) {
    await button("恢复刚才的文字").click();
    assert.deepEqual(await lines(), wanted, "one for the other");
  }

  await put("a.html", "<!doctype html><nav><a href=/>首页</a></nav><main><h1>停气通知</h1><p>明天停气。</p></main>");
  await said(page, "已放入“a.html”");
  await put("b.txt", "停暖通知");
  await said(page, "已放入“b.txt”");
  await button("恢复刚才的文字").click();
  assert.equal(await page.locator("#file-name").innerText(), "来自文件：a.html");
  const sent = page.waitForRequest((request) => request.url().endsWith("/v1/notices"));
  await button("查看读法").click();
  assert.match((await sent).postDataJSON().html, /<nav>/, "the page as it was in its file");
});

test("a text that was changed since it was looked at is not published as it was before", async () => {
  await open(page, studio);
  await look(page, "关于停水的通知\n明天停水。");
  assert.equal(await page.locator("#stale").isVisible(), false);
  const changes = [() => page.locator("#text").pressSequentially("一"), () => page.locator("#pace").selectOption("0.9")];
  for (const change of changes) {
    await change();
    assert.ok(await page.locator("#stale").isVisible());
    await button("发布").click();
    await said(page, "文字、发音人或语速改过了。请再按一次“查看读法”，核对以后再发布。");
    assert.ok(await page.locator("#text").evaluate((box) => box === document.activeElement));
    assert.deepEqual(await published(), []);
    await button("查看读法").click();
    await said(page, /^读法在下面/);
    assert.equal(await page.locator("#stale").isVisible(), false);
  }
  await button("发布").click();
  await said(page, "已发布");
  assert.equal((await published()).length, 1);
});

test("files of the whole notice: WAV, WAV for telephones, an archive", async () => {
  await open(page, studio);
  await look(page, "关于停水的通知\n明天停水。");
  const take = async (name) => {
    const [file] = await Promise.all([page.waitForEvent("download"), button(name).click()]);
    return { name: file.suggestedFilename(), path: await file.path() };
  };
  for (const [name, ending, rate] of [["整篇录音（WAV）", "wav", 24000], ["电话用录音（8 kHz WAV）", "8k.wav", 8000]]) {
    const file = await take(name);
    assert.equal(file.name, `关于停水的通知.${ending}`);
    const bytes = await readFile(file.path);
    assert.deepEqual([bytes.toString("latin1", 0, 4), bytes.toString("latin1", 8, 12)], ["RIFF", "WAVE"]);
    assert.equal(bytes.readUInt32LE(24), rate);
    assert.ok(bytes.length > rate); // more than half a second
  }
  const archive = await take("逐句录音和清单（ZIP）");
  assert.equal(archive.name, "关于停水的通知.zip");
  const { stdout } = await promisify(execFile)("python3", ["-m", "zipfile", "-l", archive.path]);
  for (const name of ["001.wav", "002.wav", "manifest.json"]) assert.ok(stdout.includes(name), name);
  assert.deepEqual(await page.evaluate(() => window.ear.violations), []);
  assert.deepEqual(page.errors, []);
});

test("a real voice says the corrected word otherwise", async () => {
  const spoken = await startStudio({ start: startService });
  try {
    await open(page, spoken);
    await look(page, "请到六安。");
    const clips = () => page.evaluate(() => window.heard.sentences[0].clips.map(({ url }) => url));
    // The player is asked what it was given to read: that is what is heard.
    await page.evaluate(() => {
      const play = window.langdu.play;
      window.langdu.play = (manifest, options) => {
        window.heard = manifest;
        return play(manifest, options);
      };
    });
    await page.locator("#s0 .hear").click();
    await untilHeard(page);
    await said(page, "朗读完毕", 60_000);
    const before = await clips();
    await select(page, 0, "六安");
    await page.locator("#s0 .fix").click();
    await field("读法").fill("liu4 an1");
    await page.evaluate(() => { window.ear.loudAt = null; }); // only a button that stays pressed does that
    await button("保存并试听").click();
    await said(page, "正在听第 1 句", 60_000);
    await untilHeard(page);
    await said(page, "朗读完毕", 60_000);
    const after = await clips();
    assert.notDeepEqual(after, before);
    const [one, other] = await Promise.all([before, after].map(async ([url]) =>
      Buffer.from(await (await fetch(spoken.origin + url)).arrayBuffer())));
    assert.ok(one.length > 24_000 && other.length > 24_000);
    assert.notDeepEqual(one, other);
  } finally {
    await spoken.stop();
  }
});
