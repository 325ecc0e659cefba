// One notice, sentence by sentence, and the buttons that read it.

/** What the page of a portal put around a notice; nobody misses it here. What else is not read is shown and said so. */
const FURNITURE = ["button_hint", "navigation", "column_label", "footer"];
/** What is told here in other words than the player's. */
const SAID = {
  ready: "按“朗读”开始听；按哪一句，就从哪一句听起",
  stopped: "已停止。按“朗读”接着听",
  paused: "已暂停。按“朗读”接着听",
  reading: "正在朗读",
  lost: "连不上朗读服务，已停下。连上以后会接着读。",
  later: "连上以后会打开这条公告。",
  unknown: "这条公告现在打不开，请过一会儿再试。",
  withdrawn: "这条公告已经撤下。",
};
/** Milliseconds for which a text that a finger has moved is left where it is. */
const LOOKING_AROUND = 8000;
/** So often in a row reading goes on by itself without being heard; then it is for the visitor to try. */
const MOST_FAILURES = 1;

/** The notice that is open; null while the list is shown. */
let open = null;
let movedAt = 0;

/** Opens the notice of an entry of the list; `listening` has it read at once. */
async function openNotice(entry, listening = false) {
  closeNotice();
  const mine = {
    entry,
    loading: false,
    manifest: null,
    reading: null,
    state: "stopped",
    /** The elements of the sentences by their numbers, and the number of the one to go on with. */
    sentences: new Map(),
    place: null,
    /** Whether to go on by itself as soon as the service is back, and how often that was in vain. */
    resume: listening,
    failures: 0,
    failedAt: null,
  };
  open = mine;
  at("list").hidden = true;
  at("notice").hidden = false;
  at("text").replaceChildren(make("h2", "", entry.title));
  at("text").scrollTop = 0;
  window.scrollTo(0, 0);
  showState("stopped");
  tell("said", OPENING);
  at("read").focus({ preventScroll: true });
  await load(mine);
}

/** Fetches the manifest of what is open, and shows it. */
async function load(mine) {
  if (mine.loading) return;
  mine.loading = true;
  const { status, body } = await ask(mine.entry.url);
  mine.loading = false;
  if (open !== mine) return;
  if (status === 404) {
    await replace(mine);
    return;
  }
  if (!body) {
    tell("said", lost ? SAID.later : SAID.unknown);
    return;
  }
  mine.manifest = body;
  write(mine);
  tell("said", SAID.ready);
  if (mine.resume) hear();
}

/** The notice is not there any more: opens what has replaced it, or says that it was withdrawn. */
async function replace(mine) {
  const { status, body } = await ask(`/v1/published/${encodeURIComponent(mine.entry.name)}`);
  if (open !== mine) return;
  if (status === 404) withdraw();
  else if (body && body.notice !== mine.entry.notice) await openNotice(body, mine.resume);
  else {
    // The same notice: what was refused is refused again, but for when the service is back.
    mine.resume = mine.resume && lost;
    if (!lost) tell("said", SAID.unknown);
    else tell("said", mine.manifest ? SAID.lost : SAID.later);
  }
}

function withdraw() {
  closeNotice();
  showList();
  tell("said", SAID.withdrawn);
  look();
}

/** The list has changed: is the notice that is open still published? Who listens to what was replaced may go on. */
async function checkNotice() {
  const mine = open;
  if (!mine) return;
  const { status } = await ask(`/v1/published/${encodeURIComponent(mine.entry.name)}`);
  if (status !== 200 && status !== 404) list.etag = null; // asked again with the next look at the list
  if (status === 404 && open === mine) withdraw();
}

function closeNotice() {
  const mine = open;
  open = null; // first, so that what the player still says is not told
  if (mine && mine.reading) mine.reading.stop();
  at("text").replaceChildren();
}

/** The service is back: goes on with what it was lost in. */
function goOn() {
  const mine = open;
  if (!mine) return;
  if (!mine.manifest) load(mine);
  else if (mine.resume) hear();
}

/** Writes the text: a heading, paragraph or row a block, and in it a button a sentence. */
function write(mine) {
  const { blocks, sentences } = mine.manifest;
  const text = at("text");
  text.replaceChildren();
  if (!blocks.some(({ kind }) => kind === "title")) text.append(make("h2", "", mine.entry.title));
  let deepest = 2;
  blocks.forEach((block, number) => {
    const parts = sentences.filter((sentence) => sentence.block === number && !FURNITURE.includes(sentence.skip));
    if (!parts.length) return;
    let heading = 0;
    if (block.kind === "title") heading = 2;
    if (block.kind === "heading") heading = Math.min(deepest + 1, 2 + block.level, 6); // no level is left out
    if (heading) deepest = heading;
    const element = make(heading ? `h${heading}` : "div", `block ${block.kind}`);
    element.append(...parts.map((sentence) => makeSentence(mine, sentence)));
    text.append(element);
  });
  const [first] = mine.sentences.values();
  if (first) first.tabIndex = 0;
}

function makeSentence(mine, sentence) {
  const heard = sentence.clips.length > 0;
  const element = make(heard ? "button" : "p", heard ? "sentence" : "sentence silent");
  for (const cell of sentence.text.split("\t")) element.append(make("span", "cell", cell), " ");
  if (!heard) {
    element.append(make("span", "why", "（不朗读）"));
    return element;
  }
  element.type = "button";
  // One stop of the Tab key for the whole text; arrows go from sentence to sentence.
  element.tabIndex = -1;
  element.addEventListener("click", () => hear(sentence.index));
  mine.sentences.set(sentence.index, element);
  return element;
}

