// Selection: a button beside what is selected reads the sentences that it touches.

/** Milliseconds a selection has to rest: handles are dragged on a telephone. */
const STEADY = 250;
const APART = 8;

const picker = makeFloating("div", "langdu-picker");
const pick = makeButton("langdu-button langdu-pick", "朗读所选");
picker.append(pick);

let picked = null;
let dragging = false;
let held = false; // the button is being pressed
let steady = 0;
const pages = new Set();

function listenTo(page) {
  if (pages.has(page)) return;
  pages.add(page);
  listenToClicks(page);
  page.addEventListener("selectionchange", reconsider);
  page.addEventListener("pointerdown", ({ pointerType, target }) => {
    held = picker.contains(target);
    dragging = pointerType === "mouse" && !held;
  }, true);
  for (const event of ["pointerup", "pointercancel"]) {
    page.addEventListener(event, () => {
      dragging = held = false;
      reconsider();
    }, true);
  }
  page.addEventListener("keydown", ({ key }) => { if (key === "Escape") unpick(); });
  page.addEventListener("scroll", putBeside, { capture: true, passive: true });
  page.defaultView.addEventListener("resize", putBeside);
  page.defaultView.addEventListener("pagehide", ({ persisted }) => persisted || pages.delete(page));
}

function reconsider() {
  clearTimeout(steady);
  if (held) return;
  const now = selected();
  if (picked && !now) unpick();
  steady = setTimeout(() => {
    const then = selected();
    if (then && !dragging && !isSame(then, picked)) offer(then);
  }, STEADY);
}

const isSame = (one, other) => other && one.part === other.part && String(one.range) === String(other.range);

function selected() {
  for (const page of pages) {
    const selection = page.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) continue;
    const range = selection.getRangeAt(0).cloneRange();
    const part = partAt(range.startContainer) || partAt(range.endContainer);
    if (!part || isWritten(range.commonAncestorContainer)) continue;
    const root = rootOf(part.region);
    if (!root.contains(range.startContainer)) range.setStart(root, 0);
    if (!root.contains(range.endContainer)) range.setEnd(root, root.childNodes.length);
    if (String(range).trim()) return { part, range };
  }
  return null;
}

function partAt(node) {
  return parts
    .filter(({ region }) => isInside(region, node))
    .reduce((inner, part) => (inner && isInside(part.region, inner.region) ? inner : part), null);
}

function isWritten(node) {
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  return element.isContentEditable || Boolean(element.closest(SILENT));
}

function offer(wanted) {
  picked = wanted;
  const { region } = picked.part;
  // Tab leads from the text to the button.
  if (FILLED.test(region.localName)) region.append(picker);
  else region.after(picker);
  if (picker.showPopover) picker.showPopover();
  putBeside();
}

function unpick() {
  if (!picked) return;
  if (picker.contains(document.activeElement)) picked.part.button.focus();
  picked = null;
  picker.remove();
}

function putBeside() {
  if (!picked) return;
  const boxes = [...picked.range.getClientRects()].filter(({ width }) => width > 0);
  const { left, top } = originOf(viewOf(picked.range.startContainer));
  const upper = top + Math.min(...boxes.map((box) => box.top));
  const lower = top + Math.max(...boxes.map((box) => box.bottom));
  const { from, to } = freeRoom();
  const seen = lower > from && upper < to;
  picker.style.visibility = seen ? "" : "hidden";
  if (!seen) return;
  const { offsetWidth: width, offsetHeight: height } = picker;
  let y = lower + APART;
  if (y + height > to) y = upper - APART - height;
  if (y < from) y = to - height - APART;
  const x = Math.min(boxes[boxes.length - 1].right + left - width / 2, document.documentElement.clientWidth - width - APART);
  picker.style.left = `${Math.max(x, APART)}px`;
  picker.style.top = `${y}px`;
}

function readPicked({ detail }) {
  if (!picked) return;
  const { part, range } = picked;
  const tree = range.startContainer.getRootNode();
  const touches = (one) => one.startContainer.getRootNode() === tree
    && range.compareBoundaryPoints(Range.END_TO_START, one) < 0 && range.compareBoundaryPoints(Range.START_TO_END, one) > 0;
  read(part, { clips: ({ span }) => rangesOf(part.collected.runs, span).some(touches) });
  unpick();
  // Selected characters would hide the mark.
  range.startContainer.ownerDocument.getSelection().removeAllRanges();
  if (detail === 0) part.button.focus(); // pressed with a key
}

// The selection stays while the button is pressed.
for (const event of ["pointerdown", "mousedown"]) picker.addEventListener(event, (press) => press.preventDefault());
pick.addEventListener("click", readPicked);
listenTo(document);
