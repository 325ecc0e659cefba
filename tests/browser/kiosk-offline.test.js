// The kiosk without its service: what it says, how it comes back, what it keeps, and what it may not keep.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { launch, newPage } from "./browser.js";
import { TALL, at, hall, heard, names, notice, quiet, said, slowly, startFolder, until } from "./hall.js";
import { throughPortal } from "./portal.js";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LOST = "暂时连不上朗读服务，正在重新连接…";

let browser, service, page;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  service = await hall();
  await service.publish("first", { text: "停水通知\n明天停水。" });
  await service.publish("second", { text: "供暖通知\n明天供暖。" });
  page = await newPage(browser, { viewport: TALL, reducedMotion: "reduce" });
});
afterEach(async () => {
  await page.context().close();
  await service.stop();
});

/** Shows the kiosk, and waits until its worker sees what is asked. */
async function visit(options = "", origin = service.origin) {
  await page.goto(`${origin}/kiosk/${options}`);
  await page.locator(".row").first().waitFor();
  await until(page, async () => {
    const cache = await caches.open("langdu-kiosk-notices");
    return navigator.serviceWorker.controller && (await cache.match("/kiosk/swept"));
  });
}

async function open(name) {
  await page.locator(`.row[data-name="${name}"]`).click();
  await page.locator(".sentence").first().waitFor();
}

const press = (name) => page.getByRole("button", { name, exact: true }).click();

/** Has what is open read to its end. */
async function hearAll() {
  // It is short, and may be over before it is looked at; what sounded before the press does not count.
  await at(page, "read").evaluate((button) =>
    button.addEventListener("click", () => { window.ear.loudAt = null; }, { once: true }));
  await press("朗读");
  await said(page, "朗读完毕");
  assert.notEqual(await page.evaluate(() => window.ear.loudAt), null);
}

const kept = (name) => page.evaluate(async (cache) =>
  (await (await caches.open(cache)).keys()).map(({ url }) => url.slice(location.origin.length)), name);

/** Waits until the worker has put away all that was heard. */
const untilKept = (count) => until(page, async (wanted) =>
  (await (await caches.open("langdu-kiosk-clips")).keys()).length === wanted, count);

const place = () => page.evaluate(() =>
  [...document.querySelectorAll(".sentence")].findIndex((sentence) => sentence.hasAttribute("aria-current")));

test("who loses the service while listening goes on by oneself when it is back", async () => {
  await service.publish("long", notice(12));
  await visit();
  await open("long");
  await press("朗读");
  await heard(page);
  await service.kill();
  await said(page, "网络不畅，正在重新连接…");
  await quiet(page);
  const before = await place();
  await slowly(page);
  await service.revive();
  await heard(page);
  await said(page, "正在朗读");
  assert.equal(await place(), before);
  await until(page, (last) =>
    [...document.querySelectorAll(".sentence")].findIndex((sentence) => sentence.hasAttribute("aria-current")) > last, before);
});

test("also when the player has given up: it is said, everything stays, and reading goes on where it stopped", async () => {
  await service.publish("long", notice(12));
  await page.clock.install();
  await visit();
  await open("long");
  await press("朗读");
  await heard(page);
  await service.kill();
  await said(page, "网络不畅，正在重新连接…");
  await page.clock.fastForward(21_000);
  await said(page, "连不上朗读服务，已停下。连上以后会接着读。");
  assert.equal(await at(page, "connection").textContent(), LOST);
  assert.equal(await page.locator(".sentence").count(), 25);
  const before = await place();
  assert.ok(before > 0);
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document));
  assert.deepEqual(violations.map(({ id }) => id), []);
  await slowly(page);
  await service.revive();
  await page.clock.fastForward(16_000);
  await until(page, () => document.getElementById("connection").textContent === "");
  await said(page, "正在朗读"); // not what the player itself says aloud of its failure
  await heard(page);
  assert.equal(await place(), before);
});

test("who presses 停止 while the service is gone is not read to when it is back", async () => {
  await service.publish("long", notice(12));
  await visit();
  await open("long");
  await press("朗读");
  await heard(page);
  await service.kill();
  await said(page, "网络不畅，正在重新连接…");
  await press("停止");
  await said(page, "已停止。按“朗读”接着听");
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await at(page, "connection").filter({ hasText: LOST }).waitFor();
  await service.revive();
  await until(page, () => document.getElementById("connection").textContent === "");
  await page.waitForTimeout(1000); // it would begin within this time
  assert.ok((await page.evaluate(() => window.ear.level)) < 0.01);
  assert.equal(await page.getByRole("button", { name: "朗读", exact: true }).count(), 1);
});

