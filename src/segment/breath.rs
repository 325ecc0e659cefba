//! Sentences that are longer than a breath, cut where a reader would breathe.
//!
//! The parts are chosen so that none is longer than [`BREATH`] where that can be had, that they are
//! even, and that the cuts stand at commas rather than at 、 or spaces.

use super::{
    BREATH,
    scan::{Scan, is_closer, is_stop},
};

/// What a part beyond [`BREATH`] costs for each character.
const TOO_LONG: u64 = 100_000;
/// What a part too short to be one (第三条 alone) costs, and what is too short.
const STUB: (usize, u64) = (6, 3_000);
/// What each cut costs, so that there are no more than needed.
const CUT: u64 = 900;

/// Where to cut the characters `from..to`; empty when they fit one breath or offer no place.
pub(super) fn cuts(scan: &Scan, from: usize, to: usize) -> Vec<usize> {
    if to - from <= BREATH {
        return Vec::new();
    }
    let visible = |c: &char| !c.is_whitespace();
    let total = scan.chars(from, to).iter().filter(|c| visible(c)).count();
    if total <= BREATH {
        return Vec::new();
    }
    // (place, visible characters before it, cost of cutting here)
    let mut places: Vec<(usize, usize, u64)> = vec![(from, 0, 0)];
    let mut seen = 0;
    let mut at = from;
    let mut deep_until = from;
    while at < to {
        if let Some(mate) = scan.mate(at) {
            if mate - at <= BREATH / 2
                || scan.char(at) == '〔'
                || scan.char(at) == '《' && mate - at <= BREATH
            {
                seen += scan.chars(at, mate).iter().filter(|c| visible(c)).count();
                at = mate;
            } else {
                deep_until = deep_until.max(mate);
            }
        }
        seen += usize::from(visible(&scan.char(at)));
        at += 1;
        if at < to
            && let Some(cost) = cost(scan, from, at, to)
        {
            places.push((at, seen, cost + if at < deep_until { 200 } else { 0 }));
        }
    }
    places.push((to, total, 0));
    cheapest(&places)
}

/// What a cut before `at` costs, if one may stand there.
fn cost(scan: &Scan, from: usize, at: usize, to: usize) -> Option<u64> {
    let before = scan.before(at);
    let after = scan.char(at);
    let between_digits = at >= 2 && scan.char(at - 2).is_ascii_digit() && after.is_ascii_digit();
    if is_closer(after) || matches!(after, ',' | '，' | '、' | '。' | ';' | '；' | ':' | '：') {
        return None;
    }
    match before {
        ',' | '，' => (!between_digits).then_some(0),
        c if is_stop(c) && !between_digits => Some(0),
        ':' | '：' => (!after.is_ascii()).then_some(100),
        '、' => Some(if short_list(scan, from, at, to) { 2_500 } else { 700 }),
        c if is_closer(c) && c != '〕' && matches!(after, '和' | '及' | '与' | '或' | '《' | '“' | '(') => {
            Some(900)
        }
        // After a long name or quotation a reader may pause; “十四五”规划 belongs together.
        '”' | '》' => (at - opens_at(scan, from, at) > 14).then_some(4_000),
        c if c.is_whitespace() => (at - from > STUB.0 && !is_spaced_out(scan, at)).then_some(1_200),
        _ if after == '“' && scan.mate(at).is_some_and(|m| m - at > BREATH) => Some(700),
        _ => None,
    }
}

/// Where the group opens that closes just before `at`.
fn opens_at(scan: &Scan, from: usize, at: usize) -> usize {
    (from.max(at.saturating_sub(BREATH))..at)
        .rev()
        .find(|&open| scan.mate(open) == Some(at - 1))
        .unwrap_or(at)
}

/// 属  性: a word set wide, whose space separates nothing.
fn is_spaced_out(scan: &Scan, at: usize) -> bool {
    if matches!(scan.before(at), '\u{2002}' | '\u{2003}' | '\u{3000}') {
        return true;
    }
    let gap = scan.chars(at.saturating_sub(4), at).iter().rev().take_while(|c| c.is_whitespace()).count();
    let lone_before = scan.before((at - gap).saturating_sub(1)).is_whitespace();
    lone_before || scan.char(at + 1).is_whitespace()
}

/// A、B、C of at most two characters each belong together.
fn short_list(scan: &Scan, from: usize, at: usize, to: usize) -> bool {
    let ends = |c: &char| matches!(c, '、' | ',' | '，' | '。' | '和' | '及' | '等' | '”' | ')');
    let after = scan.chars(at, (at + 4).min(to)).iter().position(ends).unwrap_or(4);
    let left = scan.chars(at.saturating_sub(5).max(from), at - 1);
    let before = left.iter().rev().position(ends).unwrap_or(4);
    after <= 2 || before <= 2
}

/// The cheapest way from the first place to the last. Each place looks back no further than two breaths
/// or, where nothing nearer is to be had, to the place before it.
fn cheapest(places: &[(usize, usize, u64)]) -> Vec<usize> {
    let mut best: Vec<(u64, usize)> = vec![(0, 0)];
    for (n, &(_, seen, here)) in places.iter().enumerate().skip(1) {
        let mut choice = (u64::MAX, n - 1);
        for back in (0..n).rev() {
            let (Some(&(_, earlier, _)), Some(&(so_far, _))) = (places.get(back), best.get(back)) else {
                break;
            };
            let len = seen - earlier;
            if len > BREATH && back + 1 < n {
                break;
            }
            let over = len.saturating_sub(BREATH) as u64 * TOO_LONG;
            let uneven = (BREATH as u64 * 2 / 3).abs_diff(len as u64).pow(2);
            let stub = if len < STUB.0 { STUB.1 } else { 0 };
            let total = so_far.saturating_add(over + uneven + here + stub + CUT);
            if total < choice.0 {
                choice = (total, back);
            }
        }
        best.push(choice);
    }
    let mut out = Vec::new();
    let mut n = places.len() - 1;
    while let Some(&(_, back)) = best.get(n).filter(|_| n > 0) {
        if back > 0
            && let Some(&(at, _, _)) = places.get(back)
        {
            out.push(at);
        }
        n = back;
    }
    out.reverse();
    out
}
