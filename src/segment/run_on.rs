//! Headings that run into the body without punctuation or a new line: `一、总体要求坚持以…`.
//!
//! 1. The next numbering ends the heading: `二、重点任务(一)…`.
//! 2. A short first sentence without a comma is the heading: `(一)指导思想。以…`.
//! 3. Otherwise every word boundary is weighed: how headings end, how bodies begin, whether the body
//!    takes up words of the heading. Only a clear winner is a boundary.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    cues,
    scan::{Scan, is_closer, is_stop},
};
use crate::{
    notice::{
        marker::{Marker, Style, marker, number},
        shape,
    },
    words::jieba,
};

/// The longest heading that is looked for, in characters after its numbering.
const HEADING: usize = 42;
/// The longest heading that ends with 。
const STOPPED: usize = 28;
/// What a boundary must weigh.
const CLEAR: i32 = 5;
/// The same for `1.`, which numbers anything.
const CLEAR_DIGIT: i32 = 8;
/// The same for `(一)`, which numbers sentences as often as headings.
const CLEAR_IN_BRACKETS: i32 = 7;

/// The end of the heading numbered `m` at `at`; `None` when the numbering opens a sentence instead.
pub(super) fn heading(scan: &Scan, at: usize, m: Marker) -> Option<usize> {
    if matches!(m.style, Style::Firstly | Style::Dash | Style::Article | Style::DigitInBrackets) {
        return None;
    }
    let start = at + scan.count(at, m.len);
    let start = scan.skip_space(start);
    let mut commas = 0;
    let mut end = start;
    while end < scan.len() && end - start <= HEADING + 20 {
        let c = scan.char(end);
        if let Some(mate) = scan.whole(end).filter(|_| end == start || marker(scan.ahead(end, 8)).is_none()) {
            end = mate + 1;
            continue;
        }
        if scan.mate(end).is_some_and(|m| m > end + HEADING) {
            // 修改为“…。…”: what stops inside a long quotation ends no heading.
            break;
        }
        if end > start + 1
            && let Some(below) = marker(scan.ahead(end, 12))
            && below.level > m.level
            && opens_list(scan, end, below)
        {
            return (commas <= 2).then_some(end);
        }
        // 2.项目概况|2.1建设地点
        if m.style == Style::Digit && c.is_ascii_digit() && below_digit(scan, at, m, end) {
            return Some(end);
        }
        if is_stop(c) {
            let short = end - start <= STOPPED
                && commas <= 1
                && c == '。'
                && !matches!(scan.char(start), '本' | '请' | '凡')
                && !has_number(scan.chars(start, end));
            let body = scan.skip_space(end + 1);
            let follows = body < scan.len() && marker(scan.ahead(body, 12)).is_none_or(|n| n.level > m.level);
            if short && follows {
                // 绕行路线|车辆可绕行北环路。
                let states = scan.chars(start, end).iter().any(|c| matches!(c, '可' | '须' | '应' | '均'));
                let inner = if states && end > start + 8 { weighed(scan, start, end, m) } else { None };
                return inner.or(Some(end + 1));
            }
            break;
        }
        if matches!(c, ':' | '：') {
            break;
        }
        if c.is_whitespace() && commas == 0 && parted_by_space(scan, start, end) {
            return Some(end);
        }
        commas += usize::from(matches!(c, ',' | '，'));
        end += 1;
    }
    weighed(scan, start, (start + HEADING).min(end), m)
}

/// Whether `2.1` stands at `end` under the heading numbered `2.`.
fn below_digit(scan: &Scan, at: usize, m: Marker, end: usize) -> bool {
    let digits = scan.chars(at, at + scan.count(at, m.len).saturating_sub(1));
    let under = scan.chars(end, end + digits.len());
    let rest = scan.slice(end + digits.len(), end + digits.len() + 3);
    let above = scan.before(end);
    under == digits
        && (shape::is_han(above) || is_closer(above))
        && rest.strip_prefix(['.', '．']).is_some_and(|rest| {
            rest.starts_with('1')
                && rest.chars().nth(1).is_some_and(|c| shape::is_han(c) || c.is_whitespace())
        })
}

/// Whether a telephone number or the like is among `chars`.
fn has_number(chars: &[char]) -> bool {
    chars.windows(5).any(|five| five.iter().all(char::is_ascii_digit))
}

/// 一、管制时间 2024年9月15日…: a short heading, a space, its body.
fn parted_by_space(scan: &Scan, start: usize, at: usize) -> bool {
    let head = scan.chars(start, at);
    (4..=12).contains(&head.len())
        && head.iter().all(|&c| shape::is_han(c))
        && scan.skip_space(at) < scan.len()
        && heading_end(scan, start, at) >= 2
}

