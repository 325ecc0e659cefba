/*
 * Keeps what the kiosk has shown and sounded, for when the service cannot be reached: the files of the page, the list,
 * manifests, clips. Everything but clips is asked of the service first; a clip never changes.
 *
 * What is withdrawn is not heard from here: as soon as the service answers with another list, and every ten minutes,
 * every notice that is in it no more is thrown away, with its clips.
 */
"use strict";

const FILES = "langdu-kiosk-files";
const NOTICES = "langdu-kiosk-notices";
const CLIPS = "langdu-kiosk-clips";

/** What the page is made of, seen from here. */
const PAGE = [
  "./", "kiosk.css", "kiosk.js", "../player.js", "../player.css", "../demo/emblem.svg",
  "../player/offline.wav", "../player/refused.wav", "../player/unavailable.wav", // errors aloud
];
/** So many lists and manifests, clips, and bytes of clips are kept; what was used longest ago goes first. */
const MOST_NOTICES = 200;
const MOST_CLIPS = 300;
const MOST_BYTES = 100_000_000;
/** Milliseconds until all is swept again though the list is the same: its beginning does not tell of every change. */
const SWEEP = 10 * 60_000;
/** Milliseconds before what is kept is shown, if the service takes its time. */
const PATIENCE = 3000;

const pathOf = (path) => new URL(path, self.location).pathname;
const LIST = pathOf("../v1/published");
const NOTICE = pathOf("../v1/notices/");
const CLIP = pathOf("../v1/clips/");
const PATHS = PAGE.map(pathOf);
/** Where it is kept for which list everything was swept, and when. */
const SWEPT = pathOf("swept");

addEventListener("install", (event) => {
  const files = PATHS.map((path) => new Request(path, { cache: "no-cache" }));
  const kept = caches.open(FILES).then((cache) => cache.addAll(files));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  // Where nothing can be kept, on a full or broken disk, the service is asked all the same.
  const answer = (response) => event.respondWith(response.catch(() => fetch(request)));
  if (PATHS.includes(pathname)) answer(newest(event, FILES, pathname));
  else if (pathname === LIST) answer(listed(event, pathname + search));
  else if (pathname.startsWith(CLIP)) answer(clip(event, pathname + search));
  else if (/^[0-9a-f]+$/.test(pathname.slice(NOTICE.length)) && pathname.startsWith(NOTICE)) {
    answer(newest(event, NOTICES, pathname));
  }
});

/** What the service has at `path`; what is kept, where it does not answer, or not soon. */
async function newest(event, name, path) {
  const cache = await caches.open(name);
  // A notice may be there no more. The page and the list always are, whatever a proxy says for a moment.
  const isAnswer = ({ status }) => status === 200 || (path.startsWith(NOTICE) && status < 500);
  const fresh = fetch(path, { cache: "no-cache", credentials: "omit" }).then(async (response) => {
    if (response.status === 200) await cache.put(path, response.clone()).catch(() => {});
    else if (response.status === 404 && isAnswer(response)) await cache.delete(path).catch(() => {});
    return response;
  });
  event.waitUntil(fresh.catch(() => {}));
  const kept = async () => marked(await cache.match(path));
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE)).then(kept);
  try {
    const response = (await Promise.race([fresh, late])) || (await fresh);
    return isAnswer(response) ? response : (await kept()) || response;
  } catch (unanswered) {
    return (await kept()) || Response.error();
  }
}

/** A kept answer, told from one of the service. */
function marked(response) {
  if (!response) return undefined;
  const headers = new Headers(response.headers);
  headers.set("Langdu-Kept", "yes");
  return new Response(response.body, { headers });
}

/** The list. Its beginning tells of what comes and goes, for it has the number of all; not of what is replaced. */
async function listed(event, path) {
  const response = await newest(event, NOTICES, path);
  if (response.ok && !response.headers.has("Langdu-Kept") && !path.includes("after=")) {
    event.waitUntil(sweep(path, response.headers.get("ETag")).catch(() => {})); // else with the next look at the list
  }
  return response;
}

