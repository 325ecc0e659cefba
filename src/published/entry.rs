//! What is published under a name: what a client sees of it ([`Entry`]), and what is kept of it ([`Record`]).
//!
//! 1. [`Name`] and [`Labels`] are what a publisher calls it; both are checked and kept, and never used for anything
//!    else: a name is no path, and the address of a page is never fetched;
//! 2. [`Words`] tell a text from every other, whatever it is marked up with.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    notice::{BlockKind, Format, Skip},
    plan::Speed,
    render::{Notice, Submission},
    store::{ListedId, NoticeId},
};

/// Characters that a name may have.
const MOST_NAME: usize = 200;
/// Characters that a title may have; one that is found in the notice is cut.
const MOST_TITLE: usize = 300;
/// Characters that a category may have.
const MOST_CATEGORY: usize = 100;
/// Bytes that the address of a page may have.
const MOST_PAGE: usize = 2000;

/// How a content system calls an article of its own: 1 to 200 characters of any kind but control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// What is told of a notice in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// For people; that of the notice when none is given.
    pub title: Option<String>,
    /// The day of publication, `2024-05-03`.
    pub date: Option<String>,
    /// By which the list is asked for.
    pub category: Option<String>,
    /// Where the notice is shown: `http` or `https`.
    pub page: Option<String>,
}

/// Why a name or a label is refused. The publisher is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct LabelError {
    /// Which of them.
    pub what: &'static str,
    /// What it must be.
    pub why: &'static str,
}

/// A published notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its name in the store.
    pub id: ListedId,
    /// For people.
    pub title: String,
    /// As they were given.
    pub labels: Labels,
    /// Since when it is published, milliseconds since 1970.
    pub published_at: u64,
    /// When it was replaced last.
    pub changed_at: u64,
    /// Names what was published: what is published again unchanged has the same.
    pub revision: String,
    /// The notice, as it is read now.
    pub notice: NoticeId,
    /// How many clips it has.
    pub clips: usize,
}

/// What is kept of it: with this alone everything can be planned and made again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub name: String,
    pub submission: Submission,
    pub labels: Labels,
    pub title: String,
    pub published_at: u64,
    pub changed_at: u64,
    /// As it was planned last.
    pub notice: String,
    pub clips: usize,
    pub words: String,
    /// The notices of the same words that were heard, to be removed with it.
    #[serde(default)]
    pub heard: Vec<String>,
    /// The notices of other words that were published under its name before, to be removed with it.
    #[serde(default)]
    pub former: Vec<String>,
    /// It is published no more; what there is of it is being removed.
    #[serde(default)]
    pub withdrawn: bool,
}

/// Names the words of a text that are read, without the white space between them and whatever they are marked up
/// with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Words([u8; 16]);

