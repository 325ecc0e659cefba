//! Amounts: a number with its percent sign or unit, or alone. What follows decides between 二 and 两.

use super::{
    Class, Hit, Options,
    listed::words,
    measure, money, number,
    scan::{Scan, is_han},
};

words!(NEGATIVE, "tables/negative_words.txt");

/// A number as it is written.
pub(super) struct Amount {
    /// Digits before the point, without thousands separators.
    pub(super) whole: String,
    /// Digits after the point.
    pub(super) fraction: String,
    pub(super) end: usize,
}

impl Amount {
    pub(super) fn said(&self, liang: bool) -> String {
        // 007 names, 0 and 0.5 count.
        if self.fraction.is_empty() && self.whole.len() > 1 && self.whole.starts_with('0') {
            return number::digits(&self.whole);
        }
        number::decimal(&self.whole, &self.fraction, liang)
    }

    /// What follows 百分之: 100 is 百, not 一百.
    pub(super) fn percent(&self) -> String {
        if self.whole == "100" && self.fraction.chars().all(|c| c == '0') {
            return "百".to_owned();
        }
        number::decimal(&self.whole, &self.fraction, false)
    }
}

/// The number at `i`: `1,000,000`, `12.5`, `8`. A second point makes it something else.
pub(super) fn lex(scan: &Scan<'_>, i: usize) -> Option<Amount> {
    let mut end = scan.digits(i);
    if end == i {
        return None;
    }
    let mut whole = scan.string(i, end);
    if let Some(to) = thousands(scan, i, end).or_else(|| spaced_thousands(scan, i, end)) {
        whole = scan.string(i, to).replace([',', ' '], "");
        end = to;
    }
    let mut fraction = String::new();
    let to = scan.digits(end + 1);
    if scan.at(end) == '.' && to > end + 1 && !(scan.at(to) == '.' && scan.at(to + 1).is_ascii_digit()) {
        fraction = scan.string(end + 1, to);
        end = to;
    }
    Some(Amount { whole, fraction, end })
}

/// Past `,000,000` when the commas are half-width and all groups have three digits.
fn thousands(scan: &Scan<'_>, i: usize, first: usize) -> Option<usize> {
    if first - i > 3 || scan.at(i) == '0' {
        return None;
    }
    let mut end = first;
    // Five groups are beyond any sum; a longer row is a list.
    while end - first <= 20 && scan.written(end) == ',' && scan.digits(end + 1) == end + 4 {
        end += 4;
    }
    // `110,120` may as well be a list: one group of three before one of three needs something counted.
    let one_pair = end - first == 4 && first - i == 3;
    let zeros = scan.folded(first + 1, end).iter().all(|c| matches!(c, '0' | ','));
    (end > first
        && !(scan.at(end) == ',' && scan.at(end + 1).is_ascii_digit())
        && !(one_pair && !zeros && !counted(scan, end)))
    .then_some(end)
}

/// Past ` 000 000`: groups of three digits after a gap, where something is counted and the gap does not
/// part two cells of a table.
fn spaced_thousands(scan: &Scan<'_>, i: usize, first: usize) -> Option<usize> {
    if scan.at(first) != ' '
        || first - i > 3
        || scan.at(i) == '0'
        || scan.before(i) == ' ' && i > 1 && scan.before(i - 1).is_ascii_digit()
    {
        return None;
    }
    let mut end = first;
    while end - first < 16 && scan.at(end) == ' ' && scan.digits(end + 1) == end + 4 {
        end += 4;
    }
    let fraction = if scan.at(end) == '.' { scan.digits(end + 1) } else { end };
    let stated = "约达为共计额费价金款资:(超过近至¥".contains(scan.before(i)) && i > 0;
    let sure =
        end - first > 4 || fraction > end || stated || scan.written(first) != ' ' || scan.before(end) == '0';
    (end > first && sure && measure::counts(scan, fraction)).then_some(end)
}

fn counted(scan: &Scan<'_>, i: usize) -> bool {
    scan.at(i) == '.' || measure::counts(scan, i)
}

