// What is told, and how long anything may take.

const WORDS = {
  preparing: "正在准备…",
  reading: "正在朗读，再按一次停止",
  waiting: "正在加载，请稍候…",
  paused: "已暂停",
  stopped: "已停止",
  finished: "朗读完毕",
};

const REFUSALS = {
  text_empty: "这里没有可以朗读的文字",
  text_too_long: "文字太长，无法朗读",
  body_too_large: "文字太长，无法朗读",
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
const AGAIN = "网络不畅，正在重新连接…";

const LAST = "已经是最后一句";
const SLOWEST = "已经最慢了";
const FASTEST = "已经最快了";

const SPEEDS = [[0.75, "慢"], [0.85, "稍慢"], [1, "正常"], [1.25, "稍快"], [1.5, "快"]];

const AHEAD = 2; // clips fetched before their turn
const PATIENCE = 30000; // milliseconds for an answer
const NOTICEABLE = 800; // until a wait is put into words
const LONGEST_WAIT = 5000; // before asking once more
const PERSISTENCE = 20000; // for which a lost clip is asked for, once something was heard
const STANDSTILL = 10; // seconds until a silent clip counts as failed

/**
 * Why reading ended early: `words` for the reader, `wait` milliseconds until it may be asked again, `lost` where there
 * was no answer at all, `busy` where it was to come again later.
 */
class Trouble extends Error {
  constructor(words, { retriable = false, wait = 500, lost = false, busy = false, status = 0 } = {}) {
    super(words);
    Object.assign(this, { words, retriable, wait, lost, busy, status });
  }
}
