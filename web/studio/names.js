// What a notice may be called where it is published.

/** The title of a manifest: its first sentences of that kind, else the beginning of what is read first. */
function titleOf({ sentences }) {
  const first = sentences.find(({ kind }) => kind === "title");
  if (first) return sentences.filter(({ block }) => block === first.block).map(({ text }) => flat(text)).join("");
  const read = sentences.find(({ skip }) => !skip);
  return read ? [...flat(read.text)].slice(0, 30).join("") : "";
}

const flat = (text) => text.replace(/\s+/gu, " ").trim();

/** The day of a manifest, as 2024-05-03: that of its last block that is a date; else none. */
function dateOf({ sentences }) {
  const dates = sentences.filter(({ kind }) => kind === "date").map(({ text }) => day(text)).filter(Boolean);
  return dates[dates.length - 1] || "";
}

/** `2024年5月3日` or 二〇二四年五月三日 as 2024-05-03; empty where it is no day. */
function day(text) {
  const figures = flat(text).normalize("NFKC").replace(/[零○]/gu, "〇")
    .replace(/[〇一二三四五六七八九]/gu, (one) => "〇一二三四五六七八九".indexOf(one));
  const found = /(\d{4})\s*年\s*([\d十]{1,3})\s*月\s*([\d十]{1,3})\s*日/u.exec(figures)
    || /(\d{4})-(\d{1,2})-(\d{1,2})/.exec(figures);
  if (!found) return "";
  const [year, month, date] = [Number(found[1]), tens(found[2]), tens(found[3])];
  const real = new Date(Date.UTC(year, month - 1, date));
  if (real.getUTCMonth() !== month - 1 || real.getUTCDate() !== date) return "";
  return real.toISOString().slice(0, 10);
}

/** 十 as 10, 十2 as 12, 2十 as 20, 2十3 as 23. */
function tens(text) {
  if (!text.includes("十")) return Number(text);
  const [before, after] = text.split("十");
  return Number(before || 1) * 10 + Number(after || 0);
}

/** A name for a notice: its day and its title, without what an address would have to escape twice. */
function nameFor(title, date) {
  const words = title.replace(/[\p{Cc}\s/\\?#%"'<>]+/gu, "-").replace(/^-+|-+$/g, "");
  return [...[date, words].filter(Boolean).join("-")].slice(0, 80).join("");
}
