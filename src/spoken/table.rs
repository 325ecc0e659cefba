//! Cells of flattened tables: a unit in brackets and the value after it, `参保率(%)>95` →
//! 参保率，大于百分之九十五. A listener needs the unit at the number, not before it.

use super::{Class, Hit, Options, measure, money, quantity, scan::Scan, scan::is_han, symbol};

pub(super) fn unit_column(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if scan.at(i) != '(' || !(is_han(scan.before(i)) || scan.before(i) == ')') {
        return None;
    }
    let close = scan.mate(i).filter(|close| (2..=8).contains(&(close - i)))?;
    let unit = unit(scan, i + 1, close)?;
    let mut at = scan.past_space(close + 1);
    // 预算金额(元):980000
    let colon = scan.at(at) == ':';
    if colon {
        at = scan.past_space(at + 1);
    }
    let (value, compared) = match symbol::comparison(scan.at(at)) {
        Some(said) => (at + 1, said),
        None => (at, ""),
    };
    let amount = money::exact(&quantity::lex(scan, scan.past_space(value))?);
    // A list number is no value: 计划(个)1.加强.
    if scan.at(amount.end) == '.'
        || scan.at(amount.end) == '、' && is_han(scan.at(amount.end + 1)) && amount.whole.len() == 1
    {
        return None;
    }
    let said = match unit {
        Unit::Share(word) => format!("{compared}{word}{}", amount.percent()),
        Unit::Name(name) => format!("{compared}{}{name}", amount.said(true)),
    };
    // The pause after the cell keeps the next column apart.
    let goes_on = scan.any(amount.end, &["左右", "以上", "以下", "以内", "及以上", "及以下"]);
    let mark = if is_han(scan.at(amount.end)) && !goes_on { "，" } else { "" };
    let opening = if colon { "：" } else { "" };
    Some(Hit::new(amount.end, Class::Quantity, format!("{opening}{said}{mark}")).soft(!colon))
}

enum Unit {
    Share(&'static str),
    Name(String),
}

fn unit(scan: &Scan<'_>, from: usize, to: usize) -> Option<Unit> {
    match (scan.at(from), to - from) {
        ('%', 1) => return Some(Unit::Share("百分之")),
        ('‰', 1) => return Some(Unit::Share("千分之")),
        _ => {}
    }
    if let Some((end, name)) = measure::unit_at(scan, from)
        && end == to
    {
        return Some(Unit::Name(name));
    }
    let mut at = measure::magnitude_at(scan, from).unwrap_or(from);
    while at < to {
        at = measure::measure_at(scan, at)?;
    }
    (at == to).then(|| Unit::Name(scan.string(from, to)))
}
