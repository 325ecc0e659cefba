// Clicks: while a region is read, a click on a sentence goes on from there.

/** What a click on has a meaning of its own. */
const OWN_MEANING =
  "a[href],area,button,input,select,textarea,label,summary,audio,video,object,embed,[onclick]," +
  "[role=button],[role=link],[role=checkbox],[role=tab],[role=menuitem]," +
  '[contenteditable]:not([contenteditable=false]),[tabindex]:not([tabindex^="-"])';

const DOUBLE_TAP = 500; // milliseconds

let wasSelected = false;

function listenToClicks(page) {
  page.addEventListener("pointerdown", () => { wasSelected = !page.getSelection().isCollapsed; }, true);
  page.addEventListener("click", (event) => {
    if (!active || !active.reading.manifest || !isInside(active.region, event.target)) return;
    if (isPlain(event, page)) readFrom(active, event);
  });
}

function isPlain(event, page) {
  const { button, detail, altKey, ctrlKey, metaKey, shiftKey, defaultPrevented, target } = event;
  // A press of Enter is a click counted 0.
  if (button !== 0 || detail === 0 || altKey || ctrlKey || metaKey || shiftKey || defaultPrevented) return false;
  const own = target.closest(OWN_MEANING);
  return !wasSelected && page.getSelection().isCollapsed && (!own || own.contains(rootOf(active.region)));
}

let tapped = null;
// Two taps on a control that goes are one: the second is not for what stands behind it.
addEventListener("click", (event) => {
  const { target, timeStamp, detail, pointerType } = event;
  const isGone = tapped && timeStamp - tapped.timeStamp < DOUBLE_TAP && !tapped.target.getClientRects().length;
  if (isGone && (detail > 1 || pointerType === "touch")) {
    event.preventDefault();
    event.stopPropagation();
  } else if (panel.element.contains(target) || picker.contains(target)) {
    tapped = event;
  }
}, true);

/** Goes on from the sentence under the pointer, or the next one that is read aloud. */
function readFrom(part, { clientX: x, clientY: y }) {
  const { sentences } = part.reading.manifest;
  const isUnder = ({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom;
  const isHit = ({ span }) =>
    rangesOf(part.collected.runs, span).some((range) => [...range.getClientRects()].some(isUnder));
  const at = sentences.findIndex(isHit);
  const sentence = at >= 0 && sentences.slice(at).find(({ clips }) => clips.length > 0);
  if (!sentence) return;
  // After a selection, a click means the whole text again.
  if (part.clips) read(part, { from: sentence.index });
  else part.reading.go(sentence.index);
}
