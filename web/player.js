/*
 * The langdu (朗读) player: reads a part of this page aloud when somebody presses its button.
 *
 *   <script src="https://your-langdu/player.js" defer></script>
 *   <article data-langdu-region> … </article>
 *
 * The way of a click:
 *   1. collect   the region's text, remembering which text node every character came from;
 *   2. submit    it to the service, which answers with sentences and the addresses of their clips;
 *   3. fetch     the next clips ahead, so that they wait in the HTTP cache;
 *   4. sound     one clip after the other on one audio element;
 *   5. mark      the sentence being heard, without touching the region's own elements.
 *
 * Attributes:
 *   data-langdu-region          on the element to read: a button is put before it;
 *                               on a button: its value is the id or CSS selector of the region to
 *                               read, or empty for the region (or article, or main) around it
 *   data-langdu-skip            on anything inside that is not to be read
 *   data-langdu-service         on the script: where the service is, if not where the script is
 *   data-langdu-voice           on the script: the name of a voice, if not the service's first
 *
 * From scripts: langdu.read(element), langdu.stop(), langdu.scan() after adding regions. The region
 * gets `langdu:state` events with detail {state, sentence}.
 *
 * Nothing is stored in the browser, nothing but the service is asked, and no inline script, inline
 * style, blob: or eval is needed.
 */
