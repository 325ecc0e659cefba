// The editor's page: the key, the text, how it is read, and what an editor hears.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";

import { holds, launch, newPage, untilHeard } from "./browser.js";
import { throughPortal } from "./portal.js";
import { startHum } from "./service.js";
import { NOTICE, axe, look, open, paste, said, sentence, slowly, startStudio } from "./studio.js";

let studio, browser, page;

before(async () => {
  studio = await startStudio();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await studio?.stop();
});
beforeEach(async () => {
  page = await newPage(browser);
});
afterEach(() => page.context().close());

const button = (name) => page.getByRole("button", { name, exact: true });
const texts = (locator) => locator.allInnerTexts();
/** A ruby as one writes it down: 5月3日=五月三日. */
const rubies = (within) => within.locator("ruby").evaluateAll((all) =>
  all.map((ruby) => `${ruby.firstChild.data}=${ruby.querySelector("rt").textContent}`));

test("a wrong key is told so beside the field; a right one tells who it is and what for", async () => {
  await page.goto(`${studio.origin}/studio/`);
  const key = page.getByLabel("密钥", { exact: true });
  assert.ok(await key.evaluate((field) => field === document.activeElement));
  await button("使用这个密钥").click();
  assert.equal(await page.locator("#key-wrong").innerText(), "请填写密钥。");
  await key.fill("密钥");
  await key.press("Enter");
  await page.locator("#key-wrong").filter({ hasText: "密钥不对" }).waitFor();
  await key.fill("langdu_wrong");
  await key.press("Enter");
  await page.locator("#key-wrong").filter({ hasText: "密钥不对" }).waitFor();
  assert.equal(await key.getAttribute("aria-invalid"), "true");
  assert.ok(await key.evaluate((field) => field === document.activeElement));
  await key.fill(` ${studio.key} `);
  await key.press("Enter");
  await said(page, "密钥可用，可以发布、可以改读音。请放入公告文字。");
  assert.equal(await page.locator("#holder").innerText(), "密钥：test（可以发布、可以改读音）");
  assert.ok(await page.locator("#text").evaluate((box) => box === document.activeElement));
});

test("the key is in memory alone: nothing is stored, and a page loaded again asks again", async () => {
  await open(page, studio);
  const stored = await page.evaluate(async () =>
    [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]);
  assert.deepEqual(stored, ["", 0, 0, 0]);
  assert.equal(await page.evaluate((secret) => document.documentElement.outerHTML.includes(secret), studio.key), false);
  assert.equal(await page.locator("#key").inputValue(), "");
  await page.reload();
  assert.ok(await page.locator("#key-part").isVisible());
});

test("where the site has no keys the page says what the operator has to do", async () => {
  const bare = await startHum();
  try {
    await page.goto(`${bare.origin}/studio/`);
    await page.locator("#key").fill("any");
    await button("使用这个密钥").click();
    await page.locator("#key-help").waitFor();
    assert.match(await page.locator("#key-help").innerText(), /langdu keys add --name editor --may publish,lexicon/);
    await button("不用密钥，只看读法").click();
    await look(page);
    assert.equal(await page.locator("button.fix:visible").count(), 0);
    assert.ok(await page.locator("#publish-none").isVisible());
    assert.equal(await page.locator("#publish-form").isVisible(), false);
  } finally {
    await bare.stop();
  }
});

test("a date, times, money and a telephone number are marked, with what is said and why", async () => {
  await open(page, studio);
  await look(page);
  const third = sentence(page, "因管网检修");
  assert.deepEqual(await rubies(third), [
    "2024年5月3日=二零二四年五月三日", "8:30=八点三十分", "12:00=十二点", "¥2000=两千",
  ]);
  assert.deepEqual((await texts(third.locator(".why li"))).slice(0, 2), [
    "2024年5月3日 读作 二零二四年五月三日。按日期读，年份逐字，月日按数目（朗读规则）",
    "8:30 读作 八点三十分。按时刻读（朗读规则）",
  ]);
  assert.equal(await third.locator("ruby").first().getAttribute("title"), "按日期读，年份逐字，月日按数目");
  const line = await third.locator("ruby").first().evaluate((ruby) => getComputedStyle(ruby).textDecorationLine);
  assert.equal(line, "underline");
  assert.deepEqual(await rubies(sentence(page, "取水")), ["二连浩特=èr lián hào tè", "😀=不读"]);
  assert.deepEqual(await texts(sentence(page, "取水").locator(".why li")), [
    "二连浩特 读作 èr lián hào tè。按本站读音词典读（本站读音词典）",
    "😀 不读。表情符号，不读",
  ]);
  assert.deepEqual(await texts(page.locator(".kind")), ["标题", "称呼", "段落", "段落", "落款", "日期", "不朗读"]);
});

