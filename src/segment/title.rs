//! Titles that run into what follows: 青山县供水方案|为…, 关于停水的通知|尊敬的用户:

use super::{
    run_on,
    scan::{Scan, is_stop},
};
use crate::notice::{
    marker::{marker, number},
    shape, titles,
};

/// The end of a title that runs into the body: 青山县供水方案|为…
pub(super) fn run_in(scan: &Scan, at: usize) -> Option<usize> {
    title_ends(scan, at, 60).find(|&end| run_on::opening(scan.ahead(end, 16)) >= 3)
}

/// The end of the title with which a document begins that is one line; `addresses` says whether a salutation
/// begins at a place.
pub(super) fn at_start(scan: &Scan, at: usize, addresses: impl Fn(usize) -> bool) -> Option<usize> {
    title_ends(scan, at, 90).find(|&end| {
        let next = scan.skip_space(end);
        let tail = scan.ahead(next, 16);
        let about = scan.slice(at, end).contains("关于");
        let first = marker(tail).is_some_and(|m| number(tail, m) == Some(1));
        // 关于…的公示|经基层推荐,…
        let reason = about && scan.before(end) != '的' && tail.starts_with(REASONS);
        addresses(next)
            || first
            || reason
            || numbered(scan, next)
            || run_on::opening(tail) >= if about { 3 } else { 4 }
    })
}

/// How a notice begins under its title.
const REASONS: [char; 14] =
    ['经', '现', '兹', '因', '为', '根', '按', '依', '由', '近', '鉴', '随', '您', '我'];

/// Whether a document number stands at `at`.
fn numbered(scan: &Scan, at: usize) -> bool {
    let end = scan.chars(at, at + 30).iter().position(|&c| c == '号');
    end.is_some_and(|end| shape::is_document_number(scan.slice(at, at + end + 1)))
}

/// Where a title that begins at `at` may end: no stop and no comma is in it, unless in brackets.
fn title_ends(scan: &Scan, at: usize, most: usize) -> impl Iterator<Item = usize> {
    let mut stop = at;
    while stop < scan.len() && stop - at < most {
        let c = scan.char(stop);
        if is_stop(c) || matches!(c, ',' | '，' | ':' | '：') {
            break;
        }
        stop = scan.whole(stop).map_or(stop, |mate| mate) + 1;
    }
    (at + 6..=stop).filter(move |&end| {
        end < scan.len()
            && (2..=4).any(|n| titles::ends_title(scan.slice(end.saturating_sub(n).max(at), end)))
            && !run_on::inside_group(scan, at, end)
    })
}
