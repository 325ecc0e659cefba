//! What a program is given to read, one line.
//!
//! Numbered pinyin says how every character is read (`hang2zhang3`, as spoken, ü as `v`), so that the program need
//! not guess. Letters are words of one capital; marks are ASCII ones. Nothing else is in it: no Hanzi, no markup, no
//! digits that are not tones. Programs that know characters only get the spoken form instead.

use super::super::ascii::{ends_with_mark, pause};
use crate::reading::{Boundary, Reading, Syllable, Voiced};

/// `reading` as one line of numbered pinyin; none where it has no sound.
pub fn pinyin(reading: &Reading) -> Option<String> {
    let mut out = String::with_capacity(reading.sounds.len() * 6);
    let mut after_letter = false;
    for sound in &reading.sounds {
        let letter = matches!(sound.voiced, Voiced::Letter(_));
        if let Voiced::Pause(mark) = sound.voiced {
            pause(&mut out, mark);
        } else {
            if (sound.boundary != Boundary::None || letter || after_letter || ends_with_mark(&out))
                && !out.is_empty()
            {
                out.push(' ');
            }
            match sound.voiced {
                Voiced::Syllable(syllable) => push(&mut out, syllable),
                Voiced::Letter(c) => out.push(c),
                Voiced::Pause(_) => {}
            }
        }
        after_letter = letter;
    }
    if out.is_empty() {
        return None;
    }
    if !ends_with_mark(&out) {
        out.push('.');
    }
    out.push('\n');
    Some(out)
}

/// `reading` as one line of characters; none where it has no sound.
pub(super) fn text(reading: &Reading) -> Option<String> {
    let heard = reading.sounds.iter().any(|sound| !matches!(sound.voiced, Voiced::Pause(_)));
    heard.then(|| reading.text() + "\n")
}

/// Writes a syllable with the tone that is heard. A merged 儿 stands behind the tone, and what it swallows is left out:
/// `dia3r`. With the tone at the end espeak-ng would give it to a syllable of its own.
fn push(out: &mut String, syllable: Syllable) {
    let tone = char::from(b'0' + syllable.surface.clamp(1, 5));
    if !syllable.is_retroflex() {
        out.push_str(syllable.pinyin);
        out.push(tone);
        return;
    }
    let plain = syllable.without_retroflex();
    let kept = match plain.as_bytes() {
        [.., b'a', b'n' | b'i'] => plain.get(..plain.len() - 1),
        _ => None,
    };
    out.push_str(kept.unwrap_or(plain));
    out.push(tone);
    out.push('r');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reading,
        spoken::{self, Options},
    };

    fn spelt(text: &str) -> Option<String> {
        let (spoken, _) = spoken::speak(text, &Options::default());
        pinyin(&reading::read(&spoken).0)
    }

    #[test]
    fn a_reading_is_written_as_it_is_spoken() {
        for (text, line) in [
            ("行长不是重庆人。", "hang2zhang3 bu2shi4 chong2qing4 ren2.\n"),
            ("你好，绿色！", "ni2hao3, lv4se4!\n"),
            ("加入RCEP", "jia1ru4 R C E P.\n"),
        ] {
            assert_eq!(spelt(text).as_deref(), Some(line), "{text}");
        }
        assert_eq!(spelt("。，"), None);
    }

    #[test]
    fn the_spoken_form_is_told_to_who_reads_characters() {
        let said = |written: &str| {
            let (spoken, _) = spoken::speak(written, &Options::default());
            text(&reading::read(&spoken).0)
        };
        assert_eq!(said("2024年，重庆加入RCEP。").as_deref(), Some("二零二四年，重庆加入RCEP。\n"));
        assert_eq!(said("胡同儿里停水").as_deref(), Some("胡同儿里停水\n"));
        assert_eq!(said("。，"), None);
    }

    #[test]
    fn a_merged_er_swallows_what_it_swallows() {
        let written = |pinyin, surface| {
            let mut out = String::new();
            push(&mut out, Syllable { pinyin, tone: surface, surface });
            out
        };
        assert_eq!(
            ["dianr", "huar", "har", "er", "gair", "mingr"].map(|pinyin| written(pinyin, 3)),
            ["dia3r", "hua3r", "ha3r", "er3", "ga3r", "ming3r"]
        );
        assert_eq!(written("ma", 9), "ma5", "never a digit that is no tone");
    }
}
