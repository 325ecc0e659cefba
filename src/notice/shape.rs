//! The shape of one line or of the start of a text, without looking at its neighbours.

use super::Skip;

/// Bytes of the full date at the start of `text` (2022年9月22日, 二〇二二年九月二十二日); spaces inside
/// are allowed, as hard-wrapped pages put them there.
pub(crate) fn date(text: &str) -> Option<usize> {
    let mut at = 0;
    for (unit, most) in [('年', 4), ('月', 3), ('日', 3)] {
        at += gap(text.get(at..)?);
        let rest = text.get(at..)?;
        let number: usize = rest
            .chars()
            .take(most + 1)
            .take_while(|&c| c.is_ascii_digit() || super::marker::is_numeral(c) || matches!(c, '○' | 'O'))
            .map(char::len_utf8)
            .sum();
        if number == 0 || (unit == '年' && rest.get(..number)?.chars().count() != 4) {
            return None;
        }
        at += number;
        at += gap(text.get(at..)?);
        at += text.get(at..)?.strip_prefix(unit).map(|_| unit.len_utf8())?;
    }
    Some(at)
}

fn gap(text: &str) -> usize {
    text.chars().take(4).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum()
}

/// Bytes of the date a page puts on (2022-09-28, 2022/9/28, with or without a time) at the start of `text`.
pub(crate) fn page_date(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = |from: usize, most: usize| {
        bytes.iter().skip(from).take(most).take_while(|b| b.is_ascii_digit()).count()
    };
    if run(0, 5) != 4 {
        return None;
    }
    let sep = *bytes.get(4).filter(|b| matches!(b, b'-' | b'/' | b'.'))?;
    let month = run(5, 3);
    let day_at = 5 + month + 1;
    let day = run(day_at, 3);
    let number = |from: usize, len: usize| text.get(from..from + len).and_then(|d| d.parse::<u8>().ok());
    let (Some(m), Some(d)) = (number(5, month), number(day_at, day)) else { return None };
    if bytes.get(5 + month) != Some(&sep) || !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let mut end = day_at + day;
    // A time of day belongs to the stamp: 2022-09-28 10:30:05.
    let rest = text.get(end..)?;
    let space = gap(rest);
    let clock = rest.get(space..)?.bytes().take(8).take_while(|b| b.is_ascii_digit() || *b == b':').count();
    if space > 0 && rest.get(space..space + clock)?.contains(':') {
        end += space + clock;
    }
    Some(end)
}

/// Whether all of `text` is a document number: 国函〔2022〕8号, 第12号, or one whose brackets were lost.
pub(crate) fn is_document_number(text: &str) -> bool {
    let Some(body) = text.strip_suffix('号') else { return false };
    let letters: usize = body.chars().take(24).take_while(|&c| is_han(c)).map(char::len_utf8).sum();
    let (name, rest) = body.split_at(letters);
    if name.ends_with('第') {
        return !rest.is_empty() && rest.len() <= 4 && rest.bytes().all(|b| b.is_ascii_digit());
    }
    if name.chars().count() < 2 {
        return false;
    }
    let digits: String = rest
        .chars()
        .filter(|c| !matches!(c, '〔' | '〕' | '[' | ']' | '(' | ')' | '（' | '）' | ' ' | '第'))
        .collect();
    (5..=8).contains(&digits.len())
        && (digits.starts_with("19") || digits.starts_with("20"))
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `c` is a Han character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Bytes of a release note at the start of `text`: (此件公开发布), (本文有删减).
pub(crate) fn release_note(text: &str) -> Option<usize> {
    let open = text.chars().next().filter(|c| matches!(c, '(' | '（'))?;
    let inner: usize = text
        .get(open.len_utf8()..)?
        .chars()
        .take(20)
        .take_while(|c| !matches!(c, ')' | '）'))
        .map(char::len_utf8)
        .sum();
    let body = text.get(open.len_utf8()..open.len_utf8() + inner)?;
    let end = open.len_utf8() + inner;
    let close = text.get(end..)?.chars().next().filter(|c| matches!(c, ')' | '）'))?;
    let known = ["此件", "此文", "本文", "本件"].iter().any(|w| body.starts_with(w))
        && ["公开", "删减", "发布"].iter().any(|w| body.contains(w));
    known.then_some(end + close.len_utf8())
}

/// Bytes of `附件`, an optional number and a colon at the start of `text`; the colon may lack at the end
/// of the text only.
pub(crate) fn attachment_label(text: &str) -> Option<usize> {
    let mut at = "附件".len();
    let rest = text.strip_prefix("附件")?;
    let number: usize = rest
        .chars()
        .take(3)
        .take_while(|&c| c.is_ascii_digit() || super::marker::is_numeral(c))
        .map(char::len_utf8)
        .sum();
    at += number;
    let after = text.get(at..)?.trim_start();
    if after.is_empty() {
        return Some(at);
    }
    let space = text.get(at..)?.len() - after.len();
    after.starts_with([':', '：']).then(|| at + space + after.chars().next().map_or(0, char::len_utf8))
}

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
    WORDS.iter().find(|word| word.fits(&bare)).map(|word| word.skip).or_else(|| {
        if attachment_label(&bare).is_none() && is_file_name(&bare) {
            Some(Skip::FileName)
        } else if is_buttons(&bare) || is_trail(&bare) || is_site_name(text) {
            Some(Skip::Navigation)
        } else if is_byline(text) {
            Some(Skip::Byline)
        } else {
            None
        }
    })
}

