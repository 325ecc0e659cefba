// Regions: which parts of the page are read, and by which buttons.

/** Milliseconds until a changed page is looked at; from one search of main text to the next, more each time. */
const SETTLED = 100;
const REST = 2000;
/** More changed characters than a clock has end the reading. */
const TICK = 40;
/** Nothing can stand before these: the bar is put in. */
const FILLED = /^(body|td|th|li|dt|dd|caption)$/;

/** The part of each button, also of one put away. */
const buttons = new WeakMap();
let watching = false;
let due = 0;
let search = 0;
let pause = REST;

function scan() {
  clearTimeout(due);
  due = 0;
  watch();
  for (const part of parts.filter((one) => !belongs(one))) drop(part);
  for (const button of document.querySelectorAll("button[data-langdu-region]")) addButton(button);
  for (const region of document.querySelectorAll("[data-langdu-region]:not(button)")) {
    if (!parts.some((part) => part.region === region)) addBar(region).named = true;
  }
  addMainText();
  parts.filter(hasBar).forEach(place);
  parts.forEach(({ region }) => openFrame(region));
}

const hasBar = ({ bar, button }) => bar !== button;

function addButton(button) {
  let part = buttons.get(button);
  if (!part) {
    part = addPart(regionOf(button), button, makeStatus(), button);
    buttons.set(button, part);
  } else if (active !== part) {
    part.region = regionOf(button);
  }
  if (!parts.includes(part)) parts.push(part);
  if (!part.status.isConnected) button.after(part.status);
}

function addMainText() {
  if (script.dataset.langduAuto === "off" || parts.length || search || document.readyState === "loading") return;
  const found = mainText();
  if (found) {
    Object.assign(addBar(found.region), { automatic: true, heading: found.heading });
    return;
  }
  search = setTimeout(() => { search = 0; later(); }, pause);
  pause *= 2;
}

/** What a button of the page reads: what it names, or what is around it. */
function regionOf(button) {
  const name = button.dataset.langduRegion.trim();
  const around = () => button.closest("[data-langdu-region]:not(button)") || button.closest("article,main") || document.body;
  try {
    return (name && (document.getElementById(name) || document.querySelector(name))) || around();
  } catch (notASelector) {
    return around();
  }
}

function belongs(part) {
  if (!hasBar(part)) return part.button.isConnected && part.button.hasAttribute("data-langdu-region");
  if (!part.region.isConnected) return false;
  if (part.named) return part.region.hasAttribute("data-langdu-region");
  const others = part.automatic && (parts.length > 1 || document.querySelector("[data-langdu-region]"));
  return !others;
}

function drop(part) {
  if (active === part) stop();
  forget(part);
  parts.splice(parts.indexOf(part), 1);
  part.status.remove();
  if (hasBar(part)) part.bar.remove();
}

function place({ bar, region }) {
  if (FILLED.test(region.localName)) {
    if (region.firstElementChild !== bar) region.prepend(bar);
    return;
  }
  let before = region.previousElementSibling;
  while (before && before !== bar && before.matches("[data-langdu-skip]:not(.langdu)")) before = before.previousElementSibling;
  if (before !== bar) region.before(bar);
}

function later() {
  if (!due) due = setTimeout(scan, SETTLED);
}

function watch() {
  if (watching) return;
  watching = true;
  new MutationObserver(() => {
    if (active && !active.region.isConnected) stop();
    later();
  }).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-langdu-region", "data-langdu-skip"],
  });
  addEventListener("DOMContentLoaded", scan);
}

const reader = new MutationObserver(() => {
  if (active && active.collected && isGone(active.collected)) stop();
});

function isGone({ runs, text }) {
  const lost = runs.reduce((sum, run) => sum + (stands(run) ? 0 : run.written.length), 0);
  return lost > Math.min(TICK, text.length / 2);
}

async function gather(part) {
  const root = rootOf(part.region);
  const roots = [part.heading, root].filter(Boolean);
  const silent = part.automatic ? `${SILENT},${AROUND}` : SILENT;
  if (root && root !== part.region) enterFrame(root);
  let collected = await collect(roots, silent);
  if (isGone(collected)) collected = await collect(roots, silent); // it changed meanwhile
  part.collected = collected;
  reader.disconnect();
  for (const tree of collected.trees) {
    const around = tree.nodeType === Node.DOCUMENT_NODE ? root : tree;
    reader.observe(around, { subtree: true, childList: true, characterData: true });
  }
  return collected;
}