test("what was heard can be heard again without the service, also after the page was loaded anew", async () => {
  await visit("?title=大厅");
  await open("first");
  await hearAll();
  await untilKept(2);
  await service.kill();
  await page.reload();
  await at(page, "connection").filter({ hasText: LOST }).waitFor();
  assert.equal(await page.locator("h1").textContent(), "大厅");
  assert.deepEqual(await names(page), ["second", "first"]);
  await open("first");
  await hearAll();
  await press("返回列表");

  // What was never opened waits for the service.
  await page.locator('.row[data-name="second"]').click();
  await page.locator("h2", { hasText: "供暖通知" }).waitFor();
  await slowly(page);
  await press("朗读");
  await service.revive();
  await heard(page);
  assert.equal(await at(page, "connection").textContent(), "");
});

test("a terminal that was switched on before the service says so, and shows the list as soon as it is there", async () => {
  await visit();
  await service.kill();
  await page.evaluate(async () => (await caches.delete("langdu-kiosk-notices")));
  await page.reload();
  await at(page, "connection").filter({ hasText: LOST }).waitFor();
  assert.equal(await at(page, "nothing").textContent(), LOST);
  await service.revive();
  await page.locator(".row").first().waitFor();
  assert.deepEqual(await names(page), ["second", "first"]);
});

test("a list that is refused to a terminal is not said to be on its way", async () => {
  await throughPortal(service.origin, async (portal) => {
    portal.fault = (path) => (path.startsWith("/v1/published") ? 403 : undefined);
    await page.goto(`${portal.origin}/kiosk/`);
    await at(page, "nothing").filter({ hasText: LOST }).waitFor();
    portal.fault = () => undefined;
    await page.locator(".row").first().waitFor();
    assert.equal(await at(page, "connection").textContent(), "");
  });
});

test("that the service is gone is said aloud, also by a terminal that was switched on since", async () => {
  await visit();
  await open("second");
  await service.kill();
  await page.reload();
  await open("second");
  await press("朗读");
  await until(page, () => window.ear.level > 0.01 && [...window.ear.elements].some((audio) => audio.src.endsWith("/player/unavailable.wav")));
});

test("what is withdrawn is thrown away when the list without it was seen; the rest stays", async () => {
  await page.clock.install();
  await visit();
  for (const name of ["first", "second"]) {
    await open(name);
    await hearAll();
    await press("返回列表");
  }
  await untilKept(4);
  const notices = Object.fromEntries(await Promise.all(["first", "second"].map(async (name) =>
    [name, (await (await fetch(`${service.origin}/v1/published/${name}`)).json()).notice])));
  assert.equal((await kept("langdu-kiosk-clips")).filter((path) => path.includes(notices.first)).length, 2);

  await service.withdraw("first");
  await page.clock.fastForward(61_000);
  await untilKept(2);
  assert.equal((await kept("langdu-kiosk-clips")).filter((path) => path.includes(notices.second)).length, 2);
  await until(page, async (notice) => !(await caches.match(`/v1/notices/${notice}`)), notices.first);
  assert.equal((await kept("langdu-kiosk-notices")).includes(`/v1/notices/${notices.second}`), true);
  await service.kill();
  await page.reload();
  await page.locator(".row").first().waitFor();
  assert.deepEqual(await names(page), ["second"]);
});

test("the clips that are kept are bounded, and those that were not used for the longest time go first", async () => {
  const { notice: id } = await (await fetch(`${service.origin}/v1/published/first`)).json();
  await page.goto(`${service.origin}/demo/`);
  await page.evaluate(async (notice) => {
    const cache = await caches.open("langdu-kiosk-clips");
    for (let number = 0; number < 300; number += 1) {
      const headers = { "Content-Type": "audio/wav", "Content-Length": "1", "Cache-Control": "immutable" };
      await cache.put(`/v1/clips/${number}.wav?notice=${notice}`, new Response("x", { headers }));
    }
  }, id);
  await visit();
  await page.evaluate(async (notice) => (await fetch(`/v1/clips/0.wav?notice=${notice}`)).text(), id);
  await until(page, async () => (await (await caches.open("langdu-kiosk-clips")).keys()).pop().url.includes("/0.wav"));
  await open("first");
  await hearAll();
  await until(page, async () => {
    const clips = (await (await caches.open("langdu-kiosk-clips")).keys()).map(({ url }) => url);
    return clips.length === 300 && !clips.some((url) => /\/[12]\.wav/.test(url));
  });
  const paths = await kept("langdu-kiosk-clips");
  assert.ok(paths.some((path) => path.startsWith("/v1/clips/0.wav")));
  assert.ok(paths.some((path) => path.startsWith("/v1/clips/3.wav")));
});

