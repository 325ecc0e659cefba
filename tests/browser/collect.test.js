// What a reader sees is what is sent, and nothing else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { button, launch, newPage, regions, show, showFile, status } from "./browser.js";
import { startPortal } from "./portal.js";
import { startService } from "./service.js";

let service, portal, browser, page;

before(async () => {
  service = await startService();
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

test("a region without text says so and asks for nothing", async () => {
  await show(page, portal, regions("<span hidden>没有</span>"));
  await button(page).click();
  assert.equal(await status(page).textContent(), "这里没有可以朗读的文字");
  assert.deepEqual(portal.asked, []);
});
