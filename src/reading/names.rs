//! Surnames with a reading of their own: 单 is shan4 in 单某某局长, dan1 elsewhere.
//!
//! A surname is believed only where a name is likely: a title stands right before or after it. Any
//! other use of these characters is far more common in notices.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    Mark,
    grouping::Words,
    tables::{entries, rows},
    text::Text,
};
use crate::words::jieba;

/// Characters of the longest given name.
const GIVEN: usize = 2;

/// The surnames of `text`: units, and how they are read.
pub(super) fn surnames(text: &Text, words: &Words) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for at in 0..text.len() {
        let Some(&(length, readings)) = text.char(at).and_then(|c| SURNAMES.get(&c)).and_then(|forms| {
            forms.iter().find(|(surname, _)| text.rest(at).starts_with(surname)).map(|(_, known)| known)
        }) else {
            continue;
        };
        if is_name(text, words, at, length) {
            found.push((at..at + length, readings));
        }
    }
    found
}

/// Whether a person is named at unit `at` with a surname of `length` characters.
fn is_name(text: &Text, words: &Words, at: usize, length: usize) -> bool {
    // 姓区, 姓任的: said outright. 百姓 is a word of its own.
    if text.before(at, 1) == Some('姓') && text.before(at, 2) != Some('百') {
        let next = text.char(at + length);
        return next.is_none_or(|c| Mark::of(c).is_some() || matches!(c, '的' | '氏' | '者'));
    }
    let word = words.at(at);
    if word.start != at || !(word.len() <= length || is_person(text.slice(word.start, word.end))) {
        return false;
    }
    let title_before = {
        let end = if text.before(at, 1) == Some('：') { at - 1 } else { at };
        TITLES.iter().any(|title| text.slice(0, end).ends_with(title))
    };
    (1..=GIVEN).any(|given| {
        let end = at + length + given;
        let name = (at + length..end).all(|i| text.char(i).is_some_and(is_given));
        let rest = text.rest(end).trim_start_matches('副');
        let title_after = TITLES.iter().any(|title| rest.starts_with(title));
        name && words.begins(end) && (title_after || title_before && ends_here(text, end))
    })
}

/// Whether the segmenter knows `word` as a name: 任命 is none.
fn is_person(word: &str) -> bool {
    jieba().tag(word, false).iter().all(|tag| tag.tag.starts_with("nr"))
}

/// Whether `c` may stand in a given name: no mark, no letter, no word of office.
fn is_given(c: char) -> bool {
    Mark::of(c).is_none() && !c.is_ascii() && !"的任命为是被在向经过等和与及了由从副总".contains(c)
}

fn ends_here(text: &Text, at: usize) -> bool {
    text.char(at).is_none_or(|c| Mark::of(c).is_some() || matches!(c, '等' | '和' | '同'))
}

type Surname = (&'static str, (usize, &'static str));

static SURNAMES: LazyLock<HashMap<char, Vec<Surname>>> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<Surname>> = HashMap::new();
    for (surname, readings) in rows(include_str!("data/surnames.tsv")) {
        let length = surname.chars().count();
        by_first
            .entry(surname.chars().next().unwrap_or(' '))
            .or_default()
            .push((surname, (length, readings)));
    }
    by_first
});

static TITLES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/titles.txt")).collect());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::tables::Citation;

    #[test]
    fn every_surname_can_be_read() {
        for (surname, readings) in rows(include_str!("data/surnames.tsv")) {
            assert_eq!(surname.chars().count(), readings.split(' ').filter_map(Citation::parse).count());
        }
    }
}