test("what is not read is counted, shown in its place, and told with the reason", async () => {
  await open(page, studio);
  await look(page);
  assert.equal(await page.locator("#summary").innerText(), "共 7 句，8 处读法和写法不同，1 处不朗读。");
  assert.equal(await page.locator("#skipped-title").innerText(), "不朗读的内容（1 处）");
  assert.match(await page.locator("#skipped-list li").innerText(), /信息来源：市水务局 阅读：123\s+来源、作者、阅读次数等/);
  const left = page.locator(".sentence.left-out");
  assert.match(await left.innerText(), /不朗读：来源、作者、阅读次数等/);
  assert.equal(await left.getByRole("button").count(), 0);
  await page.locator("#skipped-list a").click();
  await page.waitForURL(/#s7$/);
});

test("what is odd about a text is told", async () => {
  await open(page, studio);
  await look(page, "关于停水的通知\n请注意（详见附件。\n");
  assert.match(await page.locator("#notes-list").innerText(), /括号或引号不成对/);
  assert.match(await page.locator("#summary").innerText(), /1 处要留意/);
});

test("pinyin on request: every character its syllable, as it is heard", async () => {
  await open(page, studio);
  await look(page, "行长一会儿不去管网。\n5月3日停水。");
  await button("显示拼音").click();
  assert.equal(await button("显示拼音").getAttribute("aria-pressed"), "true");
  assert.deepEqual(await rubies(page.locator("#s0")), [
    "行=háng", "长=zhǎng", "一=yí", "会儿=huìr", "不=bú", "去=qù", "管=guán", "网=wǎng",
  ]);
  assert.deepEqual(await rubies(page.locator("#s1")), ["五=wǔ", "月=yuè", "三=sān", "日=rì", "停=tíng", "水=shuǐ"]);
  assert.equal(await page.locator("#s1 .instead").innerText(), "5月3日");
  await button("显示拼音").click();
  assert.deepEqual(await rubies(page.locator("#s1")), ["5月3日=五月三日"]);
});

test("one sentence is heard, and no more; it is marked while it is heard", async () => {
  await open(page, studio);
  await look(page);
  const hear = page.locator("#s2 .hear");
  // What is marked and pressed whenever the page says what is heard: it is over in two seconds.
  await hear.evaluate((button) => {
    const status = document.getElementById("status");
    window.shown = new Set();
    new MutationObserver(() => {
      if (!status.textContent.startsWith("正在听")) return;
      const marked = [...document.querySelectorAll(".sentence.heard")].map(({ id }) => id);
      window.shown.add([status.textContent, ...marked, button.getAttribute("aria-pressed")].join(" "));
    }).observe(status, { childList: true });
  });
  await hear.click();
  await untilHeard(page);
  await said(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => [...window.shown]), ["正在听第 3 句 s2 true"]);
  assert.equal(await page.locator(".sentence.heard").count(), 0);
  assert.equal(await hear.getAttribute("aria-pressed"), "false");
});

test("from a sentence to the end, one after the other; stopping gives the focus back", async () => {
  await open(page, studio);
  await look(page, "今天。\n明天停水。\n后天。");
  await page.evaluate(() => {
    window.order = [];
    new MutationObserver(() => {
      const item = document.querySelector(".sentence.heard");
      if (item && item.id !== window.order[window.order.length - 1]) window.order.push(item.id);
    }).observe(document.getElementById("blocks"), { subtree: true, attributeFilter: ["class"] });
  });
  await page.locator("#s1 .on").click();
  await said(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.order), ["s1", "s2"]);
  await slowly(page);
  await button("从头听").click();
  await page.locator("#s0.heard").waitFor();
  await button("停止").click();
  await said(page, "已停止");
  assert.equal(await button("停止").isVisible(), false);
  assert.ok(await button("从头听").evaluate((one) => one === document.activeElement));
});

