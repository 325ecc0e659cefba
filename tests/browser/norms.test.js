// What the accessibility norms ask of the player and of the demo site, a test for each line of them: WCAG 2.2 AA and
// the elder-friendly specification of MIIT notice 工信厅信管函〔2021〕67号.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

import {
  button, launch, newPage, pauseSound, pressed, regions, show, status, untilHeard, untilQuiet, untilSaid,
} from "./browser.js";
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

const web = new URL("../../web/", import.meta.url);
const notices = (await readdir(new URL("demo/notices/", web))).map((name) => `/demo/notices/${name}`);
const embedded = (await readdir(new URL("demo/embed/", web))).filter((name) => name.endsWith(".html")).map((name) => `/demo/embed/${name}`);

/** What can be made of a page once it is loaded. */
const STATES = {
  idle: async () => {},
  reading: async () => {
    await button(page).click();
    await untilSaid(page, "正在朗读");
  },
  failed: async () => {
    await page.route("**/v1/notices", (route) => route.abort());
    await button(page).click();
    await untilSaid(page, "朗读服务暂时不可用");
  },
  selected: async () => {
    await page.evaluate(() => {
      const paragraph = document.querySelector("[data-langdu-region] p:not([data-langdu-skip],[data-langdu-skip] *)");
      paragraph.scrollIntoView({ block: "center", behavior: "instant" });
      const words = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
      while (words.nextNode() && !words.currentNode.data.trim());
      getSelection().selectAllChildren(words.currentNode.parentElement);
    });
    await page.getByRole("button", { name: "朗读所选", exact: true }).waitFor();
  },
};

/** Makes what is read last ten times as long: the panel must not go while a test looks. */
const linger = () => page.evaluate(() => {
  for (const audio of window.ear.elements) audio.defaultPlaybackRate = audio.playbackRate = 0.1;
});

/** Every page, and the states it is looked at in; a page that is not of the demo site brings states of its own. */
const PAGES = [
  ["/demo/", ["idle", "reading"]],
  ["/demo/guide.html", ["idle", "reading"]],
  ["/demo/paste.html", ["idle"]],
  // Their other states are in the tests of their own.
  ["/kiosk/", ["idle"]],
  ["/studio/", ["idle"]],
  ...embedded.map((path) => [path, path.endsWith("app.html") ? ["idle"] : ["idle", "reading"]]),
  ...notices.map((path) => [path, path.endsWith("flood.html") ? ["idle", "reading", "failed", "selected"] : ["idle"]]),
];

/** Runs `look` in every state of every page, at this size of the window. */
async function everywhere(look, viewport = { width: 1280, height: 720 }) {
  await page.setViewportSize(viewport);
  for (const [path, states] of PAGES) {
    for (const state of states) {
      await page.unrouteAll();
      await page.goto(service.origin + path);
      await STATES[state]();
      if (state === "reading") await linger();
      await look(`${path} ${state}`);
    }
  }
}

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** /demo/embed/auto.html shows an old portal that marks nothing, landmarks neither: those rules are not for the player. */
const isOurs = ({ id }) => !(page.url().endsWith("/auto.html") && /^(region|landmark-one-main)$/.test(id));

/** What axe-core finds wrong with the page, in short. */
async function axe() {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  return violations.filter(isOurs).map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

const LONG = "请各位居民注意安全，并相互转告，提醒家中的老人和孩子。".repeat(8);
const named = (state) => page.getByRole("button", { name: "语音朗读", exact: true, pressed: state });
const panel = () => page.getByRole("region", { name: "朗读控制" });
const isFocused = (element) => element === document.activeElement;

test("axe-core finds nothing, idle, reading, failed or with words selected", async () => {
  await everywhere(async (where) => assert.deepEqual(await axe(), [], where));
});

test("nothing plays on load, focus never starts sound, a visible stop exists", async () => {
  await show(page, portal, regions(LONG));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await button(page).hover();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => window.ear.plays), 0);
  assert.deepEqual(portal.asked, []);
  await STATES.reading();
  const stop = panel().getByRole("button", { name: "停止", exact: true });
  for (const y of [0, 1e6]) {
    await page.evaluate((top) => window.scrollTo(0, top), y);
    const box = await stop.boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= 720, `scrolled to ${y}`);
  }
  // The ear times the presses of the button of the part.
  await stop.evaluate((element) => {
    element.addEventListener("click", () => { window.ear.pressedAt = performance.now(); }, { capture: true });
  });
  await stop.click();
  assert.ok((await untilQuiet(page)) < 1000);
});