test("nor do the clips that are kept take more than 100 MB", async () => {
  const { notice: id } = await (await fetch(`${service.origin}/v1/published/first`)).json();
  await page.goto(`${service.origin}/demo/`);
  await page.evaluate(async (notice) => {
    const cache = await caches.open("langdu-kiosk-clips");
    for (const [number, bytes] of [60_000_000, 39_000_000, 999_999].entries()) {
      const headers = { "Content-Type": "audio/wav", "Content-Length": `${bytes}`, "Cache-Control": "immutable" };
      await cache.put(`/v1/clips/${number}.wav?notice=${notice}`, new Response("x", { headers }));
    }
  }, id);
  await visit();
  await open("first");
  await hearAll();
  await untilKept(4);
  const paths = await kept("langdu-kiosk-clips");
  assert.deepEqual([0, 1, 2].map((number) => paths.some((path) => path.includes(`/${number}.wav`))), [false, true, true]);
});

test("a part of a clip that is kept is what the service would send", async () => {
  await visit();
  await open("first");
  await hearAll();
  await untilKept(2);
  const [path] = await kept("langdu-kiosk-clips");
  const ranges = ["bytes=0-", "bytes=100-199", "bytes=-50", "bytes=99999990-99999999", "bytes=5-4x"];
  const ask = async ([url, all]) => {
    const answers = [];
    for (const range of all) {
      const response = await fetch(url, { headers: { Range: range } });
      const bytes = [...new Uint8Array(await response.arrayBuffer())];
      answers.push([response.status, response.headers.get("Content-Range"), response.status === 416 ? 0 : bytes.length,
        response.status === 416 ? 0 : bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0)]);
    }
    return answers;
  };
  const served = await ask([service.origin + path, ranges]);
  await service.kill();
  assert.deepEqual(await page.evaluate(ask, [path, ranges]), served);
  assert.deepEqual(served.map(([status]) => status), [206, 206, 206, 416, 200]);
});

test("what was kept and cannot be sounded is asked for again", async () => {
  await visit();
  await open("first");
  await hearAll();
  await untilKept(2);
  await page.evaluate(async () => {
    const cache = await caches.open("langdu-kiosk-clips");
    for (const request of await cache.keys()) {
      const { headers } = await cache.match(request);
      await cache.put(request, new Response("no sound", { headers }));
    }
  });
  await hearAll();
});

test("the page is the newest one the service has", async () => {
  await visit();
  await page.evaluate(async () => {
    const cache = await caches.open("langdu-kiosk-files");
    await cache.put("/kiosk/kiosk.css", new Response("body { display: none }", { headers: { "Content-Type": "text/css" } }));
  });
  await page.reload();
  await page.locator(".row").first().waitFor();
  const style = await page.evaluate(async () => (await caches.match("/kiosk/kiosk.css")).text());
  assert.match(style, /^\/\* The look of the kiosk/);
});

test("while nobody is there the page is loaded anew once an hour", async () => {
  await page.clock.install();
  await visit();
  await page.evaluate(() => { window.old = true; });
  const length = await page.evaluate(() => history.length);
  await page.clock.fastForward(59 * 60_000);
  assert.equal(await page.evaluate(() => window.old), true);
  const loaded = page.waitForEvent("load");
  await page.clock.fastForward(3 * 60_000);
  await loaded;
  assert.equal(await page.evaluate(() => window.old), undefined);
  await page.locator(".row").first().waitFor();
  assert.equal(await page.evaluate(() => history.length), length);
});

test("a service that answers with errors, or too late, is as good as none; what was kept is shown meanwhile", async () => {
  await throughPortal(service.origin, async (portal) => {
    await visit("", portal.origin);
    for (const fault of [502, { wait: 5000 }, 404, 403]) {
      portal.fault = (path) => (path.startsWith("/v1/") ? fault : undefined);
      await page.reload();
      await at(page, "connection").filter({ hasText: LOST }).waitFor();
      await page.locator(".row").first().waitFor();
      assert.deepEqual(await names(page), ["second", "first"]);
      portal.fault = () => undefined;
      await until(page, () => document.getElementById("connection").textContent === "");
    }
  });
});

