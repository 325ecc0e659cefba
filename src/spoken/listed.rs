//! Word lists and tables: the data files in `tables/`, as the rules ask them.

use super::scan::Scan;

/// The lines of a table without comments and blank ones.
pub(super) fn rows(table: &str) -> impl Iterator<Item = &str> + Clone {
    table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("# "))
}

/// A list of words, found by their first and by their last character.
pub(super) struct Words {
    by_first: Index,
    by_last: Index,
}

/// Words under a character of theirs, in the order of the characters: found by halving, which is
/// quicker than hashing for some hundred of them.
type Index = Vec<(char, Vec<&'static str>)>;

impl Words {
    /// One or many words on a line.
    pub(super) fn read(table: &'static str) -> Self {
        Self {
            by_first: index(table, |word| word.chars().next()),
            by_last: index(table, |word| word.chars().next_back()),
        }
    }

    /// The end of the longest word that stands at `i`.
    pub(super) fn at(&self, scan: &Scan<'_>, i: usize) -> Option<usize> {
        self.ends(scan, i).max()
    }

    /// The ends of all words that stand at `i`.
    fn ends(&self, scan: &Scan<'_>, i: usize) -> impl Iterator<Item = usize> {
        under(&self.by_first, scan.at(i)).iter().filter_map(move |word| scan.word(i, word))
    }

    /// Whether a word ends right before `i`.
    pub(super) fn before(&self, scan: &Scan<'_>, i: usize) -> bool {
        scan.after_any(i, under(&self.by_last, scan.before(i)))
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
        word.chars().next().is_some_and(|first| under(&self.by_first, first).contains(&word))
    }
}

fn index(table: &'static str, key: impl Fn(&str) -> Option<char>) -> Index {
    let mut index = Index::new();
    for word in rows(table).flat_map(str::split_whitespace) {
        let Some(key) = key(word) else { continue };
        match index.binary_search_by_key(&key, |(c, _)| *c) {
            Ok(at) => index.get_mut(at).into_iter().for_each(|(_, words)| words.push(word)),
            Err(at) => index.insert(at, (key, vec![word])),
        }
    }
    index
}

fn under(index: &Index, key: char) -> &[&'static str] {
    let at = index.binary_search_by_key(&key, |(c, _)| *c);
    at.ok().and_then(|at| index.get(at)).map_or(&[], |(_, words)| words)
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
