//! The reading of each written character, for filters and tests that look at characters.

use super::{Mark, Reading, Sound, Syllable, tables::Tables};
use crate::spoken::{Class, Spoken, Token};

/// One entry a character of `text`: its syllable, or none where it is not heard or is heard as
/// something else (`2022`, `%`).
///
/// A syllable with a merged 儿 is given without it, and the 儿 has none: 点 is `dian` in 一点儿.
/// Characters of an expression that is not spoken as written keep their syllable where the spoken form
/// has the same character in the same order: the 年 of `2022年`. `reading` must be that of `spoken`,
/// and `spoken` that of `text`.
pub fn by_character(text: &str, spoken: &Spoken, reading: &Reading) -> Vec<Option<Syllable>> {
    let mut out = Vec::with_capacity(text.chars().count());
    let mut sounds = Sounds { left: &reading.sounds, retroflex: false };
    for token in &spoken.tokens {
        let given = token.asked.as_ref().is_some_and(|asked| !asked.sounds.is_empty());
        let said = sounds.take(token, given);
        let mut from = 0;
        // What is not heard from here on is not heard later: looked for once, so that a number of a
        // million digits costs no more than a million steps.
        let mut unheard: Vec<char> = Vec::new();
        for c in token.span.of(text).chars() {
            if unheard.contains(&c) {
                out.push(None);
                continue;
            }
            let mut left = said.iter().skip(from);
            let found = match token.class {
                Class::Plain => left.next().filter(|&&(heard, _)| heard == c).map(|_| 0),
                _ => left.position(|&(heard, _)| heard == c),
            };
            if found.is_none() && token.class != Class::Plain {
                unheard.push(c);
            }
            out.push(found.and_then(|by| {
                let entry = said.get(from + by)?;
                from += by + 1;
                entry.1
            }));
        }
    }
    out
}

/// The sounds that no token has taken yet.
struct Sounds<'r> {
    left: &'r [Sound],
    /// Whether the last one has a 儿 merged into it.
    retroflex: bool,
}

impl Sounds<'_> {
    /// Takes the sounds of `token`: each character said, and its syllable.
    fn take(&mut self, token: &Token, given: bool) -> Vec<(char, Option<Syllable>)> {
        token.said.chars().map(|c| (c, self.next(c, given))).collect()
    }

    /// Takes the sound of `c`. One that was given has a sound whether a dictionary knows it or not.
    fn next(&mut self, c: char, given: bool) -> Option<Syllable> {
        if c == '儿' && self.retroflex {
            self.retroflex = false;
            return None;
        }
        let syllable =
            (given || can_sound(c)).then(|| self.left.split_off_first()).flatten()?.voiced.syllable();
        self.retroflex = syllable.is_some_and(Syllable::is_retroflex);
        syllable.map(|syllable| Syllable { pinyin: syllable.without_retroflex(), ..syllable })
    }
}

/// Whether a character of a spoken form has a sound of its own.
fn can_sound(c: char) -> bool {
    c.is_ascii_uppercase() || Mark::of(c).is_some() || Tables::get().character(c).is_some()
}
