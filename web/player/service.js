// 2. submit, 3. fetch: what is asked of the service.

const script = document.currentScript;
const service = new URL(`${script.dataset.langduService || "."}/`, script.src);
const address = (path) => new URL(path.replace(/^\//, ""), service).href;

function rest(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/** Tries what fails once more, and for longer where `held` can say so. */
async function persist(attempt, signal, held) {
  const begun = Date.now();
  for (let tries = 0, wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await attempt();
    } catch (trouble) {
      const lasting = held && (trouble.lost || trouble.busy);
      const pause = Math.max(lasting ? wait : 0, trouble.wait);
      const late = Date.now() - begun + pause > (lasting ? PERSISTENCE : LONGEST_WAIT);
      if (signal.aborted || !trouble.retriable || late || (tries > 0 && !lasting)) throw trouble;
      tries += 1;
      if (lasting) held(trouble.lost ? AGAIN : WORDS.waiting);
      await rest(pause, signal);
    }
  }
}

/** JSON where `options` have a method, else how many bytes. */
async function ask(path, options, signal) {
  const limit = new AbortController();
  const giveUp = () => limit.abort();
  const timer = setTimeout(giveUp, PATIENCE);
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  try {
    const response = await fetch(address(path), { ...options, credentials: "omit", signal: limit.signal });
    if (response.ok) {
      // The browser keeps what was read to the end, not this script.
      return options.method ? await response.json() : (await response.arrayBuffer()).byteLength;
    }
    const problem = await response.json().catch(() => ({}));
    const { status } = response;
    const wait = Number(response.headers.get("Retry-After")) * 1000 || undefined;
    // A proxy without a service, or one that is being started anew.
    const lost = (status >= 502 && !problem.code) || problem.code === "stopping";
    const retriable = problem.retriable !== false;
    throw new Trouble(REFUSALS[problem.code] || UNAVAILABLE, { retriable, wait, lost, busy: Boolean(wait), status });
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(navigator.onLine === false ? OFFLINE : UNAVAILABLE, { retriable: true, lost: true });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

function submit(text, signal) {
  const voice = script.dataset.langduVoice;
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(voice ? { text, voice } : { text }),
  };
  return persist(() => ask("/v1/notices", options, signal), signal);
}

/** Nobody listens here any more: the service makes what others wait for. Outlives the page. */
function letGo(manifest) {
  if (manifest.left) return; // it was submitted once
  manifest.left = true;
  const path = `/v1/notices/${manifest.id}/work`;
  fetch(address(path), { method: "DELETE", keepalive: true, credentials: "omit" }).catch(() => {});
}
