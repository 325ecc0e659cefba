// The editor's page for who has no mouse, hears it instead of seeing it, or needs it large.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { launch, newPage, untilHeard } from "./browser.js";
import { axe, idle, look, open, said, slowly, startStudio } from "./studio.js";

let studio, browser, page;

before(async () => {
  [studio, browser] = await Promise.all([startStudio(), launch()]);
});
after(async () => {
  await browser?.close();
  await studio?.stop();
});
beforeEach(async () => {
  page = await newPage(browser, { viewport: { width: 1280, height: 900 } });
});
afterEach(() => page.context().close());

const TEXT = "关于停水的通知\n5月3日停水。\n来源：二连浩特市水务局";
const button = (name) => page.getByRole("button", { name, exact: true });
const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);
const made = () => page.locator("#progress-words").filter({ hasText: "已全部制作" }).waitFor();

/** What has the focus now, whether that can be seen, and whether the bar or an edge of the window hides it. */
const focused = () => page.evaluate(() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  // The field of a file shows the focus on its label.
  const seen = element.id === "file" ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(seen);
  const box = seen.getBoundingClientRect();
  const bar = document.querySelector(".bar");
  const lowest = bar.contains(element) ? innerHeight : bar.getBoundingClientRect().top;
  return {
    name: element.id || element.textContent.trim(),
    isMarked: outlineStyle !== "none" && parseFloat(outlineWidth) >= 3,
    isInView: box.top >= 0 && box.bottom <= lowest + 1,
  };
});

/** Presses Tab until the focus leaves the page; every stop is seen. */
async function walk() {
  await page.locator("body").evaluate((body) => {
    body.tabIndex = -1;
    body.focus(); // Tab begins here
    body.removeAttribute("tabindex");
  });
  const names = [];
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const now = await focused();
    if (!now) return names;
    assert.ok(now.isMarked, `${now.name} shows no focus`);
    assert.ok(now.isInView, `${now.name} is hidden`);
    names.push(now.name);
  }
  throw new Error(`Tab never leaves the page: ${names.join(", ")}`);
}

test("Tab goes through everything in the order in which it is read, and leaves the page", async () => {
  await page.goto(`${studio.origin}/studio/`);
  const text = ["text", "file", "clear", "voice", "pace", "look"];
  assert.deepEqual(await walk(), ["跳到正文", "key", "使用这个密钥", "no-key", ...text, "speed"]);
  await open(page, studio);
  await look(page, TEXT);
  await made();
  const own = (number) => [`听第 ${number} 句`, `往下听，从第 ${number} 句起`, `改读音，第 ${number} 句`];
  assert.deepEqual(await walk(), [
    "跳到正文", "change-key", ...text, "hear-all", "pinyin", ...own(1), ...own(2),
    "看第 3 句", "整篇录音（WAV）", "电话用录音（8 kHz WAV）", "逐句录音和清单（ZIP）",
    "name", "headline", "date", "date", "date", "date", "category", "page", "发布", "speed",
  ]);
});

