//! The text as the rules look at it: characters by index, full-width and look-alike forms folded,
//! brackets paired.
//!
//! Every look to the left or right that is not bounded by what a rule consumes has a limit, so that
//! one line of a megabyte costs time in proportion to its length.

pub(super) use crate::fold::is_han;
use crate::{fold::fold, span::Span};

/// White space inside an expression (`2018年 10月`) is at most this long.
const INNER_SPACE: usize = 3;

/// A text prepared for matching.
pub(super) struct Scan<'t> {
    text: &'t str,
    chars: Vec<char>,
    bytes: Vec<usize>,
    mates: Vec<usize>,
}

/// No partner.
const ALONE: usize = usize::MAX;

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut chars = Vec::with_capacity(text.len() / 3);
        let mut bytes = Vec::with_capacity(text.len() / 3 + 1);
        for (at, c) in text.char_indices() {
            chars.push(fold(c));
            bytes.push(at);
        }
        bytes.push(text.len());
        let mates = pair(&chars);
        Self { text, chars, bytes, mates }
    }

    /// Characters.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The folded character at `i`; NUL past the end.
    pub(super) fn at(&self, i: usize) -> char {
        self.chars.get(i).copied().unwrap_or('\0')
    }

    /// The folded character before `i`; NUL at the beginning.
    pub(super) fn before(&self, i: usize) -> char {
        i.checked_sub(1).map_or('\0', |left| self.at(left))
    }

    /// The character at `i` as it is written.
    pub(super) fn written(&self, i: usize) -> char {
        self.source(i, i + 1).chars().next().unwrap_or('\0')
    }

    /// The written characters `from..to`.
    pub(super) fn source(&self, from: usize, to: usize) -> &'t str {
        self.span(from, to).of(self.text)
    }

    /// Where the characters `from..to` stand in the text.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        let byte = |i: usize| self.bytes.get(i).copied().unwrap_or(self.text.len());
        Span::new(byte(from), byte(to))
    }

    /// The index of the first character that begins at byte `at` of the text or after it.
    pub(super) fn index(&self, at: usize) -> usize {
        self.bytes.partition_point(|&byte| byte < at).min(self.len())
    }

    /// The folded characters `from..to`.
    pub(super) fn folded(&self, from: usize, to: usize) -> &[char] {
        self.chars.get(from..to.min(self.len())).unwrap_or(&[])
    }

    /// The folded characters `from..to` in one piece.
    pub(super) fn string(&self, from: usize, to: usize) -> String {
        self.folded(from, to).iter().collect()
    }

    /// The end of `word` if it stands at `i`.
    pub(super) fn word(&self, i: usize, word: &str) -> Option<usize> {
        let mut end = i;
        for c in word.chars() {
            if self.at(end) != c {
                return None;
            }
            end += 1;
        }
        Some(end)
    }

    /// Whether one of `words` stands at `i`.
    pub(super) fn any(&self, i: usize, words: &[&str]) -> bool {
        words.iter().any(|word| self.word(i, word).is_some())
    }

    /// Whether one of `words` ends right before `i`.
    pub(super) fn after_any(&self, i: usize, words: &[&str]) -> bool {
        words.iter().any(|word| {
            i.checked_sub(word.chars().count()).is_some_and(|from| self.word(from, word).is_some())
        })
    }

    /// Whether one of `words` begins in the `reach` characters before `i`, in the same clause.
    pub(super) fn near_before<'w>(
        &self,
        i: usize,
        reach: usize,
        words: impl Iterator<Item = &'w str> + Clone,
    ) -> bool {
        for from in (i.saturating_sub(reach)..i).rev() {
            if matches!(self.at(from), '。' | ';' | '\n') {
                return false;
            }
            if words.clone().any(|word| self.word(from, word).is_some_and(|end| end <= i)) {
                return true;
            }
        }
        false
    }

    /// The end of the run of ASCII digits at `i`; `i` itself when there is none.
    pub(super) fn digits(&self, i: usize) -> usize {
        self.run(i, |c| c.is_ascii_digit())
    }

    /// The end of the run of characters that satisfy `is`.
    pub(super) fn run(&self, i: usize, is: impl Fn(char) -> bool) -> usize {
        self.chars.get(i..).map_or(i, |rest| i + rest.iter().take_while(|&&c| is(c)).count())
    }

    /// Past the spaces at `i` when they are few enough to stand inside an expression.
    pub(super) fn past_space(&self, i: usize) -> usize {
        let end = (i..=i + INNER_SPACE).find(|&k| self.at(k) != ' ');
        end.unwrap_or(i)
    }

    /// Before the spaces that end at `i` when they are few.
    pub(super) fn back_over_space(&self, i: usize) -> usize {
        let mut at = i;
        while i - at < INNER_SPACE && self.before(at) == ' ' {
            at -= 1;
        }
        if self.before(at) == ' ' { i } else { at }
    }

    /// The number written by the digits `from..to`; `None` when it has more than nine.
    pub(super) fn value(&self, from: usize, to: usize) -> Option<u32> {
        if to <= from || to - from > 9 {
            return None;
        }
        self.folded(from, to).iter().try_fold(0, |sum, c| Some(sum * 10 + c.to_digit(10)?))
    }

    /// The other bracket of the pair.
    pub(super) fn mate(&self, i: usize) -> Option<usize> {
        self.mates.get(i).copied().filter(|&mate| mate != ALONE)
    }

    /// Whether a sentence, line or item begins at `i`: nothing before, or a mark that ends one.
    pub(super) fn begins(&self, i: usize) -> bool {
        let mut at = i;
        // Marks of lists and closing marks may stand between: `• 1.`, `。”2.`
        for _ in 0..6 {
            match self.before(at) {
                '\0' | '\n' | '。' | ';' | ':' | '!' | '?' => return true,
                ' ' | '”' | '’' | '"' | '•' | '□' | ')' => at -= 1,
                _ => return false,
            }
        }
        false
    }
}

