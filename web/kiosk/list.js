// The published notices, the newest first, page by page: as many rows as there is room for.

/** Entries asked for at a time, and rows of a page at most. */
const CHUNK = 50;
const MOST_ROWS = 8;
/** Milliseconds until what follows the beginning of the list is looked at too: of a change there it does not tell. */
const WHOLE = 10 * 60_000;

const CHOOSE = "按一条公告，就可以听";
const OPENING = "正在打开…";
const UNREACHED = "连不上朗读服务，请过一会儿再按一次";

/** What is known of the list: its entries, where it goes on, the mark of its beginning, and when it was read. */
const list = { entries: [], next: null, etag: null, total: 0, readAt: null };
/** The number of the first entry of each page up to the one that is shown, and how many that one has. */
let starts = [0];
let shown = 0;
/** The pages, while the one after them is waited for. */
let turning = null;

const pathOfList = (after) => {
  const category = query.get("category");
  return `/v1/published?limit=${CHUNK}` + (category ? `&category=${encodeURIComponent(category)}` : "") +
    (after ? `&after=${encodeURIComponent(after)}` : "");
};

/** Looks whether the list has changed. */
async function refresh() {
  const { body, etag } = await ask(pathOfList());
  if (!body) {
    if (!list.entries.length) draw(); // it says why
    return;
  }
  const known = list.entries.length;
  const old = known > CHUNK && Date.now() - list.readAt > WHOLE;
  if (etag && etag === list.etag && !old) return;
  // As far as it was known: who looks at a page far behind, or listens to a notice of one, stays there.
  const { entries } = body;
  let { next } = body;
  while (next && entries.length < known) {
    const { body: chunk } = await ask(pathOfList(next));
    if (!chunk) return; // until the next look everything is as it was
    entries.push(...chunk.entries);
    next = chunk.next;
  }
  Object.assign(list, { entries, next, etag, total: body.total, readAt: Date.now() });
  while (starts.length > 1 && starts[starts.length - 1] >= list.entries.length) starts.pop();
  draw();
  await checkNotice();
}

/** Has the list go on until it has an entry of this number; whether it has one. */
async function reach(number) {
  while (number >= list.entries.length && list.next) {
    const { entries, next } = list;
    const { body } = await ask(pathOfList(next));
    if (list.entries !== entries || list.next !== next) continue; // it went on meanwhile, or has changed
    if (!body) break;
    entries.push(...body.entries);
    list.next = body.next;
  }
  return number < list.entries.length;
}

/** Shows the page that is turned to. */
function draw() {
  if (at("list").hidden) return;
  const rows = at("rows");
  const focused = document.activeElement && document.activeElement.dataset.name;
  rows.replaceChildren();
  rows.hidden = at("pager").hidden = list.entries.length === 0; // as it will be: there is room for so much
  at("empty").hidden = !rows.hidden;
  shown = 0;
  const start = starts[starts.length - 1];
  for (const entry of list.entries.slice(start, start + MOST_ROWS)) {
    const row = makeRow(entry);
    rows.append(row);
    if (shown > 0 && rows.scrollHeight > rows.clientHeight + 1) {
      row.remove();
      break;
    }
    shown += 1;
    if (entry.name === focused) row.firstChild.focus();
  }
  const known = list.entries.length;
  const paged = starts.length > 1 || start + shown < known || list.next !== null;
  const of = query.get("category") ? (list.next === null ? known : null) : list.total;
  at("pager").hidden = !paged;
  const words = at("said").textContent;
  if (!words || words === CHOOSE) tell("said", known ? CHOOSE : "");
  at("place").textContent = `第 ${start + 1}～${start + shown} 条${of === null ? "" : `，共 ${of} 条`}`;
  at("nothing").textContent =
    list.readAt === null ? (lost ? LOST : OPENING) : "现在没有公告。有了新公告，会自动出现在这里。";
}

/** Draws again what depends on the room there is. */
function fit() {
  if (!at("list").hidden) draw();
  else keepInView();
}

function makeRow(entry) {
  const button = make("button", "row");
  button.type = "button";
  button.dataset.name = entry.name;
  const about = make("span", "about");
  about.append(make("span", "", dateOf(entry)));
  if (entry.category) about.append(" ", make("span", "category", entry.category));
  button.append(make("span", "title", entry.title), " ", about);
  button.addEventListener("click", () => openNotice(entry));
  const item = make("li");
  item.append(button);
  return item;
}

/** The day of a notice as it is said; where its publisher gave none, the day of its publication here. */
function dateOf({ date, published_at: published }) {
  const day = date ? new Date(`${date}T00:00`) : new Date(published);
  return Number.isNaN(day.getTime()) ? "" : `${day.getFullYear()}年${day.getMonth() + 1}月${day.getDate()}日`;
}

function pageBefore() {
  if (starts.length === 1) {
    tell("said", "这已经是第一页");
    return;
  }
  starts = starts.slice(0, -1);
  showPage();
}

async function pageAfter() {
  const mine = starts;
  if (turning === mine) return;
  turning = mine;
  const next = () => starts[starts.length - 1] + shown;
  const last = next() + MOST_ROWS - 1; // a page is only as full as what is known of the list
  if (last >= list.entries.length && list.next) tell("said", OPENING);
  await reach(last);
  if (turning === mine) turning = null;
  // Who has gone elsewhere meanwhile is not fetched back.
  if (starts !== mine || at("list").hidden) return;
  const first = next();
  if (first < list.entries.length) {
    starts = [...starts, first];
    showPage();
  } else {
    tell("said", list.next ? UNREACHED : "这已经是最后一页");
  }
}

function showPage() {
  draw();
  at("rows").scrollTop = 0;
  tell("said", at("place").textContent);
}

/** The entry before or after the one of this name; null where there is none, undefined where that is not known. */
async function neighbour(name, by) {
  for (;;) {
    const { entries, next } = list;
    const here = entries.findIndex((entry) => entry.name === name);
    if (here >= 0 && (by < 0 || here + by < entries.length)) return entries[here + by] || null;
    if (!next) return null;
    tell("said", OPENING);
    if (!(await reach(entries.length)) && list.next) return undefined;
  }
}

/** Shows the list, at its first page if `first`, with the focus on the row of `name`. */
function showList({ first = false, name = null } = {}) {
  at("notice").hidden = true;
  at("list").hidden = false;
  if (first) starts = [0];
  draw();
  const rows = [...at("rows").querySelectorAll("button")];
  const row = rows.find((button) => button.dataset.name === name);
  if (row) row.focus();
}

at("page-before").addEventListener("click", pageBefore);
at("page-after").addEventListener("click", pageAfter);
addEventListener("resize", fit);
