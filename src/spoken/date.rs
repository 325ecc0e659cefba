//! Days and months, with or without their year: 2022年8月12日, 2022-08-12, 8.12—8.20.
//!
//! A year is said digit by digit, month and day as numbers (GB/T 7408 forms included).

use super::{
    Class, Hit, Options, clock,
    listed::words,
    measure, number,
    scan::{Scan, is_dash, is_han, is_word},
    year::{BARE_YEARS, YEARS},
};

words!(ANNOUNCED, "tables/day_words.txt");
words!(AFTER, "tables/after_days.txt");

/// `2022年8月10日`, `8月10日`, `2022-08-12`, `2022/8/12`, `2022.8.12` and ranges of the latter.
pub(super) fn days(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if let Some((end, said)) = han_day(scan, i) {
        return Some(Hit::new(end, Class::Date, said));
    }
    if let Some((end, said)) = dashed_month(scan, i) {
        return Some(Hit::new(end, Class::Date, said));
    }
    if let Some((end, said)) = pointed_day(scan, i) {
        return Some(Hit::new(end, Class::Date, said));
    }
    if let Some((end, said)) = announced_days(scan, i, options) {
        return Some(Hit::new(end, Class::Date, said));
    }
    let (mut end, mut said) = iso_day(scan, i)?;
    let dash = scan.run(end, is_dash);
    let written = matches!(scan.at(end), '至' | '到');
    if dash > end && dash - end <= 2 || written {
        let from = if written { end + 1 } else { dash };
        let word = if written { scan.string(end, from) } else { options.to().to_owned() };
        if let Some((last, until)) = iso_day(scan, from).or_else(|| short_day(scan, i, end, from)) {
            said = format!("{said}{word}{until}");
            end = last;
        }
    }
    if clock_follows(scan, end) {
        end += 1;
    }
    Some(Hit::new(end, Class::Date, said))
}

/// A number of one or two digits followed by `sign`: its value and the end.
fn part(scan: &Scan<'_>, i: usize, signs: &str, max: u32) -> Option<(u32, usize)> {
    let from = scan.past_space(i);
    let to = scan.digits(from);
    let sign = scan.past_space(to);
    let value = scan.value(from, to).filter(|v| to - from <= 2 && (1..=max).contains(v))?;
    signs.contains(scan.at(sign)).then_some((value, sign + 1))
}

fn han_day(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let mut said = String::new();
    let mut at = i;
    let to = scan.digits(i);
    let year_sign = scan.past_space(to);
    if scan.at(year_sign) == '年' && matches!(to - i, 2 | 4) {
        // 98年8月: two digits are a year only before a month.
        if to - i == 4 && !scan.value(i, to).is_some_and(|y| YEARS.contains(&y)) {
            return None;
        }
        said = format!("{}年", number::digits(&scan.string(i, to)));
        at = year_sign + 1;
    }
    let (month, mut end) = part(scan, at, "月", 12)?;
    said.push_str(&small(month));
    said.push('月');
    match part(scan, end, "日号", 31) {
        Some((day, last)) => {
            said.push_str(&small(day));
            said.push(scan.at(last - 1));
            end = last;
        }
        // A bare month is a number before 月; the number rules say it.
        None if at == i => return None,
        None => {}
    }
    Some((end, said))
}

/// `2024-5月`: no range ends in a month that begins with a year.
fn dashed_month(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let to = scan.digits(i);
    scan.value(i, to).filter(|y| to - i == 4 && BARE_YEARS.contains(y))?;
    if scan.at(to) != '-' || !scan.at(to + 1).is_ascii_digit() || is_word(scan.before(i)) {
        return None;
    }
    let (end, month) = part(scan, to + 1, "月", 12).map(|(month, end)| (end, small(month)))?;
    Some((end, format!("{}年{month}月", number::digits(&scan.string(i, to)))))
}

/// `3.15日前`: a day has no fraction. At the head of an item it may as well be item 3, day 15.
fn pointed_day(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let to = scan.digits(i);
    let month = scan.value(i, to).filter(|m| to - i <= 2 && (1..=12).contains(m))?;
    let (day, end) = part(scan, to + 1, "日", 31)?;
    let sure = scan.at(to) == '.' && scan.at(to + 1).is_ascii_digit() && !scan.begins(i);
    sure.then(|| (end, format!("{}月{}日", small(month), small(day))))
}

fn small(value: u32) -> String {
    number::cardinal(&value.to_string(), false)
}

