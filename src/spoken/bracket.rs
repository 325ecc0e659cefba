//! Brackets: never named, heard as a pause or not at all.
//!
//! 1. An optional syllable joins its word: 退(免)税, 旗县(市、区).
//! 2. A short other name follows a short pause: 苏木乡镇(街道).
//! 3. Everything else is a remark, with a pause on both sides (or left out, see [`Brackets`]).

use super::{
    Brackets, Hit, Options, Silence,
    listed::words,
    scan::{Scan, is_han},
};
use crate::note::NoteCode;

words!(
    /// Contents that are remarks, however short.
    REMARKS,
    "tables/remarks.txt"
);

pub(super) fn mark(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let c = scan.at(i);
    let opens = matches!(c, '(' | '〔' | '[' | '【' | '{' | '〖' | '⟦' | '〘');
    let closes = matches!(c, ')' | '〕' | ']' | '】' | '}' | '〗' | '⟧' | '〙');
    if !(opens || closes) {
        return None;
    }
    let Some(mate) = scan.mate(i) else {
        let hit = if opens || next_is_text(scan, i + 1) {
            Hit::breath(i + 1, "，")
        } else {
            Hit::silent(i + 1, Silence::Bracket)
        };
        return Some(hit.note(NoteCode::Unbalanced));
    };
    let (open, close) = (i.min(mate), i.max(mate));
    Some(match role(scan, open, close) {
        Role::Inside => Hit::silent(i + 1, Silence::Bracket),
        Role::OtherName if opens => Hit::breath(i + 1, "、"),
        Role::OtherName => Hit::silent(i + 1, Silence::Bracket),
        Role::Remark
            if opens
                && options.brackets == Brackets::Skipped
                && c == '('
                && scan.mate(open) == Some(close) =>
        {
            Hit::silent(close + 1, Silence::Skipped)
        }
        Role::Remark => Hit::breath(i + 1, "，"),
    })
}

fn is_weekday(word: &str) -> bool {
    let day = ["星期", "周"].iter().find_map(|name| word.strip_prefix(name));
    day.is_some_and(|day| ["一", "二", "三", "四", "五", "六", "日", "天"].contains(&day))
}

fn next_is_text(scan: &Scan<'_>, i: usize) -> bool {
    is_han(scan.at(i)) || scan.at(i).is_ascii_alphanumeric()
}

enum Role {
    /// Read as if the brackets were not there.
    Inside,
    /// 中医药(蒙医药): another name for what stands before.
    OtherName,
    Remark,
}

fn role(scan: &Scan<'_>, open: usize, close: usize) -> Role {
    let inner = scan.folded(open + 1, close);
    // 元/(kW·h)
    if scan.before(open) == '/' && inner.len() <= 8 {
        return Role::Inside;
    }
    if scan.at(open) != '(' || !is_han(scan.before(open)) || inner.len() > 8 || inner.is_empty() {
        return Role::Remark;
    }
    let written: String = inner.iter().filter(|c| **c != ' ').collect();
    // 9月28日(星期日)、10月11日(星期六): with pauses the days of the week would be two more days.
    let weekday = matches!(scan.before(open), '日' | '号') && is_weekday(&written);
    if written == "含" || written == "不含" || weekday && !scan.at(close + 1).is_ascii_digit() {
        return Role::Inside;
    }
    if !inner.iter().all(|&c| is_han(c) || c == '、') || REMARKS.has(&written) {
        return Role::Remark;
    }
    let goes_on = is_han(scan.at(close + 1));
    // 星期四 and 14:30 must not run together.
    let parted = goes_on || matches!(scan.at(close + 1), ',' | '、' | '。' | ';' | ':' | '\0');
    let syllables = written.split('、').all(|part| part.chars().count() == 1);
    if syllables && (goes_on || written.contains('、')) {
        return Role::Inside;
    }
    let alone = written.contains("见") || written.contains("下称") || written.contains("简称");
    if inner.contains(&'、') || inner.len() > 4 || alone || !parted { Role::Remark } else { Role::OtherName }
}
