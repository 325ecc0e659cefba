// What is asked of the service, and what is told and done while it does not answer.

/** Milliseconds between two looks at the list while the service answers. */
const POLL = 60_000;
/** Milliseconds until it is asked again while it does not: at first, and at most. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;
/** Milliseconds before an unanswered request is given up. */
const PATIENCE = 12_000;
/** This page is loaded anew, while nobody is there, when it is so old: what the service was upgraded to is shown. */
const LIFETIME = 60 * 60_000;

const LOST = "暂时连不上朗读服务，正在重新连接…";

/** Whether the service did not answer when it was asked last. */
let lost = false;
let wait = FIRST_WAIT;
let looking = 0;
const loaded = Date.now();

/**
 * Asks the service: {status, body, etag}, where `body` is the JSON of a good answer. Without any answer, {status: 0}.
 * An answer that worker.js had kept is as good as any, but the service still is lost.
 */
async function ask(path) {
  try {
    const response = await get(`..${path}`);
    const body = response.ok ? await response.json() : null;
    // A notice may be there no more. The list always is, whatever a proxy says.
    const isAnswer = response.ok || (response.status < 500 && path !== pathOfList());
    setLost(!isAnswer || isKept(response));
    return { status: response.status, body, etag: response.headers.get("ETag") };
  } catch (unanswered) {
    setLost(true);
    return { status: 0, body: null, etag: null };
  }
}

function get(address) {
  const limit = new AbortController();
  setTimeout(() => limit.abort(), PATIENCE); // once it is answered, that is nothing
  return fetch(address, { cache: "no-cache", credentials: "omit", signal: limit.signal });
}

/** Whether worker.js has answered for the service. */
const isKept = (response) => response.headers.has("Langdu-Kept");

function setLost(now) {
  if (now === lost) return;
  lost = now;
  wait = FIRST_WAIT;
  at("connection").dataset.lost = lost;
  tell("connection", lost ? LOST : "");
  if (lost) lookIn(wait);
  else goOn();
  // The words take room, or give it back.
  if (at("list").hidden) follow();
  else draw();
}

/** Looks at the list: what is new, what is withdrawn, and whether the service is there at all. */
async function look() {
  clearTimeout(looking);
  await refresh();
  if (lost) wait = Math.min(wait * 2, LONGEST_WAIT);
  else if (isUntouched() && Date.now() - loaded > LIFETIME) renew();
  lookIn(lost ? wait : POLL);
}

/** Loads this page anew, if the service has it and nobody comes: what a proxy says instead would stay for ever. */
async function renew() {
  const response = await get(location.href).catch(() => null);
  if (response && response.ok && !isKept(response) && isUntouched()) location.reload();
}

function lookIn(ms) {
  clearTimeout(looking);
  looking = setTimeout(look, ms);
}
