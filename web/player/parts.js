// Parts: each region with its button and its status.

/**
 * {region, button, status, bar, select}; once it was read also `reading`, `collected`, `clips` (which were wanted),
 * `sent` (a text and the manifest of it), and `halted`: failed or paused.
 */
const parts = [];
let active = null;

function read(part, { from, clips } = {}) {
  for (const other of parts) if (other !== part) forget(other);
  part.collected = null;
  part.clips = clips;
  let begun = null;
  const source = async (signal, anew) => {
    const { text } = await gather(part);
    if (!text.trim()) throw new Trouble(REFUSALS.text_empty);
    // Who goes on after a failure finds another text: its beginning.
    if (begun !== null && begun !== text) reading.start = 0;
    begun = text;
    if (anew || !part.sent || part.sent.text !== text) part.sent = { text, manifest: await submit(text, signal) };
    return part.sent.manifest;
  };
  const reading = new Reading(source, {
    from,
    clips,
    title: titleOf(part.region),
    onchange: ({ state, sentence, words }) => {
      active = current === reading ? part : null;
      part.halted = /failed|paused/.test(state);
      if (sentence !== null && sentence !== part.marked) {
        mark(rangesOf(part.collected.runs, reading.manifest.sentences[sentence].span));
      } else if (sentence === null) {
        mark([]);
      }
      part.marked = sentence;
      show(part, state, sentence, words);
    },
  });
  part.reading = reading;
  reading.go();
}

function forget(part, words = "") {
  if (!part.halted) return;
  part.halted = false;
  releaseMedia();
  show(part, "stopped", null, words);
}

function titleOf(region) {
  const heading = region.querySelector("h1,h2,h3,h4,h5,h6");
  return heading ? heading.textContent.trim().replace(/\s+/g, " ") : document.title;
}

function show(part, state, sentence, words) {
  part.button.setAttribute("aria-pressed", active === part);
  part.bar.dataset.langduState = state;
  if (part.status.textContent !== words) part.status.textContent = words;
  showPanel(part, state, words);
  if (overlay) drawBoxes(); // longer words may have moved the text
  part.region.dispatchEvent(new CustomEvent("langdu:state", { bubbles: true, detail: { state, sentence } }));
}

function tell(part, words) {
  part.status.textContent = panel.words.textContent = words;
}

function stop() {
  if (current) current.stop();
}

function make(name, style, text = "") {
  const element = document.createElement(name);
  element.className = style;
  element.textContent = text;
  return element;
}

function makeButton(style, text) {
  const button = make("button", style, text);
  button.type = "button";
  return button;
}

function makeOurs(name, style) {
  const element = make(name, style);
  element.lang = "zh-CN";
  element.dataset.langduSkip = "";
  return element;
}

function makeFloating(name, style) {
  const element = makeOurs(name, style);
  if ("popover" in element) element.popover = "manual";
  return element;
}

function makeStatus() {
  const status = makeOurs("span", "langdu-status");
  status.setAttribute("role", "status");
  return status;
}

function addPart(region, button, status, bar) {
  const part = { region, button, status, bar };
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    if (active === part) stop();
    else if (part.halted) part.reading.resume();
    else read(part);
  });
  parts.push(part);
  return part;
}

function addBar(region) {
  const bar = makeOurs("div", "langdu");
  const button = makeButton("langdu-button", "语音朗读");
  const status = makeStatus();
  const { label, select } = makeSpeeds();
  bar.append(
    button,
    label,
    status,
    make("span", "langdu-hint", "默认不朗读。按一次开始，再按一次停止。"),
    make("span", "langdu-hint-reading", "点一下哪一句，就从哪一句读起。"),
  );
  region.before(bar);
  return Object.assign(addPart(region, button, status, bar), { select });
}

function addStyle(page = document) {
  if (page.querySelector('link[rel=stylesheet][href$="/player.css"]')) return;
  const link = page.createElement("link");
  link.rel = "stylesheet";
  link.href = address("/player.css");
  page.head.prepend(link); // before the page's own, so that the page can change it
}
