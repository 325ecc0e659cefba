// 6. publish: the notice that is shown, under a name.

/** Called whenever something was published, replaced or withdrawn. */
const listed = [];

function startPublishing() {
  looked.push(propose);
  keyed.push(showRights);
  $("publish-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during($("publish-form").querySelector("[type=submit]"), () => alone("发布", publish), blameLabel);
  });
  for (const field of fields()) field.addEventListener("input", () => { field.dataset.own = "yes"; wrong(field, ""); });
  startPublished();
}

const fields = () => ["name", "headline", "date", "category", "page"].map($);

function showRights() {
  $("publish-none").hidden = may("publish");
  $("publish-form").hidden = !may("publish");
}

/** What the notice says of itself, where the editor has not said otherwise. */
function propose() {
  $("publish-part").hidden = false;
  showRights();
  $("done").hidden = true;
  const [title, date] = [titleOf(now.manifest), dateOf(now.manifest)];
  for (const [id, value] of [["headline", title], ["date", date], ["name", nameFor(title, date)]]) {
    if (!$(id).dataset.own) $(id).value = value;
  }
}

/** What the editor said of the notice before is not said of another one. */
function forgetLabels() {
  for (const field of fields()) {
    field.value = "";
    delete field.dataset.own;
    wrong(field, "");
  }
}

/** What the fields say, and whether that is the editor's own. */
const writtenLabels = () => fields().map(({ value, dataset: { own } }) => ({ value, own }));

function setLabels(labels) {
  fields().forEach((field, at) => {
    field.value = labels[at].value;
    if (labels[at].own) field.dataset.own = "yes";
  });
}

/** Which field a problem is about. */
function blameLabel({ code, detail }) {
  if (code === "text_changed") return $("text");
  if (code === "name_invalid") return $("name");
  const field = detail.split(":")[0];
  return code === "label_invalid" ? $(field === "title" ? "headline" : field) : null;
}

async function publish() {
  for (const field of fields()) wrong(field, "");
  if (now.isStale) {
    throw new Refusal("文字、发音人或语速改过了。请再按一次“查看读法”，核对以后再发布。", { code: "text_changed" });
  }
  const name = $("name").value.trim();
  if (!name) throw new Refusal(REFUSED.name_invalid, { code: "name_invalid" });
  if ($("date").validity.badInput) throw new Refusal(LABELS.date, { code: "label_invalid", detail: "date:" });
  const labels = { title: "headline", date: "date", category: "category", page: "page" };
  const json = { ...now.submission };
  for (const [label, id] of Object.entries(labels)) {
    if ($(id).value.trim()) json[label] = $(id).value.trim();
  }
  const path = `/v1/published/${encodeURIComponent(name)}`;
  say("正在发布…");
  let entry;
  try {
    entry = await callJson("PUT", path, { json, headers: { "If-None-Match": "*" } });
  } catch (error) {
    if (error.code !== "published_changed") throw error;
    entry = await replace(name, path, json);
  }
  if (!entry) return;
  showDone(entry);
  for (const told of listed) told(); // nobody has to wait for the list
}

/** There is something of that name: the editor sees what, and says whether it goes. */
async function replace(name, path, json) {
  const before = await callTagged("GET", path);
  const since = new Date(before.changed_at).toLocaleString("zh-CN");
  const words = `“${name}”已经发布过：《${before.title}》，${since}。替换以后，读者听到的是现在这一篇。`;
  if (!await askFirst("替换已发布的公告？", words, "替换")) {
    say("没有替换。可以换一个发布名称再发布。");
    $("name").focus();
    return null;
  }
  try {
    return await callJson("PUT", path, { json, headers: unchanged(before.etag) });
  } catch (error) {
    if (error.code !== "published_changed") throw error;
    throw new Refusal("就在刚才，别人又改了这篇公告。请再按一次“发布”，看看现在是哪一篇。", error);
  }
}

/** Where it is now. How far it is made is shown above: it is the notice that is followed there. */
function showDone(entry) {
  const place = address(`/v1/published/${encodeURIComponent(entry.name)}`);
  const made = make("progress", { max: Math.max(1, entry.clips), value: entry.ready, "aria-label": "已发布公告的制作进度" });
  const words = make("span", {}, `${entry.ready} / ${entry.clips} 段`);
  $("done").replaceChildren(
    make("p", {}, make("b", {}, `已发布：《${entry.title}》`)),
    make("p", {}, "清单地址：", make("a", { href: place }, decodeURI(place))),
    make("p", { className: "measure" }, made, " ", words),
  );
  $("done").dataset.name = entry.name;
  $("done").hidden = false;
  say(`已发布：《${entry.title}》`);
  $("done").focus();
  followPublished(entry, made, words);
}

/** Shows how a published notice gets on. */
async function followPublished({ notice, clips: all }, bar, words) {
  const ready = new Set();
  const leave = new AbortController();
  const tell = (what) => { words.textContent = what; };
  for await (const { event, data } of allEvents(notice, leave.signal, tell)) {
    if (!bar.isConnected) break; // something else was published since
    if (event === "ready") ready.add(data.index);
    if (event !== "done") bar.value = ready.size;
    const failed = event === "done" && data.failed ? `，${data.failed} 段没有制作成功，服务会自己再试` : "";
    tell(`${ready.size} / ${all} 段${ready.size === all ? "，读者可以马上听到全文" : failed}`);
  }
  leave.abort();
}
