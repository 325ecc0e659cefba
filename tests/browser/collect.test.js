// What a reader sees is what is sent, and nothing else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { button, launch, newPage, regions, show, showFile, untilSaid } from "./browser.js";
import { startPortal } from "./portal.js";
import { startHum } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startHum();
  portal = await startPortal(service.origin);
  browser = await launch();
  page = await newPage(browser);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await service?.stop();
});

/** The text that a press on button `at` sends. */
async function sent(at = 0) {
  const request = page.waitForRequest((one) => one.method() === "POST");
  await button(page, at).click();
  const { text } = (await request).postDataJSON();
  await page.evaluate(() => window.langdu.stop());
  return text;
}

test("inline tags, entities, comments, hidden and skipped parts", async () => {
  await showFile(page, portal, "rich.html");
  assert.equal(await sent(0), "关于供水的通知\n因管网检修， 本周三停水\u00a08\u00a0小时。请提前储水💧，谢谢&理解！\n咨询电话：12345。\n特此通知。");
});

test("rows are lines, cells are tabs, empty cells are columns, tables inside tables are rows", async () => {
  await showFile(page, portal, "rich.html");
  assert.equal(await sent(1), "项目\t金额\n水费\t3元\n\t合计 5元\n内层\t7元");
});

test("numbers of lists are read, annotations and closed details are not", async () => {
  await showFile(page, portal, "rich.html");
  assert.equal(await sent(2), "3. 甲项。\n4. 乙项。\n丙项。\n朗读。\n更多");
});

test("a button of the page reads the region it stands in", async () => {
  await showFile(page, portal, "rich.html");
  assert.equal(await page.locator("#outer").evaluate((region) => region.previousElementSibling.className), "", "no second button");
  assert.equal(await sent(3), "请先读这里。\n再读这里。");
});

test("half a surrogate pair does not break the request", async () => {
  await show(page, portal, regions("请注意。"));
  await page.locator("#r0 p").evaluate((element) => { element.textContent = "请注意\ud83d安全。"; });
  assert.equal(await sent(0), "请注意\ufffd安全。");
});

/** A page with one region of this HTML. */
const region = (html) => regions("").replace("<p></p>", html);

for (const [name, html, wanted] of [
  ["soft hyphens, zero-width characters and <wbr> part no words", "朗&shy;读&#8203;完<wbr>毕&#65279;。", "朗读完毕。"],
  ["wide and unbreakable spaces stay what they are", "　全角　空格&nbsp;。", "　全角　空格\u00a0。"],
  ["emoji and variants stay whole", "👨‍👩‍👧和☎️和葛󠄀。", "👨‍👩‍👧和☎️和葛󠄀。"],
  ["raised figures after figures and units are powers", "约10<sup>5</sup>人，10<sup> -3 </sup>，120m<sup>2</sup>，x<sup><b>2</b></sup>。", "约10⁵人，10⁻³，120m²，x²。"],
  ["raised figures after words are marks of footnotes", "见说明<sup>1</sup>、附件<sup>[2]</sup>、表格<sup>①</sup>，共10<sup><a href='#n'>3</a></sup>个。", "见说明、附件、表格，共10个。"],
  ["other raised words are read", "清河<sup>新</sup>城，GDP<sup>1</sup>，25<sup>th</sup>。", "清河新城，GDP，25th。"],
  ["what a picture is said to show is not on the screen", "<img alt='徽章.png' src='/demo/emblem.svg'>图片。", "图片。"],
  ["fields are not read", "<input value='甲'><textarea>乙</textarea><select><option>丙</select><button type='button'>丁</button>戊。", "戊。"],
  ["what cannot be reached or is found only by searching", "<p inert>甲。</p><p hidden>乙。</p><div hidden='until-found'>丙。</div>丁。", "丁。"],
  ["backward lists count down, hidden items do not count, a value counts on",
    "<ol reversed><li>甲。</li><li>乙。</li></ol><ol><li>甲。</li><li hidden>乙。</li><li>丙。</li><li value='7'>丁。</li><li>戊。</li></ol>",
    "2. 甲。\n1. 乙。\n1. 甲。\n2. 丙。\n7. 丁。\n8. 戊。"],
  ["nested lists have numbers of their own", "<ol><li>甲：<ol start='5'><li>子。</li></ol></li><li>乙。</li></ol>", "1. 甲：\n5. 子。\n2. 乙。"],
  ["of a closed part its title is read, of an open one all",
    "<details><summary>更多</summary>收起。</details><details open><summary>地点</summary>大厅。</details>", "更多\n地点\n大厅。"],
]) {
  test(name, async () => {
    await show(page, portal, region(html));
    assert.equal(await sent(), wanted);
  });
}

test("words for screen readers alone, unseen and undrawn text are not read, far text is", async () => {
  await show(page, portal, region("<i>甲</i><i>乙</i><i>丙</i><p>丁</p><p>戊</p><i>abc</i>庚。"));
  await page.evaluate(() => {
    const styles = [
      { position: "absolute", width: "1px", height: "1px", overflow: "hidden" },
      { visibility: "hidden" },
      { display: "none" },
      { contentVisibility: "hidden" },
      { contentVisibility: "auto", marginTop: "9000px" },
      { userSelect: "none", textTransform: "uppercase", opacity: "0.5" },
    ];
    [...document.querySelectorAll("#r0 i, #r0 p")].forEach((element, at) => Object.assign(element.style, styles[at]));
  });
  assert.equal(await sent(), "戊\nabc庚。");
});

test("what is drawn in a component is read as it is drawn, with what is put into its slots", async () => {
  await show(page, portal, region("前面。<x-card><b slot='name'>办理地点</b>和平路8号。<i slot='none'>不画的。</i></x-card>后面。"));
  await page.evaluate(() => {
    const root = document.querySelector("x-card").attachShadow({ mode: "open" });
    const make = (name, text, slot) => {
      const element = Object.assign(document.createElement(name), { textContent: text });
      if (slot !== undefined) element.name = slot;
      return element;
    };
    const style = make("style", "p { display: block }");
    const line = make("p", "地址：");
    line.append(make("slot", "没有写", ""));
    const empty = make("p", "电话：");
    empty.append(make("slot", "没有写", "phone"));
    const heading = make("h2", "");
    heading.append(make("slot", "", "name"));
    root.append(style, heading, line, empty);
  });
  const request = page.waitForRequest((one) => one.method() === "POST");
  await button(page).click();
  assert.equal((await request).postDataJSON().text, "前面。\n办理地点\n地址：和平路8号。\n电话：没有写\n后面。");
  await untilSaid(page, "朗读完毕");
  assert.deepEqual(await page.evaluate(() => window.ear.marked), ["前面。", "办理地点", "地址：和平路8号。", "电话：没有写", "后面。"]);
});

test("a region without text says so and asks for nothing", async () => {
  await show(page, portal, regions("<span hidden>没有</span>"));
  await button(page).click();
  await untilSaid(page, "这里没有可以朗读的文字");
  assert.deepEqual(portal.asked, []);
});
