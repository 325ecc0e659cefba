
window.langdu = {
  read: (region) => read(parts.find((part) => part.region === region) || addBar(region)),
  stop,
  scan,
  play(manifest, options) {
    const reading = new Reading(manifest, options);
    reading.go();
    return reading;
  },
  /** Holds for this page; only what the reader chooses is remembered. */
  get speed() { return audio.defaultPlaybackRate; },
  set speed(factor) { setSpeed(factor); },
  get speeds() { return SPEEDS.map(([factor, name]) => ({ factor, name })); },
  get volume() { return audio.volume; },
  set volume(volume) { audio.volume = volume; },
};
addEventListener("resize", () => {
  fitPanel();
  if (overlay) drawBoxes();
});
addEventListener("scroll", () => { if (overlay) drawBoxes(); }, { capture: true, passive: true });
addEventListener("pagehide", () => {
  stop();
  silence();
});
setSpeed(rememberedSpeed());
voiceHere(); // has the browser look for voices
addStyle();
scan();
})();
