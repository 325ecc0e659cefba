//! Word lists and tables: the data files in `tables/`, as the rules ask them.

use std::collections::HashMap;

use super::scan::Scan;

/// The lines of a table without comments and blank ones.
pub(super) fn rows(table: &str) -> impl Iterator<Item = &str> + Clone {
    table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("# "))
}

/// A list of words, found by their first and by their last character.
pub(super) struct Words {
    by_first: HashMap<char, Vec<&'static str>>,
    by_last: HashMap<char, Vec<&'static str>>,
}

impl Words {
    /// One or many words on a line.
    pub(super) fn read(table: &'static str) -> Self {
        let mut list = Self { by_first: HashMap::new(), by_last: HashMap::new() };
        for word in rows(table).flat_map(str::split_whitespace) {
            if let (Some(first), Some(last)) = (word.chars().next(), word.chars().next_back()) {
                list.by_first.entry(first).or_default().push(word);
                list.by_last.entry(last).or_default().push(word);
            }
        }
        list
    }

    /// The end of the longest word that stands at `i`.
    pub(super) fn at(&self, scan: &Scan<'_>, i: usize) -> Option<usize> {
        self.ends(scan, i).max()
    }

    /// The ends of all words that stand at `i`.
    fn ends(&self, scan: &Scan<'_>, i: usize) -> impl Iterator<Item = usize> {
        self.by_first.get(&scan.at(i)).into_iter().flatten().filter_map(move |word| scan.word(i, word))
    }

    /// Whether a word ends right before `i`.
    pub(super) fn before(&self, scan: &Scan<'_>, i: usize) -> bool {
        self.by_last.get(&scan.before(i)).is_some_and(|words| scan.after_any(i, words))
    }

    /// Whether a word stands in the `reach` characters before `i`, in the same clause.
    pub(super) fn near_before(&self, scan: &Scan<'_>, i: usize, reach: usize) -> bool {
        (i.saturating_sub(reach)..i)
            .rev()
            .take_while(|&from| !matches!(scan.at(from), '。' | ';' | '\n'))
            .any(|from| self.ends(scan, from).any(|end| end <= i))
    }

    /// Where the first word begins that lies in `from..to`.
    pub(super) fn within(&self, scan: &Scan<'_>, from: usize, to: usize) -> Option<usize> {
        (from..to).find(|&at| self.ends(scan, at).any(|end| end <= to))
    }

    /// Whether `word` is listed.
    pub(super) fn has(&self, word: &str) -> bool {
        word.chars()
            .next()
            .and_then(|first| self.by_first.get(&first))
            .is_some_and(|words| words.contains(&word))
    }
}

/// A word list of this folder, read when it is first asked.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $file:literal) => {
        $(#[$doc])*
        static $name: std::sync::LazyLock<$crate::spoken::listed::Words> =
            std::sync::LazyLock::new(|| $crate::spoken::listed::Words::read(include_str!($file)));
    };
}
pub(super) use words;