/// Whether a line gives the page owner's address and numbers; furniture only at the foot of a page.
pub(crate) fn is_contact_line(text: &str) -> bool {
    let bare: String = text.chars().take(200).filter(|c| !c.is_whitespace()).collect();
    ["地址:", "地址：", "电话", "传真", "邮编", "Email", "邮箱", "主办", "承办"]
        .iter()
        .filter(|w| bare.contains(**w))
        .count()
        >= 2
}

/// 【打印】【关闭】: nothing but words of the page's own buttons.
fn is_buttons(bare: &str) -> bool {
    let button = |text: &str| WORDS.iter().any(|w| matches!(w.how, How::Is | How::Among) && w.text == text);
    let mut words = bare.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).peekable();
    let first = words.next_if(|w| button(w));
    let alone = first.is_some_and(|f| WORDS.iter().any(|w| matches!(w.how, How::Is) && w.text == f));
    first.is_some() && (alone || words.peek().is_some()) && words.all(button)
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
    for field in rest.split(|c: char| c.is_whitespace() || matches!(c, '|' | '｜')).filter(|f| !f.is_empty())
    {
        let Some(colon) = field.find([':', '：']) else { continue };
        let label = field.get(..colon).unwrap_or("").trim_start_matches(['(', '（', '【', '[']);
        if BYLINE.contains(&label) {
            fields += 1;
        } else if !LOOSE_BYLINE.contains(&label) && !label.bytes().all(|b| b.is_ascii_digit()) {
            // A field that no byline has: 时间:3月1日 地点:县体育馆 is for the listener.
            return false;
        }
    }
    let known_first = BYLINE
        .iter()
        .chain(&LOOSE_BYLINE)
        .any(|label| rest.trim_start_matches(['(', '（', '【', '[']).starts_with(label));
    fields > 0 && known_first && text.chars().count() <= 100
}

/// Labels that a byline has, and other lines as well.
const LOOSE_BYLINE: [&str; 8] = ["日期", "时间", "分享", "点击", "浏览", "阅读", "字体", "索引号"];

const BYLINE: [&str; 18] = [
    "来源",
    "信息来源",
    "稿件来源",
    "文章来源",
    "作者",
    "编辑",
    "责任编辑",
    "责编",
    "审核",
    "发布时间",
    "发布日期",
    "更新时间",
    "阅读量",
    "浏览量",
    "浏览次数",
    "点击数",
    "点击量",
    "字号",
];

struct Word {
    skip: Skip,
    how: How,
    text: &'static str,
}

enum How {
    Starts,
    Contains,
    Is,
    /// Stands among other words of buttons; alone it may be a heading.
    Among,
    Ends,
    /// Starts a short line without a list.
    Labels,
    /// Starts a line of steps: 首页>公告.
    Leads,
}

impl Word {
    fn fits(&self, bare: &str) -> bool {
        match self.how {
            How::Among => false,
            How::Starts => bare.starts_with(self.text),
            How::Contains => bare.contains(self.text),
            How::Is => bare.trim_matches(['[', ']', '【', '】', '(', ')', ':', '：']) == self.text,
            How::Ends => bare.ends_with(self.text) && bare.chars().count() <= 24,
            How::Labels => {
                bare.starts_with(self.text) && bare.chars().count() <= 10 && !bare.contains(['、', ',', '，'])
            }
            How::Leads => {
                bare.starts_with(self.text) && (bare.contains(['>', '»', '›']) || bare.contains("首页"))
            }
        }
    }
}

/// `furniture.tsv`: reason, how it is looked for, words.
static WORDS: std::sync::LazyLock<Vec<Word>> = std::sync::LazyLock::new(|| {
    include_str!("furniture.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let skip = match cells.next()? {
                "navigation" => Skip::Navigation,
                "footer" => Skip::Footer,
                "button_hint" => Skip::ButtonHint,
                _ => return None,
            };
            let how = match cells.next()? {
                "starts" => How::Starts,
                "contains" => How::Contains,
                "is" => How::Is,
                "among" => How::Among,
                "ends" => How::Ends,
                "labels" => How::Labels,
                "leads" => How::Leads,
                _ => return None,
            };
            Some(Word { skip, how, text: cells.next()? })
        })
        .collect()
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

    #[test]
    fn dates_and_numbers() {
        assert_eq!(date("2024年 3月 1日起"), Some("2024年 3月 1日".len()));
        assert_eq!(date("二〇二四年三月十一日"), Some("二〇二四年三月十一日".len()));
        assert_eq!(date("2024年3月"), None);
        assert_eq!(page_date("2024-03-01各旗县:"), Some(10));
        assert_eq!(page_date("2024-03-01 09:30"), Some(16));
        assert_eq!(page_date("2024-13-01"), None);
        for yes in ["青政发〔2024〕12号", "青政办字[2024]3号", "青政发20243号", "第12号", "第3号"]
        {
            assert!(is_document_number(yes), "{yes}");
        }
        for no in ["12号", "3月8号", "青政发〔2024〕12号文件", "幸福路2024号", "号"] {
            assert!(!is_document_number(no), "{no}");
        }
    }
}
