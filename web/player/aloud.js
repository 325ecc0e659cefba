// Errors aloud: who cannot see the words hears why it became silent.

/** Our own voice, recorded for when it cannot be asked. */
const RECORDINGS = new Map([[UNAVAILABLE, "/player/unavailable.wav"], [OFFLINE, "/player/offline.wav"]]);
let fetched = false;

/** A Chinese voice of this machine: Linux and kiosks have none. */
function voiceHere() {
  const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
  return voices.find((one) => one.localService && /^(zh|cmn)/.test(one.lang));
}

function prepareAloud() {
  if (fetched || voiceHere()) return;
  fetched = true;
  for (const path of RECORDINGS.values()) {
    fetch(address(path), { credentials: "omit", priority: "low" })
      .then((response) => response.arrayBuffer()) // kept once read to the end
      .catch(() => { fetched = false; });
  }
}

/** Says an error until anything is pressed. It is no reading: the button is not pressed. */
function sayAloud(words) {
  const voice = voiceHere();
  if (voice) {
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.voice = voice;
    utterance.lang = voice.lang;
    speechSynthesis.speak(utterance);
  } else if (RECORDINGS.has(words)) {
    audio.src = address(RECORDINGS.get(words));
    audio.play().catch(() => {});
  } else {
    return;
  }
  const presses = ["pointerdown", "keydown"];
  const quiet = () => {
    presses.forEach((press) => removeEventListener(press, quiet, true));
    if (!current) silence();
  };
  presses.forEach((press) => addEventListener(press, quiet, true));
}
