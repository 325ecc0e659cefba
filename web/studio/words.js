// What the service calls by name, in words for editors.

/** What a block is. */
const KINDS = {
  title: "标题",
  document_number: "发文字号",
  salutation: "称呼",
  heading: "小标题",
  paragraph: "段落",
  list_item: "列表",
  table_row: "表格行",
  signature: "落款",
  date: "日期",
  attachment: "附件",
  responsibility: "责任单位",
  furniture: "页面信息",
};

/** Why something is not read. */
const SKIPS = {
  button_hint: "朗读按钮的提示文字",
  navigation: "导航、菜单或其他页面的链接",
  column_label: "栏目名称",
  page_date: "页面自带的日期",
  release_note: "“此件公开发布”一类的说明",
  footer: "页脚信息",
  byline: "来源、作者、阅读次数等",
  file_name: "附件的文件名",
  responsibility: "责任单位名单，按设置不读",
  marked: "网页注明不朗读",
  skipped: "括号里的附注，按设置不读",
};

/** What was odd about a text. */
const NOTES = {
  stray_character: "有不能显示的字符，没有读",
  typesetting: "有排版代码，没有读",
  lost_character: "有一个字丢失了，原文里只剩问号，没有读",
  lost_brackets: "发文字号的括号丢失了，按有括号来读",
  unbalanced: "括号或引号不成对",
  repaired: "原文有缺损，按应有的样子读",
  unreadable: "有不知道读音的字，没有读",
  long_sentence: "句子太长，中间没有可以停顿的地方",
  not_as_asked: "有一处不能按指定的方式读，按一般规则读",
  unknown_markup: "有不认识的标记，里面的文字照读",
  broken_markup: "网页代码有缺损，尽量读了",
};

/** Who decided how an expression is read. */
const DECIDED = { rule: "朗读规则", lexicon: "本站读音词典", sender: "提交者" };

/** Who decided how a syllable is read. */
const SOURCES = {
  lexicon: "本站读音词典",
  word: "内置词语",
  name: "姓名读音",
  context: "上下文",
  model: "多音字模型",
  dictionary: "通用词典",
  character: "单字读音",
  spoken: "按字母读",
};

/** What the answers of the service mean here, by their stable code; others have their title in Chinese. */
const REFUSED = {
  key_wrong: "密钥不对。请核对后重新填写，注意不要多复制空格。",
  keys_off: "本站还没有设置密钥，不能改读音，也不能发布。",
  right_missing: "这个密钥没有这项权限。请向管理员要一个权限够用的密钥。",
  not_published: "本站只朗读已发布的公告。请先填写有发布权限的密钥，再查看读法。",
  origin_refused: "本站没有允许从这个网址提交文字。请联系管理员。",
  text_empty: "没有可以朗读的文字，请先填写。",
  text_too_long: "文字太长了，请分成几篇。",
  body_too_large: "内容太大了，请分成几篇。",
  editing_off: "本站没有开启读音词典，请管理员用 --lexicon 指定词典文件后再试。",
  entry_unknown: "词典里已经没有这个词条了，可能别人刚刚删除。",
  lexicon_changed: "别人刚刚改过词典。已经取来最新的词典，请核对后再按一次保存。",
  lexicon_broken: "词典文件被人改坏了，请管理员修好后再试。",
  name_invalid: "发布名称要有 1 到 200 个字，不能有换行等特殊字符。",
  published_unknown: "这篇公告已经不在发布列表里了。",
  notice_unknown: "服务器上已经没有这篇公告，请再按一次“查看读法”。",
  synthesis_failed: "有一句没有制作成功，请按“重试”。",
  synthesis_timeout: "有一句制作超时，请按“重试”。",
  document_broken: "这个文件打不开，可能已经损坏或加了密。请换一个文件，或者直接粘贴文字。",
  media_type_unsupported: "不能用这种文件。请在 Word 或 WPS 里另存为 .docx，或者复制文字粘贴到框里。",
};
const LOST = "联系不上朗读服务，请检查网络后再试。您填写的文字还在。";

/** What is wrong with a label of what is to be published. */
const LABELS = {
  title: "标题要有 1 到 300 个字，不能换行。",
  date: "日期要写成 2024-05-03 这样。",
  category: "分类太长了，或者有特殊字符。",
  page: "网页地址要以 http:// 或 https:// 开头。",
};

/** What is wrong with an entry, by what the service says of it. */
const ENTRY_WRONG = [
  [/nothing stands before the tab/, () => "请填写原文里的写法。"],
  [/cannot begin with #/, () => "词条不能以 # 开头。"],
  [/nothing is said/, () => "请填写读法：拼音（如 er4 lian2）或者文字。"],
  [/is for (\d+) characters at most/, (most) => `一个词条最多 ${most} 个字。`],
  [/^.*?"(.+)" cannot be said|'(.+)' cannot be said/, (one, other) => `“${one || other}”不能读，数字和符号请写成汉字（如 十二、加）。`],
  [/(\S+) has no tone/, (one) => `“${one}”没有声调，请写成 ${one}1 到 ${one}4，轻声写 ${one}5。`],
  [/(\S+) is no syllable; the nearest is (\S+)/, (one, near) => `没有“${one}”这个音，是不是“${near}”？`],
  [/(\d+) syllables are expected, one a character, and (\d+) are given/,
    (expected, found) => `应该有 ${expected} 个拼音（一个字一个），现在有 ${found} 个。`],
  [/entries at most/, () => "词典已经满了，请先删除不用的词条。"],
];

function entryWords(detail) {
  for (const [pattern, words] of ENTRY_WRONG) {
    const found = pattern.exec(detail);
    if (found) return words(...found.slice(1));
  }
  return "这个读法不能用，请改一改再保存。";
}

/** A problem of the service, as an editor is told. */
function problemWords({ code, title_zh: title, detail = "" }) {
  if (code === "entry_invalid") return entryWords(detail);
  if (code === "label_invalid") return LABELS[detail.split(":")[0]] || "公告信息有误，请核对。";
  return REFUSED[code] || (title ? `${title}。` : LOST);
}

/** Milliseconds as people say them: 1 分 05 秒. */
function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (ms < 10000) return `${(ms / 1000).toFixed(1)} 秒`;
  return seconds < 60 ? `${seconds} 秒` : `${Math.floor(seconds / 60)} 分 ${String(seconds % 60).padStart(2, "0")} 秒`;
}
