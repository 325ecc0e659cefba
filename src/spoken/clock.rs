//! Times of day and spans of time: 8:30, 9:05:20, 8:30—11:30, 9:00AM, 上午8.30, 1h30min.
//!
//! Two digits of minutes make the difference to a ratio; a point needs a word for hours before it.

use super::{
    Class, Hit, Options,
    listed::words,
    number,
    scan::{Scan, is_dash, is_word},
};

words!(COMPARED, "tables/ratio_words.txt");
words!(
    /// Words that announce hours: 办公时间8.30-11.30.
    HOURS,
    "tables/hour_words.txt"
);

/// Parts of the day right before a time.
const PARTS: [&str; 11] =
    ["上午", "下午", "早上", "晚上", "中午", "凌晨", "早晨", "傍晚", "清晨", "早", "晚"];

/// Whether a word that announces hours stands before `i`.
pub(super) fn announced(scan: &Scan<'_>, i: usize) -> bool {
    HOURS.near_before(scan, i, 12)
}

/// `8:30`, `8:30—11:30`, `9:00AM`, `9am`.
pub(super) fn time(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if let Some((end, said)) = bare_hour(scan, i) {
        return Some(Hit::new(end, Class::Clock, said));
    }
    let mark = scan.at(scan.digits(i));
    let (mut end, mut said) = one(scan, i, mark)?;
    // 3:7:10 and 比例10:20 are no times.
    if scan.before(i) == ':' && scan.before(i.saturating_sub(1)).is_ascii_digit()
        || COMPARED.near_before(scan, i, 6)
        || scan.any(end, &["的比", "比例", "之比", "的配比"])
    {
        return None;
    }
    let pointed = mark == '.';
    if pointed && !(announced(scan, i) && scan.before(i) != '.') {
        return None;
    }
    let (from, word) = range_word(scan, end, pointed, options);
    match one(scan, from, mark) {
        Some((last, until)) if from > end => {
            said = format!("{said}{word}{until}");
            end = last;
        }
        // 上午8.30 alone may be a time, 办公时间1.5 not.
        _ if pointed && !scan.after_any(scan.back_over_space(i), &PARTS) => return None,
        _ => {}
    }
    Some(Hit::new(end, Class::Clock, said))
}

/// What joins two times at `end`, and where the second begins; `end` itself when nothing does.
fn range_word(scan: &Scan<'_>, end: usize, pointed: bool, options: &Options) -> (usize, String) {
    let dash = scan.past_space(end);
    let after = scan.run(dash, is_dash);
    if after > dash && after - dash <= 2 {
        return (scan.past_space(after), options.to().to_owned());
    }
    // A colon tells without help that what follows 至 is a time; a point does not.
    if pointed && matches!(scan.at(dash), '至' | '到') {
        return (dash + 1, scan.at(dash).to_string());
    }
    (end, String::new())
}

/// `AM 9:00`.
pub(super) fn half_before(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let (end, half) = half(scan, i).filter(|_| !is_word(scan.before(i)))?;
    let from = scan.past_space(end);
    let (_, said) = one(scan, from, ':')?;
    let hour = scan.value(from, scan.digits(from))?;
    Some(Hit::new(from, Class::Clock, part_of_day(half, hour))).filter(|_| !said.is_empty())
}

/// `9am`, `2 pm`.
fn bare_hour(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let to = scan.digits(i);
    let hour = scan.value(i, to).filter(|hour| to - i <= 2 && (1..=12).contains(hour))?;
    // 5 PM2.5 is no time.
    let (end, half) = half(scan, scan.past_space(to)).filter(|&(end, _)| !is_word(scan.at(end)))?;
    let part = if scan.after_any(i, &PARTS) { "" } else { part_of_day(half, hour) };
    Some((end, format!("{part}{}点", number::cardinal(&hour.to_string(), true))))
}

