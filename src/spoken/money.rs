//! Amounts with a currency sign or code: ¥2000 → 两千元, $1.5亿 → 一点五亿美元, 100USD → 一百美元.

use std::sync::LazyLock;

use super::{
    Class, Hit, Options, listed, measure,
    quantity::{self, Amount},
    scan::{Scan, is_dash},
};

/// Sign or code as folded, name of the money; the longest first.
static MONEY: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let rows = listed::rows(include_str!("tables/currencies.tsv"));
    let mut money: Vec<_> = rows.filter_map(|row| row.split_once('\t')).collect();
    money.sort_by_key(|(sign, _)| std::cmp::Reverse(sign.len()));
    money
});

/// The end and the name of the currency sign or code at `i`.
pub(super) fn currency(scan: &Scan<'_>, i: usize) -> Option<(usize, &'static str)> {
    if !begins_currency(scan.at(i)) {
        return None;
    }
    MONEY.iter().find_map(|(sign, name)| Some((scan.word(i, sign)?, *name)))
}

/// Whether a sign or code of the table can begin with `c`; asked of every mark and letter.
fn begins_currency(c: char) -> bool {
    c.is_ascii_uppercase() || matches!(c, '$' | '¥' | '£' | '฿' | '\u{20a0}'..='\u{20cf}')
}

/// `¥2000`, `-¥200`, `¥3-5万`, `¥1000—¥2000`, `¥2/次`.
pub(super) fn amount(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphabetic() {
        return None;
    }
    let (from, before) = minus(scan, i);
    let (at, name) = currency(scan, from)?;
    let (at, after) = minus(scan, scan.past_space(at));
    let (mut end, mut said) = sum(scan, at)?;
    // ¥3-5万, ¥1000—¥2000, £100到300
    let dash = scan.run(end, is_dash);
    let word = matches!(scan.at(end), '到' | '至');
    let from = if word { end + 1 } else { dash };
    let second = scan.past_space(currency(scan, from).map_or(from, |(to, _)| to));
    if (word || dash == end + 1)
        && let Some((last, until)) = sum(scan, second)
        && !is_dash(scan.at(last))
    {
        let to = if word { scan.string(end, from) } else { options.to().to_owned() };
        said = said + &to + &until;
        end = last;
    }
    if before || after {
        said.insert(0, '负');
    }
    // ¥2000元 says its unit itself.
    let written = scan.past_space(end);
    if !scan.any(written, &["元", name, "人民币"]) {
        said.push_str(name);
        if scan.at(end) == '/' && per(scan, end + 1) {
            said.push('每');
            end += 1;
        }
    }
    Some(Hit::new(end, Class::Money, said))
}

/// Past a minus sign that a currency sign or a digit follows at once, and whether there is one.
fn minus(scan: &Scan<'_>, i: usize) -> (usize, bool) {
    let signed = scan.at(i) == '-' && !scan.before(i).is_ascii_digit() && !measure::follows_number(scan, i);
    if signed { (i + 1, true) } else { (i, false) }
}

/// Whether a unit or a measure word stands at `i`.
fn per(scan: &Scan<'_>, i: usize) -> bool {
    measure::measure_at(scan, i).is_some()
        || measure::unit_at(scan, i).is_some()
        || matches!(scan.at(i), '月' | '日')
}

/// A number with its 万 or 亿, without the name of the money.
fn sum(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let amount = quantity::lex(scan, i)?;
    let end = measure::magnitude_at(scan, amount.end).unwrap_or(amount.end);
    Some((end, exact(&amount).said(true) + &scan.string(amount.end, end).replace(' ', "")))
}

/// A sum of money without the `.00` that only says that no 角 and 分 are left out.
pub(super) fn exact(amount: &Amount) -> Amount {
    let fraction = if amount.fraction == "00" { String::new() } else { amount.fraction.clone() };
    Amount { whole: amount.whole.clone(), fraction, end: amount.end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_is_found_by_its_first_character() {
        for (sign, name) in MONEY.iter() {
            assert_eq!(currency(&Scan::new(sign), 0), Some((sign.chars().count(), *name)));
        }
    }
}