test("a question that nobody has answered goes when reading comes back", async () => {
  await throughPortal(service.origin, async (portal) => {
    await service.publish("long", notice(12));
    await page.clock.install();
    await visit("?idle=15", portal.origin);
    await open("long");
    await press("朗读");
    await heard(page);
    portal.fault = () => "down";
    await said(page, "网络不畅，正在重新连接…");
    await page.clock.fastForward(21_000);
    await said(page, "连不上朗读服务，已停下。连上以后会接着读。");
    await page.clock.fastForward(16_000);
    await page.getByRole("dialog").waitFor();
    portal.fault = () => undefined;
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await said(page, "正在朗读");
    await page.locator("dialog").waitFor({ state: "hidden" });
    await page.clock.fastForward(16_000);
    assert.equal(await at(page, "notice").isVisible(), true);
  });
});

test("the rows fit also while it is said that the service is not there", async () => {
  await page.setViewportSize({ width: 1920, height: 1080 });
  for (let number = 0; number < 8; number += 1) {
    await service.publish(`n${number}`, { text: `关于第${number}次停水的通知\n请提前储水。` });
  }
  await visit();
  await service.kill();
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await at(page, "connection").filter({ hasText: LOST }).waitFor();
  const [needed, room] = await at(page, "rows").evaluate((rows) => [rows.scrollHeight, rows.clientHeight]);
  assert.ok(needed <= room + 1, `${needed} in ${room}`);
});

test("a clip that is gone though its notice is not is said so once, and nothing is read later by itself", async () => {
  await throughPortal(service.origin, async (portal) => {
    await visit("", portal.origin);
    portal.fault = (path) => (path.startsWith("/v1/clips/") ? 404 : undefined);
    await open("first");
    await press("朗读");
    await said(page, "这条公告现在打不开，请过一会儿再试。");
    portal.fault = () => "down";
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await at(page, "connection").filter({ hasText: LOST }).waitFor();
    portal.fault = () => undefined;
    const plays = await page.evaluate(() => window.ear.plays);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await until(page, () => document.getElementById("connection").textContent === "");
    await page.waitForTimeout(500); // it would begin within this time
    assert.equal(await page.evaluate(() => window.ear.plays), plays);
    await hearAll();
  });
});

test("whether what is open was withdrawn is asked until it is answered", async () => {
  await throughPortal(service.origin, async (portal) => {
    await visit("", portal.origin);
    await open("first");
    portal.fault = (path) => (path.startsWith("/v1/published/") ? "down" : undefined);
    await service.withdraw("first");
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await at(page, "connection").filter({ hasText: LOST }).waitFor();
    assert.equal(await at(page, "notice").isVisible(), true);
    portal.fault = () => undefined;
    await said(page, "这条公告已经撤下。");
    assert.deepEqual(await names(page), ["second"]);
  });
});

test("a page that a proxy does not find for a moment is kept, and shown", async () => {
  await throughPortal(service.origin, async (portal) => {
    await visit("", portal.origin);
    portal.fault = (path) => (path.startsWith("/kiosk/") ? 404 : undefined);
    await page.reload();
    await page.locator(".row").first().waitFor();
    portal.fault = (path) => (path.startsWith("/v1/") ? undefined : 502);
    await page.reload();
    await page.locator(".row").first().waitFor();
    assert.deepEqual(await names(page), ["second", "first"]);
  });
});

test("the page is not loaded anew where it could not be had again", async () => {
  await page.context().close();
  page = await newPage(browser, { viewport: TALL, serviceWorkers: "block" });
  await throughPortal(service.origin, async (portal) => {
    await page.clock.install();
    await page.goto(`${portal.origin}/kiosk/`);
    await page.locator(".row").first().waitFor();
    await page.evaluate(() => { window.old = true; });
    portal.fault = (path) => (path.startsWith("/kiosk/") ? 502 : undefined);
    const asked = page.waitForResponse(`${portal.origin}/kiosk/`);
    await page.clock.fastForward(61 * 60_000);
    await (await asked).finished();
    assert.equal(await page.evaluate(() => window.old), true);
    const loaded = page.waitForEvent("load"); // before it can be: it may be asked for a second time already
    portal.fault = () => undefined;
    await page.clock.fastForward(61_000);
    await loaded;
  });
});

