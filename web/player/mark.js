// 5. mark: the sentence being heard, without touching the region's own elements.

let marked = [];
let overlay = null;

function highlightsOf(range) {
  const view = viewOf(range.startContainer);
  return view && view.Highlight && view.CSS && view.CSS.highlights;
}

function mark(ranges) {
  const wasInView = marked.length === 0 || Date.now() < gliding || isInView(marked);
  unmark();
  marked = ranges;
  if (!ranges.length) return;
  const highlights = highlightsOf(ranges[0]);
  if (highlights) highlights.set("langdu", new (viewOf(ranges[0].startContainer).Highlight)(...ranges));
  else drawBoxes();
  // Who has scrolled away from the last sentence is left alone.
  if (wasInView) bringIntoView(ranges);
}

function unmark() {
  if (overlay) overlay.remove();
  overlay = null;
  const highlights = marked.length && highlightsOf(marked[0]);
  if (highlights) highlights.delete("langdu");
}

/** Where highlights are unknown: boxes over the text. */
function drawBoxes() {
  if (overlay) overlay.remove();
  const view = viewOf(marked[0].startContainer);
  if (!view) return;
  overlay = make("div", "langdu-overlay");
  overlay.setAttribute("aria-hidden", "true");
  view.document.body.append(overlay);
  const origin = overlay.getBoundingClientRect();
  for (const range of marked) {
    for (const box of range.getClientRects()) {
      const drawn = make("div", "langdu-box");
      const sides = { left: box.left - origin.left, top: box.top - origin.top, width: box.width, height: box.height };
      for (const side in sides) drawn.style[side] = `${sides[side]}px`;
      overlay.append(drawn);
    }
  }
}
