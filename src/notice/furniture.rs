//! Page furniture: lines of the page around a notice that no listener needs.
//!
//! `furniture.tsv` has the words by which it is known, `furniture.cases.txt` what is and what is not.
//! Only what stands on a line of its own is furniture, and when in doubt a line is read.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    Skip,
    marker::marker,
    shape::{attachment_label, date, page_date, release_note},
};

/// The longest field of a byline with its label, in characters.
const FIELD: usize = 30;

/// Why a line of this text is page furniture, wherever it stands; `None` for anything a listener may need.
pub(crate) fn furniture(text: &str) -> Option<Skip> {
    let chars = text.chars().take(161).count();
    if chars > 160 || text.contains('。') {
        return None;
    }
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if page_date(text).is_some_and(|len| len == text.len()) {
        return Some(Skip::PageDate);
    }
    if release_note(&bare).is_some_and(|len| len == bare.len()) {
        return Some(Skip::ReleaseNote);
    }
    WORDS.find(&bare).or_else(|| {
        if attachment_label(&bare).is_none()
            && marker(&bare).is_none()
            && is_file_name(&bare)
            && !["请下载", "下载地址", "www.", "://"].iter().any(|word| bare.contains(word))
        {
            Some(Skip::FileName)
        } else if is_buttons(text) || is_trail(&bare) || is_site_name(text) {
            Some(Skip::Navigation)
        } else if is_byline(text) {
            Some(Skip::Byline)
        } else {
            None
        }
    })
}

/// Whether a line gives the page owner's name, address and numbers; furniture only at the foot of a page.
pub(crate) fn is_contact_line(text: &str) -> bool {
    const OWNERS: [&str; 8] =
        ["主办单位", "承办单位", "主办:", "主办：", "承办:", "承办：", "技术支持", "运维单位"];
    let bare: String = text.chars().take(200).filter(|c| !c.is_whitespace()).collect();
    if OWNERS.iter().any(|w| bare.starts_with(w)) && !bare.contains('。') {
        return true;
    }
    ["地址:", "地址：", "电话", "传真", "邮编", "Email", "邮箱", "主办", "承办"]
        .iter()
        .filter(|w| bare.contains(**w))
        .count()
        >= 2
}

/// 【打印】【关闭】, 首页 上一页 1 2 3 下一页: nothing but words of the page's own buttons.
fn is_buttons(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    let digits = |w: &str| w.len() <= 4 && w.bytes().all(|b| b.is_ascii_digit());
    let button = |w: &str| WORDS.buttons.contains_key(w);
    let sure = words().any(|w| WORDS.buttons.get(w) == Some(&true));
    words().next().is_some_and(button)
        && words().all(|w| button(w) || digits(w))
        && (sure || words().filter(|w| button(w)).count() > 1)
}

/// Whether `bare` ends as the names of attached files do.
pub(crate) fn is_file_name(bare: &str) -> bool {
    let Some((name, extension)) = bare.rsplit_once('.') else { return false };
    let known =
        ["doc", "docx", "xls", "xlsx", "pdf", "wps", "et", "ofd", "zip", "rar", "ppt", "pptx", "jpg", "png"];
    known.iter().any(|e| extension.eq_ignore_ascii_case(e))
        && !name.is_empty()
        && !name.contains(['。', ';', '；'])
}

/// 首页>政务公开>公报: several short steps.
fn is_trail(bare: &str) -> bool {
    let steps: Vec<&str> = bare.split(['>', '»', '›']).filter(|s| !s.is_empty()).collect();
    steps.len() >= 3
        && bare.chars().count() <= 60
        && steps.iter().all(|s| s.chars().count() <= 14 && !s.contains(|c: char| c.is_ascii_digit()))
}

/// The name of a site, then its address, and nothing else.
fn is_site_name(text: &str) -> bool {
    text.rsplit_once(char::is_whitespace).is_some_and(|(name, url)| {
        let name = name.trim_end();
        (name.ends_with('网') || name.ends_with("网站"))
            && name.chars().count() <= 24
            && (url.starts_with("www.") || url.starts_with("http"))
            && url.is_ascii()
    })
}

/// 来源:… 作者:… 发布时间:…, 2014年05月12日 | 来源:… | 阅读量:…
fn is_byline(text: &str) -> bool {
    let after_date = date(text)
        .and_then(|len| text.get(len..))
        .map(|rest| rest.trim_start().trim_start_matches(['|', '｜']).trim_start());
    let rest = after_date.unwrap_or(text);
    let mut fields = 0;
    // 来源:网络 and then the text itself: what goes on is no byline.
    let goes_on = |field: &str| field.contains(['，', '！', '!', '？', '?']) || field.chars().count() > FIELD;
    for field in rest.split(|c: char| c.is_whitespace() || matches!(c, '|' | '｜')).filter(|f| !f.is_empty())
    {
        if goes_on(field) {
            return false;
        }
        let Some(colon) = field.find([':', '：']) else { continue };
        let label = field.get(..colon).unwrap_or("").trim_start_matches(['(', '（', '【', '[']);
        if WORDS.fields.contains(&label) {
            if is_told(label, field.get(colon..).unwrap_or("")) {
                return false;
            }
            fields += 1;
        } else if !WORDS.loose.contains(&label) && !label.bytes().all(|b| b.is_ascii_digit()) {
            // A field that no byline has: 时间:3月1日 地点:县体育馆 is for the listener.
            return false;
        }
    }
    let mut labels = WORDS.fields.iter().chain(&WORDS.loose);
    let known_first = labels.any(|label| rest.trim_start_matches(['(', '（', '【', '[']).starts_with(label));
    // 编辑: with nothing after it is a field of a form.
    let empty = fields == 1 && rest.trim_end().ends_with([':', '：']);
    fields > 0 && known_first && !empty && text.chars().count() <= 100
}

