//! What begins in the middle of a line that lost its line ends: the label of the next detail
//! (`联系人:王工电话:…`), a set phrase (`特此通告`), a list of attachments.

use std::sync::LazyLock;

use super::scan::{Scan, is_closer};
use crate::notice::shape;

/// The longest label, in characters.
const LABEL: usize = 6;

/// Where the label begins whose colon stands at `colon`, if what is before it belongs to another detail.
/// `from`: where the sentence begins.
pub(super) fn label_before(scan: &Scan, from: usize, colon: usize) -> Option<usize> {
    let start = longest_label(scan, from, colon)?;
    let before = scan.before(start);
    let value = shape::is_han(before) || before.is_ascii_alphanumeric() || is_closer(before);
    // The value of the label before: 地址:中心街1号|电话:…
    let inside = || scan.chars(from, start).iter().rev().take(40).any(|c| matches!(c, ':' | '：'));
    (start > from && value && !matches!(before, '的' | '和' | '及' | '与' | '或') && inside())
        .then_some(start)
}

/// Whether a known label and its colon stand at `at`.
pub(super) fn label_at(scan: &Scan, at: usize) -> bool {
    let colon = scan.chars(at, at + LABEL + 1).iter().position(|c| matches!(c, ':' | '：'));
    // 公示时间: is one label, not 时间.
    colon.is_some_and(|len| len > 0 && longest_label(scan, 0, at + len) == Some(at))
}

fn longest_label(scan: &Scan, from: usize, colon: usize) -> Option<usize> {
    let first = from.max(colon.saturating_sub(LABEL));
    (first..colon).find(|&start| LABELS.binary_search(&scan.slice(start, colon)).is_ok())
}

/// 特此通告, 附件:…: whether something new begins at `at`, after words without an end.
pub(super) fn opens_anew(scan: &Scan, at: usize) -> bool {
    let before = scan.before(at);
    if !(shape::is_han(before) || before.is_ascii_alphanumeric() || is_closer(before)) {
        return false;
    }
    match scan.char(at) {
        '特' => closing_phrase(scan, at) && !shape::is_han(scan.char(at + 4)),
        '附' => {
            !matches!(before, '见' | '的' | '和' | '及' | '与' | '本' | '各' | '以' | '将' | '为' | '第')
                && shape::attachment_label(scan.ahead(at, 12)).is_some_and(|len| len > "附件".len())
        }
        _ => false,
    }
}

/// Whether 特此通知 or the like stands at `at`.
pub(super) fn closing_phrase(scan: &Scan, at: usize) -> bool {
    scan.char(at) == '特' && CLOSINGS.contains(&scan.slice(at, at + 4))
}

const CLOSINGS: [&str; 13] = [
    "特此告知",
    "特此通知",
    "特此公告",
    "特此通告",
    "特此公示",
    "特此通报",
    "特此函告",
    "特此函复",
    "特此批复",
    "特此说明",
    "特此声明",
    "特此报告",
    "特此提醒",
];

/// `labels.txt`, sorted.
static LABELS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("labels.txt").lines().filter(|line| !line.starts_with('#'));
    let mut labels: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    labels.sort_unstable();
    labels
});
