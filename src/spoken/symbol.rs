//! Signs with a name, and everything that has none: emoji, damage, typesetting codes, foreign scripts.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    Class, Hit, Options, Silence, latin, listed,
    scan::{Scan, is_han},
};
use crate::note::NoteCode;

/// Sign → what is said (`-`: nothing) and its class or the reason of its silence.
static SIGNS: LazyLock<HashMap<char, (&str, &str)>> = LazyLock::new(|| {
    listed::rows(include_str!("tables/symbols.tsv"))
        .filter_map(|row| {
            let mut cells = row.split('\t');
            Some((cells.next()?.chars().next()?, (cells.next()?, cells.next()?)))
        })
        .collect()
});

/// ½ → 二分之一.
pub(super) fn vulgar_fraction(c: char) -> Option<&'static str> {
    SIGNS.get(&c).filter(|(_, class)| *class == "fraction").map(|(said, _)| *said)
}

/// ≥ → 大于等于.
pub(super) fn comparison(c: char) -> Option<&'static str> {
    match c {
        '>' => Some("大于"),
        '<' => Some("小于"),
        '=' => Some("等于"),
        '≥' | '≤' | '≠' | '≈' => SIGNS.get(&c).map(|(said, _)| *said),
        _ => None,
    }
}

/// `〖HTK〗` and other codes of typesetting systems.
pub(super) fn typesetting(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if scan.at(i) != '〖' {
        return None;
    }
    let close = scan.mate(i).filter(|close| close - i <= 24)?;
    let codes =
        scan.folded(i + 1, close).iter().all(|c| c.is_ascii() && !c.is_ascii_digit() || c.is_ascii_digit());
    (codes && close > i + 1).then(|| Hit::silent(close + 1, Silence::Typesetting).note(NoteCode::Typesetting))
}

/// `3x5`, `20X30`: the letter between two numbers is a sign.
pub(super) fn times(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let sign =
        matches!(scan.at(i), 'x' | 'X') && scan.before(i).is_ascii_digit() && scan.at(i + 1).is_ascii_digit();
    sign.then(|| Hit::new(i + 1, Class::Symbol, "乘"))
}

/// A sign by itself.
pub(super) fn sign(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let (c, before, after) = (scan.at(i), scan.before(i), scan.at(i + 1));
    match c {
        '+' => {
            let end = scan.run(i, |c| c == '+');
            return Some(if end - i > 3 {
                Hit::silent(end, Silence::Ornament)
            } else {
                Hit::new(end, Class::Symbol, "加".repeat(end - i))
            });
        }
        '=' if scan.run(i, |c| c == '=') > i + 1 => {
            return Some(Hit::silent(scan.run(i, |c| c == '='), Silence::Ornament));
        }
        '<' | '>' | '=' => {
            let word = comparison(c)?;
            // >=, <=
            if matches!(c, '<' | '>') && after == '=' {
                return Some(Hit::new(i + 2, Class::Symbol, format!("{word}等于")));
            }
            return Some(Hit::new(i + 1, Class::Symbol, word));
        }
        '*' => {
            let end = scan.run(i, |c| c == '*');
            let digits = before.is_ascii_digit() || scan.at(end).is_ascii_digit();
            if end == i + 1
                && (before.is_ascii_alphanumeric() || "㎡²³".contains(before))
                && scan.at(end).is_ascii_digit()
            {
                return Some(Hit::new(end, Class::Symbol, "乘"));
            }
            // 138****5678: hidden digits are said so.
            if digits && end > i + 1 && end - i <= 20 {
                return Some(Hit::new(end, Class::Placeholder, "星".repeat(end - i)));
            }
            // 带*为必填项
            if end == i + 1 && scan.after_any(i, &["带", "标", "标有", "加", "打", "标注"]) {
                return Some(Hit::new(end, Class::Symbol, "星"));
            }
            if end == i + 1 && latin::is_dimension(before) && is_han(scan.at(end)) {
                return Some(Hit::new(end, Class::Symbol, "乘"));
            }
            if is_han(before) && end - i <= 4 && !emphasis_open(scan, i) {
                return Some(Hit::new(end, Class::Placeholder, "某".repeat(end - i)));
            }
            return Some(Hit::silent(end, Silence::Ornament));
        }
        '√' if after.is_ascii_digit() => return Some(Hit::new(i + 1, Class::Symbol, "根号")),
        '_' => return Some(Hit::breath(scan.run(i, |c| c == '_'), "，")),
        '#' if before.is_ascii_alphanumeric() => return Some(Hit::new(i + 1, Class::Symbol, "号")),
        '²' | '³' if before.is_ascii_digit() => {
            return Some(Hit::new(i + 1, Class::Symbol, if c == '²' { "的平方" } else { "的立方" }));
        }
        '\'' | '`' | '′' | '″' if !before.is_ascii_digit() => {
            return Some(Hit::silent(i + 1, Silence::Joiner));
        }
        '^' if before.is_ascii_digit() && after.is_ascii_digit() => {
            let end = scan.digits(i + 1);
            let power = super::number::cardinal(&scan.string(i + 1, end), false);
            return Some(Hit::new(end, Class::Symbol, format!("的{power}次方")));
        }
        '⁻' | '⁰' | '¹' | '⁴'..='⁹' if before.is_ascii_digit() => return power(scan, i),
        _ => {}
    }
    let (said, class) = SIGNS.get(&c)?;
    if *said == "-" {
        return Some(Hit::silent(
            i + 1,
            if *class == "joiner" { Silence::Joiner } else { Silence::Ornament },
        ));
    }
    let class = if *class == "fraction" { Class::Fraction } else { Class::Symbol };
    Some(Hit::new(i + 1, class, *said))
}

