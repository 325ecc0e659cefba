// How far the clips of the notice are made, and what each sounds like.

/** Whether somebody still follows: of the notice before, nobody does. */
let following = null;
/** The clips of the notice in order: {sentence, url, duration, failed}. */
let clips = [];
/** Sees which sentences are near: only of those the sound is fetched for its picture. */
let near = null;

function startProgress() {
  $("retry").addEventListener("click", () => during($("retry"), retry));
  looked.push(() => {
    if (following) following.abort();
    clips = now.manifest.sentences.flatMap(({ index, clips: own }) => own.map(({ url, duration_ms: duration }) =>
      ({ sentence: index, url, duration, failed: false })));
    watchWaves();
    showProgress();
    follow();
  });
}

/** Follows the notice to the end. */
async function follow() {
  following = new AbortController();
  const tell = (words) => { $("progress-words").textContent = words; };
  for await (const { event, data } of allEvents(now.manifest.id, following.signal, tell)) {
    if (event === "done") return;
    const clip = clips[data.index];
    clip.failed = event === "failed" && data;
    if (event === "ready") Object.assign(clip, { duration: data.duration_ms, url: data.url });
    showProgress();
    showSound(clip.sentence);
  }
}

/** The sentences of the notice that are read, each with its clips. */
function bySentence() {
  const all = new Map();
  for (const clip of clips) all.set(clip.sentence, [...(all.get(clip.sentence) || []), clip]);
  return all;
}

const isMade = (own) => own.every(({ duration }) => duration !== null);
const lengthOf = (own) => own.reduce((sum, { duration }) => sum + (duration || 0), 0);

function showProgress() {
  const sentences = [...bySentence()];
  const made = sentences.filter(([, own]) => isMade(own)).length;
  const failed = sentences.filter(([, own]) => own.some((clip) => clip.failed));
  const isWhole = made === sentences.length;
  $("progress").max = Math.max(1, sentences.length);
  $("progress").value = made;
  $("progress-words").textContent = `${made} / ${sentences.length} 句${isWhole && made ? "，已全部制作" : ""}`;
  $("total").textContent = `${isWhole ? "总时长" : "已制作部分时长"}：${duration(lengthOf(clips))}`;
  $("failed").hidden = !failed.length;
  const numbers = failed.map(([number]) => `第 ${number + 1} 句`).join("、");
  $("failed-words").textContent = failed.length ? `${numbers}没有制作成功。` : "";
}

/** Asks for every clip once more that failed. */
async function retry() {
  say("正在重新制作…");
  let left = 0;
  for (const clip of clips.filter(({ failed }) => failed)) {
    try {
      const bytes = await (await call("GET", clip.url, { patience: 0 })).arrayBuffer();
      Object.assign(clip, { failed: false, duration: lengthOfWav(bytes) });
    } catch (error) {
      if (error.code === "lost") throw error;
      left += 1;
    }
    showProgress();
    showSound(clip.sentence);
  }
  say(left ? `还有 ${left} 段没有制作成功。可以改一改这句话的写法，再查看读法。` : "已重新制作。");
  if (!left) $("progress-words").closest("section").querySelector("h2").focus();
}

/** The length beside a sentence, and its picture once somebody can see it. */
function showSound(number) {
  const item = $(`s${number}`);
  const own = clips.filter(({ sentence }) => sentence === number);
  if (!item || !own.length) return;
  const failed = own.some((clip) => clip.failed);
  item.classList.toggle("broken", failed);
  item.querySelector(".length").textContent = failed ? "没有制作成功" : isMade(own) ? duration(lengthOf(own)) : "还没制作";
  if (item.dataset.near) drawSound(item, own);
}

function watchWaves() {
  if (near) near.disconnect();
  near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      target.dataset.near = "yes";
      showSound(Number(target.dataset.sentence));
    }
  }, { rootMargin: "200px" });
  for (const item of document.querySelectorAll(".sentence[data-sentence]")) {
    near.observe(item);
    showSound(Number(item.dataset.sentence));
  }
}

/** Draws what a sentence sounds like, once. The bytes are those that are heard: the browser keeps them. */
async function drawSound(item, own) {
  if (item.dataset.drawn || !isMade(own)) return;
  item.dataset.drawn = "yes";
  try {
    const sounds = own.map(async ({ url }) => (await call("GET", url, { patience: 0 })).arrayBuffer());
    drawWave(item.querySelector(".sound svg"), await Promise.all(sounds));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    delete item.dataset.drawn; // a picture less; the length stands beside it
  }
}
