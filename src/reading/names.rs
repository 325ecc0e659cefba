//! Names of people: the readings that a character has only there.
//!
//! 单 is shan4 as a surname and dan1 elsewhere; 为 is wei2 in 张为民. A name is a surname and one or
//! two characters more, and it is believed only where a person is likely to be named:
//!
//! 1. beside a title: 单某某局长, 局长单某某, 联系人：单某某;
//! 2. where somebody is appointed or dismissed: 任命单某某为, 免去单某某的;
//! 3. in a list whose neighbouring item is a name.
//!
//! Any other use of these characters is far more common in notices.

use std::sync::LazyLock;

use super::{
    Mark,
    grouping::Words,
    tables::{Citation, Map, Set, entries, rows},
    text::Text,
};
use crate::words::jieba;

/// Characters of the longest given name.
const GIVEN: usize = 2;

/// Characters of the longest title.
const TITLE: usize = 6;

/// The characters of names in `text` whose reading the name decides: unit and reading, in order.
pub(super) fn readings(text: &Text, words: &Words) -> Vec<(usize, Citation)> {
    let mut found = Vec::new();
    // Where the last name of a list ended.
    let mut listed = None;
    let mut at = 0;
    while at < text.len() {
        let Some((length, surname)) = surname(text, at) else {
            at += 1;
            continue;
        };
        let item = listed.is_some_and(|end| end + 1 == at && text.char(end) == Some('、'));
        let Some(end) = name_end(text, words, at, length, item) else {
            at += 1;
            continue;
        };
        found.extend((at..).zip(surname.iter().copied()));
        for given in at + length..end {
            found.extend(text.char(given).and_then(|c| IN_NAMES.get(&c)).map(|&reading| (given, reading)));
        }
        listed = Some(end);
        at = end;
    }
    found
}

/// The surname that begins at unit `at`: its length, and how it is read.
fn surname(text: &Text, at: usize) -> Option<(usize, &'static [Citation])> {
    let forms = SURNAMES.get(&text.char(at)?)?;
    let (surname, readings) = forms.iter().find(|(surname, _)| text.rest(at).starts_with(surname))?;
    Some((surname.chars().count(), readings))
}

/// The end of the name that begins at unit `at` with a surname of `length` characters, if it is one.
/// `item` says that the item before it in a list is a name.
fn name_end(text: &Text, words: &Words, at: usize, length: usize, item: bool) -> Option<usize> {
    // 姓区, 姓任的: said outright. 百姓 is a word of its own.
    if text.before(at, 1) == Some('姓') && text.before(at, 2) != Some('百') {
        let next = text.char(at + length);
        let alone = next.is_none_or(|c| Mark::of(c).is_some() || matches!(c, '的' | '氏' | '者'));
        return alone.then_some(at + length);
    }
    let word = words.at(at);
    if word.start != at || !(word.len() <= length || is_person(text.slice(word.start, word.end))) {
        return None;
    }
    let lead = Lead::before(text, at);
    let also_a_word = length == 1 && text.char(at).is_some_and(|c| VERBS.contains(c));
    // 单局长, 令狐主任; but 任局长 and 区主任 are no people.
    if lead == Lead::None && !also_a_word && word.len() == length && title_after(text, at + length) {
        return Some(at + length);
    }
    (1..=GIVEN).map(|given| at + length + given).find(|&end| {
        let given = text.slice(at + length, end);
        given.chars().all(is_given)
            && given.chars().count() == end - at - length
            && words.begins(end)
            && (title_after(text, end)
                && !(also_a_word && given.chars().count() > 1 && jieba().has_word(given))
                || match lead {
                    Lead::Title => ends_here(text, end),
                    Lead::Appointment => matches!(text.char(end), Some('为' | '的' | '任' | '担' | '同')),
                    Lead::None => item && ends_here(text, end) && end > at + 2,
                })
    })
}

/// Surnames that are as likely a verb or a word of office: 任市委书记 and 区人大代表 name nobody.
const VERBS: &str = "区任查华宁应那召折祭向安关易成管包施和";

/// What stands before a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Title,
    Appointment,
    None,
}

impl Lead {
    fn before(text: &Text, at: usize) -> Self {
        let end = if text.before(at, 1) == Some('：') { at - 1 } else { at };
        let ends_with = |length: usize, list: &Set<&str>| {
            end.checked_sub(length).is_some_and(|start| list.contains(text.slice(start, end)))
        };
        if (2..=TITLE).any(|length| ends_with(length, &TITLES)) {
            Self::Title
        } else if ends_with(2, &APPOINTMENTS) {
            Self::Appointment
        } else {
            Self::None
        }
    }
}

/// Whether a title begins at unit `at`, perhaps after 副.
fn title_after(text: &Text, at: usize) -> bool {
    let at = if text.char(at) == Some('副') { at + 1 } else { at };
    (2..=TITLE).any(|length| TITLES.contains(text.slice(at, at + length)))
}

/// Whether the segmenter knows `word` as a name: 任命 is none.
fn is_person(word: &str) -> bool {
    jieba().tag(word, false).iter().all(|tag| tag.tag.starts_with("nr"))
}

/// Whether `c` may stand in a given name: no mark, no letter, no word of office.
fn is_given(c: char) -> bool {
    Mark::of(c).is_none()
        && !c.is_ascii()
        && !"的任命是被在向经过等与及了由从副总代原现位该本各每其市县区旗省乡镇村委局党院厅处科厂社部校队站盟州司".contains(c)
}

/// Whether nothing but a pause, or more people, follow.
fn ends_here(text: &Text, at: usize) -> bool {
    text.char(at).is_none_or(|c| Mark::of(c).is_some() || matches!(c, '等' | '和' | '同'))
}

type Forms = Vec<(&'static str, Vec<Citation>)>;

/// First character → surnames that begin with it, longest first.
static SURNAMES: LazyLock<Map<char, Forms>> = LazyLock::new(|| {
    let mut by_first: Map<char, Forms> = Map::default();
    for (surname, readings) in rows(include_str!("data/surnames.tsv")) {
        let readings = readings.split(' ').filter_map(Citation::parse).collect();
        by_first.entry(surname.chars().next().unwrap_or(' ')).or_default().push((surname, readings));
    }
    for forms in by_first.values_mut() {
        forms.sort_by_key(|(surname, _)| std::cmp::Reverse(surname.len()));
    }
    by_first
});

/// How characters with several readings are read in given names.
static IN_NAMES: LazyLock<Map<char, Citation>> = LazyLock::new(|| {
    rows(include_str!("data/given.tsv"))
        .filter_map(|(c, reading)| Some((c.chars().next()?, Citation::parse(reading)?)))
        .collect()
});

static TITLES: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/titles.txt")).collect());

/// Words that a name follows when somebody is appointed or dismissed.
static APPOINTMENTS: LazyLock<Set<&'static str>> = LazyLock::new(|| {
    ["任命", "免去", "聘任", "选举", "增补", "指定", "推荐", "委派", "撤销"].into_iter().collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_surname_can_be_read() {
        for (surname, readings) in rows(include_str!("data/surnames.tsv")) {
            assert_eq!(surname.chars().count(), readings.split(' ').filter_map(Citation::parse).count());
        }
        let given = rows(include_str!("data/given.tsv")).count();
        assert_eq!(IN_NAMES.len(), given);
        assert!(TITLES.iter().all(|title| (2..=TITLE).contains(&title.chars().count())));
    }
}
