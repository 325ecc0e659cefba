// The main text of a page that marks none: where its running text is.
//
// Running text: the Chinese characters of lines with punctuation, outside links and AROUND.

const AROUND =
  "nav,aside,footer,dialog,[role=navigation],[role=complementary],[role=contentinfo],[role=banner],[role=search]," +
  "[role=dialog],[role=alert],[role=menu],[role=tablist]";
const LEAST = 100;
const MOST = 0.8;
const LINES = "br,p,div,section,article,table,ul,ol,dl,h1,h2,h3,h4,h5,h6,pre,blockquote";

/** The main text as {region, heading}, the heading where that stands outside of it; or nothing. */
function mainText() {
  const running = new Map(); // of each element that has some, how many characters
  const titles = [];
  measure(document.body, running, titles);
  const sum = (element) => running.get(element) || 0;

  const articles = [...document.querySelectorAll("article")].filter((one) => sum(one) >= sum(document.body) * MOST);
  const main = document.querySelector("main,[role=main]");
  const root = main && sum(main) >= LEAST ? main : document.body;
  const region = articles.pop() || narrow(root, sum);
  if (sum(region) < LEAST) return null;
  return { region, heading: headingOf(region, titles) };
}

function narrow(root, sum) {
  const least = sum(root) * MOST;
  let region = root;
  for (let inner = root; inner; inner = [...inner.children].find((child) => sum(child) >= least)) {
    if (inner.localName !== "p" && inner.querySelector(LINES)) region = inner;
  }
  // Rows have no text of their own beside that of their cells.
  return /^(tr|tbody|thead|tfoot)$/.test(region.localName) ? region.closest("table") : region;
}

function measure(element, running, titles) {
  let line = "";
  let count = 0;

  function flush() {
    if (/[。！？；，]/.test(line)) count += (line.match(/\p{Script=Han}/gu) || []).length;
    line = "";
  }

  function look(parent, style) {
    const before = count;
    const seen = style.visibility === "visible";
    for (const child of parent.childNodes) {
      if (child.nodeType === Node.TEXT_NODE && seen) line += child.data;
      if (child.nodeType !== Node.ELEMENT_NODE || child.matches(AROUND)) continue;
      const inner = styleOf(child);
      if (child.localName === "br") flush();
      else if (child.localName === "a" || !isShown(child, inner, SILENT)) continue;
      else if (/^(inline|contents|ruby)/.test(inner.display)) look(child, inner);
      else block(child, inner);
    }
    if (count > before) running.set(parent, count - before);
  }

  function block(child, style) {
    flush();
    const before = count;
    const title = child.childElementCount < 5 && child.textContent.trim();
    if (title && isTitle(title)) titles.push(child);
    look(child, style);
    flush();
    if (count > before) running.set(child, count - before);
  }

  block(element, styleOf(element));
}

/** The page's title names the site as well. */
function isTitle(words) {
  const [title, part] = [document.title, words].map((text) => text.replace(/\s+/g, ""));
  return part.length >= 5 && part.length > title.length * 0.4 && title.includes(part);
}

function headingOf(region, titles) {
  if (titles.some((title) => region.contains(title))) return null;
  const before = (one) => one.compareDocumentPosition(region) & Node.DOCUMENT_POSITION_FOLLOWING;
  return titles.filter(before).pop() || null;
}
