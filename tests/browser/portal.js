// A portal that has the service behind it, as a site would: its own pages, everything else forwarded.
//
// It stands between so that a test can say what the page is, what is asked for, and what goes wrong;
// the browser's own interception would switch its cache off, and the player lives by that cache.

import { createServer, request } from "node:http";

/** What a careful portal sends: nothing inline, nothing but from `source`, no blob:, no eval. */
const strict = (source) =>
  `default-src ${source}; base-uri 'none'; form-action 'none'; object-src 'none'; require-trusted-types-for 'script'`;

/**
 * Starts a portal before `service`: `{origin, page, fault, asked, dropped, stop()}`.
 *
 * `page` is the HTML of `/page`. `fault(path)` may answer `"down"` (the connection is cut), a status
 * or `{status, code, after}` (a problem answer, with Retry-After), "broken" (bytes that are no sound), or
 * milliseconds as `{wait}`. `asked` lists the paths under /v1/ in order, `dropped` those whose answer nobody
 * waited for; `withoutTags` takes the ETag of every answer away. `source` is where the page may load from. With `open`, pages of other sites may ask.
 */
export async function startPortal(service, { source = "'self'", open = false } = {}) {
  const portal = { page: "", fault: () => undefined, asked: [], dropped: [], withoutTags: false };

  const server = createServer(async (asking, answer) => {
    if (asking.url === "/page") {
      answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": strict(source) });
      answer.end(portal.page);
      return;
    }
    if (open) {
      answer.setHeader("Access-Control-Allow-Origin", "*");
      answer.setHeader("Access-Control-Allow-Headers", "Content-Type");
      answer.setHeader("Access-Control-Allow-Methods", "DELETE");
    }
    if (asking.method === "OPTIONS") {
      answer.end();
      return;
    }
    if (asking.url.startsWith("/v1/")) portal.asked.push(asking.url);
    answer.on("close", () => answer.writableFinished || portal.dropped.push(asking.url));
    const fault = portal.fault(asking.url);
    if (fault === "down") {
      asking.socket.destroy();
      return;
    }
    const { status, code = "synthesis_failed", after } = typeof fault === "number" ? { status: fault } : fault || {};
    if (status) {
      const told = after ? { "Retry-After": after } : {};
      answer.writeHead(status, { "Content-Type": "application/problem+json", ...told });
      answer.end(JSON.stringify({ code, title: "fault", retriable: status >= 429 }));
      return;
    }
    if (fault === "broken") {
      answer.writeHead(200, { "Content-Type": "audio/wav", "Cache-Control": "max-age=31536000, immutable" });
      answer.end("no sound");
      return;
    }
    if (fault) await new Promise((resolve) => setTimeout(resolve, fault.wait));
    if (answer.destroyed) return;
    forward(asking, answer);
  });

  function forward(asking, answer) {
    const { method, headers } = asking;
    const onward = request(new URL(asking.url, service), { method, headers }, (response) => {
      if (portal.withoutTags) delete response.headers.etag;
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asking.pipe(onward);
  }

  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  portal.origin = `http://127.0.0.1:${server.address().port}`;
  portal.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return portal;
}

/** Does something by way of such a portal, and stops it however that ends. */
export async function throughPortal(service, act) {
  const portal = await startPortal(service);
  try {
    await act(portal);
  } finally {
    await portal.stop();
  }
}