/// Whether `c` is an ASCII letter or digit (after folding: of any width).
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Whether `c` is a Chinese digit, including both zeros.
pub(super) fn is_han_digit(c: char) -> bool {
    "〇零一二三四五六七八九".contains(c)
}

/// One of the marks that join the ends of a range.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '—' | '~')
}

/// The kind of bracket `c` opens or closes. Round and square ones of any width often close each
/// other in damaged text; those are left alone.
fn bracket(c: char) -> Option<(u8, bool)> {
    Some(match c {
        '(' => (0, true),
        ')' => (0, false),
        '〔' => (1, true),
        '〕' => (1, false),
        '[' => (2, true),
        ']' => (2, false),
        '【' => (3, true),
        '】' => (3, false),
        '{' => (4, true),
        '}' => (4, false),
        '〖' => (5, true),
        '〗' => (5, false),
        '<' => (6, true),
        '>' => (6, false),
        _ => return None,
    })
}

/// For every bracket the index of its partner. A line ends all brackets that are open.
fn pair(chars: &[char]) -> Vec<usize> {
    const DEPTH: usize = 8;
    let mut mates = vec![ALONE; chars.len()];
    let mut open: Vec<(u8, usize)> = Vec::new();
    for (i, &c) in chars.iter().enumerate() {
        match bracket(c) {
            // `<` is a title mark only before a title: elsewhere it compares.
            Some((6, true))
                if !chars.get(i + 1).is_some_and(|&next| is_han(next) || "“《\"".contains(next)) => {}
            Some((kind, true)) => {
                if open.len() == DEPTH {
                    open.remove(0);
                }
                open.push((kind, i));
            }
            Some((kind, false)) => {
                if let Some(depth) = open.iter().rposition(|&(opened, _)| opened == kind) {
                    let partner = open.get(depth).map_or(ALONE, |&(_, at)| at);
                    open.truncate(depth);
                    if let (Some(left), true) = (mates.get_mut(partner), partner != ALONE) {
                        *left = i;
                    }
                    if let Some(right) = mates.get_mut(i) {
                        *right = partner;
                    }
                }
            }
            None if c == '\n' => open.clear(),
            None => {}
        }
    }
    mates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_folded_one_to_one() {
        let scan = Scan::new("（２０２２）－１％　〜");
        assert_eq!(scan.string(0, scan.len()), "(2022)-1% ~");
        assert_eq!(scan.source(1, 5), "２０２２");
        assert_eq!(scan.mate(0), Some(5));
    }

    #[test]
    fn angles_pair_only_as_title_marks() {
        let scan = Scan::new("《<办法>》3<5>2");
        assert_eq!(scan.mate(1), Some(4));
        assert_eq!((scan.mate(7), scan.mate(9)), (None, None));
    }
}
