//! A table that was flattened into one string: `户数(户)12约束性面积(亩)300预期性`.
//!
//! Known by its rhythm: unit in brackets, figure, and a word that comes again and again after it.

use super::scan::{Scan, is_round};

/// Below this many characters a sentence is no table.
const LEAST: usize = 90;
/// So many rows make a table.
const ROWS: usize = 3;
/// So many rows are looked at for groups.
const MOST_ROWS: usize = 200;
/// A tag such as 约束性 has as many characters.
const TAG: usize = 3;

/// Where each row between `from` and `to` ends, if this is a flattened table.
pub(super) fn rows(scan: &Scan, from: usize, to: usize) -> Option<Vec<usize>> {
    if to - from < LEAST {
        return None;
    }
    let mut tags: Vec<(&[char], usize)> = Vec::new();
    let mut at = from;
    while at < to {
        if let Some(end) = figure_after_unit(scan, at, to) {
            let tag = scan.chars(end, end + TAG);
            if let Some((_, n)) = tags.iter_mut().find(|(known, _)| *known == tag) {
                *n += 1;
            } else if tags.len() < 16 {
                tags.push((tag, 1));
            }
            at = end;
        } else {
            at += 1;
        }
    }
    tags.retain(|&(tag, n)| n >= ROWS && tag.iter().all(|&c| crate::notice::shape::is_han(c)));
    if tags.is_empty() {
        return None;
    }
    // What stands after the last row is no longer the table.
    let ends =
        (from + TAG..=to).filter(|&end| tags.iter().any(|(tag, _)| scan.chars(end - TAG, end) == *tag));
    let mut cuts: Vec<usize> = ends.collect();
    let first = *cuts.first()?;
    let mut heads = heads(scan, from, first);
    let starts: Vec<usize> = heads.last().into_iter().chain(&cuts).map(|&at| scan.skip_space(at)).collect();
    cuts.extend(groups(scan, &starts));
    cuts.append(&mut heads);
    cuts.sort_unstable();
    cuts.dedup();
    Some(cuts)
}

/// Where the heads of the columns stand before the first row: words set wide (指  标  名  称), and the word
/// that names a column right before them.
fn heads(scan: &Scan, from: usize, to: usize) -> Vec<usize> {
    let mut cuts: Vec<usize> = Vec::new();
    let mut at = from;
    while at < to {
        let end = wide_word(scan, at, to);
        if end == at {
            at += 1;
            continue;
        }
        if cuts.is_empty() {
            let known = |n: &usize| titled(scan.slice(at - n, at));
            cuts.extend((2..=4).rev().filter(|n| at >= from + n).find(known).map(|n| at - n));
        }
        cuts.extend([at, end]);
        at = end;
    }
    cuts.retain(|&cut| cut > from);
    cuts
}

fn titled(word: &str) -> bool {
    crate::notice::table::is_head_word(word)
}

/// The end of the word at `at` whose characters are parted by spaces; `at` itself if there is none.
fn wide_word(scan: &Scan, at: usize, to: usize) -> usize {
    let mut end = at;
    let mut next = at;
    let mut chars = 0;
    while next < to && crate::notice::shape::is_han(scan.char(next)) {
        chars += 1;
        end = next + 1;
        next = scan.skip_space(end);
        if next == end {
            break;
        }
    }
    if chars >= 2 && end - at > chars { end } else { at }
}

/// The ends of the names of groups at the start of rows, when those are made alike: 幼有所育, 学有所教.
fn groups(scan: &Scan, starts: &[usize]) -> Vec<usize> {
    let alike = |a: usize, b: usize| {
        a != b
            && scan.chars(a + 1, a + 3) == scan.chars(b + 1, b + 3)
            && scan.chars(a, a + 4) != scan.chars(b, b + 4)
    };
    let han = |at: usize| scan.chars(at, at + 4).iter().all(|&c| crate::notice::shape::is_han(c));
    let few = starts.get(..starts.len().min(MOST_ROWS)).unwrap_or(&[]);
    // The first row opens a group, others go on with theirs: 东山镇…, 西山镇… in every row are no groups.
    let Some(&first) = few.first().filter(|&&at| han(at)) else { return Vec::new() };
    let named: Vec<usize> =
        few.iter().copied().filter(|&at| at == first || han(at) && alike(first, at)).collect();
    let fourth = |at: usize| scan.char(at + 3);
    let distinct =
        named.iter().enumerate().all(|(n, &a)| named.iter().skip(n + 1).all(|&b| fourth(a) != fourth(b)));
    if named.len() < ROWS || named.len() == few.len() || !distinct {
        return Vec::new();
    }
    named.into_iter().map(|at| at + 4).collect()
}

/// The end of a figure, when `at` opens the unit before it: (%)≥95, (户)12左右.
fn figure_after_unit(scan: &Scan, at: usize, to: usize) -> Option<usize> {
    if !is_round(scan.char(at)) {
        return None;
    }
    let mut end = scan.mate(at).filter(|&m| m - at <= 6)? + 1;
    if matches!(scan.char(end), '≥' | '≤' | '>' | '<' | '＞' | '＜') {
        end += 1;
    }
    let digits = scan.chars(end, to).iter().take_while(|c| c.is_ascii_digit() || **c == '.').count();
    let end = end + digits;
    let about =
        if scan.slice(end, end + 2) == "左右" || scan.slice(end, end + 2) == "以上" { 2 } else { 0 };
    (digits > 0).then_some(end + about)
}