/// Whether a lone 2 that stands at `i` and ends at `end` is 两: before a measure word or 万, never
/// after 第 and the like.
pub(super) fn liang(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    let named =
        ["第", "初", "附件", "附表", "表", "图", "专栏", "公式", "方案", "周", "星期", "之", "地下", "负"];
    if scan.after_any(scan.back_over_space(i), &named) || scan.before(i).is_ascii_alphabetic() {
        return false;
    }
    let at = scan.past_space(end);
    if matches!(scan.at(at), '千' | '万' | '亿') {
        return true;
    }
    // -2层
    if scan.at(at) == '层' && scan.before(i) == '-' {
        return false;
    }
    // 扣2分
    if scan.at(at) == '分' && "扣加得记减罚".contains(scan.before(i)) && i > 0 {
        return true;
    }
    if scan.at(at) == '类' {
        return scan.after_any(i, &["分", "分为", "分成", "共", "有", "这", "等"]);
    }
    measure::measure_at(scan, at).is_some() || measure::unit_at(scan, at).is_some()
}

/// `零下` or 负 for a sign before a temperature or a number; 正 for a plus before a temperature.
fn sign(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    let minus = scan.at(i) == '-';
    if !(minus || scan.at(i) == '+') || !scan.at(i + 1).is_ascii_digit() {
        return None;
    }
    let amount = lex(scan, i + 1)?;
    let before = scan.before(i);
    let mut unit = scan.past_space(amount.end);
    // -5~3℃: the unit stands at the other end.
    if matches!(scan.at(unit), '~' | '至' | '到' | '—' | '/') {
        let other = if scan.at(unit + 1) == '-' { unit + 2 } else { unit + 1 };
        unit = lex(scan, other).map_or(unit, |other| scan.past_space(other.end));
    }
    let degrees =
        scan.at(unit) == '℃' || scan.word(unit, "°C").is_some() || scan.word(unit, "摄氏度").is_some();
    let warmth = ["气温", "温度", "降至", "冷藏", "室温"];
    let degrees = degrees || scan.at(unit) == '度' && scan.near_before(i, 8, warmth.into_iter());
    let share = matches!(scan.at(unit), '%' | '‰');
    let apart = !before.is_ascii_alphanumeric()
        && !is_han(before)
        && !matches!(before, ')' | '”' | '》' | '%' | '+' | '#');
    if degrees && minus && (apart || is_han(before) || matches!(before, '~' | '℃')) {
        return Some(Hit::new(i + 1, Class::Symbol, if scan.after_any(i, &["零下"]) { "" } else { "零下" }))
            .filter(|hit| !hit.said.is_empty());
    }
    let said = if minus { "负" } else { "正" };
    // CPI-0.3%
    if minus && share && before.is_ascii_alphabetic() {
        return Some(Hit::new(i + 1, Class::Symbol, said));
    }
    let stated = apart || (is_han(before) && (degrees || share && !measure::follows_number(scan, i)));
    if minus
        && (NEGATIVE.before(scan, scan.back_over_space(i))
            || after_plus(scan, i)
            || opens_sum(scan, i, amount.end))
    {
        return Some(Hit::new(i + 1, Class::Symbol, said));
    }
    // A dash after white space or a mark is more often a list dash than a sign.
    let sure = degrees
        || scan.any(unit, &["层", "楼", "度"])
        || share
        || scan.at(unit) == '分' && !is_han(scan.at(unit + 1))
        || amount.fraction.len() + amount.whole.len() > 1
        || matches!(before, '(' | '=' | ':');
    (stated && sure && (minus || degrees || share)).then(|| Hit::new(i + 1, Class::Symbol, said))
}

/// `+5，-5`: beside a number with a plus.
fn after_plus(scan: &Scan<'_>, i: usize) -> bool {
    let Some(end) = i.checked_sub(1).filter(|&end| matches!(scan.at(end), ',' | '、')) else { return false };
    let figures = (1..=6).take_while(|&n| n <= end && scan.at(end - n).is_ascii_digit()).count();
    figures > 0 && scan.before(end - figures) == '+'
}

/// `-1`, `-1+2=1`: the text is a number or a sum that begins with a minus.
fn opens_sum(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    i == 0 && (end == scan.len() || matches!(scan.at(end), '+' | '×' | '÷' | '=' | '/' | '*'))
}