test("one click reads the current region, the second goes back to the start; starting a region stops any other", async () => {
  await show(page, portal, regions(LONG, LONG));
  await button(page).click();
  await untilSaid(page, "正在朗读");
  await button(page, 1).click();
  await untilSaid(page, "正在朗读", 1);
  assert.deepEqual([await pressed(page), await pressed(page, 1)], ["false", "true"]);
  assert.equal(await page.evaluate(() => window.ear.elements.size), 1);
  await button(page, 1).click();
  assert.deepEqual([await pressed(page), await pressed(page, 1)], ["false", "false"]);
  assert.equal(await page.evaluate(() => CSS.highlights.size), 0);
  await untilQuiet(page);
  assert.equal(await page.evaluate(() => window.ear.level), 0);
});

test("the control is a native button with aria-pressed and a constant name", async () => {
  await show(page, portal, regions(LONG));
  assert.equal(await named(false).count(), 1);
  await STATES.reading();
  assert.equal(await named(true).count(), 1);
  assert.equal(await button(page).evaluate((element) => `${element.localName} ${element.type}`), "button button");
});

test("Tab reaches the button, Enter and Space work, Tab leaves it while it plays, focus stays where it was", async () => {
  await show(page, portal, regions(`${LONG}<a href="#x">看这里</a>`));
  for (const key of ["Enter", "Space"]) {
    await button(page).focus();
    await page.keyboard.press(key);
    await untilSaid(page, "正在朗读");
    assert.ok(await button(page).evaluate(isFocused), "focus stays");
    for (let tab = 0; tab < 7; tab += 1) await page.keyboard.press("Tab");
    assert.ok(await page.getByRole("link").evaluate(isFocused), "past speed and panel to the text");
    assert.equal(await pressed(page), "true");
    await button(page).focus();
    await page.keyboard.press(key);
    assert.equal(await pressed(page), "false");
    assert.ok(await button(page).evaluate(isFocused), "focus stays");
  }
});

test("no disabled tab stops, and every control is reached by Tab", async () => {
  await everywhere(async (where) => {
    const controls = await page.evaluate(() => {
      document.activeElement?.blur();
      window.scrollTo(0, 0);
      const shown = [...document.querySelectorAll("button,select,textarea,input")].filter((one) => one.checkVisibility());
      return { all: shown.length, disabled: shown.filter((one) => one.disabled || one.tabIndex < 0).length };
    });
    assert.equal(controls.disabled, 0, where);
    await page.evaluate(() => { window.reached = new Set(); });
    // Twice around: it begins where the focus was.
    for (let tab = 0, around = 0; tab < 160 && around < 2; tab += 1) {
      await page.keyboard.press("Tab");
      const done = await page.evaluate(() => {
        const element = document.activeElement;
        if (element.matches("button,select,textarea,input")) window.reached.add(element);
        return element === document.body;
      });
      if (done) around += 1;
    }
    assert.equal(await page.evaluate(() => window.reached.size), controls.all, where);
  });
});

test("no bare-letter shortcuts", async () => {
  await show(page, portal, regions(LONG));
  const keys = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
  for (const key of keys) await page.keyboard.press(key);
  assert.equal(await pressed(page), "false");
  assert.deepEqual(portal.asked, []);
  await STATES.reading();
  const speed = await page.evaluate(() => window.langdu.speed);
  await page.evaluate(() => document.activeElement.blur());
  for (const key of keys) await page.keyboard.press(key);
  assert.equal(await pressed(page), "true");
  assert.equal(await page.evaluate(() => window.langdu.speed), speed);
});

