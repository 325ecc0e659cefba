// 4. listen: to a sentence, to all from there on, and to what is published.

/** What is being heard: {reading, button, shown}, or null. `button` was pressed for it. */
let hearing = null;

function startListening() {
  options($("speed"), langdu.speeds.map(({ factor, name }) => [factor, name]), langdu.speed);
  $("speed").addEventListener("change", () => { langdu.speed = Number($("speed").value); });
  $("stop").addEventListener("click", () => {
    const back = hearing && hearing.button;
    if (hearing) hearing.reading.stop();
    if (back && back.isConnected) back.focus(); // the button that was pressed is gone now
  });
  $("hear-all").addEventListener("click", () => {
    if (hearing && hearing.button === $("hear-all")) hearing.reading.stop();
    else hear({ button: $("hear-all") });
  });
  $("blocks").addEventListener("click", (event) => {
    const button = event.target.closest("button.hear, button.on");
    if (!button) return;
    const number = Number(button.closest("[data-sentence]").dataset.sentence);
    if (!button.classList.contains("hear")) hear({ from: number, button });
    else if (hearing && hearing.button === button) hearing.reading.stop();
    else hear({ only: number, button });
  });
  looked.unshift(() => { if (hearing) hearing.reading.stop(); });
}

/** Has the notice read, or one sentence of it; `news` is said until it sounds. */
function hear({ from = 0, only = null, button = null, news = "" }) {
  const clips = only === null ? undefined : (_, sentence) => sentence.index === only;
  listenTo(now.manifest, { from: only === null ? from : only, ...(clips && { clips }) }, button, true, news);
}

/** Plays a manifest; `button` is what was pressed for it, `shown` says whether its sentences are on this page. */
function listenTo(manifest, options, button, shown, news = "") {
  if (hearing) hearing.reading.stop();
  const mine = { button, shown, reading: null };
  hearing = mine;
  if (button && button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", "true");
  $("stop").hidden = false;
  const onchange = ({ state, sentence, words }) => {
    if (hearing !== mine) return;
    if (shown) markSentence(sentence);
    const isOver = ["paused", "stopped", "finished", "failed"].includes(state);
    if (state === "preparing") say(news + words);
    else if (state === "reading") say(shown ? `正在听第 ${sentence + 1} 句` : "正在朗读");
    else say(words);
    if (isOver) over(mine);
  };
  mine.reading = langdu.play(manifest, { ...options, headers: withKey(), onchange });
}

function over({ button }) {
  hearing = null;
  markSentence(null);
  if (button && button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", "false");
  if (document.activeElement === $("stop") && button && button.isConnected) button.focus();
  $("stop").hidden = true;
}

/** Shows which sentence is being heard, and keeps it in view. */
function markSentence(number) {
  for (const item of document.querySelectorAll(".sentence.heard")) item.classList.remove("heard");
  const item = number === null ? null : $(`s${number}`);
  if (!item) return;
  item.classList.add("heard");
  item.scrollIntoView({ block: "nearest" });
}
