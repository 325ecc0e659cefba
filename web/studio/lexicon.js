// 5. correct: the entries of the site's lexicon that this notice is read with.

function showEntries() {
  const texts = now.spoken.sentences.filter(({ skip }) => !skip).map(({ text }) => text);
  const found = entriesIn(now.lexicon.entries, texts);
  $("entries").hidden = !now.lexicon.entries.length;
  $("entries-none").hidden = found.length > 0;
  $("entries-list").replaceChildren(...found.map(entryItem));
}

function entryItem({ written, said, kind, remark }) {
  const reading = kind === "pinyin" ? said.split(" ").map(toneMark).join(" ") : said;
  const item = make("li", { className: "entry" }, make("p", {}, make("b", {}, written), " 读作 ", make("b", {}, reading),
    remark ? `　${remark}` : ""));
  if (canCorrect()) {
    const remove = make("button", { type: "button" }, "删除", unseen(`词条“${written}”`));
    remove.addEventListener("click", () => during(remove, () => alone("删除词条", () => removeEntry(written))));
    item.append(remove);
  }
  return item;
}

async function removeEntry(written) {
  const words = `删除以后，本站所有公告里的“${written}”都按一般规则读。`;
  if (!await askFirst(`删除词条“${written}”？`, words, "删除")) return;
  const headers = unchanged(now.lexicon.etag);
  try {
    await call("DELETE", `/v1/lexicon/entries/${encodeURIComponent(written)}`, { headers });
  } catch (error) {
    if (error.code === "lexicon_changed" || error.code === "entry_unknown") await takeNewLexicon();
    if (error.code === "lexicon_changed") throw new Refusal("别人刚刚改过词典。已经取来最新的词典，请核对后再按一次删除。", error);
    throw error;
  }
  await submitAgain();
  say(`词条“${written}”已删除。`);
  $("reading-title").focus();
}
