// One sentence: what is written, what is said for it, and why.

/** The sentence `number` as an item of a list. */
function sentenceItem(spoken, clips) {
  const { index, skip } = spoken;
  const number = index + 1;
  const className = skip ? "sentence left-out" : "sentence";
  const item = make("li", { className, id: `s${index}`, "data-sentence": index });
  const words = make("div", { className: "words" });
  words.append(make("p", { className: "line", lang: "zh-CN" }, ...lineOf(spoken)));
  if (skip) words.append(make("p", { className: "reason" }, make("b", {}, "不朗读："), SKIPS[skip] || skip));
  const reasons = reasonsOf(spoken);
  if (reasons.length) words.append(make("ul", { className: "why" }, ...reasons));
  item.append(words);
  if (clips.length) {
    const hear = make("button", { type: "button", className: "hear", "aria-pressed": "false" },
      icon("hear"), "听", unseen(`第 ${number} 句`));
    const on = make("button", { type: "button", className: "on" }, icon("on"), "往下听", unseen(`，从第 ${number} 句起`));
    const fix = make("button", { type: "button", className: "fix" },
      icon("fix"), "改读音", unseen(`，第 ${number} 句`));
    const wave = drawing("0 0 100 24");
    wave.setAttribute("preserveAspectRatio", "none");
    item.append(make("div", { className: "tools" }, hear, on, fix,
      make("p", { className: "sound" }, wave, make("span", { className: "length" }, "还没制作"))));
  }
  return item;
}

/** The characters of a sentence, with what is said above them. */
function lineOf(spoken) {
  const withPinyin = $("pinyin").getAttribute("aria-pressed") === "true";
  if (spoken.skip) return [spoken.text];
  let place = 0;
  return pieces(spoken).flatMap((piece) => {
    const from = place;
    place += piece.text.length;
    return withPinyin ? inPinyin(piece, from) : [inWords(piece, from)];
  });
}

/** Where something stands in the text of its sentence, for who points at it. */
const placed = (from, text) => ({ "data-from": from, "data-to": from + text.length });

function inWords(piece, from) {
  const { text, said, state, explain } = piece;
  if (state === "plain") return make("span", placed(from, text), text);
  const above = state === "silent" ? "不读" : said === text ? saidInPinyin(piece) : said;
  return make("ruby", { className: state, title: explain, ...placed(from, text) }, text, make("rt", {}, above));
}

/** Every syllable with its pinyin; what is said otherwise than it is written as it is said, after what is written. */
function inPinyin(piece, from) {
  const { text, said, state, explain } = piece;
  if (state === "silent") return [inWords(piece, from)];
  let place = from;
  const isOther = said !== text && state !== "plain";
  const line = syllables(piece).map((one) => {
    const at = isOther ? placed(from, text) : placed(place, one.text);
    place += one.text.length;
    if (!one.sounds.some(isSyllable)) return make("span", at, one.text);
    const pinyin = one.sounds.map(heard).map(toneMark).join("");
    const by = SOURCES[one.sounds[0].source];
    const title = by ? `读音来自：${by}` : "";
    return make("ruby", { className: "syllable", title, ...at }, one.text, make("rt", {}, pinyin));
  });
  if (state === "plain") return line;
  if (!isOther) return [make("span", { className: `${state} spelt`, title: explain }, ...line)];
  return [make("span", { className: `${state} spelt`, title: explain },
    make("span", { className: "instead", ...placed(from, text) }, text), unseen("读作"), ...line)];
}

const saidInPinyin = ({ sounds }) => sounds.filter(isSyllable).map(heard).map(toneMark).join(" ");

/** Why, in a list that everybody sees. */
function reasonsOf(spoken) {
  if (spoken.skip) return [];
  return remarkable(pieces(spoken)).map((piece) => {
    const { text, said, state, explain, source } = piece;
    const shown = text.trim() || "（看不见的字符）";
    if (state === "silent") return make("li", {}, make("b", {}, shown), ` 不读。${explain}`);
    const reading = said === text ? saidInPinyin(piece) : said;
    return make("li", {}, make("b", {}, shown), " 读作 ", make("b", {}, reading), `。${explain}`,
      make("span", { className: "by" }, `（${DECIDED[source] || source}）`));
  });
}