test("every clip is made meanwhile, with its length and its picture", async () => {
  await open(page, studio);
  await look(page);
  await page.locator("#progress-words").filter({ hasText: "7 / 7 句，已全部制作" }).waitFor();
  assert.equal(await page.locator("#progress").evaluate((bar) => bar.value / bar.max), 1);
  assert.match(await page.locator("#total").innerText(), /^总时长：\d+(\.\d)? 秒$/);
  assert.match(await page.locator("#s0 .length").innerText(), /^\d+(\.\d)? 秒$/);
  await page.locator("#s0").scrollIntoViewIfNeeded();
  const outline = page.locator("#s0 .sound path");
  await outline.waitFor({ state: "attached" });
  assert.equal((await outline.getAttribute("d")).match(/Z/g).length, 60);
});

test("clips that fail are named, and can be tried again", async () => {
  const failing = await startStudio({ more: ["--faults", "fail:100"] });
  try {
    await open(page, failing);
    await look(page, "今天停水。\n明天来水。");
    await page.locator("#failed-words").filter({ hasText: "第 1 句、第 2 句没有制作成功。" }).waitFor();
    assert.equal(await page.locator("#s0 .length").innerText(), "没有制作成功");
    await button("重试").click();
    await said(page, "还有 2 段没有制作成功");
  } finally {
    await failing.stop();
  }
});

test("pasted markup does nothing but tell its structure", async () => {
  await open(page, studio);
  const html = "<h1 data-langdu-read=\"yes\">关于<b>停水</b>的通知</h1><p onclick=\"window.hit=1\">明天<a href=\"javascript:window.hit=1\">停水</a>。"
    + "<img src=x onerror=\"window.hit=1\"><svg onload=\"window.hit=1\"></svg></p><script>window.hit=1</script>"
    + "<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe><table><tr><th>街道</th><td>东街</td></tr></table>"
    + "<p style=\"display: none\">藏</p><style>body{display:none}</style>";
  await look(page, html, "text/html");
  assert.equal(await page.evaluate(() => window.hit), undefined);
  const kept = (of) => page.locator("#text *").evaluateAll((all, [what]) =>
    [...new Set(all.flatMap((one) => (what === "names" ? one.localName : one.getAttributeNames())))].sort(), [of]);
  assert.deepEqual(await kept("names"), ["b", "h1", "p", "table", "tbody", "td", "th", "tr"]);
  assert.deepEqual(await kept("attributes"), []);
  assert.ok((await texts(page.locator(".kind"))).includes("表格行"));
  assert.equal(await page.locator("#s0 .line").innerText(), "关于停水的通知");
});

test("markup that is written as text is text", async () => {
  await open(page, studio);
  await look(page, "<img src=x onerror=window.hit=1>停水\n<script>window.hit=1</script>明天来水。");
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(await page.locator("#blocks img, #blocks script").count(), 0);
  assert.match(await page.locator("#text").innerText(), /<script>window\.hit=1<\/script>明天来水。/);
  await button("显示拼音").click();
  assert.equal(await page.locator("#blocks script").count(), 0);
  assert.deepEqual(page.errors, []);
});

test("a few words, pasted into a line, stay in it, and what is typed goes on behind them", async () => {
  await open(page, studio);
  await paste(page, "明天水。\n后天来水。");
  await page.locator("#text p").first().evaluate((line) => getSelection().collapse(line.firstChild, 2));
  await paste(page, "上午停");
  await page.keyboard.type("自来");
  assert.deepEqual(await texts(page.locator("#text p")), ["明天上午停自来水。", "后天来水。"]);
});

test("a clipboard without text is told", async () => {
  await open(page, studio);
  await paste(page, "明天停水。");
  for (const [data, type] of [["<img src=x>", "text/html"], ["", "text/plain"]]) {
    await page.getByRole("status").evaluate((status) => { status.textContent = ""; });
    await paste(page, data, type);
    await said(page, "剪贴板里没有文字。");
  }
  assert.equal(await page.locator("#text").innerText(), "明天停水。");
});

/** Where on the page the character `at` of the line `nth` of the box begins, and where it ends. */
const character = (nth, at) => page.locator("#text p").nth(nth).evaluate((line, start) => {
  const range = document.createRange();
  range.setStart(line.firstChild, start);
  range.setEnd(line.firstChild, start + 1);
  const { left, right, top, height } = range.getBoundingClientRect();
  return { left: left + 1, right: right - 1, y: top + height / 2 };
}, at);

