//! Headings and titles that run into the body without punctuation or a new line: `一、总体要求坚持以…`.
//!
//! 1. The next numbering ends the heading: `二、重点任务(一)…`.
//! 2. A short first sentence without a comma is the heading: `(一)指导思想。以…`.
//! 3. Otherwise every word boundary is weighed: how headings end, how bodies begin, whether the body
//!    takes up words of the heading. Only a clear winner is a boundary.

use std::{collections::HashMap, sync::LazyLock};

use super::scan::{Scan, is_closer, is_stop};
use crate::{
    notice::{
        marker::{Marker, Style, marker},
        shape, titles,
    },
    words::jieba,
};

/// The longest heading that is looked for, in characters after its numbering.
const HEADING: usize = 42;
/// The longest heading that ends with 。
const STOPPED: usize = 28;
/// What a boundary must weigh.
const CLEAR: i32 = 5;
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
        if is_stop(c) {
            let short = end - start <= STOPPED
                && commas <= 1
                && c == '。'
                && !matches!(scan.char(start), '本' | '请' | '凡');
            let body = scan.skip_space(end + 1);
            let follows = body < scan.len() && marker(scan.ahead(body, 12)).is_none_or(|n| n.level > m.level);
            if short && follows {
                return Some(end + 1);
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
        Style::Article | Style::Chapter => scan.char(at + scan.count(at, m.len)).is_whitespace(),
        Style::Digit => scan.char(at + 1) == '.' || scan.char(at + 2) == '.',
        _ => false,
    };
    numbers && !counts
}

/// The best boundary of a heading without punctuation, by weight.
fn weighed(scan: &Scan, start: usize, end: usize, m: Marker) -> Option<usize> {
    if !matches!(m.style, Style::Han | Style::HanInBrackets | Style::Chapter) {
        return None;
    }
    let region = scan.slice(start, end);
    // Bodies begin up to `end`; what they begin with is seen a little further.
    let beyond = scan.ahead(end, 12);
    if opens_sentence(region) {
        return None;
    }
    let whole = scan.slice(start, end + beyond.chars().count());
    let clear = if m.style == Style::HanInBrackets { CLEAR_IN_BRACKETS } else { CLEAR };
    let mut best: Option<(i32, usize)> = None;
    let mut at = start;
    let mut clauses = vec![start];
    for tag in jieba().tag(whole, false) {
        let word = tag.word;
        if at > start + 2 && at < end && !inside_group(scan, start, at) {
            // A place or an office is what a body speaks of first.
            let named = matches!(tag.tag, "ns" | "nt") && word.chars().count() > 1;
            let weight = weigh(scan, start, at, &clauses, if named { 3 } else { 0 });
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

fn inside_group(scan: &Scan, start: usize, at: usize) -> bool {
    (start..at).any(|open| scan.mate(open).is_some_and(|m| m >= at))
}

fn weigh(scan: &Scan, start: usize, at: usize, clauses: &[usize], named: i32) -> i32 {
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
    let closes = heading_end(scan, clause, at);
    if closes == 0 {
        return 0;
    }
    let opens = opening(tail).max(named) + taken_up(scan, start, at);
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
fn opening(tail: &str) -> i32 {
    if shape::date(tail).is_some() || tail.as_bytes().iter().take(4).all(u8::is_ascii_digit) {
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

/// The end of a title that runs into the body: 青山县供水方案|为…
pub(super) fn title(scan: &Scan, at: usize) -> Option<usize> {
    let window = scan.chars(at, at + 60);
    let stop = window
        .iter()
        .position(|&c| is_stop(c) || matches!(c, ',' | '，' | ':' | '：'))
        .unwrap_or(window.len());
    (at + 6..at + stop).find(|&end| {
        (2..=4).any(|n| titles::ends_title(scan.slice(end.saturating_sub(n).max(at), end)))
            && opening(scan.ahead(end, 16)) >= 3
            && !inside_group(scan, at, end)
    })
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
