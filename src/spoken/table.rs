//! Cells of flattened tables: a unit in brackets and the value after it, `参保率(%)>95` →
//! 参保率，大于百分之九十五. A listener needs the unit at the number, not before it.

use super::{
    Class, Hit, Options, measure, money,
    quantity::{self, Amount},
    range,
    scan::{Scan, is_dash, is_han},
    symbol,
};

pub(super) fn unit_column(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
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
    let first = end_of_range(scan, scan.past_space(value), &unit)?;
    let second = match second_end(scan, first.end, &unit) {
        Second::None => None,
        Second::Found(second) if rises(&first, &second) => Some(second),
        _ => return None,
    };
    let amount_end = second.as_ref().map_or(first.end, |second| second.end);
    // A list number is no value: 计划(个)1.加强.
    if scan.at(amount_end) == '.'
        || scan.at(amount_end) == '、' && is_han(scan.at(amount_end + 1)) && first.amount.whole.len() == 1
    {
        return None;
    }
    // 金额(元):5万
    let end = scan.run(amount_end, |c| matches!(c, '万' | '亿'));
    let magnitude = scan.string(amount_end, end);
    // 村(社区)5个, 奖励(元)5万元: the value has a unit of its own, what stands in brackets is none.
    let own = matches!(scan.at(end), '%' | '‰' | '多' | '余' | '几')
        || scan.at(end) != ' '
            && (measure::measure_at(scan, end).is_some()
                || measure::unit_at(scan, end).is_some()
                || money::currency(scan, end).is_some());
    if own || !magnitude.is_empty() && !unit.takes_magnitude() {
        return None;
    }
    let to = options.to();
    let said = match &unit {
        Unit::Share(word) => {
            let share = |value: &Value| format!("{}{word}{}", value.sign, value.amount.percent());
            second.as_ref().map_or(share(&first), |second| format!("{}{to}{}", share(&first), share(second)))
        }
        Unit::Name(name) => {
            let plain = |value: &Value| format!("{}{}", value.sign, value.amount.said(true));
            let values = second
                .as_ref()
                .map_or(plain(&first), |second| format!("{}{to}{}", plain(&first), plain(second)));
            format!("{values}{magnitude}{name}")
        }
    };
    // The pause after the cell keeps the next column apart.
    let goes_on = scan.any(end, &["左右", "以上", "以下", "以内", "及以上", "及以下"]);
    let mark = if is_han(scan.at(end)) && !goes_on { "，" } else { "" };
    let opening = if colon { "：" } else { "" };
    Some(Hit::new(end, Class::Quantity, format!("{opening}{compared}{said}{mark}")).soft(!colon))
}

/// One number of a cell with its sign.
struct Value {
    sign: &'static str,
    amount: Amount,
    end: usize,
}

/// The number at `i`; a minus counts where the unit can be below zero.
fn end_of_range(scan: &Scan<'_>, i: usize, unit: &Unit) -> Option<Value> {
    let minus = scan.at(i) == '-';
    let sign = if minus { unit.below_zero()? } else { "" };
    let amount = money::exact(&quantity::lex(scan, if minus { i + 1 } else { i })?);
    let end = amount.end;
    Some(Value { sign, amount, end })
}

enum Second {
    None,
    Found(Value),
    /// A dash, but no range: the parts of a code.
    Unsure,
}

/// What stands after the first number: 年龄(岁)18-50.
fn second_end(scan: &Scan<'_>, end: usize, unit: &Unit) -> Second {
    let from = scan.past_space(end);
    let dash = scan.at(from);
    if !is_dash(dash) {
        return Second::None;
    }
    let mut at = from + 1;
    if dash == '—' && scan.at(at) == '—' {
        at += 1;
    }
    let Some(second) = end_of_range(scan, scan.past_space(at), unit) else { return Second::None };
    let chained = is_dash(scan.at(second.end)) && scan.at(second.end + 1).is_ascii_digit();
    let years = matches!(unit, Unit::Name(name) if name.starts_with(['年', '月', '日']))
        && second.amount.whole.len() == 4;
    if chained || years { Second::Unsure } else { Second::Found(second) }
}

fn rises(first: &Value, second: &Value) -> bool {
    !first.sign.is_empty() || second.sign.is_empty() && range::rises(&first.amount, &second.amount)
}

enum Unit {
    Share(&'static str),
    Name(String),
}

impl Unit {
    /// What a minus is called before this unit; counted things are never below zero.
    fn below_zero(&self) -> Option<&'static str> {
        match self {
            Self::Share(_) => Some("负"),
            Self::Name(name) if name == "摄氏度" => Some("零下"),
            Self::Name(name) => name.ends_with(['元', '米', '分', '度']).then_some("负"),
        }
    }

    /// 5万 of 万元 would be said twice.
    fn takes_magnitude(&self) -> bool {
        matches!(self, Self::Name(name) if !name.starts_with(measure::is_magnitude))
    }
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
    (at == to).then(|| Unit::Name(scan.string(from, to).trim().to_owned()))
}
