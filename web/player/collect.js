// 1. collect: the text of a region, and where every character of it stands.

/** What is not read; nor are the words for a picture, often a file's name. */
const SILENT =
  "script,style,template,noscript,textarea,select,button,iframe,object,audio,video,canvas,svg,progress,meter,rt,rp," +
  "[aria-hidden=true],[inert],[data-langdu-skip]";
/** A cell with one of these is a layout; any other is a field of a row, on one line. */
const LAYOUT = "table,ul,ol,h1,h2,h3,h4,h5,h6,p+p,div+div";
/** White space; characters that are not seen and part no words; what is neither. */
const PIECES = /([ \t\n\r\f]+)|[\u00ad\u200b\u2060\ufeff]+|([^ \t\n\r\f\u00ad\u200b\u2060\ufeff]+)/g;
const SLICE = 6;

/**
 * The text a reader sees in `roots`, and `runs`: pieces of it that were copied from one text node, {node, from: offset
 * in the node, at: offset in the text, written}, in UTF-16 code units. `trees` are the documents and shadow trees they
 * are in. Blocks and <br> are lines, cells are parted by tabs, the numbers of an <ol> are written out.
 */
async function collect(roots, silent = SILENT) {
  const walking = walk(roots, silent);
  for (let begun = 0, step; ;) { // not in the task of the click
    step = walking.next();
    if (step.done) return step.value;
    if (performance.now() - begun < SLICE) continue;
    await new Promise((resolve) => setTimeout(resolve));
    begun = performance.now();
  }
}

function* walk(roots, silent) {
  const runs = [];
  const trees = new Set();
  const counts = new Map(); // of each list, the number of the last item
  let text = "";
  let gap = ""; // what will part the text so far from what comes next
  let label = ""; // the number of the list item that comes next
  let flat = false; // inside a field of a table row

  const space = () => { gap = gap || " "; };
  const line = () => {
    if (flat) space();
    else if (!gap.includes("\t")) gap = "\n";
  };

  function copy(node, from, written, read = written) {
    text += (text && gap) + label;
    gap = label = "";
    runs.push({ node, from, at: text.length, written });
    text += read;
  }

  function add(node, keepsLines) {
    for (const { 1: white, 2: written, index } of node.data.matchAll(PIECES)) {
      if (written) copy(node, index, written);
      else if (!white) continue;
      else if (keepsLines && white.includes("\n")) line();
      else if (keepsLines && white.includes("\t")) gap = gap || "\t";
      else space();
    }
  }

  function* row(element) {
    const cells = [...element.cells].filter((cell) => isShown(cell, styleOf(cell), silent));
    let before = text.length;
    for (const [index, cell] of cells.entries()) {
      if (index > 0) gap = text.length > before ? "\t" : `${gap}\t`;
      before = text.length;
      const outer = flat;
      flat = cells.length > 1 && !cell.querySelector(LAYOUT);
      yield* children(cell, styleOf(cell));
      flat = outer;
    }
    gap = "\n";
  }

  function* children(element, style) {
    const seen = style.visibility === "visible";
    const keepsLines = /pre|break/.test(style.whiteSpace);
    for (const child of childrenOf(element, trees)) {
      if (child.nodeType === Node.TEXT_NODE && seen) add(child, keepsLines);
      if (child.nodeType === Node.ELEMENT_NODE) yield* within(child);
    }
  }

  function* within(element) {
    yield;
    if (element.localName === "br") return line();
    const style = styleOf(element);
    if (!isShown(element, style, silent)) return undefined;
    if (element.localName === "sup" && raised(element)) return undefined;
    if (/^(inline|contents|ruby)/.test(style.display)) return yield* children(element, style);
    line();
    if (element.localName === "tr") return yield* row(element);
    const number = ordinal(element, style, counts);
    label = number || label;
    yield* children(element, style);
    if (number) label = ""; // an empty item
    return line();
  }

  /** Takes raised figures as a power or the mark of a footnote; false where they are neither. */
  function raised(element) {
    const figures = element.textContent.trim();
    if (FOOTNOTE.test(figures)) return true;
    const power = POWER.exec(figures);
    if (!power) return false;
    if (/[\n\t]/.test(gap) || !BASE.test(text) || element.querySelector("a")) return true;
    let node = element;
    while (node.firstChild) node = node.firstChild;
    const from = node.nodeType === Node.TEXT_NODE ? node.data.indexOf(figures) : -1;
    if (from < 0) return false;
    gap = "";
    copy(node, from, figures, (power[1] && "⁻") + power[2].replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]));
    return true;
  }

  for (const root of roots) {
    trees.add(root.getRootNode());
    line();
    yield* children(root, styleOf(root));
  }
  // JSON cannot write half a surrogate pair.
  return { text: text.replace(/\p{Surrogate}/gu, "\ufffd"), runs, trees };
}

const FOOTNOTE = /^(?:[[(（〔［]\d+[\])）〕］]|[①-⑳*†‡]+)$/;
const POWER = /^([-−–]?)(\d+)$/;
const BASE = /(?:[\d)）a-z]|(?:^|[^A-Za-z])[A-Z])$/;

const styleOf = (element) => element.ownerDocument.defaultView.getComputedStyle(element);

function childrenOf(element, trees) {
  if (element.shadowRoot) {
    trees.add(element.shadowRoot);
    return element.shadowRoot.childNodes;
  }
  if (element.localName === "slot") {
    const put = element.assignedNodes({ flatten: true });
    if (put.length) return put;
  }
  if (element.localName === "details" && !element.open) {
    return [...element.children].filter((child) => child.localName === "summary").slice(0, 1);
  }
  return element.childNodes;
}

function isShown(element, style, silent) {
  if (element.matches(silent) || style.display === "none" || style.contentVisibility === "hidden") return false;
  // Words for screen readers alone are in a box of one pixel.
  return !(/absolute|fixed/.test(style.position) && /hidden|clip/.test(style.overflow) && parseFloat(style.width) <= 1);
}

function ordinal(item, style, counts) {
  const list = item.parentElement;
  if (item.localName !== "li" || !list || list.localName !== "ol") return "";
  const step = list.reversed ? -1 : 1;
  let number = counts.get(list);
  if (number === undefined) {
    const backwards = list.reversed && !list.hasAttribute("start");
    number = (backwards ? list.querySelectorAll(":scope > li").length : list.start) - step;
  }
  number = item.hasAttribute("value") ? item.value : number + step;
  counts.set(list, number);
  return style.listStyleType === "decimal" && style.display === "list-item" ? `${number}. ` : "";
}

/** The characters `start` to `end` of the collected text, as ranges of the page. */
function rangesOf(runs, [start, end]) {
  const ranges = [];
  for (let index = indexOfRun(runs, start); index < runs.length && runs[index].at < end; index += 1) {
    const run = runs[index];
    const first = Math.max(start - run.at, 0);
    const last = Math.min(end - run.at, run.written.length);
    if (first >= last || !stands(run)) continue;
    const { node, from } = run;
    const open = ranges[ranges.length - 1];
    if (open && open.endContainer === node) {
      open.setEnd(node, from + last);
    } else {
      const range = node.ownerDocument.createRange();
      range.setStart(node, from + first);
      range.setEnd(node, from + last);
      ranges.push(range);
    }
  }
  return ranges;
}

function indexOfRun(runs, place) {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle].at + runs[middle].written.length > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

const stands = ({ node, from, written }) => node.isConnected && node.data.startsWith(written, from);
