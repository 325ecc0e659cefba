// Which parts of a page are read: marked ones, those that come and go, those in frames, and the main text by itself.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { button, holds, launch, newPage, pressed, regions, show, squash, status, untilSaid } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});
beforeEach(async () => {
  page = await newPage(browser);
});
afterEach(() => page.context().close());

const NAME = "语音朗读";
const buttons = () => page.getByRole("button", { name: NAME, exact: true });

/** Waits until the page has `count` buttons, and looks again when it had time for another. */
async function untilButtons(count) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".langdu-button:not(.langdu-pick)").length === wanted, count);
}

/** The text that a press on button `at` sends. */
async function sent(at = 0) {
  const request = page.waitForRequest((one) => one.method() === "POST");
  await button(page, at).click();
  const { text } = (await request).postDataJSON();
  await page.evaluate(() => window.langdu.stop());
  return text;
}

/** A page of a portal that marks nothing: `body` with the player. */
const plain = (body, attributes = "", title = "关于老旧小区加装电梯的通知_清河市人民政府") => `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>${title}</title><link rel="icon" href="/demo/emblem.svg">
<script src="/player.js" defer ${attributes}></script><body>${body}</body></html>`;

const TITLE = "关于老旧小区加装电梯的通知";
const LINES = [
  "各街道办事处，各社区：",
  "为方便老年人上下楼，我市从今年12月起开展老旧小区加装电梯工作，现将有关事项通知如下。",
  "一、四层以上、没有电梯的住宅，经本单元三分之二以上业主同意，可以申请加装电梯。",
  "二、每部电梯由市财政补助15万元，其余费用由业主协商分担，可以提取住房公积金。",
  "三、申请人请于12月31日前，把申请表交到所在社区，社区在5个工作日内答复。",
  "清河市住房和城乡建设局",
];
const READ = LINES.join("\n");
const MENU = `<ul><li><a href="#a">首页</a></li><li><a href="#b">政务公开，一目了然</a></li><li><a href="#c">办事服务</a></li></ul>`;
const SIDE = `<div><a href="#d">关于做好冬季供暖工作的通知，请各单位认真落实。</a><br><a href="#e">关于发放补贴的公告，请查收。</a></div>`;
const FOOT = `<div>主办：清河市人民政府办公室 备案号：0000000000</div><div>建议使用1024×768分辨率，以获得最佳效果。</div>`;
const paragraphs = LINES.map((line) => `<p>${line}</p>`).join("");

for (const [name, body, wanted] of [
  [
    "divs only",
    `<div class="top">${MENU}</div><div class="w"><div class="crumb">当前位置：首页 &gt; 通知</div><div class="cont">
     <div class="tit">${TITLE}</div><div class="info">来源：市住建局 日期：2026-11-20 字号：大 中 小</div>
     <div class="TRS_Editor">${paragraphs}</div></div><div class="side">${SIDE}</div></div><div class="foot">${FOOT}</div>`,
    `${TITLE}\n${READ}`,
  ],
  [
    "tables for layout, lines parted by <br>",
    `<table><tr><td colspan="2">${MENU}</td></tr><tr><td>${SIDE}</td><td><table><tr><td>${TITLE}</td></tr>
     <tr><td>2026-11-20</td></tr><tr><td id="zoom">${LINES.join("<br><br>")}</td></tr></table></td></tr>
     <tr><td colspan="2">${FOOT}</td></tr></table>`,
    `${TITLE}\n${READ}`,
  ],
  [
    "one form around everything, and a closed window over it",
    `<form><div>${MENU}</div><div hidden><p>${LINES[1].repeat(9)}</p></div>
     <div id="UCAP-CONTENT"><h1>${TITLE}</h1>${paragraphs}</div>${FOOT}</form>`,
    `${TITLE}\n${READ}`,
  ],
  [
    "an article, with an aside and a menu inside",
    `<header>${MENU}</header><div><article><h1>${TITLE}</h1>${paragraphs}<aside>相关阅读：${LINES[1]}</aside><nav>${MENU}</nav></article></div>
     <footer>${FOOT}</footer>`,
    `${TITLE}\n${READ}`,
  ],
  [
    "a main element with more than the text",
    `<main><div class="crumb">首页 &gt; 通知</div><div class="a"><h1>${TITLE}</h1><div class="b">${paragraphs}</div></div><div>${SIDE}</div></main>${FOOT}`,
    `${TITLE}\n${READ}`,
  ],
  [
    "role=main, sections of a text",
    `<div role="navigation">${MENU}</div><div role="main"><section><p>${LINES[1]}</p><p>${LINES[2]}</p></section><section><p>${LINES[3]}</p>
     <p>${LINES[4]}</p></section></div><div role="contentinfo">${FOOT}</div>`,
    LINES.slice(1, 5).join("\n"),
  ],
  ["text right in the body", `${LINES.join("<br>")}`, READ],
]) {
  test(`a page that marks nothing has its main text read: ${name}`, async () => {
    await show(page, portal, plain(body));
    await untilButtons(1);
    assert.equal(await sent(), wanted);
    assert.deepEqual(page.errors, []);
  });
}

