// Errors aloud: who cannot see the words hears why it became silent.

/** Our own voice, recorded: the words, or that they stand on the page. */
const RECORDED = { [OFFLINE]: "offline", [UNAVAILABLE]: "unavailable" };
const recorded = (words) => address(`/player/${RECORDED[words] || "refused"}.wav`);
let fetched = false;

/** A Chinese voice of this machine: Linux and kiosks have none. */
function voiceHere() {
  const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
  return voices.find((one) => one.localService && /^(zh|cmn)/.test(one.lang));
}

function prepareAloud() {
  if (fetched || voiceHere()) return;
  fetched = true;
  for (const words of [UNAVAILABLE, OFFLINE, ""]) {
    fetch(recorded(words), { credentials: "omit", priority: "low" })
      .then((response) => response.arrayBuffer())
      .catch(() => { fetched = false; });
  }
}

/** Says an error until anything is pressed: no reading. */
function sayAloud(words) {
  const voice = voiceHere();
  if (voice) {
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.voice = voice;
    utterance.lang = voice.lang;
    speechSynthesis.speak(utterance);
  } else {
    audio.src = recorded(words);
    audio.play().catch(() => {});
  }
  const presses = ["pointerdown", "keydown"];
  const quiet = () => {
    presses.forEach((press) => removeEventListener(press, quiet, true));
    if (!current) silence();
  };
  presses.forEach((press) => addEventListener(press, quiet, true));
}