/// Any number that no other rule took, with its percent sign or unit.
pub(super) fn amount(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if matches!(scan.at(i), '-' | '+') {
        return sign(scan, i);
    }
    if scan.at(i) == '〇' || is_han_zero(scan, i) {
        return Some(Hit::new(i + 1, Class::Number, "零"));
    }
    let amount = lex(scan, i)?;
    let at = scan.past_space(amount.end);
    // 300w人, 10W+
    let ten_thousand = scan.at(at) == 'w' && measure::measure_at(scan, at + 1).is_some()
        || matches!(scan.at(at), 'w' | 'W') && scan.at(at + 1) == '+';
    if ten_thousand && at == amount.end {
        return Some(Hit::new(at + 1, Class::Number, amount.said(true) + "万"));
    }
    let code = money::currency(scan, at).filter(|_| scan.at(at).is_ascii_uppercase());
    if let Some((end, name)) = code.filter(|&(end, _)| !scan.at(end).is_ascii_alphanumeric()) {
        return Some(Hit::new(end, Class::Money, amount.said(true) + name));
    }
    let share = match scan.at(at) {
        '%' => Some(("百分之", at + 1)),
        '‰' => Some(("千分之", at + 1)),
        '‱' => Some(("万分之", at + 1)),
        // 10多%
        '多' | '余' if scan.at(at + 1) == '%' => {
            let said = format!("百分之{}{}", amount.percent(), scan.at(at));
            return Some(Hit::new(at + 2, Class::Percent, said));
        }
        _ => None,
    };
    if let Some((word, end)) = share {
        return Some(Hit::new(end, Class::Percent, format!("{word}{}", amount.percent())));
    }
    if let Some((end, name)) = measure::unit_at(scan, at).filter(|_| unit_allowed(scan, at)) {
        let said = amount.said(liang(scan, i, amount.end)) + &name;
        return Some(Hit::new(end, Class::Quantity, said));
    }
    // 2½
    if let Some(part) = super::symbol::vulgar_fraction(scan.at(amount.end)) {
        let said = format!("{}又{part}", amount.said(false));
        return Some(Hit::new(amount.end + 1, Class::Fraction, said));
    }
    // 20#楼
    if scan.at(amount.end) == '#' {
        return Some(Hit::new(amount.end + 1, Class::Number, amount.said(false) + "号"));
    }
    // 07月 is a month, 007 a name.
    if amount.fraction.is_empty() && matches!(scan.at(at), '月' | '日' | '时') {
        return Some(Hit::new(amount.end, Class::Number, number::cardinal(&amount.whole, false)));
    }
    let liang = liang(scan, i, amount.end) || to_counted(scan, i, amount.end);
    let sum = amount.fraction == "00"
        && (amount.whole.len() >= 4 || scan.any(at, &["元", "万元", "亿元", "美元", "人民币"]));
    let amount = if sum { money::exact(&amount) } else { amount };
    Some(Hit::new(amount.end, Class::Number, amount.said(liang)))
}

/// `2至5座`, `2或3个`: the measure word stands after the second number.
fn to_counted(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    matches!(scan.at(end), '至' | '到' | '或')
        && lex(scan, end + 1).is_some_and(|other| liang(scan, i, other.end))
}

/// ○ and ◯ between Chinese digits stand for 〇.
fn is_han_zero(scan: &Scan<'_>, i: usize) -> bool {
    let digit = super::scan::is_han_digit;
    matches!(scan.at(i), '○' | '◯' | '０')
        && (digit(scan.before(i)) || "○◯".contains(scan.before(i)) && i > 0)
        && (digit(scan.at(i + 1)) || "○◯年".contains(scan.at(i + 1)))
}

/// Single letters are a unit only where they cannot be the name of a class: 5A级, 3D, 5G.
fn unit_allowed(scan: &Scan<'_>, i: usize) -> bool {
    let single = scan.at(i).is_ascii_alphabetic() && !scan.at(i + 1).is_ascii_alphabetic();
    !(single
        && scan.any(
            i + 1,
            &["级", "类", "型", "座", "区", "栋", "幢", "单元", "组", "口", "岗", "端", "档", "卷"],
        ))
}
