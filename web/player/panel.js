// The panel: controls at the edge of the screen while something is read; Tab leads to it from the button that began.

const panel = makePanel();

function makePanel() {
  const element = makeFloating("section", "langdu-panel");
  element.setAttribute("aria-label", "朗读控制");

  const add = (name, words, act) => {
    const button = makeButton(`langdu-control langdu-${name}`, words);
    button.addEventListener("click", () => act(panel.part));
    buttons.append(button);
    return button;
  };
  const buttons = make("div", "langdu-controls");
  const words = make("span", "langdu-words");
  const speed = make("span", "langdu-pace");
  const line = make("p", "langdu-line");
  line.append(words, speed);
  element.append(line, buttons);
  const made = {
    element,
    words,
    speed,
    resume: add("resume", "继续朗读", (part) => part.reading.resume()),
    stop: add("stop", "停止", (part) => (part.halted ? giveUp(part) : stop())),
    previous: add("previous", "上一句", (part) => part.reading.previous()),
    next: add("next", "下一句", (part) => { if (!part.reading.next()) tell(part, LAST); }),
    slower: add("slower", "慢一点", (part) => changeSpeed(part, -1, SLOWEST)),
    faster: add("faster", "快一点", (part) => changeSpeed(part, 1, FASTEST)),
    part: null, // the one that is read; null while the panel is not there
    atTop: false,
    /** As high as the panel: the last lines of the page are scrolled out from under it. */
    room: make("div", "langdu-room"),
  };
  made.room.setAttribute("aria-hidden", "true");
  if (window.ResizeObserver) new ResizeObserver(fitPanel).observe(element);
  return made;
}

function showPanel(part, state, words) {
  if (active !== part && !part.halted) {
    if (panel.part === part) hidePanel();
    return;
  }
  const appears = panel.part !== part;
  if (appears) panel.atTop = false;
  panel.part = part;
  panel.words.textContent = words;
  panel.element.dataset.langduState = state;
  panel.stop.textContent = part.halted ? "关闭" : "停止";
  panel.resume.hidden = !part.halted;
  panel.slower.hidden = panel.faster.hidden = part.halted;
  panel.previous.hidden = panel.next.hidden = part.halted && !part.reading.manifest;
  placePanel(part, appears);
  // A button that has gone hands the focus on.
  if (panel.element.contains(document.activeElement) && document.activeElement.hidden) panel.stop.focus();
  if (appears) fitPanel();
}

function placePanel(part, appears) {
  const { element, room } = panel;
  if (appears || element.getClientRects().length === 0) {
    const before = part.bar.contains(part.status) ? part.bar : part.status;
    if (part.button.getClientRects().length > 0) before.after(element);
    else document.body.append(element);
  }
  if (element.popover && !element.matches(":popover-open")) element.showPopover();
  if (!room.isConnected) document.body.append(room);
}

function hidePanel() {
  const { element, room, part } = panel;
  const focused = element.contains(document.activeElement) && document.activeElement;
  // Who touched the panel is not taken away from the text.
  if (focused) part.button.focus({ preventScroll: !focused.matches(":focus-visible") });
  panel.part = null;
  element.remove();
  room.remove();
  keepFree("");
}

function fitPanel() {
  if (!panel.part) return;
  const { element, room, atTop } = panel;
  element.classList.toggle("langdu-top", atTop);
  keepFree(room.style.height = `${element.offsetHeight}px`);
  uncover(document.activeElement);
}

function keepFree(height) {
  const { style } = document.documentElement;
  style.scrollPaddingTop = panel.atTop ? height : "";
  style.scrollPaddingBottom = panel.atTop ? "" : height;
}

function freeRoom() {
  const height = panel.part ? panel.element.offsetHeight : 0;
  return { from: panel.atTop ? height : 0, to: innerHeight - (panel.atTop ? 0 : height) };
}

function changeSpeed(part, by, end) {
  const factor = speedBeside(by);
  if (factor) chooseSpeed(factor);
  tell(part, factor ? speedInWords() : end);
}

function giveUp(part) {
  silence();
  forget(part, WORDS.stopped);
}

document.addEventListener("focusin", () => {
  // After the browser has scrolled to it by itself.
  if (panel.part) requestAnimationFrame(() => uncover(document.activeElement));
});
