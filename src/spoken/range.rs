//! Numbers that belong together: ranges, ratios, fractions, numberings of several parts.

use super::{
    Class, Hit, Options,
    listed::words,
    measure, number,
    quantity::{self, Amount},
    scan::{Scan, is_dash, is_han, is_word},
};

words!(SCORES, "tables/score_words.txt");

/// `1.2.3`, `192.168.0.1`: parts of a numbering or an address.
pub(super) fn version(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let mut parts = Vec::new();
    let mut at = i;
    loop {
        let to = scan.digits(at);
        if to == at {
            return None;
        }
        parts.push(scan.string(at, to));
        if parts.len() > 8 {
            return None;
        }
        if scan.at(to) == '.' && scan.at(to + 1).is_ascii_digit() {
            at = to + 1;
        } else {
            at = to;
            break;
        }
    }
    if parts.len() < 3 {
        return None;
    }
    let address = parts.len() == 4 && parts.iter().all(|part| part.len() <= 3);
    let said: Vec<String> = parts
        .iter()
        .map(
            |part| {
                if address || part.len() > 2 { number::digits(part) } else { number::cardinal(part, false) }
            },
        )
        .collect();
    Some(Hit::new(at, Class::Version, said.join("点")))
}

/// `3:7`, `1:2:3`, `1:50000`.
pub(super) fn ratio(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let first = quantity::lex(scan, i)?;
    if scan.at(first.end) != ':' {
        return None;
    }
    let mut said = first.said(false);
    let mut end = first.end;
    for _ in 0..5 {
        if scan.at(end) != ':' {
            break;
        }
        let Some(next) = quantity::lex(scan, end + 1) else { break };
        said = said + "比" + &next.said(false);
        end = next.end;
    }
    // 1:5万地形图
    let scale = measure::magnitude_at(scan, end)
        .filter(|&to| first.whole == "1" && scan.any(to, &["地形", "地质", "比例", "图", "土壤", "航"]));
    if let Some(to) = scale {
        return Some(Hit::new(to, Class::Ratio, said + &scan.string(end, to)));
    }
    // `项目1:2023年…` is a heading and its text.
    (end > first.end && scan.at(end) != '年' && !measure::counts(scan, end))
        .then(|| Hit::new(end, Class::Ratio, said))
}

/// `1/2`, `2/3`; `120/80` and other pairs that are no part of a whole are said one after the other.
pub(super) fn fraction(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    // 1 / 2
    let spaced = scan.any(to, &[" / "]);
    let slash = if spaced { to + 1 } else { to };
    let from = if spaced { to + 3 } else { to + 1 };
    let end = scan.digits(from);
    if scan.at(slash) != '/' || scan.before(i) == '/' || scan.before(i).is_ascii_alphabetic() {
        return None;
    }
    let (part, whole) = (scan.value(i, to)?, scan.value(from, end)?);
    let proper = (1..100).contains(&part)
        && scan.at(end) != '/'
        && scan.at(i) != '0'
        && scan.at(from) != '0'
        && (part < whole || improper(scan, i, end, whole));
    let other = scan.at(end).is_ascii_alphanumeric() && measure::unit_at(scan, end).is_none()
        || scan.at(end) == '.'
        || matches!(scan.at(end), '℃' | '月' | '年' | '号' | '路' | '楼' | '栋' | '室');
    (proper && !other).then(|| {
        let said = format!("{}分之{}", cardinal(whole), cardinal(part));
        let unit = measure::unit_at(scan, end).filter(|_| is_word(scan.at(end)));
        match unit {
            Some((end, name)) => Hit::new(end, Class::Fraction, said + &name),
            None => Hit::new(end, Class::Fraction, said),
        }
    })
}

/// `3/2是`, `为5/3`: more than a whole, where something is said to be it.
fn improper(scan: &Scan<'_>, i: usize, end: usize, whole: u32) -> bool {
    (2..=9).contains(&whole)
        && (scan.any(end, &["是", "为", "的", "倍"]) || scan.after_any(i, &["为", "是", "等于", "="]))
}

/// `比分3-2`, `2-2战平`: the score of a match.
pub(super) fn score(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let end = scan.digits(to + 1);
    if scan.at(to) != '-' || to - i > 3 || !(1..=3).contains(&(end - to - 1)) || is_word(scan.before(i)) {
        return None;
    }
    let apart =
        !is_word(scan.at(end)) && !is_dash(scan.at(end)) && !is_dash(scan.before(i)) && scan.at(end) != '.';
    let told = SCORES.near_before(scan, i, 6) || SCORES.within(scan, end, end + 4).is_some();
    // 甲队 2-2, 甲队1-0: after a name, no range ends where it begins or in nothing.
    let drawn = to - i == 1 && end - to == 2 && (scan.at(i) == scan.at(to + 1) || scan.at(to + 1) == '0');
    let name = scan.back_over_space(i);
    let named =
        is_han(scan.before(name)) && !"楼栋幢座院区号元门房室层图表式件栏路".contains(scan.before(name));
    let alone = named && !is_han(scan.at(end));
    (apart && !measure::counts(scan, end) && (told || drawn && alone)).then(|| {
        let side = |from, to| number::cardinal(&scan.string(from, to), false);
        Hit::new(end, Class::Ratio, format!("{}比{}", side(i, to), side(to + 1, end)))
    })
}

