// The editor's page when something goes wrong, and with what somebody means ill by.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";

import { launch, newPage } from "./browser.js";
import { startPortal } from "./portal.js";
import { look, open, paste, said, startStudio } from "./studio.js";

let studio, portal, browser, page;

before(async () => {
  [studio, browser] = await Promise.all([startStudio({ more: ["--delay-ms", "200"] }), launch()]);
  portal = await startPortal(studio.origin);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await studio?.stop();
});
beforeEach(async () => {
  portal.fault = () => undefined;
  page = await newPage(browser);
  await open(page, { origin: portal.origin, key: studio.key });
});
afterEach(() => page.context().close());

const LOST = "联系不上朗读服务，请检查网络后再试。您填写的文字还在。";
const button = (name) => page.getByRole("button", { name, exact: true });
const made = () => page.locator("#progress-words").filter({ hasText: "已全部制作" }).waitFor();

test("a service that is lost while one publishes or corrects: words, and everything stays", async () => {
  await look(page, "请到六安签到。");
  await made();
  portal.fault = () => "down";
  await page.locator("#category").fill("会议");
  await button("发布").click();
  await said(page, LOST);
  assert.equal(await page.locator("#category").inputValue(), "会议");
  assert.equal(await page.locator("#done").isVisible(), false);
  await page.locator("#s0 .fix").click();
  await page.locator("#written").fill("六安");
  await page.locator("#said").fill("liu4 an1");
  await button("保存并试听").click();
  await page.locator("#said-wrong").filter({ hasText: LOST }).waitFor();
  assert.equal(await page.locator("#said").inputValue(), "liu4 an1");
  portal.fault = () => undefined;
  await button("保存并试听").click();
  await said(page, "正在听第 1 句");
  assert.equal(await page.locator("#s0 rt").innerText(), "liù ān");
  await button("发布").click();
  await said(page, "已发布：《请到六安签到。》");
});

test("an answer that stops halfway is given up in time, and the text stays", async () => {
  const halfway = createServer((asking, answer) => {
    if (asking.url === "/v1/spoken") {
      answer.writeHead(200, { "Content-Type": "application/json" });
      answer.write('{"sentences":[');
      return;
    }
    const { method, headers } = asking;
    asking.pipe(request(new URL(asking.url, studio.origin), { method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    }));
  });
  await new Promise((resolve) => halfway.listen(0, "127.0.0.1", resolve));
  try {
    await open(page, { origin: `http://127.0.0.1:${halfway.address().port}`, key: studio.key });
    await paste(page, "明天停水。");
    // It stands still until the test moves it, however long the answers take.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.evaluate(() => {
      const ask = window.fetch;
      window.begun = new Set();
      window.fetch = async (...what) => {
        const response = await ask(...what);
        window.begun.add(new URL(response.url).pathname);
        return response;
      };
    });
    await button("查看读法").click();
    const all = ["/v1/lexicon", "/v1/notices", "/v1/spoken"];
    await page.waitForFunction((paths) => paths.every((path) => window.begun.has(path)), all);
    await page.clock.runFor(29_000);
    assert.equal(await page.getByRole("status").innerText(), "正在查看读法…");
    await page.clock.runFor(2_000);
    await said(page, LOST);
    assert.equal(await page.locator("#text").innerText(), "明天停水。");
    assert.equal(await button("查看读法").getAttribute("aria-busy"), null);
  } finally {
    halfway.closeAllConnections();
    halfway.close();
  }
});

test("one thing at a time: what comes while a text is looked at is told to wait, and nothing old is published", async () => {
  await look(page, "关于停水的通知\n请到六安签到。");
  await made();
  let goOn;
  const held = new Promise((resolve) => { goOn = resolve; });
  await page.route("**/v1/spoken", async (route) => {
    await held;
    await route.continue();
  });
  await page.locator("#text").press("Control+A");
  await paste(page, "关于停电的通知\n请到六安签到。");
  await button("查看读法").click();
  await page.locator("#name").fill("one");
  await button("发布").click();
  await said(page, "请稍候，正在查看读法，完成后再发布。");
  await page.locator("#file").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("停气。") });
  await said(page, "请稍候，正在查看读法，完成后再放入文件。");
  await page.locator("#s1 .fix").click();
  await page.locator("#written").fill("六安");
  await page.locator("#said").fill("liu4 an1");
  await button("保存并试听").click();
  await page.locator("#said-wrong").filter({ hasText: "请稍候，正在查看读法，完成后再保存读法。" }).waitFor();
  await button("不改了").click();
  goOn();
  await said(page, /^读法在下面/);
  assert.equal(await page.locator("#s0 .line").innerText(), "关于停电的通知");
  await button("发布").click();
  await said(page, "已发布：《关于停电的通知》");
});

