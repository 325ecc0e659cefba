//! Punctuation: quotation marks, white space, slashes, points and the marks that are pauses.

use super::{
    Class, Hit, Options, Silence,
    listed::words,
    measure,
    scan::{Scan, is_han},
};
use crate::note::NoteCode;

words!(QUESTIONS, "tables/questions.txt");

/// Quotation and title marks are silent; two quoted things side by side are parted.
pub(super) fn quotation(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let c = scan.at(i);
    let closes = matches!(c, '”' | '’' | '》' | '〉' | '」' | '』' | '﹂' | '﹄');
    let angle = matches!(c, '<' | '>') && scan.mate(i).is_some();
    let opens = matches!(c, '“' | '‘' | '《' | '〈' | '「' | '『' | '﹁' | '﹃' | '„');
    if !(closes || opens || angle || c == '"') {
        return None;
    }
    let next = scan.at(scan.past_space(i + 1));
    if (closes || c == '>') && matches!(next, '“' | '‘' | '《' | '〈' | '「' | '『' | '<') {
        return Some(Hit::breath(i + 1, "、"));
    }
    Some(Hit::silent(i + 1, Silence::Quotation))
}

/// White space: silent inside an expression or a word that is spaced out, else a breath.
pub(super) fn space(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let end = scan.run(i, |c| matches!(c, ' ' | '\n'));
    if end == i {
        return None;
    }
    let (before, after) = (scan.before(i), scan.at(end));
    let breaks = scan.folded(i, end).contains(&'\n');
    let code = end - i == 1
        && i >= 5
        && scan.folded(i - 5, i).iter().all(char::is_ascii_digit)
        && !measure::counts(scan, i);
    // `1 总则`: the number of a heading.
    let figures = i - (1..=2).take_while(|&n| n <= i && scan.at(i - n).is_ascii_digit()).count();
    let heading = figures < i && is_han(after) && scan.begins(figures) && !measure::counts(scan, i);
    let parts = if breaks || code || heading {
        true
    } else if is_han(before) && is_han(after) {
        !spaced_out(scan, i, end)
    } else if (before.is_ascii_digit() || before == '%') && is_han(after)
        || is_han(before) && after.is_ascii_digit()
    {
        // A telephone number or code after a name is not counted by it.
        end - i > 1
            || scan.value(end, scan.digits(end)).is_none_or(|value| value >= 1_000_000)
                && after.is_ascii_digit()
    } else {
        before.is_ascii_alphanumeric() == after.is_ascii_alphanumeric()
            || end - i > 1
            || "”》)".contains(before)
    };
    Some(if parts { Hit::breath(end, "，") } else { Hit::silent(end, Silence::Space) })
}

/// 组 长, 总 则, 范  兵, 指  标  名  称: single characters on both sides.
fn spaced_out(scan: &Scan<'_>, i: usize, end: usize) -> bool {
    let left = i < 2 || !is_han(scan.at(i - 2));
    let right = !is_han(scan.at(end + 1));
    left && right
}

/// `/`: per between a unit and what it is for, or a short pause between alternatives.
pub(super) fn slash(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    if !matches!(scan.at(i), '/' | '\\' | '|' | '¦') {
        return None;
    }
    let end = scan.run(i, |c| matches!(c, '/' | '\\' | '|' | '¦'));
    let (before, after) = (scan.before(i), scan.at(end));
    if scan.at(i) == '/' && end == i + 1 {
        let money =
            before == '元' && (is_han(after) || measure::unit_at(scan, end).is_some() || after == '(');
        let unit = is_han(before)
            && (is_han(after) || measure::unit_at(scan, end).is_some() || after == '(')
            && measure::follows_number(scan, i);
        let unit = unit
            && (measure::measure_at(scan, i - 1).is_some() || "吨斤克米里升度次亩顷瓦时".contains(before));
        let unit = unit || unit_heading(scan, i);
        // 单位:吨/年
        let heading = is_han(before) && is_han(after) && scan.near_before(i, 6, ["单位"].into_iter());
        if money || unit || heading {
            return Some(Hit::new(end, Class::Symbol, "每"));
        }
        if let Some((to, name)) = measure::unit_at(scan, end).filter(|_| letters_counted(scan, i)) {
            return Some(Hit::new(to, Class::Unit, format!("每{name}")));
        }
        // 和/或
        if matches!(before, '和' | '及') && after == '或' {
            return Some(Hit::silent(end, Silence::Joiner));
        }
    }
    Some(Hit::breath(end, if scan.at(i) == '/' { "、" } else { "，" }))
}

