//! Years and ranges of years, digit by digit. Not every four digits before 年 are a year, and a year
//! need not have its 年: what stands around decides.

use super::{
    Class, Hit, Options, measure, number,
    scan::{Scan, is_dash, is_word},
};

/// Years that notices speak of. Outside, four digits before 年 are a duration.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1600..=2199;
/// Years that are recognised without 年.
pub(super) const BARE_YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// `2022年`, `2022届`, `2022—2025年`, `2022年—2025年`, `(2017—2019)`, `2018-19年`, `2023、2024年`.
pub(super) fn years(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    if is_word(scan.before(i)) {
        return None;
    }
    // 公元前221年, '98年
    let era = scan.after_any(i, &["公元", "公元前", "纪元"]) && to - i <= 4;
    let century_left_out = to - i == 2 && matches!(scan.before(i), '\'' | '’');
    if (era || century_left_out) && scan.at(scan.past_space(to)) == '年' {
        let said = number::digits(&scan.string(i, to)) + "年";
        return Some(Hit::new(scan.past_space(to) + 1, Class::Year, said));
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
    let first = if written_year { format!("{said}年") } else { said.to_owned() };
    // 2020—2024年5月: the far end is a date of its own.
    let month_follows =
        scan.at(scan.digits(last_sign + 1)) == '月' && scan.at(last_sign + 1).is_ascii_digit();
    if month_follows && second_to - second == 4 && YEARS.contains(&last) && last >= year {
        return Some(Hit::new(second, Class::Year, format!("{first}{}", options.to())));
    }
    if !fits || month_follows {
        return None;
    }
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
        && (scan.any(scan.past_space(end), &["年度", "学年"]) || !measure::counts(scan, end))
}

/// A year without 年: `《2025绿色…》`, `健康内蒙古2030`. Not after words that announce a quantity.
pub(super) fn alone(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
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
        // A table cell with nothing but 2000 counts.
        || year == Some(2000) && i == 0 && to == scan.len()
    {
        return None;
    }
    Some(Hit::new(to, Class::Year, number::digits(&scan.string(i, to))))
}