/// Whether the numbering at `at` can begin a list: not a count such as 三、五 or a figure such as 1.
fn opens_list(scan: &Scan, at: usize, m: Marker) -> bool {
    let before = scan.before(at);
    let counts = before.is_ascii_alphanumeric() || matches!(before, '第' | '、' | '近' | '约');
    let numbers = match m.style {
        Style::HanInBrackets => true,
        // 第一章 总则第一条 为了…
        Style::Article | Style::Chapter => {
            scan.char(at + scan.count(at, m.len)).is_whitespace() || number(scan.ahead(at, 12), m) == Some(1)
        }
        Style::Digit => scan.char(at + 1) == '.' || scan.char(at + 2) == '.',
        _ => false,
    };
    numbers && !counts
}

/// The best boundary of a heading without punctuation, by weight.
fn weighed(scan: &Scan, start: usize, end: usize, m: Marker) -> Option<usize> {
    if !matches!(m.style, Style::Han | Style::HanInBrackets | Style::Chapter | Style::Digit) {
        return None;
    }
    let region = scan.slice(start, end);
    // Bodies begin up to `end`; what they begin with is seen a little further.
    let beyond = scan.ahead(end, 12);
    if opens_sentence(region) {
        return None;
    }
    let whole = scan.slice(start, end + beyond.chars().count());
    let clear = match m.style {
        Style::HanInBrackets => CLEAR_IN_BRACKETS,
        Style::Digit => CLEAR_DIGIT,
        _ => CLEAR,
    };
    let mut best: Option<(i32, usize)> = None;
    let mut at = start;
    let mut clauses = vec![start];
    let words = jieba().tag(whole, false);
    for (n, tag) in words.iter().enumerate() {
        let word = tag.word;
        if at > start + 1 && at < end && !inside_group(scan, start, at) {
            let opens = match again(scan, start, at) {
                // A place or an office is what a body speaks of first, or who does what.
                0 if matches!(tag.tag, "ns" | "nt") && word.chars().count() > 1 => 3,
                0 if cues::label_at(scan, at) => 4,
                0 if at - start <= 6 && is_subject(words.get(n..).unwrap_or(&[])) => 2,
                repeated => repeated,
            };
            let weight = weigh(scan, start, at, &clauses, opens);
            if weight >= clear && best.is_none_or(|(w, _)| weight > w) {
                best = Some((weight, at));
            }
        }
        at += word.chars().count();
        if PREDICATES.contains(&word) {
            break;
        }
        if matches!(word, "," | "，") {
            clauses.push(at);
        }
    }
    best.map(|(_, at)| at)
}

/// Whether `text` begins as sentences do, and headings do not.
fn opens_sentence(text: &str) -> bool {
    const FIRST: [char; 12] = ['各', '对', '将', '把', '本', '自', '凡', '经', '为', '在', '请', '因'];
    text.starts_with(FIRST)
}

/// Words that make a sentence of what stands before them: no heading goes on beyond them.
const PREDICATES: [&str; 15] =
    ["为", "由", "按照", "根据", "按", "应", "应当", "必须", "可以", "可", "不得", "须", "要", "予以", "将"];

pub(super) fn inside_group(scan: &Scan, start: usize, at: usize) -> bool {
    (start..at).any(|open| scan.mate(open).is_some_and(|m| m >= at))
}

fn weigh(scan: &Scan, start: usize, at: usize, clauses: &[usize], known: i32) -> i32 {
    let head = scan.slice(start, at);
    let tail = scan.ahead(at, 16);
    let last = scan.before(at);
    let next = scan.char(at);
    if matches!(
        last,
        ',' | '，'
            | '、'
            | '的'
            | '和'
            | '与'
            | '及'
            | '为'
            | '在'
            | '以'
            | '对'
            | '把'
            | '将'
            | '等'
            | '不'
            | '新'
            | '从'
            | '向'
    ) || matches!(
        next,
        ',' | '，'
            | '、'
            | '。'
            | '的'
            | '等'
            | '和'
            | '与'
            | '及'
            | '之'
            | '下'
            | '上'
            | '中'
            | '内'
            | '外'
            | '得'
            | '了'
            | '者'
            | '化'
    ) || is_closer(next)
        || ["以及", "以上", "以下", "以内", "以外", "以后", "以前", "到位", "为主"]
            .iter()
            .any(|w| tail.starts_with(w))
        || clauses.len() > 2
    {
        return 0;
    }
    let clause = clauses.last().copied().unwrap_or(start);
    let first_clause = clauses.get(1).map_or(at, |&c| c - 1) - start;
    let length = at - clause;
    // A number under a long heading belongs to the last words of it: 医保热线12393.
    if at - start > 6 && has_number(&tail.chars().take(5).collect::<Vec<char>>()) {
        return 0;
    }
    let closes = heading_end(scan, clause, at).max(if known == AGAIN { 3 } else { 0 });
    if closes == 0 {
        return 0;
    }
    let opens = opening(tail).max(known) + taken_up(scan, start, at);
    if opens == 0 {
        return 0;
    }
    let mut weight = closes + opens;
    // Two clauses of a heading are about as long as each other.
    if clause > start {
        weight += if length < 4 { -4 } else { 1 - (length.abs_diff(first_clause) as i32) / 5 };
    } else if length <= 8 {
        weight += 1;
    }
    // 参加活动的群众, 群众反映的问题: what a sentence speaks of.
    let named_by = scan.chars(clause, at).iter().rev().position(|&c| c == '的');
    if clause == start && named_by.is_some_and(|n| n <= 4) {
        weight -= 3;
    }
    if head.chars().count() > 30 {
        weight -= 2;
    }
    weight
}

