// Takes the pictures of docs/pages.md and the README, docs/images/*.png, from the running service: make shots, or
// node tools/shots.mjs kiosk studio for those whose names begin so.
//
// Every page at the sizes of a telephone and of a desk, and what stands in a hall at the size of a terminal.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { button, launch, newPage, untilHeard } from "../tests/browser/browser.js";
import { hall, heard } from "../tests/browser/hall.js";
import { startService } from "../tests/browser/service.js";
import { look, open, startStudio } from "../tests/browser/studio.js";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));
const demo = new URL("../web/demo/notices/", import.meta.url);

const only = process.argv.slice(2);

const SIZES = {
  phone: { width: 390, height: 780 },
  desk: { width: 1280, height: 900 },
  hall: { width: 1080, height: 1920 },
};

/** Opens `url` at each of these sizes, lets `act` bring it into the state to be shown, and takes its picture. */
async function shoot(name, url, sizes, act = () => {}) {
  if (only.length && !only.some((beginning) => name.startsWith(beginning))) return;
  for (const size of sizes) {
    const page = await newPage(browser, { viewport: SIZES[size], reducedMotion: "reduce" });
    await page.goto(url);
    await act(page, size);
    await page.screenshot({ path: `${images}${name}-${size}.png` });
    await page.context().close();
  }
}

/** Presses the button and waits for the sentence after the next `count`. */
async function readUntil(page, count) {
  await button(page).click();
  await untilHeard(page);
  await page.waitForFunction((wanted) => window.ear.marked.length > wanted, count, { timeout: 120_000 });
}

const article = async (name) => /<article[^]*<\/article>/.exec(await readFile(new URL(`${name}.html`, demo), "utf8"))[0];

const browser = await launch();
const [portal, terminal, desk] = [await startService(), await hall(startService), await startStudio({ start: startService })];
try {
  const all = ["phone", "desk", "hall"];
  await shoot("front", `${portal.origin}/demo/`, all);
  await shoot("notice", `${portal.origin}/demo/notices/roadworks.html`, all, (page) => readUntil(page, 2));
  await shoot("guide", `${portal.origin}/demo/guide.html`, ["phone", "desk"]);
  await shoot("paste", `${portal.origin}/demo/paste.html`, ["phone", "desk"], async (page) => {
    await page.getByRole("button", { name: "填入一个例子" }).click();
    await readUntil(page, 1);
  });

  for (const [name, date, category] of [
    ["flood", "2026-07-17", "应急预警"],
    ["plan", "2026-09-08", "政策文件"],
    ["medical", "2026-10-15", "便民公告"],
    ["roadworks", "2026-11-16", "交通通告"],
    ["recruitment", "2026-11-18", "人事公示"],
    ["holiday", "2026-11-20", "放假安排"],
  ]) {
    await terminal.publish(name, { html: await article(name), date, category });
  }
  const kiosk = `${terminal.origin}/kiosk/`;
  const list = (page) => page.locator(".row").first().waitFor();
  await shoot("kiosk-list", kiosk, all, list);
  await shoot("kiosk", kiosk, all, async (page) => {
    await page.locator(".row").first().click();
    await page.getByRole("button", { name: "朗读", exact: true }).click();
    await heard(page, 120_000);
    for (let count = 0; count < 2; count += 1) await page.getByRole("button", { name: "下一句" }).click();
    await heard(page, 120_000);
  });

  await shoot("studio-key", `${desk.origin}/studio/`, ["phone", "desk"]);
  await shoot("studio", `${desk.origin}/studio/`, ["phone", "desk"], async (page) => {
    await open(page, desk);
    await look(page);
    await page.getByText(/^7 \/ 7 句/).waitFor({ timeout: 120_000 });
    await page.locator("#reading-title").evaluate((title) => title.scrollIntoView());
  });
} finally {
  await browser.close();
  await Promise.all([portal.stop(), terminal.stop(), desk.stop()]);
}