test("a sentence that cannot be fetched is told in words, and can be pressed again", async () => {
  portal.fault = (path) => (path.startsWith("/v1/clips/") ? "down" : undefined);
  await look(page, "今天停水，请储水。");
  await made();
  const hear = page.locator("#s0 .hear");
  await hear.click();
  await page.waitForFunction(() => document.querySelector(".hear").getAttribute("aria-pressed") === "false", null,
    { timeout: 60_000 });
  assert.equal(await page.getByRole("status").innerText(), "朗读服务暂时不可用，请稍后再试");
  assert.equal(await button("停止").isVisible(), false);
  portal.fault = () => undefined;
  await hear.click();
  await said(page, "朗读完毕", 60_000);
});

test("progress whose connection breaks is told so, and goes on to the end by itself", async () => {
  portal.fault = (path) => (path.endsWith("/events") ? "down" : undefined);
  const [answer] = await Promise.all([page.waitForResponse("**/v1/notices"), look(page, "前天停水。\n昨天停水。")]);
  const { sentences } = await answer.json();
  const known = sentences.filter(({ clips }) => clips.every(({ duration_ms: length }) => length !== null)).length;
  await page.locator("#progress-words").filter({ hasText: "与服务的连接断了，正在重新连接…" }).waitFor();
  assert.equal(await page.locator("#progress").evaluate((bar) => bar.value), known, "and no more");
  portal.fault = () => undefined;
  await page.locator("#progress-words").filter({ hasText: "2 / 2 句，已全部制作" }).waitFor();
});

test("nor does that of what was published end with its connection", async () => {
  await look(page, "上周停电。\n下周停电。");
  await made();
  portal.fault = (path) => (path.endsWith("/events") ? "down" : undefined);
  await button("发布").click();
  await said(page, /^已发布：/);
  await page.locator("#done").filter({ hasText: "与服务的连接断了，正在重新连接…" }).waitFor();
  portal.fault = () => undefined;
  await page.locator("#done").filter({ hasText: "2 / 2 段，读者可以马上听到全文" }).waitFor();
});

test("while one question is open no other one takes its answer", async () => {
  await studio.publish("asked", "明天停气。");
  await studio.publish("other", "后天停气。");
  await page.reload();
  await open(page, { origin: portal.origin, key: studio.key });
  await look(page, "大后天停气。");
  await made();
  await page.locator("#name").fill("asked");
  portal.fault = (path) => (path === "/v1/published/asked" ? { wait: 1500 } : undefined);
  await button("发布").click();
  await said(page, "正在发布…");
  await button("撤下 《后天停气。》").click();
  await said(page, "请稍候，正在发布，完成后再撤下。");
  await page.locator("#ask").filter({ hasText: "替换已发布的公告？" }).waitFor();
  await page.locator("#ask-yes").click();
  await said(page, "已发布：《大后天停气。》");
  const titles = await studio.titles();
  assert.ok(titles.includes("后天停气。") && !titles.includes("明天停气。"), `${titles}`);
});

test("a proxy that takes the names of editions away keeps nobody from editing", async () => {
  await studio.publish("bare", "停水一天。");
  portal.withoutTags = true;
  try {
    await page.reload();
    await open(page, { origin: portal.origin, key: studio.key });
    await button("撤下 《停水一天。》").click();
    await page.locator("#ask-yes").click();
    await said(page, "已撤下：《停水一天。》");
    await look(page, "请到六安路签到。");
    await page.locator("#s0 .fix").click();
    await page.locator("#written").fill("六安路");
    await page.locator("#said").fill("liu4 an1 lu4");
    await button("保存并试听").click();
    await said(page, "正在听第 1 句");
  } finally {
    portal.withoutTags = false;
  }
  assert.equal((await studio.titles()).includes("停水一天。"), false);
});

test("a download that breaks off is told, and no part of it is taken for the whole", async () => {
  const failing = await startStudio({ more: ["--faults", "fail:100"] });
  try {
    await open(page, failing);
    await look(page, "今天停水。");
    await page.locator("#failed").waitFor();
    const files = [];
    page.on("download", (file) => files.push(file));
    await button("整篇录音（WAV）").click();
    await page.getByRole("status").filter({ hasText: /下载中断了|有一句没有制作成功/ }).waitFor();
    assert.deepEqual(files, []);
  } finally {
    await failing.stop();
  }
});

