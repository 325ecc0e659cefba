// Making and finding parts of the page, and telling the editor how things are.

const $ = (id) => document.getElementById(id);

/** An element with properties and children; a text among them stays a text, whatever it says. */
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-")) element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/** Pictures that stand beside words. */
const SHAPES = {
  hear: "M6 4l14 8-14 8z",
  on: "M3 4l9 8-9 8zM12 4l9 8-9 8z",
  fix: "M4 20l1-5L15 5l4 4L9 19zM13 7l4 4",
};

function icon(name) {
  const svg = drawing("0 0 24 24");
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** An empty picture that screen readers leave out. */
function drawing(viewBox) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Words for screen readers alone. */
const unseen = (words) => make("span", { className: "unseen" }, words);

/** Says how things are, in the one place where that is said. */
function say(words) {
  $("status").textContent = words;
}

/** Shows what is wrong with a field beside it, and takes it away again. */
function wrong(field, words) {
  $(`${field.id}-wrong`).textContent = words;
  if (words) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** Fills a select with [value, words] and chooses one. */
function options(select, all, chosen) {
  select.replaceChildren(...all.map(([value, words]) => make("option", { value }, words)));
  select.value = chosen;
}

/**
 * Does what a button asks for, once at a time. It keeps the focus meanwhile; what goes wrong is said in words.
 * A `field` has the words beside it and gets the focus.
 */
async function during(button, work, field = () => null) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) {
      say("页面出了差错，请再试一次；还不行，请刷新页面。");
      throw error;
    }
    const at = field(error);
    say(error.words);
    if (at) {
      wrong(at, error.words);
      at.focus();
    }
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** What is being done to the notice or the lexicon, in words; nothing if nothing is. */
let doing = "";

/** How somebody is told to wait who wants to do `what` meanwhile. */
const waitWords = (what) => `请稍候，${doing}，完成后再${what}。`;

/**
 * Does what changes the notice or the lexicon, `what` in words, one at a time: the answers of two texts that are under
 * way at once may come in any order, and what is published has to be what is shown.
 */
async function alone(what, work) {
  if (doing) throw new Refusal(waitWords(what), { code: "busy" });
  doing = `正在${what}`;
  try {
    await work();
  } finally {
    doing = "";
  }
}

/** Asks a question that can be answered with yes; where it was asked from has the focus again after it. */
function askFirst(title, words, yes) {
  const dialog = $("ask");
  const before = document.activeElement;
  $("ask-title").textContent = title;
  $("ask-words").textContent = words;
  $("ask-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  $("ask-no").focus(); // the harmless answer is the near one
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      if (before && before.isConnected) before.focus();
      resolve(dialog.returnValue === "yes");
    }, { once: true });
  });
}