/// Whether `*` or `**` before `i` opened an emphasis: it stands before a word and not after one.
fn emphasis_open(scan: &Scan<'_>, i: usize) -> bool {
    (i.saturating_sub(40)..i)
        .any(|at| scan.at(at) == '*' && is_han(scan.at(at + 1)) && !is_han(scan.before(at)))
}

/// 10⁶ → 十的六次方.
fn power(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let value = |c: char| SUPERSCRIPTS.iter().position(|s| *s == c);
    let minus = scan.at(i) == '⁻';
    let i = if minus { i + 1 } else { i };
    let end = scan.run(i, |c| value(c).is_some());
    if end == i {
        return None;
    }
    let digits: String =
        scan.folded(i, end).iter().filter_map(|c| value(*c)).map(|d| d.to_string()).collect();
    Some(Hit::new(
        end,
        Class::Symbol,
        format!("的{}{}次方", if minus { "负" } else { "" }, super::number::cardinal(&digits, false)),
    ))
}

/// What no other rule knows.
pub(super) fn unknown(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let c = scan.at(i);
    if let Some(hit) = latin::unreadable(scan, i) {
        return Some(hit);
    }
    let hit = match c {
        // Zero-width characters, byte order mark, direction and variation marks, keycap.
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{20e3}'
        | '\u{e0100}'..='\u{e01ef}'
        | '\u{300}'..='\u{36f}' => Hit::silent(i + 1, Silence::Format),
        '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' => {
            Hit::silent(i + 1, Silence::Emoji)
        }
        '\u{2190}'..='\u{21ff}'
        | '\u{2500}'..='\u{25ff}'
        | '\u{2e00}'..='\u{2e7f}'
        | '\u{3003}'..='\u{303f}' => Hit::breath(i + 1, "，"),
        c if c.is_control()
            || matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}') =>
        {
            Hit::silent(i + 1, Silence::Damage).note(NoteCode::StrayCharacter)
        }
        _ => {
            let end = scan.run(i, |other| other == c && !is_han(other));
            Hit::silent(end.max(i + 1), Silence::Unreadable).note(NoteCode::Unreadable)
        }
    };
    Some(hit)
}