fn iso_day(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let to = scan.digits(i);
    let sep = scan.at(to);
    if to - i != 4 || !matches!(sep, '-' | '/' | '.' | '—' | '·') {
        return None;
    }
    scan.value(i, to).filter(|y| YEARS.contains(y))?;
    let month_to = scan.digits(to + 1);
    let month = scan.value(to + 1, month_to).filter(|m| (1..=12).contains(m) && month_to - to <= 3)?;
    let year = number::digits(&scan.string(i, to));
    if scan.at(month_to) == sep {
        let day_to = scan.digits(month_to + 1);
        let day = scan.value(month_to + 1, day_to).filter(|d| (1..=31).contains(d) && day_to - month_to <= 3);
        if let (Some(day), false) = (
            day,
            scan.at(day_to) == sep && is_word(scan.at(day_to + 1))
                || is_word(scan.at(day_to)) && !clock_follows(scan, day_to),
        ) {
            return Some((day_to, format!("{year}年{}月{}日", small(month), small(day))));
        }
        return None;
    }
    // 2022-08: a month with its zero, without it 2018-9 may be anything. 2022.8 with nothing counted.
    let padded = month_to - to == 3 && scan.at(to + 1) == '0' && sep != '—';
    let bare = scan.value(i, to).is_some_and(|y| BARE_YEARS.contains(&y));
    // No.2022-08, 第2022-08号
    let named =
        scan.before(i) == '.' || scan.after_any(i, &["第", "编号", "编号:"]) || scan.at(month_to) == '号';
    let whole =
        bare && !named && !is_word(scan.at(month_to)) && (sep != '.' || !measure::counts(scan, month_to));
    (whole && (padded || sep == '.')).then(|| (month_to, format!("{year}年{}月", small(month))))
}

/// `26.1.1`, `12/2/2`, `24-05-01`, `05/01/2024`, `08/2008`, `08-08`, and `20240501` after a word for days.
pub(super) fn other_forms(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let sep = scan.at(to);
    let day = |from: usize, to: usize, year: &str, month: usize, day: usize| {
        let month = scan.value(month, scan.digits(month)).filter(|m| (1..=12).contains(m))?;
        let day = scan.value(day, scan.digits(day).min(day + 2)).filter(|d| (1..=31).contains(d))?;
        let year = if year.is_empty() { String::new() } else { number::digits(year) + "年" };
        (from < to).then(|| Hit::new(to, Class::Date, format!("{year}{}月{}日", small(month), small(day))))
    };
    if to - i == 8 {
        let said = scan.value(i, i + 4).filter(|y| BARE_YEARS.contains(y))?;
        let (month, last) = (scan.value(i + 4, i + 6)?, scan.value(i + 6, to)?);
        let fits = (1..=12).contains(&month) && (1..=31).contains(&last) && ANNOUNCED.near_before(scan, i, 6);
        let said = format!("{}年{}月{}日", number::digits(&said.to_string()), small(month), small(last));
        return (fits && !is_word(sep)).then(|| Hit::new(to, Class::Date, said));
    }
    if to - i > 2
        || !matches!(sep, '-' | '/' | '.')
        || is_word(scan.before(i))
        || "-/.:第版".contains(scan.before(i)) && i > 0
    {
        return None;
    }
    let middle = scan.digits(to + 1);
    let apart = |end: usize| {
        !is_word(scan.at(end))
            && scan.at(end) != sep
            && !matches!(
                scan.at(end),
                ':' | '版' | '号' | '室' | '%' | '月' | '年' | '路' | '条' | '节' | '款' | '章'
            )
            && !measure::counts(scan, end)
    };
    let (length, padded) = (middle - to - 1, scan.at(i) == '0' && to - i == 2);
    if scan.at(middle) != sep || !scan.at(middle + 1).is_ascii_digit() {
        // 08/2008, 08-08
        return match length {
            4 if padded && apart(middle) => {
                let year = scan.value(to + 1, middle).filter(|y| BARE_YEARS.contains(y))?;
                let month = scan.value(i, to).filter(|m| (1..=12).contains(m))?;
                Some(Hit::new(
                    middle,
                    Class::Date,
                    format!("{}年{}月", number::digits(&year.to_string()), small(month)),
                ))
            }
            2 if padded
                && apart(middle)
                && !is_han(scan.before(i))
                && !is_han(scan.at(middle))
                && !is_dash(scan.at(middle)) =>
            {
                day(i, middle, "", i, to + 1)
            }
            _ => None,
        };
    }
    let end = scan.digits(middle + 1);
    match (length, end - middle - 1) {
        // 05/01/2024; with the day first where it can be no month
        (1 | 2, 4) if apart(end) => {
            let year = scan.value(middle + 1, end).filter(|y| BARE_YEARS.contains(y))?.to_string();
            let (month, last) = if scan.value(i, to)? > 12 { (to + 1, i) } else { (i, to + 1) };
            day(i, end, &year, month, last)
        }
        (1 | 2, 1 | 2) if apart(end) && to - i == 2 => {
            let year = scan.string(i, to);
            let recent = ("20".."40").contains(&year.as_str());
            let full = length == 2 && end - middle == 3;
            let sure = match sep {
                '/' => true,
                '.' => recent && !(scan.begins(i) && is_han(scan.at(scan.past_space(end)))),
                _ => recent && full,
            };
            sure.then(|| day(i, end, &year, to + 1, middle + 1)).flatten()
        }
        _ => None,
    }
}

