//! Places on the globe: 东经116°23′17″, E116°23′, 39.9°N. The letter is the name of the circle.

use super::{
    Class, Hit, Options, number, quantity,
    scan::{Scan, is_word},
};

pub(super) fn angle(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if is_word(scan.before(i)) || scan.before(i) == '.' {
        return None;
    }
    let circle = circle(scan.at(i));
    let degrees = quantity::lex(scan, if circle.is_some() { scan.past_space(i + 1) } else { i })?;
    if scan.at(degrees.end) != '°' || scan.at(degrees.end + 1) == 'C' {
        return None;
    }
    let mut said = degrees.said(false) + "度";
    let mut end = degrees.end + 1;
    for (marks, name) in [("′'’分", "分"), ("″\"”秒", "秒")] {
        let Some(part) = quantity::lex(scan, end).filter(|part| marks.contains(scan.at(part.end))) else {
            break;
        };
        said = said + &number::decimal(&part.whole, &part.fraction, false) + name;
        end = part.end + 1;
    }
    // 116.39°E
    let after = self::circle(scan.at(end)).filter(|_| circle.is_none() && !is_word(scan.at(end + 1)));
    if after.is_some() {
        end += 1;
    }
    let parts = end > degrees.end + 1;
    let named = circle.or(after);
    (named.is_some() || parts).then(|| Hit::new(end, Class::Quantity, named.unwrap_or("").to_owned() + &said))
}

fn circle(c: char) -> Option<&'static str> {
    Some(match c {
        'E' => "东经",
        'W' => "西经",
        'N' => "北纬",
        'S' => "南纬",
        _ => return None,
    })
}
