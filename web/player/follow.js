// Following: the sentence being heard and what has the focus are kept in view.

const viewOf = (node) => node.ownerDocument.defaultView;

function extent(thing) {
  const list = Array.isArray(thing) ? thing : [thing];
  const node = list[0].startContainer || list[0];
  const down = originOf(viewOf(node)).top;
  return {
    node,
    top: list[0].getBoundingClientRect().top + down,
    bottom: list[list.length - 1].getBoundingClientRect().bottom + down,
  };
}

function originOf(view) {
  let [left, top] = [0, 0];
  for (; view && view !== window && view.frameElement; view = view.parent) {
    const box = view.frameElement.getBoundingClientRect();
    left += box.left + view.frameElement.clientLeft;
    top += box.top + view.frameElement.clientTop;
  }
  return { left, top };
}

/** The boxes around `node` that scroll, inner first: {box, from, to}, what can be seen of it. */
function scrollersOf(node) {
  const found = [];
  const add = (box, top, bottom) => {
    const free = freeRoom();
    found.push({ box, from: Math.max(top, free.from), to: Math.min(bottom, free.to) });
  };
  for (let view = viewOf(node); view; ) {
    const page = view.document.scrollingElement || view.document.documentElement;
    const down = originOf(view).top;
    for (let box = node.parentElement; box && box !== view.document.documentElement; box = box.parentElement) {
      if (box === page || box.scrollHeight <= box.clientHeight) continue;
      if (!/auto|scroll/.test(view.getComputedStyle(box).overflowY) || lendsItsScrolling(box)) continue;
      const { top, bottom } = box.getBoundingClientRect();
      add(box, top + down, bottom + down);
    }
    add(page, down, down + view.innerHeight);
    node = view === window ? null : view.frameElement;
    view = node && viewOf(node);
  }
  return found;
}

function lendsItsScrolling(box) {
  const { body, documentElement, defaultView } = box.ownerDocument;
  return box === body && defaultView.getComputedStyle(documentElement).overflowY === "visible";
}

function isInView(ranges) {
  if (!viewOf(ranges[0].startContainer)) return false;
  const { node, top, bottom } = extent(ranges);
  return scrollersOf(node).every(({ from, to }) => bottom > from && top < to);
}

let gliding = 0; // until then the page may still be moving

/** Scrolls `ranges` to a quarter down from the top, to the top where they are long. */
function bringIntoView(ranges) {
  let { node, top, bottom } = extent(ranges);
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  for (const { box, from, to } of scrollersOf(node)) {
    if (top >= from && bottom <= to) continue;
    const room = to - from;
    const wanted = top - from - Math.max(0, Math.min(room / 4, room - (bottom - top)));
    // What this box cannot do is left to those around it.
    const by = Math.max(-box.scrollTop, Math.min(wanted, box.scrollHeight - box.clientHeight - box.scrollTop));
    box.scrollBy({ top: by, behavior });
    if (behavior === "smooth") gliding = Date.now() + 1000;
    top -= by;
    bottom -= by;
  }
  const free = freeRoom();
  if (top < free.from || (bottom > free.to && top > free.from)) otherEdge({ top, bottom });
}

/** Brings an element out from under the panel, which goes to the other edge where no scrolling helps. */
function uncover(element) {
  if (!panel.part || panel.element.contains(element) || !isCovered(extent(element))) return;
  for (const { box } of scrollersOf(element)) {
    const { top, bottom } = extent(element);
    const free = freeRoom();
    const before = box.scrollTop;
    box.scrollBy({ top: top < free.from ? top - free.from - MARGIN : bottom - free.to + MARGIN, behavior: "instant" });
    const now = extent(element);
    if (!isCovered(now)) return;
    if (now.top === top) box.scrollTop = before; // the site's own bar, which stays where it is
  }
  otherEdge(extent(element));
}

const MARGIN = 8;

/** Of what is longer than the room a part may be covered. */
function isCovered({ top, bottom }) {
  const { from, to } = freeRoom();
  if (bottom - top > to - from) return bottom <= from || top >= to;
  return panel.atTop ? top < from && bottom > 0 : bottom > to && top < innerHeight;
}

function otherEdge({ top, bottom }) {
  const height = panel.element.offsetHeight;
  const free = panel.atTop ? bottom <= innerHeight - height : top >= height;
  if (!panel.part || !free) return;
  panel.atTop = !panel.atTop;
  fitPanel();
}