test("the button of a main text in a cell of a table stands in that cell, and a press marks the text", async () => {
  await show(page, portal, plain(`<table><tr><td>${MENU}</td><td id="t">${LINES.join("<br>")}</td></tr></table>`));
  await untilButtons(1);
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await page.waitForFunction(() => window.ear.marked.length > 1);
  assert.equal(await page.evaluate(() => window.ear.marked[0]), LINES[0]);
});

for (const [name, body] of [
  ["a list of links", `<main><h1>通知公告</h1>${SIDE.repeat(9)}</main>${FOOT}`],
  ["a short page", `<main><p>请登录后再查看，谢谢。</p></main>${FOOT}`],
  ["a page of menus", MENU.repeat(40)],
]) {
  test(`where there is no main text there is no button: ${name}`, async () => {
    await show(page, portal, plain(body));
    await page.waitForTimeout(500); // it is not known when a button that must not come would come
    assert.equal(await buttons().count(), 0);
  });
}

test("data-langdu-auto=\"off\" leaves a page without marks alone", async () => {
  await show(page, portal, plain(paragraphs, 'data-langdu-auto="off"'));
  await page.waitForTimeout(500);
  assert.equal(await buttons().count(), 0);
  // A region is marked later, and read.
  await page.locator("body").evaluate((body) => body.setAttribute("data-langdu-region", ""));
  await untilButtons(1);
});

test("a main text that comes late is found, and gives way to a marked region", async () => {
  await show(page, portal, plain(`<div id="app">正在加载</div>`));
  await page.waitForTimeout(300);
  assert.equal(await buttons().count(), 0);
  await page.locator("#app").evaluate((app, lines) => {
    app.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
  }, LINES);
  await untilButtons(1);
  assert.equal(await sent(), READ);
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await page.evaluate(() => {
    const article = document.createElement("article");
    article.dataset.langduRegion = "";
    article.textContent = "请看这里。";
    document.body.append(article);
  });
  await page.waitForFunction(() => document.querySelector("article").previousElementSibling?.className === "langdu");
  await untilButtons(1);
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0, "the reading of the main text has ended");
  assert.equal(await sent(), "请看这里。");
});

test("regions that come get a bar, and lose it when they go", async () => {
  await show(page, portal, regions("请注意安全。"));
  await page.locator("main").evaluate((main) => {
    const article = document.createElement("article");
    article.dataset.langduRegion = "";
    article.textContent = "请带好雨伞。";
    main.append(article);
  });
  await untilButtons(2);
  assert.equal(await sent(1), "请带好雨伞。");
  await page.locator("article").nth(1).evaluate((article) => article.removeAttribute("data-langdu-region"));
  await untilButtons(1);
  await page.locator("#r0").evaluate((article) => article.remove());
  await untilButtons(0);
  assert.equal(await page.locator("[role=status]").count(), 0);
});

