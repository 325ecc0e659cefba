// The reading: sentences of a manifest one after the other.

let current = null;

/**
 * Reads a notice aloud, and whatever was read before stops.
 *
 *   langdu.play(manifest, { from, clips, title, headers, onchange })
 *
 * `manifest` is that of the service, a promise of it, or a function `(signal, anew)` that gives it, asked once more,
 * `anew`, when the service knows a clip no longer.
 *   from      number of the sentence to begin with
 *   clips     (clip, sentence) => whether this clip is to be heard
 *   title     for the lock screen
 *   headers   sent along when a clip is fetched: a key
 *   onchange  is told {state, sentence, words, trouble}: `state` is a name of WORDS or "failed", `sentence` the number
 *             of the one being heard or null
 */
class Reading {
  constructor(manifest, { from = 0, clips = () => true, title = "", headers, onchange = () => {} } = {}) {
    Object.assign(this, { from, wanted: clips, title, headers, onchange });
    this.source = manifest;
    this.sentence = null; // the number of the one being heard, or heard last
    this.clips = [];
    this.at = 0;
  }

  /** Begins, or goes on with sentence `number`. A sentence that is not read leads to the next one that is. */
  go(number = this.from) {
    this.start = number;
    if (current === this) {
      if (this.hop) this.jump(this.placeOf(number));
      return;
    }
    if (current) current.stop();
    current = this;
    this.abort = new AbortController();
    this.hop = null;
    this.heard = this.renewed = false;
    // Still inside the click: a phone lets only sound later what was loaded now.
    silence();
    claimVoice();
    holdMedia(this);
    this.change("preparing");
    this.run(this.abort.signal);
  }

  resume() {
    if (current !== this) this.go(this.sentence === null ? this.from : this.sentence);
  }

  stop() {
    if (current === this) this.end("stopped");
  }

  pause() {
    if (current === this) this.end("paused");
  }

  /** False where this is the last sentence. */
  next() {
    return this.step(1);
  }

  /** The first sentence begins again. */
  previous() {
    return this.step(-1);
  }

  step(by) {
    const here = this.clips[this.at];
    if (!here) return true; // nothing is known of the sentences yet
    const { index } = here.sentence;
    const beside = this.clips.filter(({ sentence }) => (sentence.index - index) * by > 0);
    const wanted = by > 0 ? beside[0] : beside.pop();
    if (wanted) this.go(wanted.sentence.index);
    else if (by < 0) this.go(index);
    return Boolean(wanted);
  }

  placeOf(number) {
    const place = this.clips.findIndex(({ sentence }) => sentence.index >= number);
    return place < 0 ? this.clips.length - 1 : place;
  }

  jump(place) {
    this.at = place;
    this.hop.abort();
  }

  async run(signal) {
    try {
      await this.load(signal);
      while (!signal.aborted && this.at < this.clips.length) {
        const { at } = this;
        const hop = this.hop = new AbortController();
        try {
          await this.hear(at, hop.signal);
          if (!hop.signal.aborted) this.at = at + 1;
        } catch (trouble) {
          if (signal.aborted) return;
          if (!hop.signal.aborted) await this.renew(trouble, signal);
        }
      }
      if (!signal.aborted) this.end("finished", WORDS.finished + leftOut(this.manifest));
    } catch (error) {
      if (signal.aborted) return;
      const trouble = error instanceof Trouble ? error : new Trouble(UNAVAILABLE);
      this.end("failed", trouble.words, trouble);
      sayAloud(trouble.words);
      if (trouble !== error) throw error;
    }
  }

  async load(signal, anew = false) {
    const { source } = this;
    const manifest = await (typeof source === "function" ? source(signal, anew) : source);
    if (signal.aborted) return;
    this.manifest = manifest;
    this.clips = manifest.sentences
      .flatMap((sentence) => sentence.clips.map((clip) => ({ ...clip, sentence })))
      .filter((clip) => this.wanted(clip, clip.sentence));
    if (!this.clips.length) throw new Trouble(REFUSALS.text_empty);
    this.at = this.placeOf(this.start);
  }

  async renew(trouble, signal) {
    if (trouble.status !== 404 || this.renewed || typeof this.source !== "function") throw trouble;
    this.renewed = true;
    this.start = this.sentence;
    await this.load(signal, true);
  }

  async hear(at, signal) {
    const clip = this.clips[at];
    const moved = clip.sentence.index !== this.sentence;
    this.sentence = clip.sentence.index;
    let slow = 0;
    const quick = () => clearTimeout(slow);
    const held = () => {
      quick();
      slow = setTimeout(() => {
        if (!signal.aborted && this.state !== "waiting") this.change("waiting");
      }, NOTICEABLE);
    };
    const begun = () => {
      quick();
      if (!this.heard) prepareAloud();
      this.heard = true;
      this.change("reading");
    };
    const ears = { begun, held, taken: () => this.pause() };
    try {
      if (this.heard) {
        held();
        // The mark goes ahead of the sound.
        if (moved) this.change(this.state, this.words);
      }
      this.clips.slice(at, at + 1 + AHEAD).forEach((one) => this.want(one).catch(() => {}));
      await this.have(clip, signal);
      if (signal.aborted) return;
      await sound(clip.url, signal, ears).catch(async (trouble) => {
        if (signal.aborted || !trouble.retriable) throw trouble;
        // The browser may keep a broken clip, and remember the address that failed.
        clip.ready = null;
        clip.cache = "reload";
        await this.have(clip, signal);
        await sound(`${clip.url}#${Date.now()}`, signal, ears);
      });
    } finally {
      quick();
    }
  }

  want(clip) {
    const early = clip.trouble ? clip.again - Date.now() : 0;
    if (early > 0) return Promise.reject(Object.assign(clip.trouble, { wait: early }));
    if (!clip.ready) {
      clip.trouble = null;
      clip.ready = ask(clip.url, { headers: this.headers, cache: clip.cache }, this.abort.signal);
      clip.ready.catch((trouble) => Object.assign(clip, { ready: null, trouble, again: Date.now() + trouble.wait }));
    }
    return clip.ready;
  }

  async have(clip, signal) {
    const held = this.heard && ((words) => this.change("waiting", words));
    await persist(() => Promise.race([this.want(clip), aborted(signal)]), signal, held);
  }

  end(state, words, trouble) {
    current = null;
    this.abort.abort();
    if (this.hop) this.hop.abort();
    if (this.manifest && state !== "finished") letGo(this.manifest);
    if (state === "paused") {
      hush();
      pauseMedia();
    } else {
      silence();
      releaseMedia();
    }
    this.change(state, words, trouble);
  }

  change(state, words = WORDS[state], trouble = null) {
    Object.assign(this, { state, words });
    const sentence = state === "reading" || state === "waiting" ? this.sentence : null;
    this.onchange({ state, sentence, words, trouble });
  }
}

function aborted(signal) {
  return new Promise((_, reject) => {
    const stop = () => reject(new Trouble(WORDS.stopped));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
}

function leftOut({ skipped = [] }) {
  return skipped.length ? `（页面说明等${skipped.length}处未朗读）` : "";
}
