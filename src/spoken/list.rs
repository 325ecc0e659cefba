//! Numbers of list items: 1. 1、 1) (1) (一) ① ⑴ ⒈. All are said as the number and a short pause.

use super::{
    Class, Hit, Options,
    listed::words,
    measure, number,
    scan::{Scan, is_han},
};

words!(OWNERS, "tables/item_owners.txt");

pub(super) fn number(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    match scan.at(i) {
        '(' => bracketed(scan, i),
        '0'..='9' => pointed(scan, i),
        c => {
            let value = enclosed(c)?;
            let said = number::cardinal(&value.to_string(), false) + "、";
            Some(Hit::new(i + 1, Class::ListNumber, said).soft(true))
        }
    }
}

/// `1.`, `1、`, `1)`.
fn pointed(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    let to = scan.digits(i);
    if to - i > 3 || matches!(scan.before(i), '.' | '-' | '—' | '/') {
        return None;
    }
    let next = scan.at(to + 1);
    let starts = scan.begins(i);
    let numbers = match scan.at(to) {
        // A decimal goes on with a digit. `2.2022年` is item 2 and a year.
        '.' if next.is_ascii_digit() => {
            to - i <= 2
                && (year_follows(scan, to + 1)
                    || month_follows(scan, to + 1)
                    || starts && goes_on(scan, i, to))
        }
        '.' if next != '.' => {
            let word = scan.past_space(to + 1);
            starts || is_han(scan.at(word)) || "“《‘(〔".contains(scan.at(word))
        }
        '、' => starts && (!next.is_ascii_digit() || year_follows(scan, to + 1)),
        ')' => scan.mate(to).is_none() && (starts || is_han(next) && is_han(scan.before(i))),
        _ => false,
    };
    if !numbers {
        return None;
    }
    let said = number::cardinal(&scan.string(i, to), false) + "、";
    let owned = owned_by_word(scan, i);
    Some(Hit::new(to + 1, Class::ListNumber, said).soft(!owned))
}

/// `2.户口簿;3.1寸照片2张`: the item before has the number before, and the fraction would count.
fn goes_on(scan: &Scan<'_>, i: usize, to: usize) -> bool {
    let whole = scan.digits(to + 1);
    // No age and no full share has such a fraction: 1.60周岁以上, 1.100%覆盖.
    let age = whole - to == 3 && scan.any(whole, &["周岁", "岁"]);
    if age || scan.string(to + 1, whole) == "100" && scan.at(whole) == '%' {
        return true;
    }
    let Some(last) = scan.value(i, to).and_then(|n| n.checked_sub(1)).filter(|&n| n > 0) else {
        return false;
    };
    let item = |at: usize| {
        let end = scan.digits(at);
        scan.value(at, end) == Some(last)
            && scan.at(end) == '.'
            && is_han(scan.at(end + 1))
            && scan.begins(at)
    };
    let counted = measure::measure_at(scan, whole).is_some() || scan.at(whole) == '寸';
    counted && (i.saturating_sub(120)..i).any(item)
}

/// A year with its 年 stands at `i`.
fn year_follows(scan: &Scan<'_>, i: usize) -> bool {
    let to = scan.digits(i);
    let plausible = to - i == 4 && scan.value(i, to).is_some_and(|y| (1900..=2100).contains(&y));
    let mark = scan.at(scan.past_space(to));
    plausible && (mark == '年' || super::scan::is_dash(mark) || matches!(mark, '、' | '至' | '/'))
}

/// A month stands at `i`: `3.5月底前` is item 3, no month has a fraction.
fn month_follows(scan: &Scan<'_>, i: usize) -> bool {
    let to = scan.digits(i);
    scan.at(scan.past_space(to)) == '月' && scan.value(i, to).is_some_and(|month| (1..=12).contains(&month))
}

/// Whether 附件, 表 and the like stand before; 报名表 2. is a list that goes on.
fn owned_by_word(scan: &Scan<'_>, i: usize) -> bool {
    let at = scan.back_over_space(i);
    let part_of_word = matches!(scan.before(at), '表' | '图' | '式')
        && at > 1
        && is_han(scan.before(at - 1))
        && !"附见如续下上由按详".contains(scan.before(at - 1));
    OWNERS.before(scan, at) && !part_of_word
}

/// `(1)`, `(一)`, `(十二)`.
fn bracketed(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    let close = scan.mate(i).filter(|close| (2..=5).contains(&(close - i)))?;
    let (from, to) = (scan.past_space(i + 1), scan.back_over_space(close));
    let inner = scan.folded(from, to);
    let han = !inner.is_empty() && inner.iter().all(|c| "一二三四五六七八九十百".contains(*c));
    let arabic = !inner.is_empty() && inner.iter().all(char::is_ascii_digit) && inner.len() <= 2;
    if !han && !arabic {
        return None;
    }
    let written = scan.string(from, to);
    let before = scan.back_over_space(i);
    // (86)0471-…: China's number before a telephone number.
    if written == "86" && scan.at(close + 1).is_ascii_digit() {
        return None;
    }
    let said = if arabic { number::cardinal(&written, false) } else { written };
    let dash = scan.run(close + 1, super::scan::is_dash);
    let owned = owned_by_word(scan, i)
        || dash > close + 1 && scan.at(dash) == '('
        || super::scan::is_dash(scan.before(i)) && i > 1 && scan.before(i - 1) == ')'
        || scan.before(before) == '、' && scan.before(before - 1) == ')'
        || !scan.begins(i)
            && scan.any(close + 1, &["项", "款", "目", "类", "级", "号"])
            && !scan.any(close + 1, &["项目", "款项", "目标", "目的", "类别", "级别", "号召"]);
    // 七(2)班
    if scan.at(close + 1) == '班' && is_han(scan.before(before)) {
        return Some(Hit::new(close + 1, Class::ListNumber, said).soft(true));
    }
    Some(if owned {
        Hit::new(close + 1, Class::ListNumber, said)
    } else {
        Hit::new(close + 1, Class::ListNumber, said + "、").soft(true)
    })
}

/// The value of an enclosed number, as Unicode arranges them.
fn enclosed(c: char) -> Option<u32> {
    let from = |first: char| u32::from(c) - u32::from(first);
    Some(match c {
        '①'..='⑳' => from('①') + 1,
        '⑴'..='⒇' => from('⑴') + 1,
        '⒈'..='⒛' => from('⒈') + 1,
        '㉑'..='㉟' => from('㉑') + 21,
        '㊱'..='㊿' => from('㊱') + 36,
        '❶'..='❿' => from('❶') + 1,
        '➀'..='➉' => from('➀') + 1,
        '➊'..='➓' => from('➊') + 1,
        '⓵'..='⓾' => from('⓵') + 1,
        '⓫'..='⓴' => from('⓫') + 11,
        '㈠'..='㈩' => from('㈠') + 1,
        '㊀'..='㊉' => from('㊀') + 1,
        '⓪' | '⓿' => 0,
        _ => return None,
    })
}
