//! Pinyin as people write it: `er4 lian2`, `er4lian2`, `èr lián`; ü as `ü`, `v` or `u:`; erhua as a final `r`.

use std::{collections::HashMap, sync::LazyLock};

use super::saying::Given;

/// Why a text is no pinyin, and at which of its characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoPinyin {
    /// Characters before the syllable.
    pub at: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with a syllable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is none.
    Empty,
    /// It has no tone.
    Toneless(String),
    /// Mandarin does not have it; the syllable it is nearest to.
    Unknown(String, &'static str),
}

/// Syllable → a character for each tone.
static SYLLABLES: LazyLock<HashMap<String, [char; 5]>> = LazyLock::new(|| {
    let mut syllables = HashMap::new();
    for line in include_str!("data/syllables.tsv").lines().filter(|line| !line.starts_with('#')) {
        let Some((pinyin, chars)) = line.split_once('\t') else { continue };
        let mut tones = ['-'; 5];
        tones.iter_mut().zip(chars.chars()).for_each(|(tone, c)| *tone = c);
        if pinyin != "er" {
            syllables.insert(format!("{pinyin}r"), tones);
        }
        syllables.insert(pinyin.to_owned(), tones);
    }
    // 饿 with erhua is written as 儿 is; the latter is meant.
    syllables.insert("er".to_owned(), ['儿', '儿', '耳', '二', '儿']);
    syllables
});

/// The sounds of `text`. A run of capital letters is letter names.
pub(crate) fn parse(text: &str) -> Result<Vec<Given>, NoPinyin> {
    let marked = text.chars().any(|c| tone_mark(c).is_some());
    let mut out = Vec::new();
    for (at, written) in syllables(text) {
        if written.chars().all(|c| c.is_ascii_uppercase()) {
            out.extend(written.chars().map(Given::Letter));
            continue;
        }
        out.push(syllable(&written, marked).map_err(|why| NoPinyin { at, why })?);
    }
    if out.is_empty() { Err(NoPinyin { at: 0, why: Why::Empty }) } else { Ok(out) }
}

/// The character that stands for a syllable: of another tone where its own has none.
pub(super) fn stand_in(pinyin: &str, tone: u8) -> char {
    let chars = SYLLABLES.get(pinyin).copied().unwrap_or(['-'; 5]);
    let own = chars.get(usize::from(tone).wrapping_sub(1)).copied();
    own.into_iter().chain(chars).find(|&c| c != '-').unwrap_or('某')
}

/// What is written for each syllable, and where it begins: white space, hyphens and apostrophes part
/// syllables, and so does a figure.
fn syllables(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, c) in text.chars().enumerate() {
        if c.is_whitespace() || matches!(c, '-' | '\'' | '’' | '·' | '|') {
            open = false;
            continue;
        }
        match out.last_mut().filter(|_| open) {
            Some((_, syllable)) => syllable.push(c),
            None => out.push((at, c.to_string())),
        }
        open = !c.is_ascii_digit();
    }
    out
}

/// One syllable. Where others carry tone marks, one without is neutral.
fn syllable(written: &str, marked: bool) -> Result<Given, Why> {
    let (mut base, mut tone) = (String::new(), None);
    for c in written.chars() {
        match (tone_mark(c), c) {
            (Some((plain, mark)), _) => {
                base.extend(plain);
                tone = tone.or(Some(mark));
            }
            (None, '0'..='5') if tone.is_none() => {
                tone = c.to_digit(10).map(|n| if n == 0 { 5 } else { n as u8 })
            }
            (None, 'ü' | 'Ü' | '\u{308}') => {
                if c == '\u{308}' {
                    base.pop();
                }
                base.push('v');
            }
            (None, ':') if base.ends_with('u') => {
                base.pop();
                base.push('v');
            }
            (None, c) => base.extend(c.to_lowercase()),
        }
    }
    let base = spelt(base);
    let Some((known, _)) = SYLLABLES.get_key_value(&base) else {
        return Err(Why::Unknown(written.to_owned(), nearest(&base)));
    };
    match tone.or(marked.then_some(5)) {
        Some(tone) => Ok(Given::Syllable { pinyin: known, tone }),
        None => Err(Why::Toneless(written.to_owned())),
    }
}

