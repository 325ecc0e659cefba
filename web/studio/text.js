// 2. text: pasted, typed, or taken out of a file; and sent.

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/** A page as it was in its file, until somebody edits it: more can be told from it than from what is shown. */
let original = null;

/** What the box had before it was emptied or filled with another notice, to be had back: see `contents`. */
let replaced = null;

/** Called with nothing whenever the service has answered for a text. */
const looked = [];

function startText() {
  const box = $("text");
  try {
    document.execCommand("defaultParagraphSeparator", false, "p");
  } catch { /* a browser that does without still makes lines */ }
  box.addEventListener("input", () => edited());
  box.addEventListener("paste", (event) => {
    event.preventDefault();
    insertFrom(event.clipboardData, "剪贴板里没有文字。");
  });
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault(); // never opened in place of this page
      if (name === "drop") takeFile(event.dataTransfer.files[0]);
    });
  }
  let isOwn = false; // what is dragged is from the box itself
  box.addEventListener("dragstart", () => { isOwn = true; });
  for (const end of ["drop", "dragend"]) addEventListener(end, () => { isOwn = false; });
  // What is dragged from elsewhere comes as it is pasted; words of the box are moved by the browser.
  box.addEventListener("drop", (event) => {
    if (isOwn) return;
    event.preventDefault();
    if ([...event.dataTransfer.types].includes("Files")) return;
    selectPoint(event.clientX, event.clientY);
    insertFrom(event.dataTransfer, "拖进来的内容里没有文字。");
  });
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    $("file").value = ""; // the same file again is a change again
    takeFile(file);
  });
  $("clear").addEventListener("click", () => {
    fill(document.createDocumentFragment());
    box.focus();
    say(replaced ? "已清空。要找回，请按“恢复刚才的文字”。" : "已清空。");
  });
  $("restore").addEventListener("click", restore);
  for (const id of ["voice", "pace"]) $(id).addEventListener("change", () => setStale(true));
  $("look").addEventListener("click", () => during($("look"), () => alone("查看读法", look), blame));
  keyed.push(() => { if (!$("voice").options.length) loadVoices(); });
  loadVoices();
}

function edited() {
  original = null;
  setStale(true);
  $("file-name").hidden = true;
  wrong($("text"), "");
}

/** Whether what is shown is of another text, voice or speed than what is chosen now: nobody is to publish that. */
function setStale(isStale) {
  now.isStale = isStale;
  $("stale").hidden = !isStale;
}

/** Puts what was copied or dragged where the cursor is; `none` is said where it has no text. */
function insertFrom(data, none) {
  const html = data.getData("text/html");
  const nodes = html ? cleanHtml(html) : cleanText(data.getData("text/plain"));
  if (nodes.textContent.trim()) insert(nodes);
  else say(none);
}

/** Puts the cursor at a point of the window. */
function selectPoint(x, y) {
  if (document.caretPositionFromPoint) {
    const place = document.caretPositionFromPoint(x, y);
    if (place) getSelection().collapse(place.offsetNode, place.offset);
  } else {
    const place = document.caretRangeFromPoint(x, y);
    if (place) getSelection().collapse(place.startContainer, place.startOffset);
  }
}

/** Puts nodes where the cursor is, in place of what is selected; the cursor goes on behind them. */
function insert(nodes) {
  const box = $("text");
  const last = nodes.lastChild;
  if (!last) return;
  const had = contents();
  const selection = getSelection();
  const range = document.createRange();
  if (selection.rangeCount && box.contains(selection.getRangeAt(0).commonAncestorContainer)) {
    const wanted = selection.getRangeAt(0);
    range.setStart(wanted.startContainer, wanted.startOffset);
    range.setEnd(wanted.endContainer, wanted.endOffset);
    range.deleteContents();
  } else {
    range.selectNodeContents(box);
    range.collapse(false);
  }
  const isWhole = !box.textContent.trim();
  if (isWhole) { // nothing of the text before is left: another notice
    keep(had);
    box.replaceChildren();
    range.selectNodeContents(box);
    forgetLabels();
  }
  // A few words in the middle of a line stay in that line.
  const isWords = !isWhole && nodes.childNodes.length === 1 && last.localName === "p" && range.startContainer !== box;
  range.insertNode(isWords ? document.createTextNode(last.textContent) : nodes);
  range.collapse(false);
  selection.removeAllRanges();
  selection.addRange(range);
  edited();
}

/** The box has this and nothing else: another notice. */
function fill(nodes) {
  keep(contents());
  $("text").replaceChildren(nodes);
  forgetLabels();
  edited();
}

/** What is in the box, where it is from, and what the editor has said of it. */
function contents() {
  const nodes = [...$("text").childNodes].map((node) => node.cloneNode(true));
  const { hidden, textContent: words } = $("file-name");
  return { nodes, page: original, source: hidden ? "" : words, labels: writtenLabels() };
}

