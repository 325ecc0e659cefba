/** Two taps of one double tap are no further apart: milliseconds, and pixels. */
const DOUBLE_TAP = 500;
const FINGER = 30;

at("hall").textContent = query.get("title") || "公告朗读";
document.title = at("hall").textContent;

// A long touch and a drag are no way to menus.
for (const way of ["contextmenu", "dragstart"]) addEventListener(way, (event) => event.preventDefault());
addEventListener("online", look);

/** Where and when was pressed last, and what. */
let last = { x: 0, y: 0, time: -1, pressed: null };
// Of a double tap the second one is for what the first has pressed, and not for what has come under the finger since.
addEventListener("click", (event) => {
  const { clientX: x, clientY: y, timeStamp: time, detail, pointerType } = event;
  const pressed = event.target.closest("button, .sentence, dialog");
  // A mouse counts its clicks; whether a screen counts taps depends on the system.
  const isCounted = detail > 1 || pointerType === "touch";
  const isNear = time - last.time < DOUBLE_TAP && Math.hypot(x - last.x, y - last.y) < FINGER;
  if (isCounted && isNear && pressed !== last.pressed) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else {
    last = { x, y, time, pressed };
  }
}, true);

// Kept for when the service cannot be reached: only where pages are safe from others, on https or this machine.
if (navigator.serviceWorker) {
  navigator.serviceWorker.addEventListener("controllerchange", look); // now it sees what is asked
  navigator.serviceWorker.register("worker.js").catch(() => {}); // then it works while the service is there
}

resetSettings();
look();
})();