(() => {
  "use strict";

  if (window.langdu) return;

  const script = document.currentScript;
  const service = new URL(script.dataset.langduService ? `${script.dataset.langduService}/` : "/", script.src);
  const address = (path) => new URL(path.replace(/^\//, ""), service).href;

  /** What each state is in words. The names are those of `langdu:state`. */
  const WORDS = {
    preparing: "正在准备…",
    reading: "正在朗读，再按一次停止",
    waiting: "正在加载，请稍候…",
    stopped: "已停止",
    finished: "朗读完毕",
  };

  /** What a refusal of the service is in words, by its stable code. */
  const REFUSALS = {
    text_empty: "这里没有可以朗读的文字",
    text_too_long: "文字太长，无法朗读",
    body_too_large: "文字太长，无法朗读",
    too_many_requests: "现在使用的人较多，请稍后再试",
    overloaded: "现在使用的人较多，请稍后再试",
    too_many_requests: "按得太快了，请等一会儿再试",
    not_published: "这段文字还没有开通朗读",
    origin_refused: "本网站还没有开通朗读",
    synthesis_failed: "有一句话暂时无法朗读，已停下，请稍后再试",
    synthesis_timeout: "有一句话暂时无法朗读，已停下，请稍后再试",
  };
  const UNAVAILABLE = "朗读服务暂时不可用，请稍后再试";
  const OFFLINE = "网络已断开，请检查网络后再试";
  const NO_SOUND = "声音无法播放，请检查音量或音响后再试";
  const NOT_ALLOWED = "浏览器没有允许播放声音，请再按一次语音朗读";

  const SPEEDS = [[0.75, "慢"], [0.85, "稍慢"], [1, "正常"], [1.25, "稍快"], [1.5, "快"]];

  /** Clips fetched before their turn: while one is heard, the service makes the next ones. */
  const AHEAD = 2;
  /** Milliseconds before an unanswered request is given up, and before a wait is put into words. */
  const PATIENCE = 30000;
  /** Who would have to wait longer than this before asking once more is told instead. */
  const LONGEST_WAIT = 5000;
  const NOTICEABLE = 800;
  /** Seconds a clip may stand still before it counts as failed. */
  const STANDSTILL = 10;

  /**
   * Why reading ended early: `words` are for the reader, `retriable` says whether to ask once more, and `wait` when,
   * in milliseconds.
   */
  class Trouble extends Error {
    constructor(words, retriable, wait = 500) {
      super(words);
      this.words = words;
      this.retriable = retriable;
      this.wait = wait;
    }
  }

  // 1. collect ---------------------------------------------------------------------------------

  const SILENT =
    "script,style,template,noscript,textarea,select,button,iframe,object,audio,video,canvas,svg,rt,rp," +
    "[aria-hidden=true],[data-langdu-skip]";
  /** A cell with one of these is a layout; any other is a field of a row and stays on one line. */
  const LAYOUT = "table,ul,ol,h1,h2,h3,h4,h5,h6,p+p,div+div";

  /**
   * The text a reader sees in `region`, and `runs`: pieces of it that were copied from one text node,
   * {node, from: offset in the node, at: offset in the text, length}, all in UTF-16 code units.
   *
   * Blocks and <br> are lines, cells of a row are parted by tabs, white space is collapsed as on the
   * screen, and the numbers a browser draws before the items of an <ol> are written out.
   */
  function collect(region) {
    const runs = [];
    let text = "";
    let gap = ""; // what will part the text so far from what comes next
    let label = ""; // the number of the list item that comes next
    let flat = false; // inside a field of a table row

    const space = () => { gap = gap || " "; };
    const line = () => {
      if (flat) space();
      else if (!gap.includes("\t")) gap = "\n";
    };

    function add(node, keepsLines) {
      for (const piece of node.data.matchAll(/([ \t\n\r\f]+)|[^ \t\n\r\f]+/g)) {
        const [written, white] = piece;
        if (!white) {
          text += (text && gap) + label;
          gap = label = "";
          runs.push({ node, from: piece.index, at: text.length, length: written.length });
          text += written;
        } else if (keepsLines && white.includes("\n")) line();
        else if (keepsLines && white.includes("\t")) gap = gap || "\t";
        else space();
      }
    }

    function row(element) {
      const cells = [...element.cells].filter(isShown);
      let before = text.length;
      cells.forEach((cell, index) => {
        // An empty cell still is a column.
        if (index > 0) gap = text.length > before ? "\t" : `${gap}\t`;
        before = text.length;
        const outer = flat;
        flat = cells.length > 1 && !cell.querySelector(LAYOUT);
        children(cell);
        flat = outer;
      });
      gap = "\n";
    }

    function children(element) {
      const style = getComputedStyle(element);
      const seen = style.visibility === "visible";
      const keepsLines = /pre|break/.test(style.whiteSpace);
      for (const child of element.childNodes) {
        if (child.nodeType === Node.TEXT_NODE && seen) add(child, keepsLines);
        if (child.nodeType === Node.ELEMENT_NODE) walk(child);
      }
    }

    function walk(element) {
      if (element.localName === "br") return line();
      if (!isShown(element)) return undefined;
      if (/^(inline|contents|ruby)/.test(getComputedStyle(element).display)) return children(element);
      line();
      if (element.localName === "tr") return row(element);
      const number = ordinal(element);
      label = number || label;
      children(element);
      if (number) label = ""; // an empty item
      return line();
    }

    children(region);
    // JSON has no way to write half a surrogate pair.
    return { text: text.replace(/\p{Surrogate}/gu, "\ufffd"), runs };
  }

  /** Whether `element` is on the screen and meant to be read. */
  function isShown(element) {
    if (element.matches(SILENT)) return false;
    const { display } = getComputedStyle(element);
    if (display === "none") return false;
    // Closed <details> and the like have a display of their own but no box.
    return display === "contents" || !element.checkVisibility || element.checkVisibility();
  }

  /** The number drawn before a list item, or nothing. */
  function ordinal(item) {
    const list = item.parentElement;
    if (item.localName !== "li" || list.localName !== "ol") return "";
    if (getComputedStyle(item).listStyleType !== "decimal") return "";
    let number = list.start - 1;
    for (const other of list.children) {
      if (other.localName !== "li") continue;
      number = other.hasAttribute("value") ? other.value : number + 1;
      if (other === item) break;
    }
    return `${number}. `;
  }

  /** The characters `start` to `end` of the collected text, as ranges of the page. */
  function rangesOf(runs, [start, end]) {
    const ranges = [];
    for (const { node, from, at, length } of runs) {
      const first = Math.max(start, at) - at;
      const last = Math.min(end, at + length) - at;
      // The page may have changed since it was collected.
      if (first >= last || !node.isConnected || from + last > node.length) continue;
      const open = ranges[ranges.length - 1];
      if (open && open.endContainer === node) {
        open.setEnd(node, from + last);
      } else {
        const range = document.createRange();
        range.setStart(node, from + first);
        range.setEnd(node, from + last);
        ranges.push(range);
      }
    }
    return ranges;
  }

  // 2. submit, 3. fetch ------------------------------------------------------------------------

  /** Asks the service, once more if that may help. */
  async function ask(path, options, signal) {
    try {
      return await askOnce(path, options, signal);
    } catch (trouble) {
      if (signal.aborted || !trouble.retriable || trouble.wait > LONGEST_WAIT) throw trouble;
      await new Promise((resolve) => setTimeout(resolve, trouble.wait));
      return askOnce(path, options, signal);
    }
  }

  async function askOnce(path, options, signal) {
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, PATIENCE);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      const response = await fetch(address(path), { ...options, credentials: "omit", signal: limit.signal });
      if (response.ok) {
        // Read to the end: only then does the browser keep it.
        return options.method ? await response.json() : await response.arrayBuffer();
      }
      const problem = await response.json().catch(() => ({}));
      const wait = Number(response.headers.get("Retry-After")) * 1000 || undefined;
      throw new Trouble(REFUSALS[problem.code] || UNAVAILABLE, problem.retriable !== false, wait);
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble(navigator.onLine === false ? OFFLINE : UNAVAILABLE, true);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  function submit(text, signal) {
    const voice = script.dataset.langduVoice;
    const options = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(voice ? { text, voice } : { text }),
    };
    return ask("/v1/notices", options, signal);
  }

  /**
   * Tells the service that nobody listens here any more, so that it makes what others wait for. Outlives the page;
   * if it is lost, a little work is done in vain.
   */
  function letGo(notice) {
    const path = `/v1/notices/${notice}/work`;
    fetch(address(path), { method: "DELETE", keepalive: true, credentials: "omit" }).catch(() => {});
  }

  // 4. sound -----------------------------------------------------------------------------------

  /** The only audio element: a phone lets just the one sound that a finger has started. */
  const audio = new Audio();
  if (service.origin !== location.origin) audio.crossOrigin = "anonymous";

  /** Sounds one clip to its end. `begun` is called when it can be heard, `held` when it stalls. */
  function sound(path, signal, begun, held) {
    return new Promise((resolve, reject) => {
      let heard = 0;
      let still = 0;
      const watch = setInterval(() => {
        still = audio.currentTime === heard ? still + 1 : 0;
        heard = audio.currentTime;
        if (still >= STANDSTILL) fail(new Trouble(NO_SOUND, true));
      }, 1000);
      const fail = (trouble) => { clearInterval(watch); reject(trouble); };

      signal.addEventListener("abort", () => fail(new Trouble(WORDS.stopped, false)));
      audio.onended = () => { clearInterval(watch); resolve(); };
      audio.onerror = () => fail(new Trouble(NO_SOUND, true));
      // Headphones pulled out, a media key, a telephone call: not our doing, so the page must follow.
      audio.onpause = () => { if (!audio.ended) stop(); };
      audio.onplaying = begun;
      audio.onwaiting = held;
      audio.src = address(path);
      // Any other refusal comes as an error event too.
      audio.play().catch((error) => {
        if (error.name === "NotAllowedError") fail(new Trouble(NOT_ALLOWED, false));
      });
    });
  }

  function silence() {
    audio.onended = audio.onerror = audio.onpause = audio.onplaying = audio.onwaiting = null;
    audio.pause();
    audio.removeAttribute("src");
    audio.load();
    if (window.speechSynthesis) speechSynthesis.cancel();
  }

  /** Says an error with a voice of this machine, if it has one: our own service has just failed. */
  function sayAloud(words) {
    const voices = window.speechSynthesis ? speechSynthesis.getVoices() : [];
    const voice = voices.find((one) => one.localService && /^(zh|cmn)/.test(one.lang));
    if (!voice) return;
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.voice = voice;
    utterance.lang = voice.lang;
    speechSynthesis.speak(utterance);
  }

  // 5. mark ------------------------------------------------------------------------------------

  const highlights = window.CSS && window.Highlight && CSS.highlights;
  let marked = [];
  let overlay = null;

  /** Shows `ranges` as being read. */
  function mark(ranges) {
    const wasInView = marked.length === 0 || isInView(marked);
    marked = ranges;
    if (highlights) {
      if (ranges.length) highlights.set("langdu", new Highlight(...ranges));
      else highlights.delete("langdu");
    } else {
      drawBoxes();
    }
    // Whoever does not have the last sentence in view has scrolled away, and is left alone.
    if (ranges.length && wasInView) bringIntoView(ranges);
  }

  /** Where highlights are unknown: boxes over the text, outside the region. */
  function drawBoxes() {
    if (overlay) overlay.remove();
    overlay = null;
    if (!marked.length) return;
    overlay = make("div", "langdu-overlay");
    overlay.setAttribute("aria-hidden", "true");
    for (const range of marked) {
      for (const box of range.getClientRects()) {
        const drawn = make("div", "langdu-box");
        drawn.style.left = `${box.left + scrollX}px`;
        drawn.style.top = `${box.top + scrollY}px`;
        drawn.style.width = `${box.width}px`;
        drawn.style.height = `${box.height}px`;
        overlay.append(drawn);
      }
    }
    document.body.append(overlay);
  }

  /** The nearest box around `node` that scrolls; none for the page itself. */
  function scroller(node) {
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement) {
      if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
    }
    return null;
  }

  /** Top and bottom of `ranges` and of the room they can be seen in, under our own bar. */
  function extent(ranges) {
    const box = scroller(ranges[0].startContainer);
    const view = box ? box.getBoundingClientRect() : { top: 0, bottom: innerHeight };
    const bar = current && getComputedStyle(current.part.bar).position === "sticky" ? current.part.bar.offsetHeight : 0;
    return {
      box: box || window,
      top: ranges[0].getBoundingClientRect().top,
      bottom: ranges[ranges.length - 1].getBoundingClientRect().bottom,
      from: Math.max(view.top, 0) + bar,
      to: Math.min(view.bottom, innerHeight),
    };
  }

  function isInView(ranges) {
    const { top, bottom, from, to } = extent(ranges);
    return bottom > from && top < to;
  }

  function bringIntoView(ranges) {
    const { box, top, bottom, from, to } = extent(ranges);
    if (top >= from && bottom <= to) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollBy({ top: top - from - (to - from) / 4, behavior: calm ? "auto" : "smooth" });
  }

  // Reading ------------------------------------------------------------------------------------

  /** The one reading of this page: {part, abort, notice: its id once it is known}; none while it is silent. */
  let current = null;

  async function read(part) {
    stop();
    const run = { part, abort: new AbortController() };
    const { signal } = run.abort;
    current = run;
    // Still inside the click: a phone lets an element sound later that was loaded now.
    audio.load();
    show(part, "preparing");
    try {
      const { text, runs } = collect(part.region);
      if (!text.trim()) throw new Trouble(REFUSALS.text_empty, false);
      const manifest = await submit(text, signal);
      run.notice = manifest.id;
      await readAloud(part, manifest, runs, signal);
      if (signal.aborted) return;
      const left = manifest.skipped ? manifest.skipped.length : 0;
      end("finished", WORDS.finished + (left ? `（页面说明等${left}处未朗读）` : ""));
    } catch (error) {
      if (signal.aborted) return;
      const words = error instanceof Trouble ? error.words : UNAVAILABLE;
      end("failed", words);
      sayAloud(words);
      if (!(error instanceof Trouble)) throw error;
    }
  }

  async function readAloud(part, manifest, runs, signal) {
    const clips = manifest.sentences.flatMap((sentence) => sentence.clips.map(({ url }) => ({ url, sentence })));
    if (!clips.length) throw new Trouble(REFUSALS.text_empty, false);

    const want = (clip) => {
      if (clip.ready) return;
      clip.ready = askOnce(clip.url, {}, signal);
      clip.ready.catch(() => {}); // when its turn comes, it is asked for again
    };
    let sentence = null;
    let slow = 0;
    const begun = () => { clearTimeout(slow); show(part, "reading", sentence); };
    const held = () => {
      clearTimeout(slow);
      slow = setTimeout(() => { if (!signal.aborted) show(part, "waiting", sentence); }, NOTICEABLE);
    };
    signal.addEventListener("abort", () => clearTimeout(slow));

    for (const [index, clip] of clips.entries()) {
      clips.slice(index, index + 1 + AHEAD).forEach(want);
      if (index > 0) held(); // the first one is being prepared anyway
      await clip.ready.catch((trouble) => {
        if (signal.aborted || !trouble.retriable) throw trouble;
        return ask(clip.url, {}, signal);
      });
      if (signal.aborted) return;
      if (sentence !== clip.sentence) {
        sentence = clip.sentence;
        mark(rangesOf(runs, sentence.span));
      }
      await sound(clip.url, signal, begun, held).catch(async (trouble) => {
        if (signal.aborted || !trouble.retriable) throw trouble;
        // What the browser kept may be broken: have it again, once. The fragment is for the browser,
        // which remembers the sound it could not play by its address.
        await ask(clip.url, { cache: "reload" }, signal);
        return sound(`${clip.url}#again`, signal, begun, held);
      });
    }
  }

  /** Ends the current reading: no sound, no requests, no highlight. */
  function end(state, words) {
    const { part, abort, notice } = current;
    current = null;
    abort.abort();
    if (notice && state !== "finished") letGo(notice);
    silence();
    mark([]);
    show(part, state, null, words);
  }

  function stop() {
    if (current) end("stopped");
  }

  // Controls -----------------------------------------------------------------------------------

  /** A part is one button with its status: {region, button, status, bar}. */
  const parts = [];

  function show(part, state, sentence = null, words = WORDS[state]) {
    const pressed = String(current !== null && current.part === part);
    if (part.button.getAttribute("aria-pressed") !== pressed) part.button.setAttribute("aria-pressed", pressed);
    part.bar.dataset.langduState = state;
    if (part.status.textContent !== words) part.status.textContent = words;
    const detail = { state, sentence: sentence && sentence.index };
    part.region.dispatchEvent(new CustomEvent("langdu:state", { bubbles: true, detail }));
  }

  function make(name, style, text = "") {
    const element = document.createElement(name);
    element.className = style;
    element.textContent = text;
    return element;
  }

  function makeStatus() {
    const status = make("span", "langdu-status");
    status.setAttribute("role", "status");
    status.dataset.langduSkip = "";
    return status;
  }

  function addPart(region, button, status, bar) {
    const part = { region, button, status, bar };
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => (current && current.part === part ? stop() : read(part)));
    parts.push(part);
    return part;
  }

  /** Puts a button, the choice of speed and the status before `region`. */
  function addBar(region) {
    const bar = make("div", "langdu");
    bar.lang = "zh-CN";
    bar.dataset.langduSkip = "";
    const button = make("button", "langdu-button", "语音朗读");
    button.type = "button";
    const status = makeStatus();
    bar.append(button, makeSpeeds(), status, make("span", "langdu-hint", "默认不朗读。按一次开始，再按一次停止。"));
    region.before(bar);
    return addPart(region, button, status, bar);
  }

  function makeSpeeds() {
    const label = make("label", "langdu-speed", "语速");
    const select = make("select", "langdu-select");
    for (const [factor, name] of SPEEDS) {
      select.append(new Option(name, factor, factor === 1, factor === audio.defaultPlaybackRate));
    }
    select.addEventListener("change", () => {
      // The browser stretches time and keeps the pitch; the default outlives the next clip.
      audio.defaultPlaybackRate = audio.playbackRate = Number(select.value);
      document.querySelectorAll(".langdu-select").forEach((other) => { other.value = select.value; });
    });
    label.append(select);
    return label;
  }

  /** The region a button of the page speaks for; what is around it if the page names none there is. */
  function regionOf(button) {
    const name = button.dataset.langduRegion.trim();
    const around = () => button.closest("[data-langdu-region]:not(button)") || button.closest("article,main") || document.body;
    try {
      return (name && (document.getElementById(name) || document.querySelector(name))) || around();
    } catch (notASelector) {
      return around();
    }
  }

  /** Finds the regions and buttons of the page that have no player yet. */
  function scan() {
    for (const button of document.querySelectorAll("button[data-langdu-region]")) {
      if (parts.some((part) => part.button === button)) continue;
      const status = makeStatus();
      button.after(status);
      addPart(regionOf(button), button, status, button);
    }
    for (const region of document.querySelectorAll("[data-langdu-region]:not(button)")) {
      if (!parts.some((part) => part.region === region)) addBar(region);
    }
  }

  function addStyle() {
    if (document.querySelector('link[rel=stylesheet][href$="/player.css"]')) return;
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address("/player.css");
    document.head.prepend(link); // before the page's own, so that the page can change it
  }

  window.langdu = {
    read: (region) => read(parts.find((part) => part.region === region) || addBar(region)),
    stop,
    scan,
  };
  addEventListener("resize", () => { if (!highlights) drawBoxes(); });
  addEventListener("pagehide", stop);
  addStyle();
  scan();
})();