function keep(contents) {
  if (contents.nodes.some((node) => node.textContent.trim())) replaced = contents;
  $("restore").hidden = !replaced;
}

/** What is in the box now can be had back in its turn. */
function restore() {
  const { nodes, page, source, labels } = replaced;
  replaced = null;
  const fragment = document.createDocumentFragment();
  fragment.append(...nodes);
  fill(fragment);
  original = page;
  $("file-name").textContent = source;
  $("file-name").hidden = !source;
  setLabels(labels);
  $("text").focus();
  say("已恢复，请再按一次“查看读法”。");
}

async function takeFile(file) {
  if (!file) return;
  if (doing) { // said by the page, not beside the text: nothing is wrong with the file
    say(waitWords("放入文件"));
    return;
  }
  await during($("look"), () => alone("读取文件", async () => {
    const ending = /\.([^.]+)$/.exec(file.name.toLowerCase());
    const kind = ending ? ending[1] : "";
    say(`正在读取“${file.name}”…`);
    let leftOut = "";
    if (kind === "docx") {
      if (!now.key) throw new Refusal("读取 docx 文件要先填写密钥。也可以直接粘贴文字。", { code: "key_wrong" });
      const sent = { body: file, headers: { "Content-Type": DOCX }, patience: 10 * PATIENCE };
      const { html, left_out: left } = await callJson("POST", "/v1/text", sent);
      fill(cleanHtml(html));
      leftOut = leftOutWords(left);
    } else if (kind === "html" || kind === "htm") {
      const html = decode(new Uint8Array(await file.arrayBuffer()));
      fill(cleanHtml(html));
      original = { html };
    } else if (kind === "txt" || kind === "text" || file.type === "text/plain") {
      fill(cleanText(decode(new Uint8Array(await file.arrayBuffer()))));
    } else {
      throw new Refusal(REFUSED.media_type_unsupported, { code: "media_type_unsupported" });
    }
    $("file-name").textContent = `来自文件：${file.name}${leftOut}`;
    $("file-name").hidden = false;
    say(`已放入“${file.name}”，请核对文字，再按“查看读法”。${leftOut}`);
  }), () => $("text"));
}

/** What a document has that is no text. */
function leftOutWords(left = {}) {
  const kinds = { pictures: "张图片（图里的字不会读）", notes: "条脚注", symbols: "个特殊符号" };
  const found = Object.keys(kinds).filter((kind) => left[kind]).map((kind) => `${left[kind]} ${kinds[kind]}`);
  return found.length ? `　没有放入：${found.join("、")}。` : "";
}

async function loadVoices() {
  await during($("voice"), async () => {
    const { voices } = await callJson("GET", "/v1/voices");
    const sexes = { female: "女声", male: "男声" };
    const called = ({ name, title, sex }) => [name, [title || name, sexes[sex]].filter(Boolean).join(" · ")];
    options($("voice"), voices.map(called), voices[0].name);
    const speeds = () => {
      const [least, most] = voices.find(({ name }) => name === $("voice").value).speed;
      const all = [[0.8, "慢"], [0.9, "稍慢"], [1, "正常"], [1.1, "稍快"], [1.2, "快"]];
      const before = $("pace").value;
      options($("pace"), all.filter(([speed]) => speed >= least && speed <= most), before || 1);
      if (!$("pace").value) $("pace").value = 1;
    };
    $("voice").onchange = speeds;
    speeds();
  });
}

/** Problems of the text are shown beside it. */
const blame = ({ code }) => (/^text_|^body_too|^nothing_to/.test(code) ? $("text") : null);

/** Sends what is in the box and shows what will be heard. */
async function look() {
  wrong($("text"), "");
  const content = original || contentOf($("text"));
  if (!(content.text || content.html || "").trim()) {
    throw new Refusal(REFUSED.text_empty, { code: "text_empty" });
  }
  const voice = $("voice").value;
  setStale(false); // what is typed while one waits for the answer makes it so again
  try {
    await submitAgain({ ...content, ...(voice && { voice }), speed: Number($("pace").value) || 1 });
  } catch (error) {
    setStale(true);
    throw error;
  }
  say(`读法在下面：${summary()}`);
  $("reading-title").focus();
  $("reading-title").scrollIntoView(); // what was asked for is at the top, not at the edge
}

/** Sends `submission`, the last one unless told otherwise, and has everything of the page show the answers. */
async function submitAgain(submission = now.submission) {
  say("正在查看读法…");
  const [lexicon, manifest, spoken] = await Promise.all([
    callTagged("GET", "/v1/lexicon"),
    callJson("POST", "/v1/notices", { json: submission }),
    callJson("POST", "/v1/spoken", { json: submission }),
  ]);
  Object.assign(now, { submission, lexicon, manifest, spoken });
  for (const told of looked) told();
}