test("the bar goes where its region goes", async () => {
  await show(page, portal, regions("请注意安全。", "请带好雨伞。", "请按时到场。"));
  await page.locator("main").evaluate((main) => main.append(main.querySelector("#r0")));
  await page.waitForFunction(() =>
    [...document.querySelectorAll("article")].every((one) => one.previousElementSibling.className === "langdu"));
  assert.equal(await buttons().count(), 3);
  assert.equal(await sent(2), "请注意安全。");
});

test("a region that goes while it is read is silent at once", async () => {
  await show(page, portal, regions("请注意安全。请带好雨伞。".repeat(5), "请按时到场。"));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  const took = await page.evaluate(async () => {
    const region = document.querySelector("#r0");
    // The time is taken when it happens, not when a timer comes to look.
    const stopped = new Promise((resolve) => region.addEventListener("langdu:state", ({ detail }) => {
      if (detail.state === "stopped") resolve(performance.now());
    }));
    const begun = performance.now();
    region.remove();
    return (await stopped) - begun;
  });
  assert.ok(took < 100, `${took} ms`);
  assert.equal(await page.evaluate(() => [...window.ear.elements].every((audio) => audio.paused)), true);
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  await untilButtons(1);
  assert.equal(await pressed(page), "false");
  assert.deepEqual(page.errors, []);
});

test("a text replaced while it is read ends the reading, and the next press reads the new one", async () => {
  await show(page, portal, regions("请注意安全。请带好雨伞。".repeat(5)));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await page.locator("#r0 p").evaluate((line) => { line.textContent = "今天放假。明天上班。"; });
  await untilSaid(page, "已停止");
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  const request = page.waitForRequest((one) => one.method() === "POST");
  await button(page).click();
  assert.equal((await request).postDataJSON().text, "今天放假。明天上班。");
  await untilSaid(page, "朗读完毕");
  const marked = await page.evaluate(() => window.ear.marked);
  assert.deepEqual(marked.slice(-2), ["今天放假。", "明天上班。"]);
});

test("characters changed in place are never marked as those that were read", async () => {
  const first = "请注意安全。请带好雨伞。".repeat(4);
  await show(page, portal, regions(`${first}</p><p>现在是<span id="clock">8点</span>整。</p><p>再见，路上小心。`));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await page.evaluate(() => { document.querySelector("#clock").firstChild.data = "9点"; });
  await untilSaid(page, "朗读完毕");
  const marked = await page.evaluate(() => window.ear.marked);
  assert.ok(marked.includes("现在是整。"), `a clock that ticks does not end the reading: ${marked}`);
  assert.equal(marked[marked.length - 1], "再见，路上小心。");
});

test("something added beside the text does not disturb its reading", async () => {
  await show(page, portal, regions("请注意安全。请带好雨伞。请按时到场。"));
  // As soon as it is read: it is short.
  await page.locator("#r0").evaluate((region) => {
    const line = Object.assign(document.createElement("p"), { textContent: "新的一行。" });
    region.addEventListener("langdu:state", ({ detail }) => { if (detail.state === "reading") region.prepend(line); });
  });
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  assert.equal(await page.locator("#r0 p").count(), 2);
  assert.deepEqual(await page.evaluate(() => window.ear.marked), ["请注意安全。", "请带好雨伞。", "请按时到场。"]);
});