fn cardinal(value: u32) -> String {
    number::cardinal(&value.to_string(), false)
}

/// `3—5`, `5%—8%`, `15~20℃`, `2018-2-1` house numbers.
pub(super) fn amounts(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let first = quantity::lex(scan, i)?;
    let (first_end, first_tail) = tail(scan, first.end);
    let (from, dash) = separator(scan, first_end)?;
    let negative = scan.at(from) == '-' && dash == '~';
    // -5%～+5%
    let positive = scan.at(from) == '+' && scan.before(i) == '-';
    let second = quantity::lex(scan, if negative || positive { from + 1 } else { from })?;
    let (end, second_tail) = tail(scan, second.end);
    if scan.at(second.end).is_ascii_digit() || house_number(scan, i, first.end, second.end) {
        return None;
    }
    // 1-001 is a serial number.
    if dash == '-' && second.fraction.is_empty() && second.whole.len() > 1 && second.whole.starts_with('0') {
        return None;
    }
    // 图1-1, 表2-3
    if dash == '-' && scan.after_any(scan.back_over_space(i), &["图", "表", "式"]) {
        return None;
    }
    let counted = measure::counts(scan, second.end) || first_tail.is_some();
    if dash == '-' && !counted && !rises(&first, &second) {
        return None;
    }
    let to = options.to();
    let above = if positive { "正" } else { "" };
    let said = match (first_tail, second_tail) {
        // 百分之 stands before each end, also where % is written once.
        (None | Some(Tail::Share(_)), Some(Tail::Share(word))) => {
            let sign = if negative { "负" } else { above };
            format!("{word}{}{to}{sign}{word}{}", first.percent(), second.percent())
        }
        (first_tail, second_tail) => {
            let liang = quantity::liang(scan, i, second.end) && !matches!(scan.before(i), '第')
                // 1-2层 are floors by their number.
                && !matches!(scan.at(second.end), '层' | '℃');
            let below = if negative { "零下" } else { above };
            let first_name = first_tail.map_or(String::new(), Tail::name);
            let second_name = second_tail.map_or(String::new(), Tail::name);
            format!("{}{first_name}{to}{below}{}{second_name}", first.said(liang), second.said(liang))
        }
    };
    Some(Hit::new(end, Class::Range, said))
}

/// What belongs to a number at the end of a range.
enum Tail {
    Share(&'static str),
    Unit(String),
}

impl Tail {
    fn name(self) -> String {
        match self {
            Self::Share(word) => word.to_owned(),
            Self::Unit(name) => name,
        }
    }
}

fn tail(scan: &Scan<'_>, end: usize) -> (usize, Option<Tail>) {
    let at = scan.past_space(end);
    match scan.at(at) {
        '%' => (at + 1, Some(Tail::Share("百分之"))),
        '‰' => (at + 1, Some(Tail::Share("千分之"))),
        _ => match measure::unit_at(scan, at) {
            Some((unit_end, name)) => (unit_end, Some(Tail::Unit(name))),
            None => (end, None),
        },
    }
}

/// The place after a dash (one or two, with spaces) that a number follows, and the dash.
fn separator(scan: &Scan<'_>, i: usize) -> Option<(usize, char)> {
    let from = scan.past_space(i);
    let to = scan.run(from, is_dash);
    let dash = scan.at(from);
    // ~-5: the hyphen is the sign of the number.
    let (to, dash) =
        if to == from + 2 && scan.at(from + 1) == '-' && dash != '-' { (from + 1, '~') } else { (to, dash) };
    (to > from && to - from <= 2).then(|| (scan.past_space(to), dash))
}

/// 3-2-501: parts of an address.
fn house_number(scan: &Scan<'_>, i: usize, first: usize, second: usize) -> bool {
    let chained = scan.at(second) == '-' && scan.at(second + 1).is_ascii_digit();
    let inside = scan.before(i) == '-' && scan.before(i - 1).is_ascii_digit();
    scan.at(first) == '-' && (chained || inside)
}

/// Whether the second number is no less than the first.
pub(super) fn rises(first: &Amount, second: &Amount) -> bool {
    let key = |a: &Amount| {
        (
            a.whole.trim_start_matches('0').len(),
            a.whole.trim_start_matches('0').to_owned(),
            a.fraction.clone(),
        )
    };
    key(first) <= key(second)
}

/// Whether the dash `from..to` joins two amounts with Han units: 10元-20元, 1万—2万.
pub(super) fn joins_amounts(scan: &Scan<'_>, from: usize, to: usize) -> bool {
    let before = scan.back_over_space(from);
    let after = scan.past_space(to);
    let number = scan.at(after).is_ascii_digit();
    let left = is_han(scan.before(before)) && measure::follows_number(scan, before)
        || "%‰℃°㎡".contains(scan.before(before)) && before > 0;
    number && left
}