test("all of it is done with keys: the key, the text, a sentence heard, a word corrected, published", async () => {
  await page.goto(`${studio.origin}/studio/`);
  await page.keyboard.insertText(studio.key);
  await page.keyboard.press("Enter");
  await said(page, "密钥可用");
  await page.keyboard.insertText("请到六安路签到。");
  await page.locator("#look").focus();
  await page.keyboard.press("Enter");
  await said(page, /^读法在下面/);
  assert.ok(await hasFocus(page.locator("#reading-title")));
  const top = await page.locator("#reading-title").evaluate((title) => title.getBoundingClientRect().top);
  assert.ok(top >= 0 && top < 300, `what was asked for is at ${top}`);
  await page.locator("#s0 .hear").focus();
  await page.keyboard.press("Space");
  await untilHeard(page);
  await said(page, "朗读完毕");
  await slowly(page);
  await page.keyboard.press("Space");
  await said(page, "正在听第 1 句");
  assert.ok(await hasFocus(page.locator("#s0 .hear")), "the focus stays");
  await page.keyboard.press("Space");
  await said(page, "已停止");

  const fix = page.locator("#s0 .fix");
  await fix.focus();
  await page.keyboard.press("Enter");
  assert.ok(await hasFocus(page.locator("#written")), "nothing is selected: the word comes first");
  await page.locator("#said").fill("liu4");
  await page.keyboard.press("Enter");
  await page.locator("#written-wrong").filter({ hasText: "请填写原文里的写法。" }).waitFor();
  assert.ok(await hasFocus(page.locator("#written")));
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() =>
      document.activeElement.closest("dialog")?.id || document.activeElement.localName);
    assert.ok(["correct", "body"].includes(where), `the focus is in ${where}, behind the form`);
  }
  await page.keyboard.press("Escape");
  assert.ok(await hasFocus(fix), "the focus comes back");
  await page.keyboard.press("Enter");
  await page.keyboard.insertText("六安");
  await page.keyboard.press("Tab");
  await page.keyboard.insertText("liu4 an1");
  await page.keyboard.press("Enter");
  await said(page, "正在听第 1 句");
  assert.equal(await page.locator("#s0 rt").innerText(), "liù ān");

  await page.locator("#name").focus();
  await page.keyboard.press("Enter");
  await said(page, "已发布：《请到六安路签到。》");
  assert.ok(await hasFocus(page.locator("#done")));
  await button("撤下 《请到六安路签到。》").focus();
  await page.keyboard.press("Enter");
  assert.ok(await hasFocus(page.locator("#ask-no")), "the harmless answer has the focus");
  await page.keyboard.press("Escape");
  assert.ok(await hasFocus(button("撤下 《请到六安路签到。》")));
  await idle(page);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await said(page, "已撤下：《请到六安路签到。》");
});

/** How a screen reader has a part of the page, without lengths of sounds. */
const heardAs = async (selector) => (await page.locator(selector).ariaSnapshot()).replace(/: [\d.]+ 秒$/gm, ": … 秒");

test("a screen reader is told what is what", async () => {
  await page.goto(`${studio.origin}/studio/`);
  assert.equal(await heardAs("#key-part"), `- region "先填写密钥":
  - heading "先填写密钥" [level=2]
  - paragraph: 密钥由管理员发给您。它只留在这个页面里，不会保存在电脑上；刷新或关闭页面以后，要重新填写。
  - text: 密钥
  - textbox "密钥"
  - button "使用这个密钥"
  - button "不用密钥，只看读法"`);
  await open(page, studio);
  await look(page, TEXT);
  await made();
  assert.equal(await heardAs("#reading-part .measure"), `- paragraph:
  - text: 制作进度
  - progressbar "制作进度"
  - text: 2 / 2 句，已全部制作`);
  assert.equal(await heardAs("#blocks"), `- group "标题，第 1 段":
  - list:
    - listitem:
      - paragraph: 关于停水的通知
      - button "听 第 1 句"
      - button "往下听 ，从第 1 句起"
      - button "改读音 ，第 1 句"
      - paragraph: … 秒
- group "段落，第 2 段":
  - list:
    - listitem:
      - paragraph: 5月3日 五月三日 停水。
      - list:
        - listitem: 5月3日 读作 五月三日。按日期读，年份逐字，月日按数目（朗读规则）
      - button "听 第 2 句"
      - button "往下听 ，从第 2 句起"
      - button "改读音 ，第 2 句"
      - paragraph: … 秒
- group "不朗读，第 3 段":
  - list:
    - listitem:
      - paragraph: 来源：二连浩特市水务局
      - paragraph: 不朗读：来源、作者、阅读次数等`);
  await button("显示拼音").click();
  assert.equal(await heardAs("#s1 .line"), "- paragraph: 5月3日 读作 五 wǔ 月 yuè 三 sān 日 rì 停 tíng 水 shuǐ 。");
  await page.locator("#s1 .instead").click();
  await page.locator("#said").fill("wu");
  await button("保存并试听").click();
  await page.locator("#said-wrong:not(:empty)").waitFor();
  const said = page.getByRole("textbox", { name: "读法", exact: true });
  assert.deepEqual(await said.evaluate((field) => [field.ariaInvalid, field.getAttribute("aria-describedby")
    .split(" ").map((id) => document.getElementById(id).textContent).join("")]), ["true",
    "写拼音，一个字一个，数字是声调（er4 lian2 hao4 te4，轻声是 5）；或者写读出来的汉字。“wu”没有声调，请写成 wu1 到 wu4，轻声写 wu5。"]);
});

