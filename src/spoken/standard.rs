//! Numbers of standards: GB 13735-2017 → GB幺三七三五杠二零一七. The hyphen is 杠, the year a year.

use super::{
    Class, Hit, Options,
    listed::words,
    number,
    scan::{Scan, is_dash},
};

words!(STANDARDS, "tables/standards.txt");

/// `GB 13735-2017`, `GB/T22238-2008`, `ISO9001`: the hyphen is 杠.
pub(super) fn number(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let listed = STANDARDS.at(scan, i);
    let letters =
        i + scan.folded(i, i + 13).iter().take_while(|c| c.is_ascii_uppercase() || **c == '/').count();
    let letters = if letters - i <= 12 && dated(scan, letters) { letters } else { listed? };
    // DB15/T 1234-2020: a province before the slash.
    let mut said: String = scan.folded(i, letters).iter().filter(|c| c.is_ascii_alphabetic()).collect();
    let mut from = letters;
    let after = scan.past_space(letters);
    let province = scan.digits(after);
    if province > after && scan.at(province) == '/' {
        said.push_str(&number::code(&scan.string(after, province), options.yao()));
        from = province + 1;
        if scan.at(from) == 'T' {
            said.push('T');
            from += 1;
        }
    }
    let from = scan.past_space(from);
    let mut end = scan.digits(from);
    if end == from || end - from > 13 || scan.at(end).is_ascii_alphabetic() {
        return None;
    }
    // GB/T 1.1: a part of a standard, said as a number.
    let yao = options.yao() && scan.at(end) != '.';
    said.push_str(&number::code(&scan.string(from, end), yao));
    loop {
        let mark = scan.at(end);
        let dash = is_dash(mark);
        // ISO 14001:2015
        let year_to = scan.digits(end + 1);
        if mark == ':' && year_to == end + 5 {
            said = said + "，" + &number::digits(&scan.string(end + 1, year_to));
            end = year_to;
            break;
        }
        let next = if dash { scan.run(end, is_dash) } else { end + 1 };
        let to = scan.digits(next);
        if to == next || !(dash || mark == '.') || to - next > 8 {
            break;
        }
        said.push_str(if dash { "杠" } else { "点" });
        // What follows the hyphen is the year of the standard.
        let part = scan.string(next, to);
        let year = dash && part.len() == 4 && ("1949"..="2100").contains(&part.as_str());
        said.push_str(&if year { number::digits(&part) } else { number::code(&part, yao) });
        end = to;
    }
    Some(Hit::new(end, Class::Standard, said))
}

/// Whether a number and a year follow letters, as only standards have it: `Q/ABC 001-2020`.
fn dated(scan: &Scan<'_>, letters: usize) -> bool {
    let from = scan.past_space(letters);
    let to = scan.digits(from);
    let part = scan.digits(to + 1);
    let to = if scan.at(to) == '.' && part > to + 1 { part } else { to };
    let year = scan.run(to, is_dash);
    let end = scan.digits(year);
    to > from
        && year > to
        && end == year + 4
        && scan.value(year, end).is_some_and(|y| (1950..=2100).contains(&y))
        && scan.at(end) != '-'
}
