// 6. publish: the list of what is published, each of which can be heard and withdrawn.

/** Where the list goes on. */
let next = null;
/** Which asking for the list is the last: an answer to an earlier one may come later. */
let asking = 0;

function startPublished() {
  listed.push(loadPublished);
  keyed.push(loadPublished);
  $("published-more").addEventListener("click", () => during($("published-more"), async () => {
    const first = $("published-list").children.length;
    const own = asking;
    const page = await callJson("GET", `/v1/published?after=${encodeURIComponent(next)}`);
    if (own !== asking) return; // the list has begun anew
    showPublished(page);
    $("published-list").children[first]?.querySelector("button").focus();
  }));
  loadPublished();
}

async function loadPublished() {
  const own = asking += 1;
  try {
    const page = await callJson("GET", "/v1/published");
    if (own !== asking) return;
    $("published-list").replaceChildren();
    showPublished(page);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (own !== asking) return;
    $("published-none").textContent = `列表暂时取不到。${error.words}`;
    $("published-none").hidden = false;
  }
}

function showPublished({ entries, next: more, total }) {
  next = more;
  $("published-list").append(...entries.map(publishedItem));
  $("published-none").textContent = "还没有发布过公告。";
  $("published-none").hidden = total > 0;
  $("published-title").textContent = total ? `已经发布的公告（${total} 篇）` : "已经发布的公告";
  $("published-more").hidden = !more;
}

function publishedItem(entry) {
  const { name, title, date, category, page, url } = entry;
  const hear = make("button", { type: "button", "aria-pressed": "false" }, icon("hear"), "听", unseen(`《${title}》`));
  hear.addEventListener("click", () => {
    if (hearing && hearing.button === hear) hearing.reading.stop();
    else listenTo((signal) => callJson("GET", url, { signal }), {}, hear, false);
  });
  const tools = make("div", { className: "tools" }, hear);
  if (may("publish")) {
    const withdraw = make("button", { type: "button" }, "撤下", unseen(`《${title}》`));
    withdraw.addEventListener("click", () => during(withdraw, () => alone("撤下", () => withdrawEntry(entry))));
    tools.append(withdraw);
  }
  const about = [date, category, name].filter(Boolean).join("　");
  const words = make("div", { className: "words" },
    make("p", {}, make("b", {}, title)), make("p", { className: "soft" }, about));
  if (/^https?:\/\//i.test(page || "")) {
    words.append(make("p", {}, make("a", { href: page, rel: "noreferrer noopener", target: "_blank" }, "看网页（另开窗口）")));
  }
  return make("li", { className: "entry" }, words, tools);
}

async function withdrawEntry(entry) {
  const { name, title } = entry;
  const words = "撤下以后，读者不能再听，录音也会删除。";
  if (!await askFirst(`撤下《${title}》？`, words, "撤下")) return;
  let trouble = null;
  try {
    await withdrawAsListed(entry);
  } catch (error) {
    // Only these two tell that the list is not what it was.
    if (!["published_changed", "published_unknown"].includes(error.code)) throw error;
    trouble = error;
  }
  if (hearing && !hearing.shown) hearing.reading.stop();
  if ($("done").dataset.name === name) { // it is not published any more, or not as it was
    $("done").replaceChildren();
    $("done").hidden = true;
  }
  await loadPublished();
  $("published-title").focus();
  if (trouble) throw trouble;
  say(`已撤下：《${title}》`);
}

/** Withdraws what the list shows, and nothing that somebody else has published in its place since. */
async function withdrawAsListed({ name, changed_at: listedAt }) {
  const path = `/v1/published/${encodeURIComponent(name)}`;
  try {
    const { changed_at: changedAt, etag } = await callTagged("GET", path);
    if (changedAt !== listedAt) throw new Refusal("", { code: "published_changed" });
    await call("DELETE", path, { headers: unchanged(etag) });
  } catch (error) {
    if (error.code !== "published_changed") throw error;
    throw new Refusal("别人已经改了这篇公告，没有撤下。列表已经更新，请看清楚再撤下。", error);
  }
}
