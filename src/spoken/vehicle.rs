//! Flights, trains, number plates and roads: letters as they are, digits one by one.

use super::{
    Class, Hit, Options, latin, number,
    scan::{Scan, is_han},
};

/// First characters of number plates.
const PLATES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// `9D5671航班`, `CA1234次航班`, `G1234次`, `蒙A12345`, `G0616`.
pub(super) fn number(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphanumeric() || scan.before(i) == '-' {
        return None;
    }
    let to = scan.run(i, |c| c.is_ascii_alphanumeric());
    if to - i > 8 {
        return None;
    }
    let spell = || latin::mixed(&scan.string(i, to), options.yao());
    let letters = scan.folded(i, to).iter().filter(|c| c.is_ascii_alphabetic()).count();
    let first = scan.at(i);
    let digits_after_first = scan.digits(i + 1) == to && to > i + 1;
    if letters > 0 && scan.any(to, &["航班", "次航班", "号航班"]) {
        return Some(Hit::new(to, Class::Vehicle, spell()));
    }
    let trains = "GDCZTKYLS";
    if digits_after_first && trains.contains(first) && scan.any(to, &["次列车", "次", "号列车"]) {
        return Some(Hit::new(to, Class::Vehicle, spell()));
    }
    // K1196/1197次: one train with another number on the way back.
    let second = scan.digits(to + 1);
    if digits_after_first
        && trains.contains(first)
        && scan.at(to) == '/'
        && second > to + 1
        && scan.at(second) == '次'
    {
        let back = number::code(&scan.string(to + 1, second), options.yao());
        return Some(Hit::new(second, Class::Vehicle, format!("{}、{back}", spell())));
    }
    if PLATES.contains(scan.before(i)) && i > 0 && first.is_ascii_uppercase() {
        let from = if scan.at(i + 1) == '·' { i + 2 } else { i + 1 };
        let end = scan.run(from, |c| c.is_ascii_alphanumeric());
        let figures = scan.folded(from, end).iter().filter(|c| c.is_ascii_digit()).count();
        if matches!(end - from, 5 | 6) && figures >= 3 {
            let said = format!("{first}{}", latin::mixed(&scan.string(from, end), options.yao()));
            return Some(Hit::new(end, Class::Vehicle, said));
        }
    }
    // S22 is 二十二, G110 and G0616 go digit by digit.
    if digits_after_first && "GSXYZ".contains(first) && (1..=4).contains(&(to - i - 1)) && scan.at(to) != '.'
    {
        let written = scan.string(i + 1, to);
        let said = match written.len() {
            1 | 2 if !written.starts_with('0') => number::cardinal(&written, false),
            _ => number::code(&written, options.yao()),
        };
        return Some(Hit::new(to, Class::Road, format!("{first}{said}")));
    }
    None
}

/// `110国道`, `省道203线`, `国道110`.
pub(super) fn road(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let kinds = ["国道", "省道", "县道", "乡道", "专用公路"];
    let to = scan.digits(i);
    let named =
        scan.any(to, &kinds) || chain_to(scan, to, &kinds) || scan.after_any(scan.back_over_space(i), &kinds);
    let line = scan.at(to) == '线' || scan.at(to) == '路' && !is_han(scan.before(i));
    let bus = to - i == 3 && scan.at(to) == '路' && !matches!(scan.at(to + 1), '口' | '灯' | '段');
    (named && to - i <= 4 || (line && to - i == 3) || bus)
        .then(|| Hit::new(to, Class::Road, number::code(&scan.string(i, to), options.yao())))
}

/// `212、213省道`: the kind of road stands after the last of several numbers.
fn chain_to(scan: &Scan<'_>, to: usize, kinds: &[&str]) -> bool {
    let mut at = to;
    for _ in 0..8 {
        if !matches!(scan.at(at), '、' | ',' | '和' | '及' | '与') {
            return false;
        }
        let next = scan.digits(at + 1);
        if next == at + 1 {
            return false;
        }
        if scan.any(next, kinds) {
            return true;
        }
        at = next;
    }
    false
}