test("one place says how things are, and nothing else on the page speaks by itself", async () => {
  await open(page, studio);
  await look(page, TEXT);
  await made();
  const live = await page.evaluate(() =>
    [...document.querySelectorAll("[role=status],[role=alert],[role=log],[aria-live],output")].map(({ id }) => id));
  assert.deepEqual(live, ["status"]);
  assert.doesNotMatch(await page.getByRole("status").innerText(), /停水/);
});

test("in forced colours what is pressed, what is heard and what is marked can be told apart", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page, studio);
  await look(page, TEXT);
  await made();
  const style = (selector, ...names) => page.locator(selector).first().evaluate((element, wanted) =>
    wanted.map((name) => getComputedStyle(element)[name]), names);
  assert.deepEqual(await style("#s1 ruby.changed", "textDecorationLine"), ["underline"]);
  const resting = [await style("#s1", "outlineStyle"), await style("#s1 .hear", "borderStyle")];
  await slowly(page);
  await page.locator("#s1 .hear").click();
  await page.locator("#s1.heard").waitFor();
  assert.deepEqual(resting, [["none"], ["solid"]]);
  assert.deepEqual(await style("#s0", "borderLeftColor"), await style("body", "backgroundColor"), "no edge but that");
  const pressed = [await style("#s1", "outlineStyle"), await style("#s1 .hear", "borderStyle")];
  assert.deepEqual(pressed, [["solid"], ["double"]]);
  const wave = await style("#s0 .sound svg", "fill");
  assert.deepEqual(wave, await style("body", "color"));
});

test("320 pixels are wide enough in every state, and the forms fit", async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  /** What stands out to the right, unless it is only there for screen readers. */
  const fits = async (state) => {
    const out = await page.evaluate(() => [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility() && !element.closest(".unseen,.skip,svg"))
      .filter((element) => element.getBoundingClientRect().right > 320.5)
      .map((element) => `${element.localName}#${element.id}.${element.className}`));
    assert.deepEqual(out, [], state);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, state);
  };
  await page.goto(`${studio.origin}/studio/`);
  await fits("key");
  await open(page, studio);
  await fits("empty");
  await look(page, `${TEXT}\n网址https://www.example.gov.cn/art/2024/5/3/art_1229_4567890123456789.html，电话0477-8123456。`);
  await made();
  await fits("shown");
  await button("显示拼音").click();
  await fits("pinyin");
  await slowly(page);
  await page.locator("#s1 .hear").click();
  await page.locator("#s1.heard").waitFor();
  await fits("heard");
  await page.locator("#s1 .fix").click();
  await fits("correcting");
  await page.keyboard.press("Escape");
  await page.locator("#page").fill("www.example.gov.cn");
  await button("发布").click();
  await page.locator("#page-wrong").filter({ hasText: "http" }).waitFor();
  await fits("refused");
  await page.locator("#page").fill("");
  await button("发布").click();
  await said(page, "已发布");
  await button("撤下 《关于停水的通知》").waitFor();
  await fits("published");
  assert.deepEqual(await axe(page), []);
  await button("撤下 《关于停水的通知》").click();
  await fits("asking");
  await page.locator("#ask-yes").click();
  await said(page, "已撤下");
});

test("printed, the notice is there with how it is read, and nothing to press", async () => {
  await open(page, studio);
  await look(page, TEXT);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  assert.ok(await page.locator("#s1 rt").first().isVisible());
});
