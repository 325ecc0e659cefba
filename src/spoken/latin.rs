//! Letters: Latin ones are spelled, accents dropped; Greek ones have names; Roman numbers are numbers.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    Class, Hit, Options, listed, number,
    scan::{Scan, is_han},
};
use crate::note::NoteCode;

/// Accented letter → letters without accent.
static ACCENTED: LazyLock<HashMap<char, &str>> = LazyLock::new(|| {
    listed::rows(include_str!("tables/accented.tsv"))
        .filter_map(|row| row.split_once('\t'))
        .flat_map(|(plain, accented)| accented.chars().map(move |c| (c, plain)))
        .collect()
});

/// Greek letter → its Chinese name.
static GREEK: LazyLock<HashMap<char, &str>> = LazyLock::new(|| {
    listed::rows(include_str!("tables/greek.tsv"))
        .filter_map(|row| row.split_once('\t'))
        .flat_map(|(letters, name)| letters.chars().map(move |c| (c, name)))
        .collect()
});

/// Letters and digits of a code: letters upper-case, digits one by one.
pub(super) fn mixed(written: &str, yao: bool) -> String {
    written
        .chars()
        .map(|c| {
            if c.is_ascii_digit() { number::code(&c.to_string(), yao) } else { c.to_uppercase().to_string() }
        })
        .collect()
}

/// The unaccented form of a Latin letter.
fn plain(c: char) -> Option<&'static str> {
    if c.is_ascii_alphabetic() {
        let at = usize::from(u8::try_from(c.to_ascii_uppercase()).unwrap_or(b'A') - b'A');
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ".get(at..=at);
    }
    ACCENTED.get(&c).copied()
}

/// A word of letters, and the digits that belong to it: GDP, B2B, PM2.5, COVID-19, 5G after its 5.
pub(super) fn letters(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    plain(scan.at(i))?;
    if let Some(end) = ["No.", "NO.", "no.", "No"].iter().find_map(|word| scan.word(i, word))
        && scan.at(scan.past_space(end)).is_ascii_digit()
    {
        return Some(Hit::new(end, Class::Symbol, "编号"));
    }
    let mut said = String::new();
    let mut at = i;
    loop {
        let word = at;
        while let Some(letter) = plain(scan.at(at)) {
            said.push_str(letter);
            at += 1;
        }
        // R&D, McDonald's
        if matches!(scan.at(at), '\'' | '’' | '&')
            && plain(scan.at(at + 1)).is_some()
            && !is_han(scan.before(at))
        {
            if scan.at(at) == '&' {
                said.push('和');
            }
            at += 1;
            continue;
        }
        let hyphen =
            scan.at(at) == '-' && scan.at(at + 1).is_ascii_digit() && plain(scan.before(at)).is_some();
        // CPI-0.3%: a minus.
        let share = super::quantity::lex(scan, at + 1).is_some_and(|n| matches!(scan.at(n.end), '%' | '‰'));
        let hyphen = hyphen && !share && !scan.before(word).is_ascii_digit();
        let from = if hyphen { at + 1 } else { at };
        let to = scan.digits(from);
        if to == from {
            break;
        }
        let (end, number) = number_after_letters(scan, word, from, to, options);
        said.push_str(&number);
        at = end;
        if plain(scan.at(at)).is_none() {
            break;
        }
    }
    Some(Hit::new(at, Class::Letters, said))
}

/// One digit or a decimal is a number, two are one too (A12 栋, S22), three or more a code.
fn number_after_letters(
    scan: &Scan<'_>,
    start: usize,
    from: usize,
    to: usize,
    options: &Options,
) -> (usize, String) {
    let written = scan.string(from, to);
    let fraction = scan.digits(to + 1);
    if scan.at(to) == '.' && fraction > to + 1 && scan.at(fraction) != '.' {
        return (fraction, number::decimal(&written, &scan.string(to + 1, fraction), false));
    }
    // N95 is a filter, not the ninety-fifth.
    let digit_names = ["N", "KN", "FFP", "KF"];
    let letters = scan.string(start, from.min(start + 5)).to_uppercase();
    let said = match written.len() {
        1 => number::cardinal(&written, false),
        2 if !written.starts_with('0') && !digit_names.contains(&letters.trim_end_matches('-')) => {
            number::cardinal(&written, false)
        }
        2 => number::digits(&written),
        // Covid-2019 and the like name a year.
        4 if ("1949"..="2100").contains(&written.as_str()) => number::digits(&written),
        _ => number::code(&written, options.yao()),
    };
    (to, said)
}