const isReading = () => open !== null && ["preparing", "reading", "waiting"].includes(open.state);

/** Has the notice read from sentence `number`, or from where it was stopped. */
function hear(number = open.place === null ? 0 : open.place) {
  const mine = open;
  if (!mine.manifest) {
    mine.resume = true; // as soon as it is there
    goOn();
    return;
  }
  mine.resume = false;
  movedAt = 0;
  if (number === mine.place) keepInView();
  if (mine.reading) mine.reading.go(number);
  else mine.reading = window.langdu.play(mine.manifest, { from: number, onchange: (change) => changed(mine, change) });
}

function changed(mine, { state, sentence, words, trouble }) {
  if (open !== mine) return;
  mine.state = state;
  if (sentence !== null && sentence !== mine.place) {
    mine.place = sentence;
    movePlace(mine);
  }
  // Where it failed the kept clip may be heard once more: only what comes after it shows that it goes on.
  if (state === "reading" && sentence !== mine.failedAt) mine.failures = 0;
  showPlace(mine);
  showState(state);
  // The words of the player name the button of a portal.
  tell("said", SAID[state] || words.replace("语音朗读", "“朗读”"));
  if (state === "failed") fail(mine, trouble);
  restIdle();
}

function fail(mine, trouble) {
  if (trouble.status === 404) {
    mine.resume = true;
    replace(mine);
  } else if (trouble.lost) {
    mine.failures += 1;
    mine.failedAt = mine.place;
    mine.resume = mine.failures <= MOST_FAILURES;
    if (mine.resume) tell("said", SAID.lost);
    setLost(true);
  }
}

/** The text follows what is heard. */
function movePlace({ sentences, place }) {
  // Who has the focus in the text keeps it: a screen reader would say every sentence that it went to.
  if (!at("text").contains(document.activeElement)) {
    sentences.forEach((element, number) => { element.tabIndex = number === place ? 0 : -1; });
  }
  showPlace(open);
  follow();
}

/** Who is looking around in the text is left alone for a while. */
function follow() {
  if (Date.now() - movedAt > LOOKING_AROUND) keepInView();
}

/** Marks the sentence that is heard, or that reading goes on with; none when all was heard. */
function showPlace({ sentences, place, state }) {
  sentences.forEach((element, number) => {
    if (number === place && state !== "finished") element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
  });
}

/** Brings the sentence that is heard to the upper part of what can be seen. */
function keepInView() {
  const here = open && open.sentences.get(open.place);
  if (!here) return;
  const text = at("text");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = calm ? "auto" : "smooth";
  const scrolls = getComputedStyle(text).overflowY === "auto";
  const stuck = (id) => (getComputedStyle(at(id)).position === "sticky" ? at(id).offsetHeight : 0);
  const [box, top, height] = scrolls
    ? [text, text.getBoundingClientRect().top, text.clientHeight]
    : [window, stuck("said"), innerHeight - stuck("said") - stuck("controls")];
  const { top: from, height: tall } = here.getBoundingClientRect();
  // A sentence that is higher than the room begins at its top.
  box.scrollBy({ top: from - top - Math.max(0, Math.min(height / 4, (height - tall) / 2)), behavior });
}

function showState(state) {
  const reading = ["preparing", "reading", "waiting"].includes(state);
  const button = at("read");
  if (button.dataset.reading === String(reading)) return;
  button.dataset.reading = reading;
  button.querySelector("use").setAttribute("href", reading ? "#picture-stop" : "#picture-play");
  button.querySelector("span").textContent = reading ? "停止" : "朗读";
}

/** The sentence before or after; while nothing is read it is read from there too. */
function step(by) {
  const numbers = [...open.sentences.keys()];
  const here = open.place === null ? -1 : numbers.indexOf(open.place);
  const wanted = numbers[here + by];
  if (wanted !== undefined) hear(wanted);
  else if (numbers.length) tell("said", by < 0 ? "这已经是第一句" : "这已经是最后一句");
}

async function toNotice(by) {
  const mine = open;
  const entry = await neighbour(mine.entry.name, by);
  if (open !== mine) return;
  // Who is listening goes on listening.
  if (entry) openNotice(entry, isReading());
  else if (entry === undefined) tell("said", UNREACHED);
  else tell("said", by < 0 ? "这已经是第一条公告" : "这已经是最后一条公告");
}

function backToList() {
  const { name } = open.entry;
  closeNotice();
  tell("said", "");
  showList({ name });
}

at("read").addEventListener("click", () => {
  open.resume = false;
  if (isReading()) {
    open.reading.stop();
    return;
  }
  if (open.state === "finished") open.place = null; // from the start
  hear();
});
at("again").addEventListener("click", () => hear());
at("sentence-before").addEventListener("click", () => step(-1));
at("sentence-after").addEventListener("click", () => step(1));
at("notice-before").addEventListener("click", () => toNotice(-1));
at("notice-after").addEventListener("click", () => toNotice(1));
at("back").addEventListener("click", backToList);

for (const moved of ["touchmove", "wheel"]) {
  at("text").addEventListener(moved, () => { movedAt = Date.now(); }, { passive: true });
}
at("text").addEventListener("keydown", (event) => {
  const buttons = open ? [...open.sentences.values()] : [];
  const here = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (here < 0 || !buttons[to]) return;
  event.preventDefault();
  buttons[to].focus();
});
at("text").addEventListener("focusin", ({ target }) => {
  for (const element of open ? open.sentences.values() : []) element.tabIndex = element === target ? 0 : -1;
});
