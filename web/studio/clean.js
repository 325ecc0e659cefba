// What is pasted or taken out of a file, rebuilt element by element: structure stays, everything that could act goes.

const KEPT = new Set(("h1 h2 h3 h4 h5 h6 p div section article main header footer nav aside ul ol li dl dt dd table "
  + "caption thead tbody tfoot tr th td blockquote pre br b strong i em u s sub sup").split(" "));
const DROPPED = new Set(("script style head title template noscript iframe frame object embed svg math img picture "
  + "audio video canvas map link meta base form input select textarea button dialog").split(" "));
/** What says how a table is built, how a list counts, and what is not to be read. */
const ATTRIBUTES = ["colspan", "rowspan", "start", "aria-hidden", "data-langdu-skip"];
/** Elements without which a text is a plain one. */
const PLAIN = new Set(["p", "div", "br", "b", "strong", "i", "em", "u", "s"]);
const LINES = new Set(("h1 h2 h3 h4 h5 h6 p div section article main header footer nav aside ul ol li dl dt dd table "
  + "caption tr blockquote pre").split(" "));

/** The nodes of `html`, which is parsed apart from this page: nothing in it runs or is loaded. */
function cleanHtml(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const out = document.createDocumentFragment();
  for (const child of parsed.body.childNodes) copy(child, out);
  return out;
}

function copy(node, into) {
  if (node.nodeType === Node.TEXT_NODE) {
    into.append(node.data);
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const name = node.localName;
  if (DROPPED.has(name) || isHidden(node)) return;
  let place = into;
  if (KEPT.has(name)) {
    place = document.createElement(name);
    for (const attribute of ATTRIBUTES) {
      if (node.hasAttribute(attribute)) place.setAttribute(attribute, node.getAttribute(attribute));
    }
    into.append(place);
  }
  for (const child of node.childNodes) copy(child, place);
}

function isHidden(element) {
  const style = element.getAttribute("style") || "";
  return element.hasAttribute("hidden") || /display\s*:\s*none|mso-hide\s*:\s*all/i.test(style);
}

/** A plain text as paragraphs. */
function cleanText(text) {
  const out = document.createDocumentFragment();
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    if (line.trim()) out.append(make("p", {}, line));
  }
  return out;
}

/** What the editor has in the box: {text} where that says everything, {html} where there is more to it. */
function contentOf(box) {
  const isPlain = [...box.querySelectorAll("*")].every(({ localName, attributes }) =>
    PLAIN.has(localName) && !attributes.length || localName === "span" || localName === "font");
  if (isPlain) return { text: linesOf(box) };
  const holder = document.createElement("div");
  for (const child of box.childNodes) copy(child, holder);
  return { html: holder.innerHTML };
}

/** The text of an element, a line for each block. */
function linesOf(element) {
  let out = "";
  const line = () => { if (out && !out.endsWith("\n")) out += "\n"; };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) out += node.data;
    else if (node.localName === "br") out += "\n";
    else {
      const apart = LINES.has(node.localName);
      if (apart) line();
      node.childNodes.forEach(walk);
      if (apart) line();
    }
  };
  element.childNodes.forEach(walk);
  return out.replace(/\u00a0/g, " ").replace(/\n{3,}/g, "\n\n").trim();
}

/**
 * The text of a file: UTF-8, or GB18030 where it is none. 停水 in GB18030 happens to be two Greek letters in UTF-8:
 * a Chinese text in UTF-8 has characters of three bytes.
 */
function decode(bytes) {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  if (isUtf16) return new TextDecoder("utf-16le").decode(bytes);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (/[\u0800-\uffff]/.test(text) || !/[\u0080-\u07ff]/.test(text)) return text;
  } catch { /* it is none */ }
  return new TextDecoder("gb18030").decode(bytes);
}