/// Roman numbers: the signs Ⅰ…Ⅻ anywhere, capital letters before a class word (III级, II期).
pub(super) fn roman(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let c = scan.at(i);
    let value = match c {
        'Ⅰ'..='Ⅻ' => u32::from(c) - u32::from('Ⅰ') + 1,
        'ⅰ'..='ⅻ' => u32::from(c) - u32::from('ⅰ') + 1,
        'I' | 'V' | 'X' => return ascii_roman(scan, i),
        _ => return None,
    };
    let mut end = i + 1;
    // ⅠⅠ and ⅠⅤ are typed where Ⅱ and Ⅳ were meant; ⅩⅡ is twelve.
    let mut sum = value;
    while let next @ 'Ⅰ'..='Ⅹ' = scan.at(end) {
        let next = u32::from(next) - u32::from('Ⅰ') + 1;
        sum = if sum < next { next - sum } else { sum + next };
        end += 1;
        if end - i > 4 {
            break;
        }
    }
    Some(Hit::new(end, Class::Roman, number::cardinal(&sum.to_string(), false)))
}

fn ascii_roman(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    const NUMBERS: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    if scan.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let to = scan.run(i, |c| c.is_ascii_alphanumeric());
    if to - i > 4 {
        return None;
    }
    let value = NUMBERS.iter().position(|number| *number == scan.string(i, to))? + 1;
    let classes: &[&str] = if to - i == 1 {
        &["类", "级"]
    } else {
        &["类", "级", "期", "型", "度", "段", "区", "章", "等", "号"]
    };
    let graded = scan.any(to, classes) && !(to - i == 1 && scan.at(i) == 'X');
    graded.then(|| Hit::new(to, Class::Roman, number::cardinal(&value.to_string(), false)))
}

/// ⅹⅹ, ××, XX and xx before a word that a name would stand before: 某某.
pub(super) fn placeholder(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let c = scan.at(i);
    if !matches!(c, 'ⅹ' | 'Ⅹ' | '×' | 'X' | 'x' | '○' | '〇' | '*') || scan.before(i).is_ascii_alphanumeric()
    {
        return None;
    }
    let end = i + scan.folded(i, i + 9).iter().take_while(|&&other| other == c).count();
    let next = scan.at(end);
    if end - i > 8 || next.is_ascii_alphanumeric() {
        return None;
    }
    let kinds = "省市县区旗镇乡村盟州局厅委部处科室站所院校公司单位年月日时分元号路街楼栋户人同志先生女士某";
    let named = kinds.contains(next) || matches!(next, '(' | '、' | '”') && !is_han(scan.before(i));
    let sign = matches!(c, '×' | 'X' | 'x');
    let stands = match end - i {
        // One sign before 年月日 is a blank; 数据要素×, X光 are not.
        1 => {
            c == 'ⅹ' && is_han(next)
                || sign && "年月日时分元号".contains(next) && !scan.before(i).is_ascii_digit()
                || c == '×' && scan.before(i) == '某'
                || c == '×' && surname_before(scan, i) && is_han(next) && !is_han(scan.at(end + 1))
                || c == '×' && surname_before(scan, i) && (next == '\0' || "、,。;:)某\n ".contains(next))
        }
        _ if matches!(c, '○' | '〇' | '*') => named && end - i == 2,
        _ => named || is_han(next) || (c != 'X' && c != 'x'),
    };
    stands.then(|| Hit::new(end, Class::Placeholder, if end - i == 1 { "某" } else { "某某" }))
}

/// 李×: one Han character alone before the sign.
fn surname_before(scan: &Scan<'_>, i: usize) -> bool {
    is_han(scan.before(i))
        && !is_han(scan.before(i - 1))
        && !scan.before(i - 1).is_ascii_digit()
        && !is_dimension(scan.before(i))
}

/// 长×宽×高: what is multiplied and no name.
pub(super) fn is_dimension(c: char) -> bool {
    "长宽高厚深径底价量×*".contains(c)
}

/// α → 阿尔法. Letters of other scripts without a reading are left to the last rule.
pub(super) fn greek(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if matches!(scan.at(i), 'φ' | 'Φ' | 'ϕ') && scan.at(i + 1).is_ascii_digit() {
        return Some(Hit::new(i + 1, Class::Symbol, "直径"));
    }
    let name = GREEK.get(&scan.at(i))?;
    Some(Hit::new(i + 1, Class::Greek, *name))
}

/// The run of letters of unknown scripts at `i`.
pub(super) fn unreadable(scan: &Scan<'_>, i: usize) -> Option<Hit> {
    let end =
        scan.run(i, |c| c.is_alphabetic() && !is_han(c) && plain(c).is_none() && !GREEK.contains_key(&c));
    (end > i).then(|| Hit::silent(end, super::Silence::Unreadable).note(NoteCode::Unreadable))
}