/** Drags what is selected from one place to another, as a hand does; it is dropped by way of the browser. */
async function drag(from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move(from[0] + 10, from[1] + 10, { steps: 3 });
  await page.mouse.move(...to, { steps: 3 });
  await page.mouse.up();
}

test("words that are dragged within the box are moved; from elsewhere they come where they are dropped", async () => {
  await open(page, studio);
  await paste(page, "明天停水上午。\n后天来水。");
  await page.locator("#text p").first().evaluate((line) =>
    getSelection().setBaseAndExtent(line.firstChild, 4, line.firstChild, 6));
  const [word, day] = [await character(0, 5), await character(0, 2)];
  await drag([word.left, word.y], [day.left, day.y]);
  const lines = page.locator("#text p");
  await holds(async () => assert.deepEqual(await texts(lines), ["明天上午停水。", "后天来水。"]));
  await page.locator("#text-help").evaluate(({ firstChild: words }) =>
    getSelection().setBaseAndExtent(words, 0, words, 5));
  const { x, y } = await page.locator("#text-help").boundingBox();
  const after = await character(1, 1);
  await drag([x + 20, y + 12], [after.right, after.y]);
  await holds(async () => assert.deepEqual(await texts(lines), ["明天上午停水。", "后天把公告粘贴来水。"]));
  assert.match(await page.locator("#text-help").innerText(), /^把公告粘贴/);
});

