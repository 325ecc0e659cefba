//! Events named by their day: “6·26”, “4.24”事故, 3·15晚会.

use super::{
    Class, Hit, Options,
    listed::words,
    measure, number,
    scan::{Scan, is_han, is_word},
};

words!(BARE, "tables/event_names.txt");
words!(WORDS, "tables/event_words.txt");

/// Events named by their day: “6·26”, “4.24”事故, 3·15晚会. Digit by digit, 1 is 一.
pub(super) fn day(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
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
    let sure = dot == '·'
        || (quoted && end - to == 3 && scan.at(to + 1) != '0')
        || (quoted && WORDS.within(scan, after, scan.run(after, is_han).min(after + 12)).is_some());
    let known = dot == '.' && BARE.at(scan, end).is_some();
    let sure = sure || known;
    if !sure
        || is_word(scan.at(end))
        || (dot == '·' && measure::counts(scan, end) && !quoted && !scan.any(end, &["国家"]))
    {
        return None;
    }
    // The first of October is known by its numbers, all other days by their digits.
    let said = if (month, day) == (Some(10), Some(1)) {
        "十一".to_owned()
    } else {
        number::digits(&scan.string(i, end))
    };
    Some(Hit::new(end, Class::Event, said))
}