test("where nothing can be kept, on a full or broken disk, what the service says is shown and heard", async () => {
  await visit();
  const [worker] = page.context().serviceWorkers();
  for (const broken of [
    () => { Cache.prototype.put = () => Promise.reject(new DOMException("full", "QuotaExceededError")); },
    () => { CacheStorage.prototype.open = () => Promise.reject(new DOMException("broken", "UnknownError")); },
  ]) {
    await worker.evaluate(broken);
    await page.reload();
    await open("first");
    await hearAll();
    assert.equal(await at(page, "connection").textContent(), "");
  }
});

test("all is swept again after ten minutes though the list looks the same", async () => {
  await visit();
  await page.evaluate(async () => {
    const cache = await caches.open("langdu-kiosk-notices");
    await cache.put("/v1/notices/0123", new Response("{}"));
    const [list] = (await (await cache.match("/kiosk/swept")).text()).split(" at ");
    await cache.put("/kiosk/swept", new Response(`${list} at ${Date.now() - 11 * 60_000}`));
    window.dispatchEvent(new Event("online"));
  });
  await until(page, async () => !(await caches.match("/v1/notices/0123")));
});

test("under a folder of a portal, and without ETags, everything is there", async () => {
  const portal = await startFolder(service.origin);
  try {
    const keptThere = (path) => until(page, async (wanted) =>
      (await (await caches.open("langdu-kiosk-notices")).keys()).some(({ url }) => url.endsWith(wanted)), path);
    await page.goto(`${portal.origin}/kiosk/`);
    await keptThere("/langdu/kiosk/swept");
    await open("first");
    await hearAll();
    await untilKept(2);
    await press("返回列表");
    await service.withdraw("first");
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await untilKept(0);
    await service.withdraw("second");
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await at(page, "nothing").filter({ hasText: "现在没有公告。有了新公告，会自动出现在这里。" }).waitFor();
    assert.deepEqual(portal.asked, []);
    assert.deepEqual(page.errors, []);
  } finally {
    await portal.stop();
  }
});

test("where the list comes and clips do not, reading is not tried for ever", async () => {
  await throughPortal(service.origin, async (portal) => {
    await service.publish("long", notice(12));
    await page.clock.install();
    await visit("?idle=15", portal.origin);
    portal.fault = (path) => (path.startsWith("/v1/clips/") ? "down" : undefined);
    await open("long");
    await press("朗读");
    await said(page, "朗读服务暂时不可用，请稍后再试"); // after it was tried once more by itself
    await until(page, () => document.getElementById("connection").textContent === "");
    await page.clock.fastForward(16_000);
    await page.getByRole("dialog").waitFor(); // the time has begun
    assert.equal(await at(page, "said").textContent(), "朗读服务暂时不可用，请稍后再试");
    await press("继续看");
    portal.fault = () => undefined;
    await press("朗读");
    await said(page, "正在朗读");
    await heard(page);
  });
});

test("where clips stop coming while it reads, it is tried once more by itself and no more", async () => {
  await throughPortal(service.origin, async (portal) => {
    await service.publish("long", notice(12));
    await page.clock.install();
    await visit("", portal.origin);
    await open("long");
    await press("朗读");
    await heard(page);
    portal.fault = (path) => (path.startsWith("/v1/clips/") ? "down" : undefined);
    const gaveUp = async () => (await at(page, "said").textContent()) === "朗读服务暂时不可用，请稍后再试";
    for (let tries = 0; tries < 200 && !(await gaveUp()); tries += 1) {
      await page.clock.runFor(1000);
      await page.waitForTimeout(100); // a clip that does not move for ten seconds of the page would count as broken
    }
    assert.ok(await gaveUp(), await at(page, "said").textContent());
    portal.asked.length = 0;
    for (let seconds = 0; seconds < 60; seconds += 1) await page.clock.runFor(1000);
    assert.deepEqual(portal.asked.filter((path) => path.startsWith("/v1/clips/")), []);
  });
});

test("where no worker may be, everything but hearing without the service works", async () => {
  await page.context().close();
  page = await newPage(browser, { viewport: TALL, serviceWorkers: "block" });
  await page.goto(`${service.origin}/kiosk/`);
  await open("first");
  await hearAll();
  assert.deepEqual(page.errors, []);
  assert.deepEqual(await page.evaluate(() => caches.keys()), []);
  await press("返回列表");
  await service.kill();
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await at(page, "connection").filter({ hasText: LOST }).waitFor();
  assert.deepEqual(await names(page), ["second", "first"]);
  await service.revive();
  await until(page, () => document.getElementById("connection").textContent === "");
});
