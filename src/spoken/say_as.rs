//! Expressions that are said as a sender wants it: `say-as` of SSML. What does not fit is not said so.

use super::{
    Class, Options, clock, latin, money, number, phone, quantity,
    scan::{Scan, is_han},
    speak,
};
use crate::lexicon::{DateOrder, SayAs};

/// What is said for `text` taken as `kind`; none when it is no such thing.
pub(super) fn said(kind: SayAs, text: &str, options: &Options) -> Option<(Class, String)> {
    let text = text.trim();
    let scan = Scan::new(text);
    Some(match kind {
        SayAs::Characters => (Class::Code, characters(&scan, options)?),
        SayAs::Digits => (Class::Code, digits(&scan, options)?),
        SayAs::Telephone => (Class::Phone, telephone(text, &scan, options)?),
        SayAs::Cardinal => (Class::Number, cardinal(&scan)?),
        SayAs::Ordinal => {
            let from = scan.word(0, "第").unwrap_or(0);
            let all = scan.len() > from && scan.digits(from) == scan.len();
            (
                Class::Number,
                all.then(|| format!("第{}", number::cardinal(&scan.string(from, scan.len()), false)))?,
            )
        }
        SayAs::Date(order) => (Class::Date, date(&scan, order)?),
        SayAs::Time => (Class::Clock, time(&scan, options)?),
        SayAs::Currency => {
            let hit = money::amount(&scan, 0, options).filter(|hit| hit.end == scan.len());
            (Class::Money, hit.map(|hit| hit.said).or_else(|| Some(cardinal(&scan)? + "元"))?)
        }
    })
}

/// One after the other, whatever they are together.
fn characters(scan: &Scan<'_>, options: &Options) -> Option<String> {
    let mut out = String::new();
    for &c in scan.folded(0, scan.len()) {
        match c {
            _ if c.is_ascii_alphanumeric() => out.push_str(&latin::mixed(&c.to_string(), options.yao())),
            _ if is_han(c) => out.push(c),
            '.' => out.push('点'),
            '-' | '—' => out.push('杠'),
            '/' => out.push_str("斜杠"),
            '_' => out.push_str("下划线"),
            _ => out.extend(speak(&c.to_string(), options).0.tokens.into_iter().map(|token| token.said)),
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Figures in the groups in which they are written.
fn digits(scan: &Scan<'_>, options: &Options) -> Option<String> {
    let text = scan.string(0, scan.len());
    let apart = |c: char| matches!(c, ' ' | '-' | '—' | '.' | ',' | '/' | '(' | ')' | '+');
    let groups: Vec<&str> = text.split(apart).filter(|group| !group.is_empty()).collect();
    let all = !groups.is_empty() && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_digit()));
    all.then(|| groups.iter().map(|group| number::code(group, options.yao())).collect::<Vec<_>>().join("，"))
}

/// By the rule for telephone numbers, which believes more after the word; else digit by digit.
fn telephone(text: &str, scan: &Scan<'_>, options: &Options) -> Option<String> {
    let announced = format!("电话{text}");
    let announced = Scan::new(&announced);
    let hit = phone::number(&announced, 2, options).filter(|hit| hit.end == announced.len());
    hit.map(|hit| hit.said).or_else(|| digits(scan, options))
}

fn cardinal(scan: &Scan<'_>) -> Option<String> {
    let from = usize::from(matches!(scan.at(0), '-' | '+'));
    let amount = quantity::lex(scan, from).filter(|amount| amount.end == scan.len())?;
    let said = number::decimal(&amount.whole, &amount.fraction, false);
    Some(if scan.at(0) == '-' { format!("负{said}") } else { said })
}

/// 2024-05-03, 20240503, 5/3, 2024年5月. A part of four figures is the year wherever it stands.
fn date(scan: &Scan<'_>, order: DateOrder) -> Option<String> {
    let text = scan.string(0, scan.len());
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let apart =
        |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '—' | '/' | '.' | '年' | '月' | '日' | '号');
    if !text.chars().all(apart) {
        return None;
    }
    let (year, month, day) = match (parts.as_slice(), order) {
        ([all], _) if all.len() == 8 => (all.get(..4), all.get(4..6), all.get(6..)),
        ([year], _) if year.len() == 4 => (Some(*year), None, None),
        ([year, month], _) if year.len() == 4 => (Some(*year), Some(*month), None),
        ([month, year], _) if year.len() == 4 => (Some(*year), Some(*month), None),
        ([day, month], DateOrder::DayMonthYear) => (None, Some(*month), Some(*day)),
        ([month, day], _) => (None, Some(*month), Some(*day)),
        ([year, month, day], _) if year.len() == 4 => (Some(*year), Some(*month), Some(*day)),
        ([day, month, year], DateOrder::DayMonthYear) => (Some(*year), Some(*month), Some(*day)),
        ([month, day, year], DateOrder::MonthDayYear) => (Some(*year), Some(*month), Some(*day)),
        ([year, month, day], DateOrder::YearMonthDay) => (Some(*year), Some(*month), Some(*day)),
        _ => return None,
    };
    let within = |part: Option<&str>, most: u32| {
        part.is_none_or(|part| part.len() <= 2 && part.parse().is_ok_and(|n: u32| (1..=most).contains(&n)))
    };
    if !within(month, 12) || !within(day, 31) || year.is_some_and(|year| !matches!(year.len(), 2 | 4)) {
        return None;
    }
    let year = year.map(|year| number::digits(year) + "年");
    let month = month.map(|month| number::cardinal(month, false) + "月");
    let day = day.map(|day| number::cardinal(day, false) + "日");
    Some([year, month, day].into_iter().flatten().collect())
}

/// 8:30, 8:30:20, 0830, 8:30pm.
fn time(scan: &Scan<'_>, options: &Options) -> Option<String> {
    let text = scan.string(0, scan.len()).to_ascii_lowercase();
    let (half, text) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => ("上午", rest.trim()),
        (_, Some(rest)) => ("下午", rest.trim()),
        _ => ("", text.as_str()),
    };
    let colons = match (text.len(), text.get(..2), text.get(2..)) {
        (4, Some(hours), Some(minutes)) if text.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{hours}:{minutes}")
        }
        _ => text.to_owned(),
    };
    let scan = Scan::new(&colons);
    let hit = clock::time(&scan, 0, options).filter(|hit| hit.end == scan.len())?;
    Some(format!("{half}{}", hit.said))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_case_is_said_as_listed() {
        let mut wrong = String::new();
        for case in include_str!("cases/say_as.txt").lines().filter(|line| !line.starts_with('#')) {
            let (asked, wanted) = case.split_once(" => ").unwrap();
            let (kind, written) = asked.split_once(": ").unwrap();
            let kind = match kind {
                "characters" => SayAs::Characters,
                "digits" => SayAs::Digits,
                "telephone" => SayAs::Telephone,
                "cardinal" => SayAs::Cardinal,
                "ordinal" => SayAs::Ordinal,
                "date" => SayAs::Date(DateOrder::YearMonthDay),
                "mdy" => SayAs::Date(DateOrder::MonthDayYear),
                "dmy" => SayAs::Date(DateOrder::DayMonthYear),
                "time" => SayAs::Time,
                "currency" => SayAs::Currency,
                other => panic!("{other}"),
            };
            let heard = said(kind, written, &Options::default()).map_or("-".to_owned(), |(_, said)| said);
            if heard != wanted {
                wrong.push_str(&format!("{case}\n   said {heard}\n"));
            }
        }
        assert_eq!(wrong, "");
    }
}
