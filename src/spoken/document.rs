//! Numbers of official documents: 〔2022〕8号 (GB/T 9704). The year digit by digit, the number as a
//! number. Brackets of any kind, half of them, or none after an agency's sign (`政发201845号`).

use super::{Class, DocumentYear, Hit, Options, number, scan::Scan};
use crate::note::NoteCode;

/// Last character of an agency's sign.
const AGENCY: &str = "发字函办通规复报批审文电告";

pub(super) fn number(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let opened = matches!(scan.at(i), '〔' | '[' | '【' | '(' | '〖' | '{');
    let year_from = if opened { scan.past_space(i + 1) } else { i };
    let run = scan.digits(year_from);
    let year_to = year_from + 4;
    scan.value(year_from, year_to).filter(|y| run >= year_to && (1949..=2100).contains(y))?;
    let closer = scan.past_space(year_to);
    let closed = matches!(scan.at(closer), '〕' | ']' | '】' | ')' | '〗' | '}');
    let agency = AGENCY.contains(scan.before(scan.back_over_space(i))) && i > 0;
    let lost = !opened && !closed;
    // Without brackets only an agency's sign and a number of plausible length tell.
    if run > year_to && closed || lost && (!agency || run - year_to > 4 || run == year_to) {
        return None;
    }
    let from = if closed { scan.past_space(closer + 1) } else { year_to };
    let ordinal = scan.word(from, "第");
    let from = scan.past_space(ordinal.unwrap_or(from));
    let to = scan.digits(from);
    // 12—15号
    let dash = scan.run(to, super::scan::is_dash);
    let (last, end) = if dash == to + 1 { (Some(dash), scan.digits(dash)) } else { (None, to) };
    let sign = scan.past_space(end);
    scan.value(from, to).filter(|_| to - from <= 5)?;
    if scan.at(sign) != '号' || (lost && scan.at(from) == '0') {
        return None;
    }
    let year = number::digits(&scan.string(year_from, year_to));
    let mut count = number::cardinal(&scan.string(from, to), false);
    if let Some(last) = last {
        count = count + options.to() + &number::cardinal(&scan.string(last, end), false);
    }
    let said = match (options.document_year, ordinal) {
        (DocumentYear::Year, _) => format!("{year}年第{count}号"),
        (DocumentYear::Pause, Some(_)) => format!("{year}，第{count}号"),
        (DocumentYear::Pause, None) => format!("{year}，{count}号"),
    };
    let hit = Hit::new(sign + 1, Class::DocumentNumber, said);
    Some(if opened && closed { hit } else { hit.note(NoteCode::LostBrackets) })
}
