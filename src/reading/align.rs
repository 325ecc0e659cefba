//! The reading of each written character, for filters and tests that look at characters.

use super::{Mark, Reading, Sound, Syllable, tables::Tables};
use crate::spoken::{Class, Spoken, Token};

/// One entry a character of `text`: its syllable, or none where it is not heard or is heard as
/// something else (`2022`, `%`).
///
/// Characters of an expression that is not spoken as written keep their syllable where the spoken form
/// has the same character in the same order: the 年 of `2022年`. `reading` must be that of `spoken`,
/// and `spoken` that of `text`.
pub fn by_character(text: &str, spoken: &Spoken, reading: &Reading) -> Vec<Option<Syllable>> {
    let mut out = Vec::with_capacity(text.chars().count());
    let mut sounds = reading.sounds.as_slice();
    for token in &spoken.tokens {
        let said = heard(token, &mut sounds);
        let mut from = 0;
        for c in token.span.of(text).chars() {
            let found = said.iter().skip(from).position(|&(heard, _)| heard == c);
            let found = if token.class == Class::Plain { found.filter(|&by| by == 0) } else { found };
            out.push(found.and_then(|by| {
                let entry = said.get(from + by)?;
                from += by + 1;
                entry.1
            }));
        }
    }
    out
}

/// Takes the sounds of `token` off `sounds`: each character said, and its syllable.
fn heard(token: &Token, sounds: &mut &[Sound]) -> Vec<(char, Option<Syllable>)> {
    let mut out: Vec<(char, Option<Syllable>)> = Vec::new();
    for c in token.said.chars() {
        let retroflex = out.last().and_then(|&(_, last)| last).is_some_and(Syllable::is_retroflex);
        let mute = c == '儿' && retroflex || !can_sound(c);
        let sound = if mute { None } else { sounds.split_off_first() };
        out.push((c, sound.and_then(|sound| sound.voiced.syllable())));
    }
    out
}

/// Whether a character of a spoken form has a sound of its own.
fn can_sound(c: char) -> bool {
    c.is_ascii_uppercase() || Mark::of(c).is_some() || Tables::get().character(c).is_some()
}