/// How much the characters before `at` look like the end of a heading.
fn heading_end(scan: &Scan, clause: usize, at: usize) -> i32 {
    let ends = (2..=4)
        .filter_map(|n| at.checked_sub(n).filter(|&f| f >= clause))
        .filter_map(|from| ENDS.get(scan.slice(from, at)))
        .max()
        .copied()
        .unwrap_or(if is_closer(scan.before(at)) { 2 } else { 0 });
    // 工作目标, 防治措施: a noun of four characters is a heading of its own.
    ends + i32::from(ends >= 3 && at - clause <= 6)
}

/// How much `tail` looks like the beginning of a body.
pub(super) fn opening(tail: &str) -> i32 {
    if shape::date(tail).is_some() || begins_with_figure(tail) {
        return 3;
    }
    // 防火期内,…; 施工期间,…
    let comma = tail.char_indices().take(9).find(|(_, c)| matches!(c, ',' | '，')).map(|(at, _)| at);
    if comma
        .and_then(|at| tail.get(..at))
        .is_some_and(|t| ["内", "期间", "以来", "之后", "之前"].iter().any(|e| t.ends_with(e)))
    {
        return 3;
    }
    let heads = tail.char_indices().take(8).filter_map(|(at, c)| {
        let (head, rest) = tail.split_at_checked(at + c.len_utf8())?;
        // 宣传|引导,…: a verb that the clause ends with opens nothing.
        (!rest.starts_with([',', '，', '。'])).then_some(head)
    });
    heads.filter_map(|head| OPENERS.get(head)).max().copied().unwrap_or(0)
}

/// Whether a noun begins a clause that says something of it: 东西方向车辆|可绕行, 消费者|10名.
fn is_subject(words: &[jieba_rs::Tag]) -> bool {
    let noun = words.first().is_some_and(|w| w.tag.starts_with('n') && w.word.chars().count() > 1);
    let mut rest = words.iter().skip(1).take(5).take_while(|w| !matches!(w.word, "," | "，" | "。" | "、"));
    let counted = words.get(1).is_some_and(|w| w.word.starts_with(|c: char| c.is_ascii_digit()));
    noun && (counted || rest.any(|w| PREDICATES.contains(&w.word)))
}

/// What the very words of the heading weigh when a body begins with them.
const AGAIN: i32 = 5;

/// 2026年, 10月1日, 8:30, 96116: a time or a number stands under its heading.
fn begins_with_figure(tail: &str) -> bool {
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let rest = tail.get(digits..).unwrap_or("");
    digits >= 4 || digits > 0 && (rest.starts_with('月') || rest.starts_with([':', '：', '时']))
}

/// Whether the body begins with the very words of the heading: 笔试|笔试分为, 公示与聘用|公示期为.
fn again(scan: &Scan, start: usize, at: usize) -> i32 {
    let head = scan.chars(start, at);
    let whole = head.len() <= 8 && scan.chars(at, at + head.len()) == head;
    let both = head.iter().any(|c| matches!(c, '和' | '与' | '及' | '、'));
    let first = head.len() >= 4 && both && scan.chars(at, at + 2) == scan.chars(start, start + 2);
    if head.len() >= 2 && head.iter().all(|&c| shape::is_han(c) || c == '、') && (whole || first) {
        4
    } else {
        0
    }
}

/// Whether the body takes up a word of the heading at once: 起底范围|全面起底….
fn taken_up(scan: &Scan, start: usize, at: usize) -> i32 {
    let head = scan.chars(start, at);
    let pairs = |from: usize| scan.chars(from, from + 2).to_vec();
    let known = |from: usize| {
        let pair = pairs(from);
        pair.iter().all(|&c| shape::is_han(c)) && head.windows(2).any(|w| w == pair.as_slice())
    };
    if known(at) { 2 } else { i32::from((at + 1..at + 5).any(known)) }
}

fn table(text: &'static str) -> HashMap<&'static str, i32> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            line.split_once('\t').and_then(|(weight, words)| Some((weight.parse().ok()?, words)))
        })
        .flat_map(|(weight, words): (i32, &str)| words.split(' ').map(move |word| (word, weight)))
        .collect()
}

static ENDS: LazyLock<HashMap<&'static str, i32>> = LazyLock::new(|| table(include_str!("heading_ends.tsv")));
static OPENERS: LazyLock<HashMap<&'static str, i32>> =
    LazyLock::new(|| table(include_str!("body_openers.tsv")));