test("a button of the page follows its region when that is replaced, and keeps working when it is put away and back", async () => {
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>通知</title><script src="/player.js" defer></script>
    <div id="tools"><button type="button" data-langdu-region="#text">语音朗读</button></div><div id="text">请注意安全。</div>`);
  assert.equal(await sent(), "请注意安全。");
  await page.evaluate(() => {
    // Long enough to be read still when it is stopped.
    const next = Object.assign(document.createElement("div"), { id: "text", textContent: "请带好雨伞。".repeat(9) });
    document.querySelector("#text").replaceWith(next);
    window.kept = document.querySelector("#tools button");
    window.kept.remove();
  });
  await page.waitForFunction(() => document.querySelectorAll("[role=status]").length === 0);
  await page.evaluate(() => document.querySelector("#tools").append(window.kept));
  await page.waitForFunction(() => document.querySelectorAll("[role=status]").length === 1);
  assert.equal(await sent(), "请带好雨伞。".repeat(9), "one press is one press");
  assert.equal(await status(page).textContent(), "已停止");
});

const framed = (text) => `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>内页</title>
  <link rel="icon" href="/demo/emblem.svg"><body><main>${text}</main>`;

/** A page with a frame of this site in it, and the frame's document. */
async function showFrame(text, attributes = "data-langdu-region") {
  await page.route("**/inner", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: framed(text) }));
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>外页</title>
    <link rel="icon" href="/demo/emblem.svg"><script src="/player.js" defer></script><p>外面的话。</p>
    <iframe id="f" src="/inner" title="内页" width="600" height="300" ${attributes}></iframe>`);
  return page.frame({ url: /inner/ });
}

test("a frame of this site is read and marked in its own document", async () => {
  const frame = await showFrame("<p>框架里的<b>通知</b>。</p><p hidden>看不见。</p><p>请大家注意安全，按时到场。</p>");
  await frame.evaluate(() => {
    window.marked = [];
    window.outside = 0;
    frameElement.addEventListener("langdu:state", ({ detail }) => {
      window.outside += parent.CSS.highlights.size;
      if (detail.state === "reading") window.marked.push([...CSS.highlights.get("langdu")].map(String).join(""));
    });
  });
  const request = page.waitForRequest((one) => one.method() === "POST");
  await button(page).click();
  assert.equal((await request).postDataJSON().text, "框架里的通知。\n请大家注意安全，按时到场。");
  await untilSaid(page, "朗读完毕");
  const marked = await frame.evaluate(() => [...new Set(window.marked)]);
  assert.deepEqual(marked, ["框架里的通知。", "请大家注意安全，按时到场。"]);
  assert.equal(await frame.evaluate(() => window.outside), 0, "nothing is marked outside");
  assert.equal(await frame.locator('link[href$="/player.css"]').count(), 1);
  assert.equal(await frame.evaluate(() => CSS.highlights.size), 0);
  assert.deepEqual(page.errors, []);
});

test("a frame that shows another page ends its reading", async () => {
  const frame = await showFrame(`<p>${"框架里的通知。请注意安全。".repeat(9)}</p>`);
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await frame.evaluate(() => {
    window.isOld = true;
    location.reload();
  });
  await untilSaid(page, "已停止");
  assert.equal(await pressed(page), "false");
  await frame.waitForFunction(() => !window.isOld && document.readyState === "complete");
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await page.locator("#f").evaluate((element) => element.remove());
  await untilButtons(0);
  assert.equal(await page.evaluate(() => [...window.ear.elements].every((audio) => audio.paused)), true);
  assert.deepEqual(page.errors, []);
});

