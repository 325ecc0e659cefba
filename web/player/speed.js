// Speed: the one thing that is remembered in the browser.

const SPEED_KEY = "langdu-speed";

function setSpeed(factor) {
  audio.defaultPlaybackRate = audio.playbackRate = factor;
  for (const { select } of parts) if (select) select.value = factor;
  panel.speed.textContent = speedInWords();
}

function chooseSpeed(factor) {
  setSpeed(factor);
  try {
    localStorage.setItem(SPEED_KEY, factor);
  } catch (denied) {
    // It holds until the page is left.
  }
}

function rememberedSpeed() {
  try {
    const factor = Number(localStorage.getItem(SPEED_KEY));
    return SPEEDS.some(([known]) => known === factor) ? factor : 1;
  } catch (denied) {
    return 1;
  }
}

function speedBeside(by) {
  const here = audio.defaultPlaybackRate;
  const beside = SPEEDS.map(([factor]) => factor).filter((factor) => (factor - here) * by > 0);
  return by > 0 ? beside[0] : beside.pop();
}

function speedInWords() {
  const here = audio.defaultPlaybackRate;
  const known = SPEEDS.find(([factor]) => factor === here);
  return `语速：${known ? known[1] : `${here}倍`}`;
}

function makeSpeeds() {
  const label = make("label", "langdu-speed", "语速");
  const select = make("select", "langdu-select");
  for (const [factor, name] of SPEEDS) {
    select.append(new Option(name, factor, factor === 1, factor === audio.defaultPlaybackRate));
  }
  select.addEventListener("change", () => chooseSpeed(Number(select.value)));
  label.append(select);
  return { label, select };
}
