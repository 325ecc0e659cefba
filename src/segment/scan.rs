//! A block as characters, with its brackets and quotes paired.

use crate::span::Span;

/// The longest bracketed group, in characters, that is never cut.
const WHOLE: usize = 60;
/// How far down the stack of open brackets a partner is looked for.
const NESTING: usize = 8;

/// Characters of one block and where they stand.
pub(super) struct Scan<'t> {
    /// The block.
    pub(super) text: &'t str,
    chars: Vec<char>,
    bytes: Vec<u32>,
    /// The closing partner of each character; 0 where it has none.
    mates: Vec<u32>,
}

impl<'t> Scan<'t> {
    /// Walks `text` once.
    pub(super) fn new(text: &'t str) -> Self {
        // A block is far shorter than 4 GB: the limits see to that.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut bytes: Vec<u32> = Vec::with_capacity(text.len() / 3 + 1);
        let mut chars = Vec::with_capacity(text.len() / 3 + 1);
        for (at, c) in text.char_indices() {
            bytes.push(place(at));
            chars.push(c);
        }
        bytes.push(place(text.len()));
        let mates = pair(&chars);
        Self { text, chars, bytes, mates }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character at `at`; a space beyond the end.
    pub(super) fn char(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or(' ')
    }

    /// The character before `at`; a space before the start.
    pub(super) fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or(' ', |b| self.char(b))
    }

    pub(super) fn chars(&self, from: usize, to: usize) -> &[char] {
        self.chars.get(from..to.min(self.chars.len())).unwrap_or(&[])
    }

    /// Byte offset of a character in the block.
    pub(super) fn byte(&self, at: usize) -> usize {
        self.bytes.get(at).map_or(self.text.len(), |&byte| byte as usize)
    }

    /// The text from character `from` to `to`.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(self.byte(from)..self.byte(to)).unwrap_or("")
    }

    /// The text from character `from`, as far as a look-ahead may go: `most` characters.
    pub(super) fn ahead(&self, from: usize, most: usize) -> &'t str {
        self.slice(from, (from + most).min(self.len()))
    }

    /// Bytes of the range of characters.
    pub(super) fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.byte(from), self.byte(to))
    }

    /// Characters that `bytes` of the text from `from` take.
    pub(super) fn count(&self, from: usize, bytes: usize) -> usize {
        let end = self.byte(from) + bytes;
        // Most are short.
        if bytes <= 64 {
            let near = self.bytes.get(from..).unwrap_or(&[]);
            return near.iter().take_while(|&&b| (b as usize) < end).count();
        }
        self.bytes.partition_point(|&b| (b as usize) < end).saturating_sub(from)
    }

    /// The closing partner of the bracket or quote at `at`.
    pub(super) fn mate(&self, at: usize) -> Option<usize> {
        self.mates.get(at).map(|&mate| mate as usize).filter(|&mate| mate > 0)
    }

    /// The same, when the group is short enough to be kept whole.
    pub(super) fn whole(&self, at: usize) -> Option<usize> {
        self.mate(at).filter(|&m| m - at <= WHOLE)
    }

    /// The first character from `from` that is not white space.
    pub(super) fn skip_space(&self, from: usize) -> usize {
        self.chars(from, self.len()).iter().position(|c| !c.is_whitespace()).map_or(self.len(), |n| from + n)
    }
}

fn pair(chars: &[char]) -> Vec<u32> {
    let mut mates = vec![0; chars.len()];
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, &c) in chars.iter().enumerate() {
        if let Some(close) = closer(c) {
            open.push((close, at));
        } else if is_closer(c)
            && let Some(depth) = open.iter().rev().take(NESTING).position(|&(want, _)| want == c)
        {
            let keep = open.len() - depth - 1;
            if let Some(&(_, start)) = open.get(keep)
                && let Some(mate) = mates.get_mut(start)
            {
                *mate = u32::try_from(at).unwrap_or(0);
            }
            open.truncate(keep);
        }
    }
    mates
}

fn closer(open: char) -> Option<char> {
    Some(match open {
        '(' => ')',
        '（' => '）',
        '“' => '”',
        '‘' => '’',
        '《' => '》',
        '〈' => '〉',
        '〔' => '〕',
        '【' => '】',
        '「' => '」',
        '『' => '』',
        '[' => ']',
        '［' => '］',
        _ => return None,
    })
}

pub(super) fn is_closer(c: char) -> bool {
    matches!(c, ')' | '）' | '”' | '’' | '》' | '〉' | '〕' | '】' | '」' | '』' | ']' | '］')
}

pub(super) fn is_round(c: char) -> bool {
    matches!(c, '(' | '（')
}

/// Whether `c` ends a sentence wherever it stands.
pub(super) fn is_stop(c: char) -> bool {
    matches!(c, '。' | '；' | ';' | '！' | '!' | '？' | '｡')
}