/// 编辑:2名, 审核:5月6日至10日, 来源:财政资金500万元, 更新时间:每日8时: a label of bylines before what counts.
fn is_told(label: &str, value: &str) -> bool {
    let mut pairs = value.chars().zip(value.chars().skip(1));
    match label {
        "编辑" | "审核" | "校对" | "来源" => {
            value.contains("资金")
                || pairs
                    .any(|(n, c)| n.is_ascii_digit() && matches!(c, '名' | '人' | '月' | '日' | '元' | '万'))
        }
        "更新时间" => value.contains('每'),
        _ => false,
    }
}

/// The words of `furniture.tsv`.
struct Words {
    /// Those that stand at the start of a line, by their first character.
    first: HashMap<char, Vec<Word>>,
    /// Those that stand anywhere.
    anywhere: Vec<Word>,
    /// Words of buttons, and whether one alone is sure to be one.
    buttons: HashMap<&'static str, bool>,
    /// Labels that only a byline has.
    fields: Vec<&'static str>,
    /// Labels that a byline has, and other lines as well.
    loose: Vec<&'static str>,
}

struct Word {
    skip: Skip,
    how: How,
    text: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Starts,
    Contains,
    Is,
    Ends,
    /// Starts a short line without a list.
    Labels,
    /// Starts a line of steps: 首页>公告.
    Leads,
    /// Before a count and nothing else: 浏览次数:12次.
    Counts,
}

impl Words {
    fn find(&self, bare: &str) -> Option<Skip> {
        let inner = bare.trim_matches(['[', ']', '【', '】', '(', ')', '（', '）', ':', '：']);
        let at = |text: &str| text.chars().next().and_then(|c| self.first.get(&c));
        let starts = [at(bare), at(inner).filter(|_| inner.len() < bare.len())];
        let mut words = starts.into_iter().flatten().flatten().chain(&self.anywhere);
        words.find(|word| word.fits(bare, inner)).map(|word| word.skip)
    }
}

impl Word {
    /// 欢迎访问博物馆的市民凭身份证免费入馆: the words of a page begin what a listener needs.
    fn goes_on(&self, bare: &str) -> bool {
        const OPENERS: [&str; 5] = ["欢迎", "分享", "手机扫一扫", "扫一扫手机", "热词"];
        const TELLS: [&str; 10] = ["，", ",", "元", "每户", "须", "请", "可领", "凭", "免费", "补贴"];
        match self.text {
            "公安备案" => {
                marker(bare).is_some() || !bare.contains('号') && !bare.contains(|c: char| c.is_ascii_digit())
            }
            "建议使用IE" => bare.contains("IEC") || bare.contains("IEEE"),
            text => {
                OPENERS.iter().any(|w| text.starts_with(w)) && TELLS.iter().any(|word| bare.contains(word))
            }
        }
    }

    fn fits(&self, bare: &str, inner: &str) -> bool {
        match self.how {
            How::Starts => bare.starts_with(self.text) && !self.goes_on(bare),
            How::Contains => bare.contains(self.text) && !self.goes_on(bare),
            How::Is => inner == self.text,
            How::Ends => bare.ends_with(self.text) && bare.chars().count() <= 24,
            How::Labels => {
                bare.starts_with(self.text)
                    && bare.chars().count() <= 10
                    && !bare.contains(['、', ',', '，'])
                    && !bare.contains("垃圾")
            }
            How::Leads => {
                bare.starts_with(self.text) && (bare.contains(['>', '»', '›']) || bare.contains("首页"))
            }
            How::Counts => inner.strip_prefix(self.text).is_some_and(|rest| {
                rest.chars().all(|c| {
                    c.is_ascii_digit()
                        || matches!(c, ':' | '：' | ',' | '次' | '人' | '位' | '访' | '客' | '+')
                })
            }),
        }
    }
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        first: HashMap::new(),
        anywhere: Vec::new(),
        buttons: HashMap::new(),
        fields: Vec::new(),
        loose: Vec::new(),
    };
    let lines = include_str!("furniture.tsv").lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    for (reason, how, list) in lines.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    }) {
        let skip = match reason {
            "footer" => Skip::Footer,
            "button_hint" => Skip::ButtonHint,
            "byline" => Skip::Byline,
            _ => Skip::Navigation,
        };
        for text in list.split(' ') {
            let how = match how {
                "field" => {
                    words.fields.push(text);
                    continue;
                }
                "loose" => {
                    words.loose.push(text);
                    continue;
                }
                "among" => {
                    words.buttons.insert(text, false);
                    continue;
                }
                "is" => {
                    words.buttons.insert(text, true);
                    How::Is
                }
                "starts" => How::Starts,
                "contains" => How::Contains,
                "ends" => How::Ends,
                "labels" => How::Labels,
                "leads" => How::Leads,
                _ => How::Counts,
            };
            let word = Word { skip, how, text };
            match text.chars().next().filter(|_| !matches!(how, How::Contains | How::Ends)) {
                Some(first) => words.first.entry(first).or_default().push(word),
                None => words.anywhere.push(word),
            }
        }
    }
    words
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn furniture_is_known_by_its_words() {
        let cases = include_str!("furniture.cases.txt");
        let mut wrong = Vec::new();
        for line in cases.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (text, want) = line.split_once(" => ").unwrap_or((line, ""));
            let found = furniture(text).map_or_else(|| "read".to_owned(), |s| format!("{s:?}"));
            if found != want {
                wrong.push(format!("{text}: {found}, want {want}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
