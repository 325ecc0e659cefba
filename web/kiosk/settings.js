// Size of the text, contrast, volume, speed: in steps, with words, and back to the start for the next visitor.

/** Names of the sizes of kiosk.css. */
const SIZES = ["小", "中", "大", "特大"];
/** How loud, and what it is called. Nobody can turn the sound off and leave a silent terminal behind. */
const VOLUMES = [[0.3, "最小"], [0.45, "较小"], [0.6, "适中"], [0.8, "较大"], [1, "最大"]];
const SPEEDS = window.langdu.speeds.map(({ factor, name }) => [factor, name]);

/** A choice in steps: `apply` is told the number of the step. */
class Steps {
  constructor(name, title, words, start, apply) {
    Object.assign(this, { name, title, words, start, apply, step: start });
  }

  set(step) {
    const end = step < 0 || step >= this.words.length;
    if (!end) this.step = step;
    this.apply(this.step);
    const bars = make("span", "bars");
    bars.setAttribute("aria-hidden", "true");
    bars.append(...this.words.map((_, number) => make("span", number <= this.step ? "full" : "")));
    const word = this.words[this.step];
    // At either end the words change too, so that they are said again.
    const words = end ? `${this.title}：已经是${word}` : `${this.title}：${word}`;
    at(this.name).replaceChildren(make("span", "", words), bars);
  }

  move(by) {
    this.set(this.step + by);
  }
}

const settings = {
  size: new Steps("size", "字号", SIZES, 1, (step) => {
    document.documentElement.dataset.size = step;
    fit();
  }),
  volume: new Steps("volume", "声音", VOLUMES.map(([, name]) => name), 3, (step) => {
    window.langdu.volume = VOLUMES[step][0];
  }),
  speed: new Steps("speed", "语速", SPEEDS.map(([, name]) => name), SPEEDS.findIndex(([factor]) => factor === 1),
    (step) => { window.langdu.speed = SPEEDS[step][0]; }),
};

function setContrast(high) {
  document.documentElement.classList.toggle("contrast", high);
  at("contrast").setAttribute("aria-pressed", String(high));
}

const isContrast = () => document.documentElement.classList.contains("contrast");

function resetSettings() {
  for (const steps of Object.values(settings)) steps.set(steps.start);
  setContrast(false);
}

function areSettingsUntouched() {
  return !isContrast() && Object.values(settings).every(({ step, start }) => step === start);
}

for (const [id, setting, by] of [
  ["smaller", "size", -1],
  ["larger", "size", 1],
  ["quieter", "volume", -1],
  ["louder", "volume", 1],
  ["slower", "speed", -1],
  ["faster", "speed", 1],
]) {
  at(id).addEventListener("click", () => settings[setting].move(by));
}
at("contrast").addEventListener("click", () => setContrast(!isContrast()));