test("visible focus, never hidden by a sticky bar", async () => {
  const links = Array.from({ length: 20 }, (_, at) => `请看<a href="#${at}">第${at}条</a>。<br><br>`).join("");
  await show(page, portal, regions(links));
  await STATES.reading();
  await linger();
  await button(page).focus();
  for (let tab = 0; tab < 26; tab += 1) {
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))));
    const { ring, top, bottom, edge, own } = await page.evaluate(() => {
      const element = document.activeElement;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      return {
        ring: style.outlineStyle === "none" ? 0 : Number.parseFloat(style.outlineWidth),
        top: box.top,
        bottom: box.bottom,
        edge: document.querySelector(".langdu-panel").getBoundingClientRect().top,
        own: Boolean(element.closest(".langdu-panel")),
      };
    });
    assert.ok(ring >= 1, `${tab}: ${ring}`);
    assert.ok(top >= 0 && (own || bottom <= edge), `${tab}: ${top} to ${bottom} over ${edge}`);
  }
});

test("targets are at least 60 by 60 pixels, text at least 18 pixels, lines at least 1.3 apart", async () => {
  for (const viewport of [{ width: 1280, height: 720 }, { width: 320, height: 256 }]) {
    await everywhere(async (where) => {
      const [targets, texts] = await page.evaluate(() => {
        const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
        const controls = [...document.querySelectorAll("button,select")].filter(shown);
        const sizes = controls.map((element) => [element.textContent, element.getBoundingClientRect()]);
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) {
          const { parentElement: parent, data } = walker.currentNode;
          if (!data.trim() || !shown(parent) || parent.localName === "option") continue;
          const { fontSize, lineHeight } = getComputedStyle(parent);
          const size = Number.parseFloat(fontSize);
          const own = parent.closest(".langdu,.langdu-panel") && !parent.matches("button,select");
          found.push([data.trim().slice(0, 20), size, own ? Number.parseFloat(lineHeight) / size : 1.3]);
        }
        return [sizes.map(([name, { width, height }]) => [name, width, height]), found];
      });
      assert.deepEqual(targets.filter(([, width, height]) => width < 60 || height < 60), [], where);
      assert.deepEqual(texts.filter(([, size, line]) => size < 18 || !(line >= 1.29)), [], where);
    }, viewport);
  }
});

/** Relative luminance of `rgb(r, g, b)`, as WCAG 2 defines it. */
function luminance(colour) {
  const [r, g, b] = colour.match(/\d+/gu).slice(0, 3)
    .map((channel) => channel / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test("text 4.5:1, controls, focus and pressed state 3:1, highlight included", async () => {
  const looks = () => page.evaluate(() => {
    const ground = (element) => {
      for (let up = element; up; up = up.parentElement) {
        const { backgroundColor } = getComputedStyle(up);
        if (!/, 0\)$/.test(backgroundColor)) return backgroundColor;
      }
      return "rgb(255, 255, 255)";
    };
    const look = (element, name) => {
      const { color, borderTopColor, borderTopStyle: line, backgroundColor } = getComputedStyle(element);
      return { name, color, line, border: borderTopColor, ground: /, 0\)$/.test(backgroundColor) ? ground(element) : backgroundColor, around: ground(element.parentElement) };
    };
    const found = [...document.querySelectorAll(".langdu :is(button,select,span,label),.langdu-panel :is(button,span),.langdu-picker button")]
      .filter((element) => element.checkVisibility())
      .map((element) => look(element, element.className));
    const { color, backgroundColor } = getComputedStyle(document.querySelector("#r0 p"), "::highlight(langdu)");
    return [...found, { name: "mark", color, ground: backgroundColor }];
  });
  for (const state of Object.keys(STATES)) {
    await page.unrouteAll();
    await show(page, portal, regions(LONG));
    await STATES[state]();
    const all = await looks();
    assert.ok(all.length >= 4);
    for (const { name, color, line, border, ground, around } of all) {
      assert.ok(contrast(color, ground) >= 4.5, `${state} ${name}: ${color} on ${ground}`);
      if (!/button|select|control/.test(name)) continue;
      assert.equal(line, "solid", `${state} ${name}`);
      assert.ok(contrast(border, around) >= 3, `${state} ${name}: ${border} in ${around}`);
    }
  }
});

