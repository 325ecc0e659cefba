// 5. correct: a word is read otherwise from now on, on the whole site.

/** What is selected in a sentence: {number, start, end}. The button that asks for it takes the focus, so it is kept. */
let selected = null;
/** The sentence that is heard once the word is corrected. */
let correcting = 0;

/** Whether words can be corrected here. */
const canCorrect = () => may("lexicon") && Boolean(now.lexicon && now.lexicon.editable);

function startCorrecting() {
  document.addEventListener("selectionchange", () => { selected = selectionIn(getSelection()) || selected; });
  $("blocks").addEventListener("click", (event) => {
    if (!canCorrect()) return;
    const button = event.target.closest("button.fix");
    const place = event.target.closest("ruby[data-from], .instead");
    const item = event.target.closest("[data-sentence]");
    if (!item || !button && !place) return;
    const number = Number(item.dataset.sentence);
    if (button) {
      const own = selected && selected.number === number ? selected : firstRemarkable(number);
      selected = null;
      openCorrection(number, own.start, own.end);
    } else if (getSelection().isCollapsed) {
      openCorrection(number, Number(place.dataset.from), Number(place.dataset.to));
    }
  });
  looked.push(() => { selected = null; }); // it was of the sentences before
  for (const id of ["written", "said"]) $(id).addEventListener("input", () => wrong($(id), ""));
  $("correct-close").addEventListener("click", () => $("correct").close());
  $("correct-form").addEventListener("submit", (event) => {
    event.preventDefault();
    during($("correct-form").querySelector("[type=submit]"), () => alone("保存读法", saveEntry), blameEntry);
  });
}

/** The characters of one sentence that are selected. */
function selectionIn(selection) {
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const item = elementOf(range.startContainer).closest("[data-sentence]");
  if (!item || !item.querySelector(".line").contains(range.startContainer)) return null;
  const start = placeOf(range.startContainer, range.startOffset, false);
  // What ends in the next sentence, or in its margin, ends with this one.
  const inside = item.querySelector(".line").contains(range.endContainer);
  const end = inside ? placeOf(range.endContainer, range.endOffset, true) : Infinity;
  return start < end ? { number: Number(item.dataset.sentence), start, end } : null;
}

const elementOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);

/** Where in the text of its sentence a place of the page is; inside an expression, its edge. */
function placeOf(node, offset, isEnd) {
  const place = elementOf(node).closest("[data-from]");
  if (!place) {
    const next = node.childNodes[offset];
    const near = next instanceof Element && (next.closest("[data-from]") || next.querySelector("[data-from]"));
    return near ? Number(near.dataset.from) : isEnd ? Infinity : 0;
  }
  if (place.localName === "span" && node.nodeType === Node.TEXT_NODE) return Number(place.dataset.from) + offset;
  return Number(isEnd ? place.dataset.to : place.dataset.from);
}

/** What a correction begins with where nothing is selected: what is read otherwise than written, else nothing. */
function firstRemarkable(number) {
  let place = 0;
  for (const { text, state } of pieces(now.spoken.sentences[number])) {
    if (state === "changed" || state === "set") return { start: place, end: place + text.length };
    place += text.length;
  }
  return { start: 0, end: 0 };
}

/** Opens the form with the characters from `start` to `end` of a sentence as they are read now. */
function openCorrection(number, start, end) {
  correcting = number;
  const { written, said } = saidFor(pieces(now.spoken.sentences[number]), start, end);
  const entry = now.lexicon.entries.find((one) => one.written === written);
  $("written").value = written;
  $("said").value = entry ? entry.said : said;
  $("remark").value = entry ? entry.remark : "";
  wrong($("written"), "");
  wrong($("said"), "");
  offer(otherReadings(written, said));
  $("correct").showModal();
  (written ? $("said") : $("written")).focus();
}

/** Readings to choose from, for characters that have several. */
function offer(readings) {
  $("others").hidden = !readings.length;
  $("others-list").replaceChildren(...readings.slice(0, 6).map((reading) => {
    const button = make("button", { type: "button" }, reading.split(" ").map(toneMark).join(" "));
    button.addEventListener("click", () => {
      $("said").value = reading;
      $("said").focus();
    });
    return button;
  }));
}

async function saveEntry() {
  const written = $("written").value.trim();
  wrong($("written"), "");
  wrong($("said"), "");
  if (!written) throw new Refusal("请填写原文里的写法。", { code: "written_missing" });
  const json = { said: $("said").value.trim(), remark: $("remark").value.trim() };
  const headers = unchanged(now.lexicon.etag);
  try {
    await call("PUT", `/v1/lexicon/entries/${encodeURIComponent(written)}`, { json, headers });
  } catch (error) {
    if (error.code === "lexicon_changed") await takeNewLexicon();
    throw error;
  }
  $("correct").close();
  await heardAnew(correcting, `“${written}”的读法已保存。`);
}

/** Somebody else was first: what they made is shown, and saving once more is done upon that. */
async function takeNewLexicon() {
  now.lexicon = await callTagged("GET", "/v1/lexicon");
  showEntries();
}

const blameEntry = ({ code }) => ($("correct").open ? $(code === "written_missing" ? "written" : "said") : null);

/** The notice with the new lexicon; sentence `number` is heard at once. */
async function heardAnew(number, words) {
  await submitAgain();
  say(words);
  const item = $(`s${number}`);
  if (!item) return;
  item.scrollIntoView({ block: "nearest" });
  const button = item.querySelector("button.hear");
  if (!button) return;
  button.focus();
  hear({ only: number, button, news: words });
}