impl Name {
    /// A name.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(name: &str) -> Result<Self, LabelError> {
        let why = "a name has 1 to 200 characters, none of them control characters";
        if name.is_empty() {
            return Err(LabelError { what: "name", why });
        }
        check("name", why, name, MOST_NAME)?;
        Ok(Self(name.to_owned()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name in the store.
    pub fn id(&self) -> ListedId {
        ListedId::of(&self.0)
    }
}

impl Labels {
    /// These labels, if they are what they should be.
    ///
    /// # Errors
    /// The first that is not.
    pub fn checked(self) -> Result<Self, LabelError> {
        let Self { title, date, category, page } = &self;
        if let Some(title) = title {
            let why = "a title has 1 to 300 characters, none of them control characters";
            check("title", why, title, MOST_TITLE)?;
            if title.trim().is_empty() {
                return Err(LabelError { what: "title", why });
            }
        }
        if date.as_ref().is_some_and(|date| !is_date(date)) {
            return Err(LabelError { what: "date", why: "a day as 2024-05-03" });
        }
        if let Some(category) = category {
            let why = "a category has at most 100 characters, none of them control characters";
            check("category", why, category, MOST_CATEGORY)?;
        }
        if page.as_ref().is_some_and(|page| !is_page(page)) {
            return Err(LabelError { what: "page", why: "an http or https address of at most 2000 bytes" });
        }
        Ok(self)
    }
}

impl Record {
    /// What stands in the place of an entry that is withdrawn until everything of it is removed. It has no text.
    pub(super) fn gravestone(entry: &Entry, words: Words, heard: &[NoticeId]) -> Self {
        let (voice, speed, reading, lexicon) = (None, Speed::default(), None, None);
        let submission =
            Submission { format: Format::Text, text: String::new(), voice, speed, reading, lexicon };
        Self {
            name: entry.name.clone(),
            submission,
            labels: Labels::default(),
            title: String::new(),
            published_at: entry.published_at,
            changed_at: entry.changed_at,
            notice: entry.notice.to_string(),
            clips: entry.clips,
            words: words.to_string(),
            heard: heard.iter().map(NoticeId::to_string).collect(),
            former: Vec::new(),
            withdrawn: true,
        }
    }

    /// What a client sees of it; none when it is damaged in a way that its seal cannot tell.
    pub(super) fn entry(&self) -> Option<Entry> {
        let Self { name, labels, title, published_at, changed_at, clips, .. } = self.clone();
        let id = ListedId::of(&name);
        let notice = self.notice.parse().ok()?;
        let revision = revision(&self.submission, &labels);
        Some(Entry { name, id, title, labels, published_at, changed_at, revision, notice, clips })
    }
}

/// Names a submission with its labels.
pub(super) fn revision(submission: &Submission, labels: &Labels) -> String {
    let json = serde_json::to_vec(&(submission, labels)).unwrap_or_default();
    blake3::hash(&json).to_hex().chars().take(32).collect()
}

/// The title of a notice: its own, or how it begins.
pub(super) fn title_of(notice: &Notice) -> String {
    let (document, sentences) = (&notice.document, &notice.plan.sentences);
    let part = document.blocks.iter().find(|block| block.kind == BlockKind::Title).map(|block| block.part);
    let blocks = document.blocks.iter();
    let titles = blocks.filter(|block| block.kind == BlockKind::Title && Some(block.part) == part);
    let mut title: String =
        titles.flat_map(|block| block.span.of(&document.text).lines().map(str::trim)).collect();
    if title.is_empty() {
        let first = sentences.iter().find(|planned| planned.sentence.skip.is_none());
        title = first.map_or("", |planned| planned.sentence.span.of(&document.text)).to_owned();
    }
    title.chars().filter(|c| !c.is_control()).take(MOST_TITLE).collect()
}

impl Words {
    /// Of a notice. Lists of offices count whether or not a listener wants them left out.
    pub fn of(notice: &Notice) -> Self {
        let mut hash = blake3::Hasher::new();
        for planned in &notice.plan.sentences {
            if matches!(planned.sentence.skip, None | Some(Skip::Responsibility)) {
                let text = planned.sentence.span.of(&notice.document.text);
                let written: String = text.chars().filter(|c| is_written(*c)).collect();
                hash.update(written.as_bytes());
            }
        }
        let mut words = [0; 16];
        hash.finalize_xof().fill(&mut words);
        Self(words)
    }

    pub(super) fn parse(written: &str) -> Option<Self> {
        if written.len() != 32 {
            return None;
        }
        u128::from_str_radix(written, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({self})")
    }
}

/// The same entry as it is read now.
pub(super) fn read_as(entry: &Entry, notice: &Notice) -> Arc<Entry> {
    Arc::new(Entry { notice: notice.id, clips: notice.plan.utterances.len(), ..entry.clone() })
}

/// Whether a character can be seen: pages are full of those that cannot.
fn is_written(c: char) -> bool {
    let unseen = matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    !c.is_whitespace() && !c.is_control() && !unseen
}

fn check(what: &'static str, why: &'static str, text: &str, most: usize) -> Result<(), LabelError> {
    let good = text.chars().take(most + 1).count() <= most && !text.chars().any(char::is_control);
    good.then_some(()).ok_or(LabelError { what, why })
}

/// Whether it is a day of the calendar, as ISO 8601 writes it.
fn is_date(text: &str) -> bool {
    let form = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
    let number = |from: usize, to: usize| {
        text.get(from..to).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0)
    };
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    form && (1..=days).contains(&day)
}

fn is_page(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`');
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    web && text.len() <= MOST_PAGE
        && text.bytes().all(plain)
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_any_text_but_control_characters() {
        for good in ["1", "../../etc/passwd", "公告/2024/5", "😀", "a b", "%2e%2e", ".", &"水".repeat(200)]
        {
            assert_eq!(Name::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a\0b", "a\nb", "\u{7f}", "\u{85}", &"x".repeat(201), &"x".repeat(10_000)] {
            assert_eq!(Name::new(bad).unwrap_err().what, "name", "{bad:?}");
        }
    }

    #[test]
    fn labels_are_what_they_should_be() {
        let with = |what: &str, value: &str| {
            let mut labels = Labels::default();
            let label = match what {
                "title" => &mut labels.title,
                "date" => &mut labels.date,
                "category" => &mut labels.category,
                _ => &mut labels.page,
            };
            *label = Some(value.to_owned());
            labels.checked().is_ok()
        };
        for (what, good) in [
            ("title", "关于停水的通知"),
            ("date", "2024-02-29"),
            ("date", "2000-02-29"),
            ("category", "通知公告"),
            ("page", "https://www.example.gov.cn/a/b.html?c=1#d"),
            ("page", "http://10.0.0.1:8080/"),
        ] {
            assert!(with(what, good), "{good}");
        }
        for (what, bad) in [
            ("title", " "),
            ("title", "a\tb"),
            ("date", "2023-02-29"),
            ("date", "1900-02-29"),
            ("date", "2024-13-01"),
            ("date", "2024-00-01"),
            ("date", "2024-01-00"),
            ("date", "2024/01/01"),
            ("date", "二〇二四年"),
            ("category", "a\u{1b}b"),
            ("page", "javascript:alert(1)"),
            ("page", "file:///etc/passwd"),
            ("page", "/a"),
            ("page", "https://"),
            ("page", "https://a b/"),
            ("page", ""),
        ] {
            assert!(!with(what, bad), "{bad}");
        }
    }
}