test("the ring of the focus is drawn, and 3:1, on the bar, the panel and the button beside a selection", async () => {
  await show(page, portal, regions(LONG));
  await STATES.reading();
  await STATES.selected();
  const rings = new Map();
  for (let tab = 0; tab < 20; tab += 1) {
    await page.keyboard.press("Tab");
    const { name, ...ring } = await page.evaluate(() => {
      const { outlineStyle: line, outlineWidth: width, outlineColor: color } = getComputedStyle(document.activeElement);
      return { name: document.activeElement.className, line, width, color };
    });
    rings.set(name, ring);
  }
  for (const name of ["langdu-button", "langdu-select", "langdu-control langdu-stop", "langdu-control langdu-next", "langdu-button langdu-pick"]) {
    const { line, width, color } = rings.get(name) || assert.fail(`${name} was not reached: ${[...rings.keys()]}`);
    assert.equal(line, "solid", name);
    assert.ok(Number.parseFloat(width) >= 2, `${name}: ${width}`);
    assert.ok(contrast(color, "rgb(255, 255, 255)") >= 3, `${name}: ${color}`);
  }
});

test("state never by colour alone: the pressed button has another shape and words, the sentence a line", async () => {
  await show(page, portal, regions(LONG));
  const shape = () => button(page).evaluate((element) => getComputedStyle(element, "::before").clipPath);
  const idle = await shape();
  await STATES.reading();
  assert.notEqual(await shape(), idle);
  assert.match(await status(page).textContent(), /正在朗读/);
  const line = await page.evaluate(() => getComputedStyle(document.querySelector("#r0 p"), "::highlight(langdu)").textDecorationLine);
  assert.equal(line, "underline");
});

test("text up to 30 pixels and more without loss", async () => {
  for (const [size, width] of [[30, 1280], [40, 390]]) {
    await page.setViewportSize({ width, height: 780 });
    await show(page, portal, regions(LONG));
    await page.evaluate((pixels) => { document.documentElement.style.fontSize = `${pixels}px`; }, size);
    await STATES.reading();
    const lost = await page.evaluate(() => [...document.querySelectorAll(".langdu *,.langdu-panel *")]
      .filter((element) => element.checkVisibility() && (element.scrollWidth > element.clientWidth + 1) && element.clientWidth > 0)
      .map((element) => element.className));
    assert.deepEqual(lost, [], `${size} at ${width}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${size} at ${width}`);
    assert.ok(await button(page).evaluate((element, pixels) => Number.parseFloat(getComputedStyle(element).fontSize) >= pixels, size));
  }
});

test("role=status says started, paused, stopped, finished, failed; the text being read is never in a live region", async () => {
  await show(page, portal, regions("请注意安全。请带好雨伞。", LONG, "请按时到场。"));
  await page.evaluate(() => {
    window.said = [];
    for (const one of document.querySelectorAll("[role=status]")) {
      new MutationObserver(() => window.said.push(one.textContent)).observe(one, { childList: true });
    }
  });
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  await button(page, 1).click();
  await untilSaid(page, "正在朗读", 1);
  await pauseSound(page);
  await untilSaid(page, "已暂停", 1);
  await button(page, 1).click();
  await untilSaid(page, "正在朗读", 1);
  await button(page, 1).click();
  await untilSaid(page, "已停止", 1);
  portal.fault = () => "down";
  await button(page, 2).click();
  await untilSaid(page, "朗读服务暂时不可用", 2);
  const said = [...new Set(await page.evaluate(() => window.said))];
  const wanted = ["正在准备…", "正在朗读，再按一次停止", "朗读完毕", "已暂停", "已停止", "朗读服务暂时不可用，请稍后再试"];
  assert.deepEqual(wanted.filter((words) => !said.includes(words)), [], String(said));
  assert.ok(said.every((words) => !/雨伞|安全|到场/.test(words)), String(said));
  const live = await page.locator("[aria-live],[role=status],[role=alert],[role=log]").allTextContents();
  assert.equal(live.length, 3, "the status of each region, and nothing else");
});

test("errors are said in words on the page and aloud, never silence", async () => {
  await show(page, portal, regions("请注意安全。", LONG));
  const recorded = page.waitForResponse((response) => response.url().endsWith("/player/unavailable.wav"));
  await button(page).click();
  await (await recorded).finished();
  await untilSaid(page, "朗读完毕");
  portal.fault = () => "down";
  await button(page, 1).click();
  await untilSaid(page, "朗读服务暂时不可用，请稍后再试", 1);
  await untilHeard(page);
  assert.equal(await pressed(page, 1), "false");
  assert.ok(await panel().getByRole("button", { name: "继续朗读" }).isVisible());
});

