// Who has gone leaves nothing behind: without a touch the page asks, and then is as it was for the first visitor.

const DEFAULT_IDLE = 90;
const LEAST_IDLE = 15;
/** A day: more is no number of milliseconds for a timer. */
const MOST_IDLE = 86_400;
/** Seconds for which the question is asked. */
const QUESTION = 15;

const idle = Math.min(MOST_IDLE, Math.max(LEAST_IDLE, Number(query.get("idle")) || DEFAULT_IDLE)) * 1000;
const question = at("idle");
let idleTimer = 0;
let counting = 0;
let until = 0;

/** Somebody is there, or was until now: the time begins anew. It does not run while something is read. */
function restIdle() {
  clearTimeout(idleTimer);
  if (isReading() && question.open) question.close(); // the service is back, and goes on reading
  if (!isReading() && !question.open) idleTimer = setTimeout(askWhetherThere, idle);
}

/** Whether the page is as the first visitor finds it. */
function isUntouched() {
  return open === null && starts.length === 1 && areSettingsUntouched() && !question.open;
}

function askWhetherThere() {
  if (isUntouched()) {
    reset();
    return;
  }
  until = Date.now() + QUESTION * 1000;
  question.showModal();
  count();
  counting = setInterval(count, 1000);
}

function count() {
  if (!question.open) return; // answered, though that was not told yet
  const left = Math.ceil((until - Date.now()) / 1000);
  if (left <= 0) reset();
  else at("idle-left").textContent = `${left} 秒后回到公告列表`;
}

/** As it was at first. */
function reset() {
  clearInterval(counting);
  closeNotice();
  if (question.open) question.close();
  resetSettings();
  tell("said", "");
  showList({ first: true });
  at("rows").scrollTop = 0;
  window.scrollTo(0, 0);
  if (document.activeElement) document.activeElement.blur();
  look();
}

question.addEventListener("click", () => question.close()); // wherever it is touched
// However it was closed, by Escape too: it is answered.
question.addEventListener("close", () => {
  clearInterval(counting);
  restIdle();
});
// A screen reader presses a button without a finger or a key: there is the click alone.
for (const sign of ["pointerdown", "click", "keydown", "touchmove", "wheel"]) {
  addEventListener(sign, restIdle, { passive: true, capture: true });
}