const DOCX = `
import sys, zipfile
office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
package = "http://schemas.openxmlformats.org/package/2006"
word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
drawing = '<w:drawing><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"/></w:drawing>'
text = "停水通知&lt;img src=x onerror=hit=1&gt;"
with zipfile.ZipFile(sys.argv[1], "w") as out:
    out.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>')
    out.writestr("_rels/.rels", f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>')
    out.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
        f'<w:p><w:r><w:t>见图。</w:t></w:r><w:r>{drawing}</w:r></w:p></w:body></w:document>')
`;

test("what of a document is not in the text is told, and stays beside it until the text is changed", async () => {
  const file = join(studio.folder, "图.docx");
  await promisify(execFile)("python3", ["-c", DOCX, file]);
  await page.locator("#file").setInputFiles(file);
  await said(page, "已放入“图.docx”，请核对文字，再按“查看读法”。　没有放入：1 张图片（图里的字不会读）。");
  assert.equal(await page.locator("#file-name").innerText(), "来自文件：图.docx　没有放入：1 张图片（图里的字不会读）。");
  assert.deepEqual(await page.locator("#text p").allInnerTexts(), ["停水通知<img src=x onerror=hit=1>", "见图。"]);
  assert.equal(await page.locator("#text img").count(), 0);
  await paste(page, "好。");
  assert.equal(await page.locator("#file-name").isVisible(), false);
});

test("a document without a key, or of another kind, is refused in words", async () => {
  await open(page, { origin: portal.origin });
  const put = async (name) => {
    const file = join(studio.folder, name);
    await writeFile(file, "any");
    await page.locator("#file").setInputFiles(file);
  };
  await put("a.docx");
  await page.locator("#text-wrong").filter({ hasText: "读取 docx 文件要先填写密钥。也可以直接粘贴文字。" }).waitFor();
  for (const name of ["a.doc", "a.wps", "a.pdf"]) {
    await paste(page, "好。");
    assert.equal(await page.locator("#text-wrong").innerText(), "");
    await put(name);
    await page.locator("#text-wrong").filter({ hasText: "请在 Word 或 WPS 里另存为 .docx，或者复制文字粘贴" }).waitFor();
  }
});

test("a file that is dropped anywhere on the page is taken, and never opened in its place", async () => {
  const address = page.url();
  await page.locator("h1").evaluate((title) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["明天停水。"], "通知.txt"));
    title.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  });
  await said(page, "已放入“通知.txt”");
  assert.equal(await page.locator("#text").innerText(), "明天停水。");
  assert.equal(page.url(), address);
});

test("markup in names, titles, categories, entries and file names stays text", async () => {
  const evil = "<img src=x onerror=window.hit=1>";
  const headers = { Authorization: `Bearer ${studio.key}`, "Content-Type": "application/json" };
  const entry = await fetch(`${studio.origin}/v1/lexicon/entries/${encodeURIComponent("储水")}`, {
    method: "PUT", headers, body: JSON.stringify({ said: "chu3 shui3", remark: evil }),
  });
  assert.equal(entry.status, 201);
  await page.reload();
  await open(page, { origin: portal.origin, key: studio.key });
  await look(page, "请储水。");
  assert.ok((await page.locator("#entries-list").innerText()).includes(evil));
  for (const id of ["name", "headline", "category"]) await page.locator(`#${id}`).fill(evil);
  await page.locator("#page").fill("javascript:window.hit=1");
  await button("发布").click();
  await page.locator("#page-wrong").filter({ hasText: "网页地址要以 http:// 或 https:// 开头。" }).waitFor();
  await page.locator("#page").fill("");
  await button("发布").click();
  await said(page, `已发布：《${evil}》`);
  await page.locator("#published-list").filter({ hasText: evil }).waitFor();
  await button(`撤下 《${evil}》`).click();
  assert.equal(await page.locator("#ask-title").innerText(), `撤下《${evil}》？`);
  await page.locator("#ask-yes").click();
  await said(page, `已撤下：《${evil}》`);
  const named = { name: `${evil}.txt`, mimeType: "text/plain", buffer: Buffer.from("停水。") };
  await page.locator("#file").setInputFiles(named);
  await said(page, "已放入");
  assert.equal(await page.locator("main img").count(), 0);
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.deepEqual(await page.evaluate(() => window.ear.violations), []);
});