test("also what is refused for another reason is told aloud: that it cannot be read, and where the reason stands", async () => {
  await show(page, portal, regions("请注意安全。", LONG));
  const recorded = page.waitForResponse((response) => response.url().endsWith("/player/refused.wav"));
  await button(page).click();
  await (await recorded).finished();
  await untilSaid(page, "朗读完毕");
  for (const [code, words] of [["text_too_long", "文字太长，无法朗读"], ["not_published", "这段文字还没有开通朗读"]]) {
    portal.fault = (path) => (path.startsWith("/v1/notices") ? { status: 403, code } : undefined);
    await page.evaluate(() => { window.ear.loudAt = null; });
    await button(page, 1).click();
    await untilSaid(page, words, 1);
    await untilHeard(page);
    await page.keyboard.press("Shift");
    assert.notEqual(await untilQuiet(page), Infinity);
  }
});

for (const [zoom, width, height] of [[200, 640, 512], [400, 320, 256]]) {
  test(`works at ${zoom} % zoom: nothing is lost to the side, and stopping stays in view`, async () => {
    await everywhere(async (where) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${where}: ${wide}`);
      if (!where.endsWith("reading")) return;
      const box = await panel().getByRole("button", { name: "停止" }).boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height, `${where}: ${JSON.stringify(box)}`);
      const { y } = await panel().boundingBox();
      assert.ok(y >= height / 2, `${where}: the panel leaves half of the window`);
    }, { width, height });
  });
}

test("works in forced colours: the pressed state, the controls and the sentence can be seen", async () => {
  await page.emulateMedia({ forcedColors: "active" });
  await show(page, portal, regions(LONG));
  const look = () => button(page).evaluate((element) => {
    const style = getComputedStyle(element);
    return [style.borderColor, getComputedStyle(element, "::before").clipPath];
  });
  const idle = await look();
  await STATES.reading();
  const reads = await look();
  assert.notEqual(reads[0], idle[0], "border");
  assert.notEqual(reads[1], idle[1], "shape");
  for (const one of await panel().getByRole("button").all()) {
    const [color, backgroundColor, border] = await one.evaluate((element) => {
      const style = getComputedStyle(element);
      return [style.color, style.backgroundColor, style.borderTopStyle];
    });
    assert.equal(border, "solid");
    assert.ok(contrast(color, backgroundColor) >= 4.5, `${color} on ${backgroundColor}`);
  }
});

test("works with reduced motion: no gliding, nothing moves by itself", async () => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.addInitScript(() => {
    window.scrolls = [];
    const { scrollBy } = Element.prototype;
    Element.prototype.scrollBy = function (options) {
      window.scrolls.push(options.behavior);
      scrollBy.call(this, options);
    };
    // In every frame that is drawn.
    window.drawn = { read: 0, moving: [] };
    const look = () => {
      if (document.querySelector('[data-langdu-state="reading"]')) window.drawn.read += 1;
      window.drawn.moving.push(...document.getAnimations().map(({ effect }) => effect.target.className));
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await show(page, portal, regions(`请注意安全。${"<br>".repeat(60)}请带好雨伞。${"<br>".repeat(60)}`));
  await button(page).click();
  await untilSaid(page, "朗读完毕");
  const scrolls = await page.evaluate(() => window.scrolls);
  assert.ok(scrolls.length > 0);
  assert.ok(scrolls.every((behavior) => behavior === "instant"), String(scrolls));
  const { read, moving } = await page.evaluate(() => window.drawn);
  assert.ok(read > 5, `${read} frames while it read`);
  assert.deepEqual([...new Set(moving)], []);
});

for (const [state, part, controls] of [
  [
    "idle",
    `- button "语音朗读"
- text: 语速
- combobox "语速":
  - option "慢"
  - option "稍慢"
  - option "正常" [selected]
  - option "稍快"
  - option "快"
- status
- text: 默认不朗读。按一次开始，再按一次停止。`,
  ],
  [
    "reading",
    `- button "语音朗读" [pressed]
- text: 语速
- combobox "语速":
  - option "慢"
  - option "稍慢"
  - option "正常" [selected]
  - option "稍快"
  - option "快"
- status: 正在朗读，再按一次停止
- text: 点一下哪一句，就从哪一句读起。`,
    `- region "朗读控制":
  - paragraph: 正在朗读，再按一次停止 语速：正常
  - button "停止"
  - button "上一句"
  - button "下一句"
  - button "慢一点"
  - button "快一点"`,
  ],
  [
    "failed",
    `- button "语音朗读"
- text: 语速
- combobox "语速":
  - option "慢"
  - option "稍慢"
  - option "正常" [selected]
  - option "稍快"
  - option "快"
- status: 朗读服务暂时不可用，请稍后再试
- text: 默认不朗读。按一次开始，再按一次停止。`,
    `- region "朗读控制":
  - paragraph: 朗读服务暂时不可用，请稍后再试
  - button "继续朗读"
  - button "关闭"`,
  ],
]) {
  test(`works with a screen reader: what it is told, ${state}`, async () => {
    await show(page, portal, regions(LONG));
    await STATES[state]();
    assert.equal(await page.locator(".langdu").ariaSnapshot(), part);
    if (controls) assert.equal(await panel().ariaSnapshot(), controls);
    else assert.equal(await panel().count(), 0);
  });
}

test("no cookies, no third party, works under a strict policy; only the speed that was chosen is stored", async () => {
  const asked = new Set();
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  await show(page, portal, regions(LONG));
  await STATES.reading();
  const stored = () => page.evaluate(async () =>
    [{ ...localStorage }, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]);
  assert.deepEqual(await stored(), [{}, 0, 0, 0]);
  await panel().getByRole("button", { name: "快一点" }).click();
  await button(page).click();
  assert.deepEqual(await stored(), [{ "langdu-speed": "1.25" }, 0, 0, 0]);
  assert.deepEqual(await page.evaluate(() => window.ear.violations), []);
  assert.deepEqual(page.errors, []);
  assert.deepEqual([...asked], [portal.origin]);
  assert.deepEqual(await page.context().cookies(), []);
});

test("speed 1.0 by default; 0.75, 0.85, 1.25, 1.5 offered; pitch kept", async () => {
  await show(page, portal, regions(LONG));
  const speed = page.getByLabel("语速");
  assert.equal(await speed.inputValue(), "1");
  assert.deepEqual(await speed.locator("option").evaluateAll((all) => all.map((one) => one.value)), ["0.75", "0.85", "1", "1.25", "1.5"]);
  await STATES.reading();
  await speed.selectOption("0.75");
  assert.deepEqual(await page.evaluate(() => [...window.ear.elements].map((audio) => [audio.playbackRate, audio.preservesPitch])), [[0.75, true]]);
});

test("voice reading of at least the article text, with on and off", async () => {
  for (const path of notices) {
    await page.goto(service.origin + path);
    const request = page.waitForRequest((one) => one.method() === "POST");
    await button(page).click();
    const { text } = (await request).postDataJSON();
    const paragraphs = await page.locator("article p:not([data-langdu-skip] *):not([data-langdu-skip])").allInnerTexts();
    assert.ok(paragraphs.length > 0, path);
    const squashed = text.replace(/\s+/gu, "");
    for (const one of paragraphs) assert.ok(squashed.includes(one.replace(/\s+/gu, "")), `${path}: ${one}`);
    await untilSaid(page, "正在朗读");
    await button(page).click();
    assert.equal(await pressed(page), "false");
  }
});

test("printed, the player is not there", async () => {
  await page.emulateMedia({ media: "print" });
  await page.goto(`${service.origin}/demo/notices/holiday.html`);
  assert.equal(await page.locator(".langdu").isVisible(), false);
  assert.equal(await page.locator("article").isVisible(), true);
});

test("the player is small", async () => {
  const script = await (await fetch(`${service.origin}/player.js`)).arrayBuffer();
  assert.ok(gzipSync(new Uint8Array(script), { level: 9 }).length < 20_000);
});
