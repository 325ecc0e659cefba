// 4. sound: one clip at a time.

/** The only audio element: a phone lets just the one sound that a finger has started. */
const audio = new Audio();
audio.preservesPitch = true;
if (service.origin !== location.origin) audio.crossOrigin = "anonymous";

/** Sounds one clip to its end. `taken`: somebody else stops it, a telephone call. */
function sound(path, signal, { begun, held, taken }) {
  return new Promise((resolve, reject) => {
    let heard = 0;
    let still = 0;
    const watch = setInterval(() => {
      still = audio.currentTime === heard ? still + 1 : 0;
      heard = audio.currentTime;
      if (still >= STANDSTILL) broken();
    }, 1000);
    const fail = (trouble) => { clearInterval(watch); reject(trouble); };
    const broken = () => fail(new Trouble(NO_SOUND, { retriable: true }));
    const cut = () => { hush(); fail(new Trouble(WORDS.stopped)); };

    signal.addEventListener("abort", cut, { once: true });
    audio.onended = () => { clearInterval(watch); signal.removeEventListener("abort", cut); resolve(); };
    audio.onerror = broken;
    audio.onpause = () => { if (!audio.ended) taken(); };
    audio.onplaying = begun;
    audio.onwaiting = held;
    audio.src = address(path);
    // Any other refusal comes as an error event too.
    audio.play().catch((error) => {
      if (error.name === "NotAllowedError") fail(new Trouble(NOT_ALLOWED));
    });
  });
}

/** Silence, but the clip stays: the machine shows it as paused. */
function hush() {
  audio.onended = audio.onerror = audio.onpause = audio.onplaying = audio.onwaiting = null;
  audio.pause();
}

function silence() {
  hush();
  audio.removeAttribute("src");
  audio.load();
  if (window.speechSynthesis) speechSynthesis.cancel();
}