/// The end of `am`, `a.m.`, `PM`… at `i`, and whether it is the second half of the day.
fn half(scan: &Scan<'_>, i: usize) -> Option<(usize, bool)> {
    const WORDS: [(&str, bool); 12] = [
        ("a.m.", false),
        ("p.m.", true),
        ("A.M.", false),
        ("P.M.", true),
        ("a.m", false),
        ("p.m", true),
        ("am", false),
        ("pm", true),
        ("AM", false),
        ("PM", true),
        ("Am", false),
        ("Pm", true),
    ];
    let (end, half) = WORDS.iter().find_map(|(word, half)| Some((scan.word(i, word)?, *half)))?;
    (!scan.at(end).is_ascii_alphabetic()).then_some((end, half))
}

/// How people call the half of the day at that hour.
fn part_of_day(second: bool, hour: u32) -> &'static str {
    match (second, hour) {
        (false, 12) => "凌晨",
        (false, _) => "上午",
        (true, 12) => "中午",
        (true, 7..=11) => "晚上",
        (true, _) => "下午",
    }
}

/// One time whose hours and minutes are parted by `mark`.
fn one(scan: &Scan<'_>, i: usize, mark: char) -> Option<(usize, String)> {
    let hour_to = scan.digits(i);
    let minute_to = scan.digits(hour_to + 1);
    let hour = scan.value(i, hour_to).filter(|h| hour_to - i <= 2 && *h <= 24)?;
    let minute = scan.value(hour_to + 1, minute_to).filter(|m| *m < 60)?;
    if !matches!(mark, ':' | '.') || scan.at(hour_to) != mark || minute_to - hour_to != 3 {
        return None;
    }
    let mut said = number::cardinal(&hour.to_string(), true) + "点";
    let second_to = scan.digits(minute_to + 1);
    let mut end = minute_to;
    if mark == ':' && scan.at(minute_to) == ':' {
        let second = scan.value(minute_to + 1, second_to).filter(|s| *s < 60)?;
        if second_to - minute_to != 3 {
            return None;
        }
        if minute > 0 || second > 0 {
            said = said + &padded(minute) + "分" + &padded(second) + "秒";
        }
        end = second_to;
    } else if minute > 0 {
        said.push_str(&padded(minute));
        // 9:30分 writes it.
        if scan.at(minute_to) != '分' {
            said.push('分');
        }
    }
    // 14:30时 says the hour twice.
    if scan.at(end) == '时' && !scan.any(end, &["时间", "时段", "时候", "时刻", "时分"]) {
        end += 1;
    }
    if let Some((to, half)) = half(scan, scan.past_space(end))
        && !is_word(scan.at(to))
    {
        end = to;
        if !scan.after_any(scan.back_over_space(i), &PARTS) {
            said.insert_str(0, part_of_day(half, hour));
        }
    }
    Some((end, said))
}

/// 5 → 零五, 30 → 三十.
fn padded(value: u32) -> String {
    let said = number::cardinal(&value.to_string(), false);
    if (1..10).contains(&value) { format!("零{said}") } else { said }
}

/// `1h30min`, `2d12h`, `3min20s`: at least two parts.
pub(super) fn duration(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    const UNITS: [(&str, &str); 4] = [("d", "天"), ("h", "小时"), ("min", "分钟"), ("s", "秒")];
    if is_word(scan.before(i)) {
        return None;
    }
    let (mut at, mut said, mut parts, mut left) = (i, String::new(), 0, UNITS.as_slice());
    loop {
        let to = scan.digits(at);
        let unit = left.iter().position(|(unit, _)| scan.word(to, unit).is_some());
        let (Some(place), true) = (unit, (1..=3).contains(&(to - at))) else { break };
        let Some(((unit, name), rest)) = left.get(place..).and_then(<[_]>::split_first) else { break };
        said = said + &number::cardinal(&scan.string(at, to), true) + name;
        (at, parts, left) = (to + unit.len(), parts + 1, rest);
    }
    (parts >= 2 && !is_word(scan.at(at))).then(|| Hit::new(at, Class::Quantity, said))
}