/// The other end of `2022.8.12-8.20` or `2022.8.12-20`, written as the first end at `i..end` is.
fn short_day(scan: &Scan<'_>, i: usize, end: usize, from: usize) -> Option<(usize, String)> {
    let sep = scan.at(i + 4);
    let whole = scan.folded(i, end).iter().filter(|&&c| c == sep).count() == 2;
    let to = scan.digits(from);
    if !whole || scan.at(end) == sep {
        return None;
    }
    if scan.at(to) == sep {
        return month_day(scan, from, sep);
    }
    let day = scan.value(from, to).filter(|d| (1..=31).contains(d) && to - from <= 2)?;
    (!is_word(scan.at(to))
        && !matches!(scan.at(to), ':' | '-' | '月' | '时' | '点')
        && !measure::counts(scan, to))
    .then(|| (to, format!("{}日", small(day))))
}

/// `8.20`, `8/20`: month and day.
fn month_day(scan: &Scan<'_>, i: usize, sep: char) -> Option<(usize, String)> {
    let to = scan.digits(i);
    let end = scan.digits(to + 1);
    let month = scan.value(i, to).filter(|m| (1..=12).contains(m) && to - i <= 2)?;
    let day = scan.value(to + 1, end).filter(|d| (1..=31).contains(d) && end - to <= 3)?;
    let apart = !is_word(scan.before(i)) && !is_word(scan.at(end)) && scan.at(end) != ':';
    let goes_on = scan.at(end) == sep && scan.at(end + 1).is_ascii_digit();
    (scan.at(to) == sep
        && apart
        && !goes_on
        && (AFTER.at(scan, end).is_some() || !measure::counts(scan, end)))
    .then(|| (end, format!("{}月{}日", small(month), small(day))))
}

/// `公示时间11.22-11.28`, `截止日期：12/31`: days without a year after a word that announces days.
/// Hours are announced too (办公时间8.30—11.30), so a point needs both ends and no such word.
fn announced_days(scan: &Scan<'_>, i: usize, options: &Options) -> Option<(usize, String)> {
    let sep = scan.at(scan.digits(i));
    if !matches!(sep, '.' | '/') || matches!(scan.before(i), '.' | '/') || clock::announced(scan, i) {
        return None;
    }
    let told = ANNOUNCED.near_before(scan, i, 6);
    let (end, said) = month_day(scan, i, sep)?;
    let from = scan.run(end, |c| is_dash(c) || c == '至');
    let until = if from > end { month_day(scan, from, sep) } else { None };
    match until {
        Some((last, until)) if told || AFTER.at(scan, last).is_some() => {
            Some((last, format!("{said}{}{until}", options.to())))
        }
        None if !told => None,
        None if sep == '/' || clock_after(scan, end) => Some((end, said)),
        _ => None,
    }
}

/// A time of day after the space: 11.22 8:00.
fn clock_after(scan: &Scan<'_>, i: usize) -> bool {
    let from = scan.past_space(i);
    let to = scan.digits(from);
    to > from && to - from <= 2 && scan.at(to) == ':'
}

/// The T of 2022-08-12T08:30.
fn clock_follows(scan: &Scan<'_>, i: usize) -> bool {
    scan.at(i) == 'T' && scan.at(i + 1).is_ascii_digit()
}

/// Whether the Han character before `i` is the sign of a date or time: a dash after it joins a range.
pub(super) fn ends_date(scan: &Scan<'_>, i: usize) -> bool {
    let mut at = i;
    while is_han(scan.before(at)) && i - at < 4 {
        at -= 1;
        if "年月日号时分点".contains(scan.at(at)) && scan.before(scan.back_over_space(at)).is_ascii_digit()
        {
            return true;
        }
    }
    false
}