/** Throws away what is published no more, unless that was done for this list a moment ago. */
async function sweep(path, etag) {
  const notices = await caches.open(NOTICES);
  const before = await notices.match(SWEPT);
  const [list, time] = before ? (await before.text()).split(" at ") : [];
  if (etag && list === `${path} ${etag}` && Math.abs(Date.now() - time) < SWEEP) return;

  const published = new Set();
  for (let after = ""; after !== null; ) {
    const chunk = `${LIST}?limit=200${after && `&after=${encodeURIComponent(after)}`}`;
    const { entries, next } = await (await fetch(chunk, { cache: "no-cache" })).json();
    for (const { notice } of entries) published.add(notice);
    after = next;
  }
  for (const { url } of await notices.keys()) {
    const { pathname, search } = new URL(url);
    const stale = pathname === LIST ? search.includes("after=") : !published.has(pathname.slice(NOTICE.length));
    if (stale) await notices.delete(url);
  }
  const clips = await caches.open(CLIPS);
  const sizes = await clipSizes;
  for (const path of [...sizes.keys()]) {
    if (published.has(new URL(path, self.location).searchParams.get("notice"))) continue;
    sizes.delete(path);
    await clips.delete(path);
  }
  await notices.put(SWEPT, new Response(`${path} ${etag} at ${Date.now()}`));
  for (const { url } of (await notices.keys()).slice(0, -MOST_NOTICES)) await notices.delete(url);
}

/** A clip, or the part of it that an audio element asks for. */
async function clip(event, path) {
  const { request } = event;
  const cache = await caches.open(CLIPS);
  const range = request.headers.get("Range");
  // The player asks so for what it could not sound: what is kept may be broken.
  const again = request.cache === "reload";
  let response = again ? undefined : await cache.match(path);
  const known = response !== undefined;
  if (!known) {
    const options = { cache: again ? "reload" : "default", credentials: "omit", signal: request.signal };
    response = await fetch(path, options).catch(() => Response.error());
    // What another voice has said in place of the one that was asked is no clip for ever.
    if (response.status !== 200) return response;
  }
  if (!(known && range) && /immutable/.test(response.headers.get("Cache-Control"))) {
    event.waitUntil(keep(cache, path, response.clone()).catch(() => {}));
  }
  return range ? part(response, range) : response;
}

/** Bytes of the clips that are kept, by their paths, in the order in which they were used. */
const clipSizes = (async () => {
  const cache = await caches.open(CLIPS);
  const sizes = new Map();
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    const { pathname, search } = new URL(request.url);
    sizes.set(pathname + search, Number(response.headers.get("Content-Length")));
  }
  return sizes;
})();

/** Keeps a clip as the one used last, and makes room. A cache has its entries in the order in which they were put. */
async function keep(cache, path, response) {
  const sizes = await clipSizes;
  await cache.put(path, response);
  sizes.delete(path);
  sizes.set(path, Number(response.headers.get("Content-Length")));
  let bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  for (const [oldest, size] of sizes) {
    if (sizes.size <= MOST_CLIPS && bytes <= MOST_BYTES) break;
    sizes.delete(oldest);
    bytes -= size;
    await cache.delete(oldest);
  }
}

/** One range of a whole answer, as RFC 9110 has it; anything else is answered as a whole. */
async function part(whole, range) {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range) || [];
  if (!from && !to) return whole;
  const bytes = await whole.arrayBuffer();
  const size = bytes.byteLength;
  const first = from ? Number(from) : Math.max(0, size - Number(to));
  const last = from && to ? Math.min(Number(to), size - 1) : size - 1;
  const headers = new Headers(whole.headers);
  if (first > last) {
    headers.set("Content-Range", `bytes */${size}`);
    headers.delete("Content-Length");
    return new Response(null, { status: 416, headers });
  }
  headers.set("Content-Range", `bytes ${first}-${last}/${size}`);
  headers.set("Content-Length", last - first + 1);
  return new Response(bytes.slice(first, last + 1), { status: 206, headers });
}