test("the sentence read in a frame is brought into view, in the frame and in the page", async () => {
  await page.route("**/inner", (route) => route.fulfill({
    contentType: "text/html; charset=utf-8",
    body: framed(`<div style="height:2000px">上面。</div><p>下面的通知在这里。</p>`),
  }));
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>外页</title><script src="/player.js" defer></script>
    <button type="button" data-langdu-region="#f">语音朗读</button><p id="room"></p>
    <iframe id="f" src="/inner" title="内页" width="600" height="300"></iframe><p id="more"></p>`);
  await page.evaluate(() => {
    for (const id of ["room", "more"]) document.getElementById(id).style.height = "3000px";
  });
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  const placed = () => page.frame({ url: /inner/ }).evaluate(() => {
    const box = document.querySelector("p").getBoundingClientRect();
    const frame = frameElement.getBoundingClientRect();
    return { frame: [box.top, box.bottom, innerHeight], page: [frame.top + box.top, frame.top + box.bottom, parent.innerHeight] };
  });
  await holds(async () => { // the pages glide there
    const place = await placed();
    for (const [top, bottom, height] of Object.values(place)) {
      assert.ok(top >= 0 && bottom <= height, JSON.stringify(place));
    }
  });
});

test("a frame of another site has nothing to read, and that is said", async () => {
  const other = service.origin.replace("127.0.0.1", "localhost");
  await page.route("**/page", async (route) => {
    const response = await route.fetch();
    const { "content-security-policy": _, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
  await show(page, portal, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>外页</title><script src="/player.js" defer></script>
    <iframe src="${other}/demo/emblem.svg" title="别处" data-langdu-region></iframe>`);
  await button(page).click();
  await untilSaid(page, "这里没有可以朗读的文字");
  assert.equal(await pressed(page), "false");
});

test("watching a page that never rests costs next to nothing", async (t) => {
  await show(page, portal, regions(...Array.from({ length: 20 }, () => "请注意安全。请带好雨伞。")));
  await page.evaluate(() => {
    for (let count = 0; count < 3000; count += 1) {
      document.querySelector("#r0").append(Object.assign(document.createElement("p"), { textContent: `第${count}行。` }));
    }
  });
  /** Milliseconds of script in two seconds in which the page changes a hundred times a second. */
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ScriptDuration").value * 1000;
  };
  await page.evaluate(() => {
    const ticker = document.body.appendChild(document.createElement("p"));
    setInterval(() => ticker.replaceChildren(String(performance.now()), document.createElement("i")), 10);
  });
  await page.waitForTimeout(300);
  let took = Infinity;
  for (let tries = 3; tries && took >= 200; tries -= 1) { // others may have had the machine for a while
    const begun = await spent();
    await page.waitForTimeout(2000);
    took = Math.min(took, (await spent()) - begun);
  }
  t.diagnostic(`script in 2 s of 200 changes, the ear of this test included: ${took.toFixed(1)} ms`);
  assert.ok(took < 200, `${took} ms`);
});

test("the demo pages: a frame, a page that never loads anew, a page without marks", async () => {
  const origin = service.origin;
  await page.goto(`${origin}/demo/embed/frame.html`);
  assert.match(await sent(), /^停水公告\n因河东水厂/);
  await page.goto(`${origin}/demo/embed/app.html`);
  assert.equal(await buttons().count(), 0);
  await page.getByRole("button", { name: "周末义诊活动" }).click();
  await untilButtons(1);
  assert.match(await sent(), /^周末义诊活动\n/);
  await page.getByRole("button", { name: "公交线路调整" }).click();
  await page.waitForFunction(() => document.querySelector("article h1").textContent === "公交线路调整");
  await untilButtons(1);
  assert.match(await sent(), /^公交线路调整\n/);
  await page.getByRole("button", { name: "全部收起" }).click();
  await untilButtons(0);
  await page.goto(`${origin}/demo/embed/auto.html`);
  await untilButtons(1);
  const text = await sent();
  assert.match(text, /^关于启用新版老年人优待证的公告\n各位老年朋友：\n/);
  assert.match(text, /2026年11月12日$/);
  assert.deepEqual(page.errors, []);
});

test("the demo's own pages have a button where they mark a region, and only there", async () => {
  const folder = new URL("../../web/demo/notices/", import.meta.url);
  for (const name of await readdir(folder)) {
    const html = await readFile(new URL(name, folder), "utf8");
    await page.goto(`${service.origin}/demo/notices/${name}`);
    assert.equal(await buttons().count(), html.split("data-langdu-region").length - 1, name);
    assert.ok(squash(await page.locator("article").textContent()).length > 100);
  }
});
