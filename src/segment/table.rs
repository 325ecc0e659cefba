//! A table that was flattened into one string: `户数(户)12约束性面积(亩)300预期性`.
//!
//! Known by its rhythm: unit in brackets, figure, and a word that comes again and again after it.

use super::scan::{Scan, is_round};

/// Below this many characters a sentence is no table.
const LEAST: usize = 90;
/// So many rows make a table.
const ROWS: usize = 3;
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
    let cuts =
        (from + TAG..=to).filter(|&end| tags.iter().any(|(tag, _)| scan.chars(end - TAG, end) == *tag));
    Some(cuts.collect())
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
