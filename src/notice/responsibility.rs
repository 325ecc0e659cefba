//! Who answers for a task: `(责任单位:县水利局、财政局)`, `(县水利局牵头,县财政局、各乡镇配合)`.
//!
//! Plans close nearly every paragraph with such a list of offices. It is what a listener can best spare,
//! and only a list that holds nothing else counts: a date or a sum beside the offices makes it text.

use std::sync::LazyLock;

/// The longest list, in characters.
const MOST: usize = 300;
/// The shortest: (略) and (残联) are remarks.
const LEAST: usize = 5;

/// Whether all of `text` says who answers for something: in brackets, or after a label such as 责任单位.
pub(crate) fn is_responsibility(text: &str) -> bool {
    let text = text.trim();
    let (body, bracketed) = without_brackets(text);
    if label(body).is_none()
        && !(bracketed && body.ends_with(WORDS.ends.as_slice()) || body.ends_with("下同"))
    {
        return false;
    }
    let chars = body.chars().take(MOST + 1).count();
    if !(LEAST..=MOST).contains(&chars) || body.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut clauses = body.split(['。', ';', '；']).map(str::trim).filter(|c| !c.is_empty());
    clauses.next().is_some_and(|first| labelled(first) || bracketed && assigned(first))
        && clauses.all(|c| labelled(c) || assigned(c) || c.ends_with("下同"))
}

/// Whether `text` begins with a label such as 责任单位 and a colon.
pub(crate) fn opens_with_label(text: &str) -> bool {
    label(text.trim_start_matches(['(', '（', '【', '['])).is_some()
}

/// The text without the brackets around it, and whether there was one: notices lose the other half.
fn without_brackets(text: &str) -> (&str, bool) {
    let text = text.trim_end_matches(['。', ';', '；']);
    let opened = text.strip_prefix(['(', '（', '【', '[']);
    let text = opened.unwrap_or(text);
    let count = |marks: [char; 2]| text.chars().take(MOST + 2).filter(|c| marks.contains(c)).count();
    let closes = text.ends_with(['】', ']']) || count(['(', '（']) < count([')', '）']);
    let closed = text.strip_suffix([')', '）', '】', ']']).filter(|_| closes);
    // (一)各乡镇…负责: the bracket closes before the end.
    (closed.unwrap_or(text), opened.is_some() && closes == closed.is_some())
}

/// What stands after the label and its colon.
fn label(text: &str) -> Option<&str> {
    text.chars().next().filter(|c| WORDS.firsts.contains(c))?;
    let (head, rest) = text.split_once([':', '：']).filter(|(head, _)| head.len() <= 36)?;
    let head: String = head.chars().filter(|c| !c.is_whitespace()).collect();
    WORDS.labels.contains(&head.as_str()).then_some(rest)
}

/// 责任单位:县水利局、财政局, or several such after another.
fn labelled(clause: &str) -> bool {
    let Some(rest) = label(clause) else { return false };
    let list = rest.replace(['：', ':'], "、");
    !rest.trim().is_empty() && names_office(&list) && !tells(&list)
}

/// 县水利局牵头,县财政局、各乡镇配合: offices, then what they do.
fn assigned(clause: &str) -> bool {
    let does = |part: &str| {
        let before = WORDS.does.iter().find_map(|word| part.trim_end().strip_suffix(word));
        before.is_some_and(names_office)
    };
    // 县水利局牵头,各乡镇: the word may stand with the first office only.
    let led = || {
        let mut parts = clause.split([',', '，']);
        parts.next().is_some_and(does) && parts.all(names_office)
    };
    !tells(clause) && (does(clause) || led())
}

/// Whether an office is among `text`: 财政局, 财政局按分工, 水利局等部门.
fn names_office(text: &str) -> bool {
    WORDS.offices.iter().any(|end| text.find(end).is_some_and(|at| at > 0 || end.len() > 3))
}

/// Whether it is a sentence rather than a list.
fn tells(text: &str) -> bool {
    const NUMERALS: &str = "〇零一二三四五六七八九十百千";
    const MEASURES: &str = "年月日万元";
    let mut pairs = text.chars().zip(text.chars().skip(1));
    WORDS.tells.iter().any(|word| text.contains(word))
        || pairs.any(|(n, measure)| NUMERALS.contains(n) && MEASURES.contains(measure))
}

struct Words {
    labels: Vec<&'static str>,
    does: Vec<&'static str>,
    offices: Vec<&'static str>,
    tells: Vec<&'static str>,
    /// The first characters of `labels`.
    firsts: Vec<char>,
    /// The last characters of `does` and `offices`.
    ends: Vec<char>,
}

/// `responsibility.tsv`: what the words are, the words.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let lines = include_str!("responsibility.tsv").lines().filter(|line| !line.starts_with('#'));
    let of = |kind: &str| {
        let lines = lines.clone().filter_map(|line| line.split_once('\t'));
        lines.filter(|(name, _)| *name == kind).flat_map(|(_, words)| words.split(' ')).collect()
    };
    let (labels, does, offices): (Vec<&str>, Vec<&str>, Vec<&str>) = (of("label"), of("does"), of("office"));
    let mut firsts: Vec<char> = labels.iter().filter_map(|word| word.chars().next()).collect();
    firsts.sort_unstable();
    firsts.dedup();
    let mut ends: Vec<char> = does.iter().chain(&offices).filter_map(|w| w.chars().next_back()).collect();
    ends.extend([')', '）']);
    ends.sort_unstable();
    ends.dedup();
    Words { labels, does, offices, tells: of("tells"), firsts, ends }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_offices_are_told_from_remarks() {
        let cases = include_str!("responsibility.cases.txt");
        let mut wrong = Vec::new();
        for line in cases.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (text, want) = line.split_once(" => ").unwrap_or((line, ""));
            if is_responsibility(text) != (want == "offices") {
                wrong.push(line);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
