// A sentence in pieces: what is written, what is said for it, and why. Without a page, so that it can be tested alone.

/** Silences that an editor expects; the others are shown. */
const EXPECTED = new Set(["space", "quotation", "bracket", "merged", "format"]);
const HAN = /[\p{Script=Han}〇]/u;

/**
 * The pieces of a sentence of /v1/spoken, in order: {text, said, state, explain, source, sounds, span}. `state` is
 * `plain` where it is heard as it is written (a pause counts as that), `changed` where something else is said, `set`
 * where the lexicon or the sender decided, `silent` where nothing is said and an editor may wonder.
 */
function pieces({ tokens, sounds }) {
  let at = 0;
  return tokens.map((token) => {
    const begin = at;
    while (at < sounds.length && sounds[at].span[0] < token.span[1]) at += 1;
    return { ...token, state: stateOf(token), sounds: sounds.slice(begin, at) };
  });
}

function stateOf({ class: kind, text, said, source, why }) {
  if (kind === "silent" || !said) return EXPECTED.has(why) ? "plain" : "silent";
  if (source !== "rule") return "set";
  return kind === "plain" || kind === "pause" || text === said ? "plain" : "changed";
}

/** The pieces that an editor should look at. */
function remarkable(all) {
  return all.filter(({ state }) => state !== "plain");
}

/** The syllable of a sound as it is heard. */
function heard({ sound, as_spoken: asSpoken }) {
  return asSpoken || sound;
}

const isSyllable = ({ sound }) => /^[a-zü:]+[1-5]$/.test(sound);

/**
 * Which characters of what is said have which sound: [{text, sounds, span}]; without sounds for marks. Where the
 * numbers of characters and sounds do not fit together (一会儿, said in two syllables), the whole has all of them.
 */
function syllables({ text, said, state, sounds, span }) {
  const shown = state === "plain" ? text : said;
  const spoken = sounds.filter((sound) => isSyllable(sound) || /^[A-Za-z]$/.test(sound.sound));
  if (state === "plain" && span[1] - span[0] === text.length) return bySpan(text, spoken, span[0]);
  const characters = [...shown];
  const sounding = characters.filter((one) => HAN.test(one) || /[A-Za-z]/.test(one));
  if (sounding.length !== spoken.length) return [{ text: shown, sounds: spoken, span }];
  const next = spoken[Symbol.iterator]();
  return characters.map((one) => {
    const sound = HAN.test(one) || /[A-Za-z]/.test(one) ? next.next().value : null;
    return { text: one, sounds: sound ? [sound] : [], span };
  });
}

/** The same where every sound says which characters it is for. */
function bySpan(text, sounds, start) {
  const out = [];
  let done = 0;
  for (const sound of sounds) {
    const [from, to] = [sound.span[0] - start, sound.span[1] - start];
    if (from < done) { // two sounds for one character
      if (out.length) out[out.length - 1].sounds.push(sound);
      continue;
    }
    if (from > done) out.push({ text: text.slice(done, from), sounds: [], span: [start + done, start + from] });
    out.push({ text: text.slice(from, to), sounds: [sound], span: sound.span });
    done = to;
  }
  if (done < text.length) out.push({ text: text.slice(done), sounds: [], span: [start + done, start + text.length] });
  return out;
}

/**
 * How the characters from `start` to `end` of a sentence's text are said now, as the lexicon writes it: the pinyin of
 * the dictionary for Chinese characters, else the words. What is selected inside an expression means all of it.
 */
function saidFor(all, start, end) {
  let place = 0;
  let written = "";
  const said = [];
  for (const piece of all) {
    const [from, to] = [place, place + piece.text.length];
    place = to;
    if (to <= start || from >= end) continue;
    if (piece.state === "changed") {
      written += piece.text;
      said.push(piece.said);
      continue;
    }
    let inside = from;
    for (const { text, sounds } of syllables({ ...piece, state: "plain", span: spanOf(piece) })) {
      if (inside + text.length > start && inside < end) {
        written += text;
        said.push(...sounds.map(({ sound }) => sound));
      }
      inside += text.length;
    }
  }
  return { written: written.trim(), said: said.join(" ") };
}

/** The span of a piece, if it is as long as its text; else one that nothing fits, so that sounds are counted. */
function spanOf({ span, text }) {
  return span[1] - span[0] === text.length ? span : [0, -1];
}

/** Entries of the lexicon that are in these texts, the longest first. */
function entriesIn(entries, texts) {
  const plain = (text) => text.normalize("NFKC");
  const all = texts.map(plain).join("\n");
  const found = entries.filter(({ written }) => all.includes(plain(written)));
  return found.sort((a, b) => b.written.length - a.written.length);
}

/** How many sentences are read, expressions are read otherwise than written, places are left out, notes there are. */
function counts({ sentences, skipped, notes }) {
  return {
    sentences: sentences.filter(({ skip }) => !skip).length,
    changed: sentences.flatMap((one) => remarkable(pieces(one))).length,
    skipped: skipped.length,
    notes: notes.length,
  };
}

/** The sentence that `span` of what was submitted begins in; else the last before it. */
function sentenceAt(sentences, [start]) {
  const before = sentences.filter(({ span }) => span[0] <= start);
  return before[before.length - 1] || sentences[0];
}