/// `100CFU/mL`: letters that a number counts, before a unit.
fn letters_counted(scan: &Scan<'_>, i: usize) -> bool {
    let letters = (1..=6).take_while(|&n| n <= i && scan.at(i - n).is_ascii_alphabetic()).count();
    letters > 1 && scan.before(i - letters).is_ascii_digit()
}

/// `吨/日`, `(次/年)`: two units with nothing around them.
fn unit_heading(scan: &Scan<'_>, i: usize) -> bool {
    const PER: [&str; 22] = [
        "年",
        "月",
        "日",
        "天",
        "小时",
        "次",
        "人",
        "户",
        "亩",
        "吨",
        "公里",
        "平方米",
        "立方米",
        "度",
        "件",
        "分钟",
        "秒",
        "人次",
        "学期",
        "学年",
        "课时",
        "公顷",
    ];
    let of = (1..=3).filter_map(|n| i.checked_sub(n)).any(|from| {
        measure::measure_at(scan, from) == Some(i)
            && !is_han(scan.before(from))
            && !scan.any(from, &["年/", "月/"])
    });
    of && PER.iter().any(|word| scan.word(i + 1, word).is_some_and(|end| !is_han(scan.at(end))))
}

/// Full stops and the other marks that are pauses as they stand.
pub(super) fn point(scan: &Scan<'_>, i: usize, _: &Options) -> Option<Hit> {
    let (before, after) = (scan.before(i), scan.at(i + 1));
    let mark = match scan.at(i) {
        '。' => "。",
        ',' => "，",
        ';' => "；",
        ':' => "：",
        '!' => "！",
        '、' => "、",
        '?' => return Some(question(scan, i)),
        '…' => {
            let end = scan.run(i, |c| matches!(c, '…' | '.' | '。'));
            return Some(Hit::pause(end, "，"));
        }
        '.' => {
            let end = scan.run(i, |c| c == '.');
            return Some(if end - i > 1 {
                Hit::breath(end, "，")
            } else if after.is_ascii_digit() && !before.is_ascii_alphanumeric() {
                let to = scan.digits(i + 1);
                Hit::new(to, Class::Number, format!("零点{}", super::number::digits(&scan.string(i + 1, to))))
            } else if before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() {
                Hit::new(end, Class::Symbol, "点")
            } else if "一二三四五六七八九十".contains(before) && i > 0 && scan.begins(i - 1) {
                Hit::pause(end, "、")
            } else if is_han(before) || matches!(before, '”' | ')' | '》' | '%') {
                Hit::pause(end, "。")
            } else {
                Hit::breath(end, "，")
            });
        }
        // 元/人·月
        '·' if "年月日天次时".contains(after) && scan.folded(i.saturating_sub(4), i).contains(&'/') => {
            return Some(Hit::new(i + 1, Class::Symbol, "每"));
        }
        '·' if is_han(before) && is_han(after) => return Some(Hit::silent(i + 1, Silence::Joiner)),
        '□' | '■' | '○' | '●' | '◎' | '◇' | '◆' | '△' | '▲' | '▽' | '▼' | '☆' | '★' | '☐' | '▢' | '▣'
        | '◯' | '►' | '▶' | '▷' | '◀' | '➢' | '➤' | '❖' | '☞' | '→' | '←' | '⇒' | '➔' | '↔' | '⇌' | '•'
        | '▪' => {
            return Some(Hit::breath(i + 1, "、"));
        }
        '>' | '<' | '›'
            if after != '='
                && scan.mate(i).is_none()
                && !(before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric())
                && !before.is_ascii_digit()
                && !number_follows(scan, scan.past_space(i + 1)) =>
        {
            let c = scan.at(i);
            return Some(Hit::breath(scan.run(i, |other| other == c), "，"));
        }
        _ => return None,
    };
    Some(Hit::pause(i + 1, mark))
}

/// A number, with its sign or without.
fn number_follows(scan: &Scan<'_>, i: usize) -> bool {
    let signed = matches!(scan.at(i), '-' | '+' | '±');
    scan.at(if signed { i + 1 } else { i }).is_ascii_digit()
}

fn question(scan: &Scan<'_>, i: usize) -> Hit {
    let full_width = scan.written(i) == '？';
    let end = scan.run(i, |c| matches!(c, '?' | '!'));
    if full_width || QUESTIONS.near_before(scan, i, 30) {
        return Hit::pause(end, "？");
    }
    Hit::silent(scan.run(i, |c| c == '?'), Silence::Damage).note(NoteCode::LostCharacter)
}