test("files: UTF-8, GB18030, a page; what is none of them is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "langdu-files-"));
  try {
    await open(page, studio);
    const put = async (name, bytes) => {
      await writeFile(join(folder, name), bytes);
      await page.locator("#file").setInputFiles(join(folder, name));
    };
    await put("a.txt", "明天停水。\r\n请储水。");
    await said(page, "已放入“a.txt”");
    assert.deepEqual(await texts(page.locator("#text p")), ["明天停水。", "请储水。"]);
    await put("b.txt", Uint8Array.of(0xcd, 0xa3, 0xcb, 0xae, 0xcd, 0xa8, 0xd6, 0xaa));
    await said(page, "已放入“b.txt”");
    assert.deepEqual(await texts(page.locator("#text p")), ["停水通知"]);
    await put("c.html", "<!doctype html><nav><a href=/>首页</a></nav><main><h1>停水通知</h1><p>明天停水。</p></main>");
    await said(page, "已放入“c.html”");
    await button("查看读法").click();
    await said(page, /^读法在下面/);
    assert.ok((await texts(page.locator(".sentence:not(.left-out) .line"))).includes("停水通知"));
    await put("d.pdf", "%PDF-1.7");
    await page.locator("#text-wrong").filter({ hasText: "请在 Word 或 WPS 里另存为 .docx，或者复制文字粘贴到框里。" }).waitFor();
    await put("e.docx", "no archive");
    await page.locator("#text-wrong").filter({ hasText: "这个文件打不开" }).waitFor();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const SCHEMAS = "http://schemas.openxmlformats.org";
/** The smallest document that a word processor opens, written by Python. */
const DOCX = `
import sys, zipfile
parts = {
    "[Content_Types].xml": '<Types xmlns="${SCHEMAS}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="${SCHEMAS}/package/2006/relationships"><Relationship Id="r1" '
        'Type="${SCHEMAS}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        '</Relationships>',
    "word/document.xml": '<w:document xmlns:w="${SCHEMAS}/wordprocessingml/2006/main"><w:body>'
        '<w:p><w:r><w:t>关于停水的通知</w:t></w:r></w:p><w:p><w:r><w:t>明天停水。</w:t></w:r></w:p></w:body></w:document>',
}
with zipfile.ZipFile(sys.argv[1], "w") as out:
    for name, content in parts.items():
        out.writestr(name, content)
`;

test("a document of a word processor is taken", async () => {
  const folder = await mkdtemp(join(tmpdir(), "langdu-files-"));
  try {
    const file = join(folder, "通知.docx");
    await promisify(execFile)("python3", ["-c", DOCX, file]);
    await open(page, studio);
    await page.locator("#file").setInputFiles(file);
    await said(page, "已放入“通知.docx”");
    assert.deepEqual(await texts(page.locator("#text p")), ["关于停水的通知", "明天停水。"]);
    assert.equal(await page.locator("#file-name").innerText(), "来自文件：通知.docx");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("nothing to read is told beside the box", async () => {
  await open(page, studio);
  await button("查看读法").click();
  await page.locator("#text-wrong").filter({ hasText: "没有可以朗读的文字，请先填写。" }).waitFor();
  assert.ok(await page.locator("#text").evaluate((box) => box === document.activeElement));
  await paste(page, "停水。");
  assert.equal(await page.locator("#text-wrong").innerText(), "");
});

test("where readers hear what is published only, the key opens the rest", async () => {
  const closed = await startStudio({ more: ["--access", "published"] });
  try {
    await open(page, { origin: closed.origin });
    await paste(page, NOTICE);
    await button("查看读法").click();
    await said(page, "本站只朗读已发布的公告。请先填写有发布权限的密钥，再查看读法。");
    await button("填写密钥").click();
    await page.locator("#key").fill(closed.key);
    await button("使用这个密钥").click();
    await said(page, "密钥可用");
    await button("查看读法").click();
    await said(page, /^读法在下面/);
    await page.locator("#progress-words").filter({ hasText: "7 / 7 句，已全部制作" }).waitFor();
    await page.locator("#s2 .hear").click();
    await untilHeard(page);
  } finally {
    await closed.stop();
  }
});

test("a service that is lost is told in words, and the text stays", async () => {
  await throughPortal(studio.origin, async (portal) => {
    await open(page, { origin: portal.origin, key: studio.key });
    await paste(page, "明天停水。");
    portal.fault = () => "down";
    await button("查看读法").click();
    await said(page, "联系不上朗读服务，请检查网络后再试。您填写的文字还在。");
    assert.equal(await page.locator("#text").innerText(), "明天停水。");
    portal.fault = () => undefined;
    await button("查看读法").click();
    await said(page, /^读法在下面/);
  });
});

test("axe-core finds nothing in any state", async () => {
  await page.goto(`${studio.origin}/studio/`);
  assert.deepEqual(await axe(page), [], "key form");
  assert.equal(await page.locator(".langdu").count(), 0, "the player finds nothing of its own to read here");
  await page.locator("#key").fill("wrong");
  await button("使用这个密钥").click();
  await page.locator("#key-wrong").filter({ hasText: "密钥不对" }).waitFor();
  assert.deepEqual(await axe(page), [], "wrong key");
  await open(page, studio);
  assert.deepEqual(await axe(page), [], "empty");
  await look(page);
  assert.deepEqual(await axe(page), [], "shown");
  await button("显示拼音").click();
  assert.deepEqual(await axe(page), [], "pinyin");
  await slowly(page);
  await page.locator("#s2 .hear").click();
  await page.locator("#s2.heard").waitFor();
  assert.deepEqual(await axe(page), [], "heard");
  await page.locator("#s2 .fix").click();
  assert.deepEqual(await axe(page), [], "correcting");
});

test("targets are at least 60 by 60, text at least 18 pixels, and 320 pixels are wide enough", async () => {
  await open(page, studio);
  await look(page);
  await button("显示拼音").click();
  await page.getByLabel("公告网页地址（可不填）", { exact: true }).fill("https://www.example.gov.cn/1.html");
  await button("发布").click();
  await said(page, /^已发布：/);
  await page.locator(".entry a").waitFor();
  const [targets, small] = await page.evaluate(() => {
    const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
    const sizes = [...document.querySelectorAll("button,select,label.file,main a")].filter(shown).map((element) => {
      const { width, height } = element.getBoundingClientRect();
      return [element.textContent, width, height];
    });
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { parentElement: parent, data } = walker.currentNode;
      if (data.trim() && shown(parent)) found.push([data, Number.parseFloat(getComputedStyle(parent).fontSize)]);
    }
    return [sizes, found];
  });
  assert.ok(targets.length > 20);
  assert.deepEqual(targets.filter(([, width, height]) => width < 60 || height < 60), []);
  assert.deepEqual(small.filter(([, size]) => size < 18), []);
  await page.setViewportSize({ width: 320, height: 256 });
  await holds(async () => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320));
});
