//! Dashes of any kind and number: part of a range, a route, a name or a code, a minus, or a pause.

use super::{
    Class, Hit, Options, Silence, code, date,
    listed::words,
    range,
    scan::{Scan, is_dash, is_han},
};

words!(ROUTES, "tables/routes.txt");
words!(NAMES, "tables/joint_names.txt");

/// `—`, `-`, `~` in any number: part of a range, a route, a name, a code, or a pause.
pub(super) fn mark(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if !is_dash(scan.at(i)) {
        return None;
    }
    let end = scan.run(i, is_dash);
    let (before, after) = (scan.before(i), scan.at(end));
    // A-, AA-级: a grade.
    if scan.at(i) == '-' && "ABC".contains(before) && "级等、,;。)\0".contains(after) {
        return Some(Hit::new(end, Class::Symbol, "减"));
    }
    // -百分之一
    if i == 0 && scan.at(i) == '-' && scan.any(end, &["百分之", "千分之", "万分之"]) {
        return Some(Hit::new(end, Class::Symbol, "负"));
    }
    if end - i > 3 || before == '\0' || after == '\0' || before == '\n' || after == '\n' {
        let quiet = before == '\0' || before == '\n' || after == '\0';
        return Some(if quiet { Hit::silent(end, Silence::Ornament) } else { Hit::breath(end, "，") });
    }
    if scan.at(i) == '-' && end == i + 1 && in_equation(scan, i) {
        return Some(Hit::new(end, Class::Symbol, "减"));
    }
    // 1#-5#楼
    if before == '#' && after.is_ascii_digit() {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    // 2024-挂-01
    let han_between = |open: usize| is_han(scan.at(open + 1)) && scan.at(open + 2) == '-';
    let lot = before.is_ascii_digit() && han_between(i)
        || after.is_ascii_digit()
            && i >= 3
            && scan.at(i - 2) == '-'
            && is_han(before)
            && scan.at(i - 3).is_ascii_digit();
    if scan.at(i) == '-' && (lot || code::serial_goes_on(scan, i)) {
        return Some(Hit::new(end, Class::Symbol, "杠"));
    }
    if same_letters(scan, i, end) || same_ending(scan, i, end) || numbers_in_brackets(scan, i, end) {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    if date::ends_date(scan, i) && scan.at(scan.past_space(end)).is_ascii_digit()
        || range::joins_amounts(scan, i, end)
    {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    let left = scan.back_over_space(i);
    if (date::ends_date(scan, left) || scan.before(left).is_ascii_digit())
        && scan.any(
            end,
            &[
                "今", "至今", "次日", "翌", "当日", "现在", "明年", "次年", "早", "晚", "上午", "下午",
                "中午", "凌晨",
            ],
        )
    {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    // 第1-第5; 3月1日9:00-3月5日17:00
    let clock = i > 3 && scan.at(i - 3) == ':' && scan.at(i - 4).is_ascii_digit();
    let dated = scan.at(scan.digits(end)) == '月' || clock;
    if before.is_ascii_digit() && (after == '第' || after.is_ascii_digit() && dated) {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    if end - i > 1 {
        return Some(Hit::breath(end, "，"));
    }
    if before.is_ascii_digit() && after.is_ascii_digit() {
        return Some(Hit::new(end, Class::Symbol, if scan.at(i) == '-' { "杠" } else { options.to() }));
    }
    let roman = |c: char| matches!(c, 'Ⅰ'..='Ⅻ' | 'ⅰ'..='ⅻ' | '①'..='⑳');
    if roman(before) && roman(after) {
        return Some(Hit::new(end, Class::Range, options.to()));
    }
    // Wi-Fi, T-shirt, COVID-19: the hyphen of a compound.
    if before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() {
        return Some(Hit::silent(end, Silence::Joiner));
    }
    if is_han(before) && is_han(after) {
        return Some(between_names(scan, i, end, options));
    }
    Some(Hit::breath(end, "，"))
}

/// 所得额=收入-60000元: on one side of it, in the same clause, stands an equals sign.
fn in_equation(scan: &Scan<'_>, i: usize) -> bool {
    let inside = |c: &&char| !matches!(**c, ',' | '。' | ';' | '\n');
    let left = scan.folded(i.saturating_sub(24), i).iter().rev().take_while(inside).any(|&c| c == '=');
    let right = scan.folded(i + 1, i + 24).iter().take_while(inside).any(|&c| c == '=');
    left || right
}

/// A1-A5, DN50—DN100: the same letters with another number.
fn same_letters(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    let mut at = i;
    // K12+300—K15+800: posts along a road.
    while (scan.before(at).is_ascii_digit() || scan.before(at) == '+') && i - at < 10 {
        at -= 1;
    }
    let figures = at;
    while scan.before(at).is_ascii_uppercase() && figures - at < 4 {
        at -= 1;
    }
    let letters = scan.string(at, figures);
    // A01-06: only the figures again, as many of them and more
    let to = scan.digits(end);
    let again = to - end == i - figures
        && to - end >= 2
        && letters.len() == 1
        && scan.value(figures, i) < scan.value(end, to)
        && !scan.at(to).is_ascii_alphanumeric()
        && !is_dash(scan.at(to));
    figures < i
        && !letters.is_empty()
        && (again || scan.word(end, &letters).is_some_and(|next| scan.at(next).is_ascii_digit()))
}

/// 4k-6k, 15F-18F: the same letter after both numbers.
fn same_ending(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    let letter = scan.before(i);
    let to = scan.digits(end);
    letter.is_ascii_alphabetic()
        && scan.before(i - 1).is_ascii_digit()
        && to > end
        && scan.at(to) == letter
        && !scan.at(to + 1).is_ascii_alphanumeric()
}

/// (1)—(3)项
fn numbers_in_brackets(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    let number = |open: usize, close: usize| {
        let inner = scan.folded(open + 1, close);
        let digit = |c: &char| c.is_ascii_digit() || "一二三四五六七八九十".contains(*c);
        (1..=3).contains(&inner.len()) && inner.iter().all(digit)
    };
    let left = i.checked_sub(1).and_then(|close| scan.mate(close).filter(|&open| number(open, close)));
    let right = scan.mate(end).filter(|&close| close > end && number(end, close));
    left.is_some() && right.is_some()
}

/// A route says 至, a name nothing but a breath. Weekdays and ordinals are ranges.
fn between_names(scan: &Scan<'_>, i: usize, end: usize, options: &Options) -> Hit {
    let to = || Hit::new(end, Class::Range, options.to());
    let weekday = scan.after_any(
        i,
        &["周一", "周二", "周三", "周四", "周五", "星期一", "星期二", "星期三", "星期四", "星期五"],
    );
    let counted = is_count(scan.before(i)) && is_count(scan.at(end)) || scan.at(end) == '周';
    if weekday || counted && !scan.any(end, &["一带"]) {
        return to();
    }
    // The name after the last dash ends at the first mark; look no farther than a name is long.
    let tail = end + scan.folded(end, end + 24).iter().take_while(|&&c| is_han(c) || is_dash(c)).count();
    let named = NAMES.within(scan, end, tail);
    let route = ROUTES.within(scan, end, tail);
    let chain = 1 + scan.folded(end, tail).iter().filter(|&&c| is_dash(c)).count() + links_before(scan, i);
    match (named, route) {
        (Some(named), Some(route)) if named < route => Hit::breath(end, "、"),
        (_, Some(_)) => to(),
        (Some(_), None) => Hit::breath(end, "、"),
        (None, None) if chain >= 2 => to(),
        (None, None) => Hit::breath(end, "，"),
    }
}

fn is_count(c: char) -> bool {
    "一二三四五六七八九十".contains(c)
}

/// Dashes between Han names in the 24 characters before `i`.
fn links_before(scan: &Scan<'_>, i: usize) -> usize {
    let from = i.saturating_sub(24);
    scan.folded(from, i)
        .iter()
        .rev()
        .take_while(|&&c| is_han(c) || is_dash(c))
        .filter(|&&c| is_dash(c))
        .count()
}