/// The spelling of the table: ju for jv, lve for lue.
fn spelt(base: String) -> String {
    let plain = base.strip_suffix('r').unwrap_or(&base);
    match (plain, base.as_bytes()) {
        ("lue" | "nue", _) => base.replace('u', "v"),
        (_, [b'j' | b'q' | b'x' | b'y', b'v', ..]) => base.replace('v', "u"),
        _ => base,
    }
}

/// A vowel that carries its tone, taken apart; a combining mark has no vowel of its own.
fn tone_mark(c: char) -> Option<(Option<char>, u8)> {
    const VOWELS: [(char, &str); 8] = [
        ('a', "āáǎà"),
        ('e', "ēéěè"),
        ('i', "īíǐì"),
        ('o', "ōóǒò"),
        ('u', "ūúǔù"),
        ('v', "ǖǘǚǜ"),
        ('a', "ĀÁǍÀ"),
        ('e', "ĒÉĚÈ"),
    ];
    if let Some(tone) = ['\u{304}', '\u{301}', '\u{30c}', '\u{300}'].iter().position(|&mark| mark == c) {
        return Some((None, tone as u8 + 1));
    }
    VOWELS.iter().find_map(|&(vowel, marked)| {
        let tone = marked.chars().position(|known| known == c)?;
        Some((Some(vowel), tone as u8 + 1))
    })
}

/// The syllable that is written most like `base`; of equals the first of the alphabet.
fn nearest(base: &str) -> &'static str {
    // Nothing is like a syllable of more than eight letters.
    let base: Vec<char> = base.chars().take(8).collect();
    let plain = SYLLABLES.keys().filter(|known| !known.ends_with('r'));
    let best = plain.min_by_key(|known| (distance(&base, known), known.as_str()));
    best.map_or("", String::as_str)
}

/// Letters to be changed, added or left out (Levenshtein).
fn distance(base: &[char], known: &str) -> usize {
    let mut row: Vec<usize> = (0..=base.len()).collect();
    for (i, c) in known.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, &other) in base.iter().enumerate() {
            let change = corner + usize::from(c != other);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(text: &str) -> String {
        let sound = |given: Given| match given {
            Given::Syllable { pinyin, tone } => format!("{pinyin}{tone}"),
            Given::Letter(letter) => letter.to_string(),
        };
        parse(text).unwrap().into_iter().map(sound).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pinyin_is_read_as_people_write_it() {
        for (written, sounds) in [
            ("er4 lian2 hao4 te4", "er4 lian2 hao4 te4"),
            ("er4lian2 hao4te4", "er4 lian2 hao4 te4"),
            ("èr lián hào tè", "er4 lian2 hao4 te4"),
            ("E\u{300}r lia\u{301}n", "er4 lian2"),
            ("xi1'an1", "xi1 an1"),
            ("lü4 nv3 lu:e4 nüè jv2 lue4", "lv4 nv3 lve4 nve4 ju2 lve4"),
            ("lu\u{308}4", "lv4"),
            ("zhàn le", "zhan4 le5"),
            ("dianr3 hua0", "dianr3 hua5"),
            ("B chao1", "B chao1"),
            ("WTO zu3", "W T O zu3"),
        ] {
            assert_eq!(shown(written), sounds, "{written}");
        }
    }

    #[test]
    fn what_is_no_syllable_is_told_with_the_nearest() {
        let wrong = |text: &str| parse(text).unwrap_err();
        assert_eq!(wrong("er4 lain2"), NoPinyin { at: 4, why: Why::Unknown("lain2".into(), "lai") });
        assert_eq!(wrong("zhan zhang"), NoPinyin { at: 0, why: Why::Toneless("zhan".into()) });
        assert_eq!(wrong(" '- ").why, Why::Empty);
        for text in ["er6", "4", "erlian2", "wifi1", "āá1x", "水", &"x".repeat(10_000)] {
            assert!(matches!(wrong(text).why, Why::Unknown(..)), "{text:.10}");
        }
    }

    #[test]
    fn every_syllable_has_a_character_and_a_voice() {
        let voice: Vec<&str> = include_str!("../../voices/kokoro/syllables.tsv")
            .lines()
            .filter_map(|line| Some(line.split_once('\t')?.0))
            .collect();
        let plain = SYLLABLES.keys().filter(|known| !known.ends_with('r') || *known == "er");
        for known in plain {
            assert!(voice.contains(&known.as_str()), "{known}");
            assert_ne!(stand_in(known, 1), '某', "{known}");
        }
        assert_eq!(stand_in("er", 4), '二');
    }
}
