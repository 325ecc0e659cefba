// What is asked of the service, and what its answers are in words.

/** Milliseconds before an unanswered request is given up. Sounds and events take as long as they take. */
const PATIENCE = 30000;

/** Why the service did not do what was asked; `words` are for the editor, `code` for the program. */
class Refusal extends Error {
  constructor(words, problem = {}) {
    super(words);
    Object.assign(this, { words, code: problem.code || "lost", detail: problem.detail || "" });
  }
}

/** The service is where this page is, which may be below a folder of a portal. */
const address = (path) => new URL(path.replace(/^\//, ""), new URL("../", location.href)).href;

/** The key, as it is sent along; nothing without one. */
const withKey = () => (now.key ? { Authorization: `Bearer ${now.key}` } : {});

/**
 * Asks the service; what `read` makes of the answer, the answer as it comes unless told otherwise. `json` is sent as
 * JSON, `body` as it is. What is read here is waited for no longer than the answer itself. Throws a `Refusal`.
 */
async function call(method, path, options = {}) {
  const { json, body, headers = {}, signal, patience = PATIENCE, read = (response) => response } = options;
  const limit = new AbortController();
  const giveUp = () => limit.abort();
  const timer = patience ? setTimeout(giveUp, patience) : 0;
  if (signal) signal.addEventListener("abort", giveUp);
  const sent = json ? { "Content-Type": "application/json" } : {};
  try {
    const response = await fetch(address(path), {
      method,
      headers: { ...withKey(), ...sent, ...headers },
      body: json ? JSON.stringify(json) : body,
      credentials: "omit",
      signal: limit.signal,
    });
    if (response.ok) return await read(response);
    const problem = await response.json();
    throw new Refusal(problemWords(problem), problem);
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(LOST);
  } finally {
    clearTimeout(timer);
  }
}

/** The same where the answer is JSON. */
const callJson = (method, path, options) => call(method, path, { ...options, read: (response) => response.json() });

/** The same where the JSON is to be changed by its ETag. */
const callTagged = (method, path) => call(method, path, {
  read: async (response) => ({ etag: response.headers.get("ETag"), ...await response.json() }),
});

/** What an edit is sent with, so that it is of what was seen; some proxies take the ETag away. */
const unchanged = (etag) => (etag ? { "If-Match": etag } : {});

/** The events of a notice, each as {event, data}. An EventSource could not send the key. */
async function* events(id, signal) {
  const response = await call("GET", `/v1/notices/${id}/events`, { signal, patience: 0 });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const told = text.split("\n\n");
    text = told.pop();
    for (const one of told) {
      const event = /^event: ?(.*)$/m.exec(one);
      const data = /^data: ?(.*)$/m.exec(one);
      if (event && data) yield { event: event[1], data: JSON.parse(data[1]) };
    }
  }
}

/**
 * The same to the last one: a connection that breaks is begun again, and `tell` says so meanwhile. Ends earlier with
 * `signal`, and where the service says why there is nothing to follow.
 */
async function* allEvents(id, signal, tell) {
  for (let pause = 1000; !signal.aborted; pause = Math.min(pause * 2, 15000)) {
    try {
      for await (const one of events(id, signal)) {
        if (signal.aborted) return;
        pause = 1000;
        yield one;
        if (one.event === "done") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.code && error.code !== "lost" && error.code !== "overloaded") {
        tell(error.words);
        return;
      }
    }
    tell("与服务的连接断了，正在重新连接…");
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
      setTimeout(resolve, pause);
    });
  }
}
