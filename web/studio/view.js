// 3. view: the notice, block by block, and what is left out of it.

function startView() {
  $("pinyin").addEventListener("click", () => {
    const shown = $("pinyin").getAttribute("aria-pressed") !== "true";
    $("pinyin").setAttribute("aria-pressed", String(shown));
    for (const spoken of now.spoken.sentences) {
      document.querySelector(`#s${spoken.index} .line`).replaceChildren(...lineOf(spoken));
    }
    say(shown ? "已显示拼音，声调按实际读出来的标。" : "已收起拼音。");
  });
  looked.push(showNotice);
  keyed.push(showCorrecting);
}

/** Offers corrections where they can be made, and says why where they cannot. */
function showCorrecting() {
  const isOff = may("lexicon") && now.lexicon && !now.lexicon.editable;
  $("fix-help").hidden = !canCorrect();
  $("fix-none").hidden = canCorrect();
  $("fix-none").textContent = isOff ? REFUSED.editing_off : "改读音要用有这项权限的密钥，请向管理员要。";
  $("blocks").classList.toggle("correctable", canCorrect());
  for (const button of document.querySelectorAll(".fix")) button.hidden = !canCorrect();
  if (now.lexicon) showEntries(); // with their buttons, or without
}

function showNotice() {
  const { manifest, spoken } = now;
  $("reading-part").hidden = false;
  $("steps").hidden = true;
  $("summary").textContent = summary();
  $("blocks").replaceChildren(...manifest.blocks.map((block, at) => {
    const own = manifest.sentences.filter((sentence) => sentence.block === at);
    const items = own.map(({ index, clips }) => sentenceItem(spoken.sentences[index], clips));
    const kind = block.skip ? "不朗读" : KINDS[block.kind] || block.kind;
    return make("div", { className: `block ${block.kind}`, role: "group", "aria-label": `${kind}，第 ${at + 1} 段` },
      make("p", { className: "kind", "aria-hidden": "true" }, kind),
      make("ol", { className: "plain", start: own.length ? own[0].index + 1 : 1 }, ...items));
  }));
  showList("skipped", "不朗读的内容", spoken.skipped.map(({ text, reason, span }) =>
    leadingTo(sentenceAt(spoken.sentences, span), text, SKIPS[reason] || reason)));
  showList("notes", "要留意的地方", spoken.notes.map(({ code, span }) => {
    const sentence = sentenceAt(spoken.sentences, span);
    return leadingTo(sentence, sentence ? sentence.text : "", NOTES[code] || code);
  }));
  showCorrecting();
}

/** How much there is to look at, in a line. */
function summary() {
  const { sentences, changed, skipped, notes } = counts(now.spoken);
  const parts = [`共 ${sentences} 句`, `${changed} 处读法和写法不同`, `${skipped} 处不朗读`];
  if (notes) parts.push(`${notes} 处要留意`);
  return `${parts.join("，")}。`;
}

function showList(id, title, items) {
  $(id).hidden = !items.length;
  $(`${id}-title`).textContent = `${title}（${items.length} 处）`;
  $(`${id}-list`).replaceChildren(...items);
}

/** A line about a sentence, with the way to it. */
function leadingTo(sentence, text, words) {
  const short = [...flat(text)];
  const shown = short.length > 40 ? `${short.slice(0, 40).join("")}…` : short.join("");
  const item = make("li", {}, make("b", {}, shown), `　${words}　`);
  if (sentence) item.append(make("a", { href: `#s${sentence.index}`, className: "to" }, `看第 ${sentence.index + 1} 句`));
  return item;
}
