//! Amounts with a currency sign or code: ¥2000 → 两千元, $1.5亿 → 一点五亿美元.

use super::{
    Class, Hit, Options, measure, quantity,
    scan::{Scan, is_dash},
};

/// Sign or code as folded, name of the money.
const MONEY: &[(&str, &str)] = &[
    ("¥", "元"),
    ("RMB", "元"),
    ("CNY", "元"),
    ("US$", "美元"),
    ("USD", "美元"),
    ("HK$", "港元"),
    ("HKD", "港元"),
    ("EUR", "欧元"),
    ("JPY", "日元"),
    ("GBP", "英镑"),
    ("$", "美元"),
    ("€", "欧元"),
    ("£", "英镑"),
    ("₽", "卢布"),
    ("₮", "图格里克"),
    ("₩", "韩元"),
];

pub(super) fn amount(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphabetic() {
        return None;
    }
    let (at, name) = MONEY.iter().find_map(|(sign, name)| Some((scan.word(i, sign)?, *name)))?;
    let at = scan.past_space(at);
    let (mut end, mut said) = sum(scan, at)?;
    // ¥3-5万, ¥1000—¥2000
    let dash = scan.run(end, is_dash);
    let second = scan.past_space(MONEY.iter().find_map(|(sign, _)| scan.word(dash, sign)).unwrap_or(dash));
    if dash == end + 1
        && let Some((last, until)) = sum(scan, second)
        && !is_dash(scan.at(last))
    {
        said = said + options.to() + &until;
        end = last;
    }
    // ¥2000元 says its unit itself.
    let written = scan.past_space(end);
    if !scan.any(written, &["元", name, "人民币"]) {
        said.push_str(name);
    }
    Some(Hit::new(end, Class::Money, said))
}

/// A number with its 万 or 亿, without the name of the money.
fn sum(scan: &Scan<'_>, i: usize) -> Option<(usize, String)> {
    let amount = quantity::lex(scan, i)?;
    let end = measure::magnitude_at(scan, amount.end).unwrap_or(amount.end);
    Some((end, amount.said(true) + &scan.string(amount.end, end).replace(' ', "")))
}
