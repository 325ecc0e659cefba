//! Units and measure words: what may follow a number, and what it is called.
//!
//! `tables/units.tsv` has units in Latin letters and signs with their Chinese names (GB 3100),
//! `tables/measures.txt` the measure words before which a lone 2 is 两.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    Class, Hit, Options,
    listed::{rows, words},
    scan::Scan,
};

/// Unit as written (folded) → name.
static UNITS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| rows(include_str!("tables/units.tsv")).filter_map(|row| row.split_once('\t')).collect());

words!(MEASURES, "tables/measures.txt");
words!(
    /// Words that only begin like a measure word: 年级, 大街.
    NOT_MEASURES,
    "tables/not_measures.txt"
);

const LONGEST_UNIT: usize = 6;

/// The end and the name of the unit at `i`, compound ones included: mg/L → 毫克每升.
pub(super) fn unit_at(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let (mut end, name) = simple_unit(scan, i)?;
    let mut said = name.to_owned();
    while scan.at(end) == '/' {
        if let Some((next, name)) = simple_unit(scan, end + 1) {
            said.push('每');
            said.push_str(name);
            end = next;
        } else if super::scan::is_han(scan.at(end + 1)) {
            said.push('每');
            end += 1;
        } else {
            break;
        }
    }
    Some((end, said))
}

fn simple_unit(scan: &Scan<'_>, i: usize) -> Option<(usize, &'static str)> {
    let first = scan.at(i);
    if !begins_unit(first) {
        return None;
    }
    let mut key = String::new();
    let mut best = None;
    for end in i + 1..=(i + LONGEST_UNIT).min(scan.len()) {
        key.push(scan.at(end - 1));
        let inside = scan.at(end - 1).is_ascii_alphabetic() && scan.at(end).is_ascii_alphabetic();
        if let (Some(&name), false) = (UNITS.get(key.as_str()), inside) {
            // `3A级`, `m2m`: a digit or letter that goes on makes it another word.
            if !(scan.at(end).is_ascii_digit() && scan.at(end - 1).is_ascii_alphabetic()) {
                best = Some((end, name));
            }
        }
    }
    best
}

/// Whether a unit of the table can begin with `c`; asked of every character after a number.
fn begins_unit(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '°' | 'º' | 'μ' | 'Ω' | '′' | '″' | '\u{2100}'..='\u{214f}' | '\u{3380}'..='\u{33df}')
}

/// The end of the measure word at `i`, past 万, 亿 and the like.
pub(super) fn measure_at(scan: &Scan<'_>, i: usize) -> Option<usize> {
    let i = scan.past_space(i);
    let end = MEASURES.at(scan, i)?;
    NOT_MEASURES.at(scan, i).is_none().then_some(end)
}

/// The end of the run of 十, 百, 千, 万, 亿 at `i`, if there is one.
pub(super) fn magnitude_at(scan: &Scan<'_>, i: usize) -> Option<usize> {
    let from = scan.past_space(i);
    let end = scan.run(from, is_magnitude);
    (end > from && end - from <= 3).then_some(end)
}

pub(super) fn is_magnitude(c: char) -> bool {
    "十百千万亿兆".contains(c)
}

/// Whether what stands at `i` makes the digits before it a quantity: unit, measure word, 万, 元, %.
pub(super) fn counts(scan: &Scan<'_>, i: usize) -> bool {
    let i = scan.past_space(i);
    matches!(scan.at(i), '%' | '‰' | '多' | '余' | '几')
        || magnitude_at(scan, i).is_some()
        || measure_at(scan, i).is_some()
        || simple_unit(scan, i).is_some()
}

/// Whether the Han characters before `i` follow a number: the 元 of `300元/件`, the 月 of `6月—8月`.
pub(super) fn follows_number(scan: &Scan<'_>, i: usize) -> bool {
    for back in 1..=6 {
        let Some(at) = i.checked_sub(back) else { return false };
        match scan.at(at) {
            c if c.is_ascii_digit() => return back > 1,
            ' ' | '/' => {}
            c if super::scan::is_han(c) || "²³㎡℃%‰".contains(c) || c.is_ascii_alphabetic() => {}
            _ => return false,
        }
    }
    false
}

/// A unit without a number of its own: after 万 or 多 (`120万kW`), or a sign that is only a unit.
pub(super) fn unit(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let before = scan.before(i);
    let after_number = (is_magnitude(before) || "多余几".contains(before)) && follows_number(scan, i);
    let sign = !scan.at(i).is_ascii_alphabetic();
    let alone = scan.at(i).is_ascii_alphabetic()
        && (matches!(before, '(' | '/' | ':' | '\0' | ' ') || super::scan::is_han(before))
        && scan.folded(i, i + 8).iter().take_while(|&&c| c != ')').any(|&c| matches!(c, '²' | '³'));
    let per = before == '/' && after_slash(scan, i)
        || before == '(' && scan.before(i - 1) == '/' && after_slash(scan, i - 1);
    let (end, said) = unit_at(scan, i)?;
    // mg/kg is a unit wherever it stands, km²/h too; m or t alone may be anything.
    let compound =
        scan.folded(i, end).contains(&'/') && scan.before(end) != '/' && !before.is_ascii_alphanumeric();
    if !(after_number || sign || alone || per || compound) {
        return None;
    }
    Some(Hit::new(end, Class::Unit, said))
}

/// `元/kWh`, `吨/h`: a unit after a slash whose left side is a Han unit of a number.
fn after_slash(scan: &Scan<'_>, i: usize) -> bool {
    i > 0
        && super::scan::is_han(scan.before(i - 1))
        && (follows_number(scan, i - 1) || scan.before(i - 1) == '元')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_keyed_by_folded_forms() {
        for unit in UNITS.keys() {
            assert!(unit.starts_with(begins_unit), "{unit}");
            assert_eq!(Scan::new(unit).string(0, LONGEST_UNIT), *unit);
        }
    }
}
