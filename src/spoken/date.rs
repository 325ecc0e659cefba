//! Days, months and years.
//!
//! A year is said digit by digit, month and day as numbers (GB/T 7408 forms included). Not every
//! four digits before 年 are a year, and a year need not have its 年: what stands around decides.

use super::{
    Class, Hit, Options, measure, number,
    scan::{Scan, is_dash, is_han},
};

/// Years that notices speak of. Outside, four digits before 年 are a duration.
const YEARS: std::ops::RangeInclusive<u32> = 1600..=2199;
/// Years that are recognised without 年.
const BARE_YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// `2022年8月10日`, `8月10日`, `2022-08-12`, `2022/8/12`, `2022.8.12` and ranges of the latter.
pub(super) fn days(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if let Some((end, said)) = han_day(scan, i) {
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
    if to - i != 4 || !matches!(sep, '-' | '/' | '.' | '—') {
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
    (scan.at(to) == sep && apart && !goes_on && !measure::counts(scan, end))
        .then(|| (end, format!("{}月{}日", small(month), small(day))))
}

/// `公示时间11.22-11.28`, `截止日期：12/31`: days without a year after a word that announces days.
/// Hours are announced too (办公时间8.30—11.30), so a point needs both ends and no such word.
fn announced_days(scan: &Scan<'_>, i: usize, options: &Options) -> Option<(usize, String)> {
    let dates = ["时间", "日期", "期限", "公示期", "截止", "截至"];
    let hours = ["办公", "上班", "营业", "作息", "工作时间", "开放", "接待", "门诊", "上午", "下午"];
    if !scan.near_before(i, 6, dates.into_iter()) || scan.near_before(i, 12, hours.into_iter()) {
        return None;
    }
    let sep = scan.at(scan.digits(i));
    if !matches!(sep, '.' | '/') || matches!(scan.before(i), '.' | '/') {
        return None;
    }
    let (end, said) = month_day(scan, i, sep)?;
    let from = scan.run(end, |c| is_dash(c) || c == '至');
    let until = if from > end { month_day(scan, from, sep) } else { None };
    match until {
        Some((last, until)) => Some((last, format!("{said}{}{until}", options.to()))),
        None if sep == '/' || clock_after(scan, end) => Some((end, said)),
        None => None,
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

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// `2022年`, `2022届`, `2022—2025年`, `2022年—2025年`, `(2017—2019)`, `2018-19年`, `2023、2024年`.
pub(super) fn years(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    if is_word(scan.before(i)) {
        return None;
    }
    if let Some(hit) = shortened(scan, i, to) {
        return Some(hit);
    }
    if to - i != 4 {
        return None;
    }
    let year = scan.value(i, to)?;
    let said = number::digits(&scan.string(i, to));
    // 2022H1, 2022Q3: half years and quarters
    if matches!(scan.at(to), 'H' | 'Q') && matches!(scan.at(to + 1), '1'..='4') && BARE_YEARS.contains(&year)
    {
        return Some(Hit::new(to, Class::Year, said));
    }
    if let Some(hit) = year_range(scan, to, year, &said, options) {
        return Some(hit);
    }
    let sign = scan.past_space(to);
    let named = match scan.at(sign) {
        '年' => YEARS.contains(&year) && !is_duration(scan, i, sign, year),
        '届' | '级' | '版' | '款' | '财' | '学' if scan.before(i) != '第' => {
            BARE_YEARS.contains(&year) && scan.any(sign, &["届", "级", "版", "款", "财年", "学年"])
        }
        // 2023、2024年; 2017至2022年
        '、' | ',' | '和' | '与' | '及' | '至' | '到' | '或' | '/' => {
            BARE_YEARS.contains(&year) && leads_to_year(scan, sign + 1)
        }
        _ => false,
    };
    if !named {
        return None;
    }
    let end = if scan.at(sign) == '年' { sign + 1 } else { to };
    let said = if end > to { said + "年" } else { said };
    Some(Hit::new(end, Class::Year, said))
}

/// `25年底`: the end of no other 25 years is meant. `20XX年`, `202×年`: a year yet to be filled in.
fn shortened(scan: &Scan<'_>, i: usize, to: usize) -> Option<Hit> {
    let said = number::digits(&scan.string(i, to));
    if to - i == 2 && scan.any(to, &["年底", "年末", "年年底"]) && scan.before(i) != '第' {
        return Some(Hit::new(to, Class::Year, said));
    }
    let blank = scan.run(to, |c| matches!(c, 'X' | 'x' | '×' | '*'));
    let open = blank > to && blank - i == 4 && matches!(to - i, 2 | 3);
    (open && scan.at(blank) == '年' && matches!(scan.at(i), '1' | '2'))
        .then(|| Hit::new(blank, Class::Year, said + &"某".repeat(blank - to)))
}

/// `近2000年`, `2000年历史`: a round number of years.
fn is_duration(scan: &Scan<'_>, i: usize, sign: usize, year: u32) -> bool {
    year.is_multiple_of(100)
        && (scan.after_any(i, &["近", "约", "达", "超", "距今", "超过", "多达"])
            || scan.any(sign + 1, &["历史", "的历史", "文明", "以前", "前的"]))
}

/// Whether a chain of four-digit numbers at `i` ends in 年.
fn leads_to_year(scan: &Scan<'_>, i: usize) -> bool {
    let mut at = i;
    for _ in 0..6 {
        let to = scan.digits(at);
        if to - at != 4 {
            return false;
        }
        if scan.any(to, &["学年", "财年"]) {
            return true;
        }
        match scan.at(scan.past_space(to)) {
            '年' => return true,
            '、' | ',' | '和' | '与' | '及' | '至' | '到' | '或' | '/' => at = to + 1,
            _ => return false,
        }
    }
    false
}

fn year_range(scan: &Scan<'_>, to: usize, year: u32, said: &str, options: &Options) -> Option<Hit> {
    let sign = scan.past_space(to);
    let written_year = scan.at(sign) == '年';
    let dash = scan.past_space(if written_year { sign + 1 } else { to });
    let after = scan.run(dash, is_dash);
    // 2018/19学年
    let slash = scan.at(dash) == '/'
        && scan.digits(dash + 1) == dash + 3
        && scan.any(dash + 3, &["学年", "财年", "赛季"]);
    let after = if slash { dash + 1 } else { after };
    if after == dash || after - dash > 2 || !YEARS.contains(&year) {
        return None;
    }
    let second = scan.past_space(after);
    let second_to = scan.digits(second);
    let last = scan.value(second, second_to)?;
    let last_sign = scan.past_space(second_to);
    let ends_in_year = scan.at(last_sign) == '年' && !scan.at(last_sign + 1).is_ascii_digit();
    let fits = match second_to - second {
        4 => {
            YEARS.contains(&last) && last >= year && (ends_in_year || bare_range(scan, year, last, second_to))
        }
        2 => last > year % 100 && (ends_in_year || scan.any(last_sign, &["学年", "财年", "赛季"])),
        _ => false,
    };
    // 2018年8月-2019年12月 has months: each end is a date of its own.
    let month_follows =
        scan.at(scan.digits(last_sign + 1)) == '月' && scan.at(last_sign + 1).is_ascii_digit();
    if !fits || month_follows {
        return None;
    }
    let first = if written_year { format!("{said}年") } else { said.to_owned() };
    let until = number::digits(&scan.string(second, second_to));
    let (end, tail) = if ends_in_year { (last_sign + 1, "年") } else { (second_to, "") };
    Some(Hit::new(end, Class::Year, format!("{first}{}{until}{tail}", options.to())))
}

/// `2017—2019` without 年: years when both can be and nothing counts them.
fn bare_range(scan: &Scan<'_>, year: u32, last: u32, end: usize) -> bool {
    BARE_YEARS.contains(&year)
        && BARE_YEARS.contains(&last)
        && !is_word(scan.at(end))
        && !is_dash(scan.at(end))
        && scan.at(end) != '.'
        && (scan.any(end, &["年度", "学年"]) || !measure::counts(scan, end))
}

/// A year without 年: `《2025绿色…》`, `健康内蒙古2030`. Not after words that announce a quantity.
pub(super) fn lone_year(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let year = scan.value(i, to).filter(|y| to - i == 4 && BARE_YEARS.contains(y));
    let announced = ["共", "计", "达", "约", "超", "近", "为", "数", "量", "过", "有", "第", "余", "额", ":"];
    let from = scan.back_over_space(i);
    let apart = !is_word(scan.before(i)) && !is_word(scan.at(to));
    let joined = matches!(scan.at(to), '.' | '×' | '*' | '/' | ':' | '~' | '-' | '—' | '+')
        && scan.at(to + 1).is_ascii_digit();
    let counted = measure::counts(scan, to) || scan.any(to, &["号", "户", "公里", "年"]);
    if year.is_none()
        || !apart
        || joined
        || counted
        || matches!(scan.before(i), '.' | '×' | '/' | '-' | '—' | '~' | '¥' | '$')
        || scan.after_any(from, &announced)
    {
        return None;
    }
    Some(Hit::new(to, Class::Year, number::digits(&scan.string(i, to))))
}

/// Events named by their day: “6·26”, “4.24”事故, 3·15晚会. Digit by digit, 1 is 一.
pub(super) fn event(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let dot = scan.at(to);
    let end = scan.digits(to + 1);
    let month = scan.value(i, to).filter(|m| to - i <= 2 && (1..=12).contains(m));
    let day = scan.value(to + 1, end).filter(|d| end - to <= 3 && (1..=31).contains(d));
    if month.is_none() || day.is_none() || !matches!(dot, '·' | '.') || scan.at(end) == '.' {
        return None;
    }
    let quoted = matches!(scan.before(i), '“' | '‘' | '"') && matches!(scan.at(end), '”' | '’' | '"');
    let after = if quoted { end + 1 } else { end };
    let words = [
        "事故",
        "事件",
        "案",
        "专案",
        "惨案",
        "火灾",
        "爆炸",
        "地震",
        "洪水",
        "抗震",
        "疫情",
        "晚会",
        "讲话",
        "重要讲话",
        "运动",
        "起义",
        "国际",
        "世界",
        "全国",
        "宣传",
        "纪念",
        "活动",
        "主题",
        "系列",
        "消费者",
        "禁毒",
        "消防",
        "宪法",
        "网络",
        "购物",
        "较大",
        "重大",
        "特别重大",
        "一般",
        "道路",
        "交通",
        "专项",
    ];
    let sure = dot == '·'
        || (quoted && end - to == 3 && scan.at(to + 1) != '0')
        || (quoted && scan.any(after, &words));
    let known = dot == '.'
        && scan.any(
            end,
            &["晚会", "购物节", "国际消费者", "国际禁毒", "国际劳动", "大促", "事故", "惨案", "地震"],
        );
    let sure = sure || known;
    if !sure || is_word(scan.at(end)) || (dot == '·' && measure::counts(scan, end) && !quoted) {
        return None;
    }
    Some(Hit::new(end, Class::Event, number::digits(&scan.string(i, end))))
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
