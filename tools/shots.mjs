// Takes the pictures of the README, docs/images/*.png, from the running service: npm run shots

import { fileURLToPath } from "node:url";

import { button, launch, untilHeard, newPage } from "../tests/browser/browser.js";
import { startService } from "../tests/browser/service.js";

const images = fileURLToPath(new URL("../docs/images/", import.meta.url));
const service = await startService();
const browser = await launch();

/** Opens `path`, lets `act` bring it into the state to be shown, and takes its picture. */
async function shoot(name, path, viewport, act = () => {}) {
  const page = await newPage(browser, { viewport, reducedMotion: "reduce" });
  await page.goto(service.origin + path);
  await act(page);
  await page.screenshot({ path: `${images}${name}.png` });
  await page.context().close();
}

/** Presses the button and waits for the sentence after the next `count`. */
async function readUntil(page, count) {
  await button(page).click();
  await untilHeard(page);
  await page.waitForFunction((wanted) => window.ear.marked.length > wanted, count, { timeout: 60_000 });
}

const desk = { width: 1280, height: 900 };
try {
  await shoot("front", "/demo/", desk);
  await shoot("notice", "/demo/notices/roadworks.html", desk, (page) => readUntil(page, 2));
  await shoot("phone", "/demo/notices/holiday.html", { width: 390, height: 780 }, (page) => readUntil(page, 2));
  await shoot("paste", "/demo/paste.html", { width: 1280, height: 1150 }, async (page) => {
    await page.getByRole("button", { name: "填入一个例子" }).click();
    await readUntil(page, 1);
  });
} finally {
  await browser.close();
  await service.stop();
}
