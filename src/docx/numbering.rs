//! The numbers before paragraphs, which a word processor draws and a file does not hold.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use crate::xml::{Event, Events, XmlError};

/// Levels of a numbering.
const LEVELS: usize = 9;
/// Characters of what is drawn before a paragraph: no label of a text is longer.
const LONGEST: usize = 32;
/// Numberings of a document; what comes after is not numbered.
const MOST: usize = 10_000;

/// The numberings of a document.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Levels by the id of their definition.
    definitions: HashMap<u32, [Level; LEVELS]>,
    /// Which definition a numbering uses.
    used: HashMap<u32, Used>,
}

#[derive(Debug, Default)]
struct Used {
    definition: u32,
    /// Levels that begin anew where the numbering is first met.
    starts: [Option<u32>; LEVELS],
    /// Levels that it writes in a way of its own.
    own: HashMap<usize, Level>,
}

/// How a level is written.
#[derive(Clone, Debug, Default)]
struct Level {
    start: Option<u32>,
    format: String,
    /// With `%1` for the number of the first level, and so on.
    text: String,
    /// All numbers in it are written in figures.
    legal: bool,
    /// After which level, from 1, it begins anew; 0 for none, each one above it where nothing is said.
    restart: Option<u32>,
    /// Nothing is drawn between it and the paragraph; else a gap is.
    close: bool,
}

/// How far the numberings of a document have come.
#[derive(Debug, Default)]
pub(super) struct Counters {
    counts: HashMap<u32, [Option<u32>; LEVELS]>,
    met: HashSet<u32>,
}

impl Counters {
    /// What stands before the next paragraph of `level` of the numbering `id`; nothing for bullets.
    pub(super) fn next(&mut self, numbering: &Numbering, id: u32, level: usize) -> String {
        let Some(used) = numbering.used.get(&id) else { return String::new() };
        let Some(shown) = numbering.level(used, level) else { return String::new() };
        let counts = self.counts.entry(used.definition).or_default();
        if self.met.insert(id) {
            for (count, start) in counts.iter_mut().zip(used.starts) {
                if start.is_some() {
                    *count = None;
                }
            }
        }
        let start = |at: usize| {
            let own = used.starts.get(at).copied().flatten();
            own.or(numbering.level(used, at).and_then(|level| level.start)).unwrap_or(1)
        };
        let keeps_on = |at: usize| {
            let restart = numbering.level(used, at).and_then(|level| level.restart);
            restart.is_some_and(|after| level >= after as usize)
        };
        for (at, count) in counts.iter_mut().enumerate() {
            *count = match (*count, at.cmp(&level)) {
                // A level that was never met counts as its first.
                (None, Ordering::Less | Ordering::Equal) => Some(start(at)),
                (Some(count), Ordering::Equal) => Some(count.saturating_add(1)),
                (count, Ordering::Less) => count,
                (count, Ordering::Greater) => count.filter(|_| keeps_on(at)),
            };
        }
        if shown.format == "bullet" {
            return String::new();
        }
        let number = |place: usize| {
            let count = counts.get(place).copied().flatten().unwrap_or(1);
            let format = numbering.level(used, place).map_or("", |level| &*level.format);
            written(count, if shown.legal { "decimal" } else { format })
        };
        let mut out = filled(&shown.text, number);
        // A mark of punctuation has its gap in itself.
        if !out.is_empty() && !shown.close && !out.ends_with(['、', '）', '．', '：', '】']) {
            out.push(' ');
        }
        out
    }
}

/// `text` with the number of the first level in the place of `%1`, and so on.
fn filled(text: &str, number: impl Fn(usize) -> String) -> String {
    let (mut out, mut rest) = (String::new(), text.chars().peekable());
    while let Some(c) = rest.next() {
        let place = rest.peek().and_then(|c| c.to_digit(10)).filter(|_| c == '%');
        match place.and_then(|place| (place as usize).checked_sub(1)) {
            Some(place) => {
                rest.next();
                out.push_str(&number(place));
            }
            None => out.push(c),
        }
    }
    out
}

impl Numbering {
    /// How a level is written where a numbering is used.
    fn level<'n>(&'n self, used: &'n Used, level: usize) -> Option<&'n Level> {
        used.own.get(&level).or_else(|| self.definitions.get(&used.definition)?.get(level))
    }

    /// The level that is being read: of a definition, or of one place where it is used.
    fn open(&mut self, definition: Option<u32>, used: Option<u32>, level: usize) -> Option<&mut Level> {
        if level >= LEVELS {
            return None;
        }
        if let Some(id) = used {
            return Some(self.used.get_mut(&id)?.own.entry(level).or_default());
        }
        let id = definition?;
        if self.definitions.len() >= MOST && !self.definitions.contains_key(&id) {
            return None;
        }
        self.definitions.entry(id).or_default().get_mut(level)
    }
}

/// Reads `word/numbering.xml`; nothing where there is none.
pub(super) fn read(source: &str) -> Result<Numbering, XmlError> {
    let mut numbering = Numbering::default();
    if source.is_empty() {
        return Ok(numbering);
    }
    let mut events = Events::new(source);
    let (mut definition, mut used, mut level) = (None, None, 0);
    while let Some(event) = events.next()? {
        let Event::Open(element) = event else { continue };
        let number = |name: &str| element.attribute(name).and_then(|value| value.parse::<u32>().ok());
        match &*element.name {
            "abstractNum" => (definition, used) = (number("abstractNumId"), None),
            "num" => (used, definition) = (number("numId"), None),
            "abstractNumId" => {
                if let (Some(id), Some(definition)) = (used, number("val"))
                    && numbering.used.len() < MOST
                {
                    numbering.used.entry(id).or_default().definition = definition;
                }
            }
            "lvl" | "lvlOverride" => level = number("ilvl").unwrap_or(0) as usize,
            "startOverride" => {
                let used = used.and_then(|id| numbering.used.get_mut(&id));
                if let Some(start) = used.and_then(|used| used.starts.get_mut(level)) {
                    *start = number("val");
                }
            }
            name @ ("start" | "numFmt" | "lvlText" | "lvlRestart" | "suff" | "isLgl") => {
                let value = element.attribute("val").unwrap_or("");
                let Some(shown) = numbering.open(definition, used, level) else { continue };
                match name {
                    "start" => shown.start = value.parse().ok(),
                    "numFmt" => shown.format = value.chars().take(LONGEST).collect(),
                    "lvlText" => shown.text = value.chars().take(LONGEST).collect(),
                    "lvlRestart" => shown.restart = value.parse().ok(),
                    "suff" => shown.close = value == "nothing",
                    _ => shown.legal = super::is_on(element.attribute("val")),
                }
            }
            _ => {}
        }
    }
    Ok(numbering)
}

/// A number in one of the formats of ISO/IEC 29500-1, 17.18.59; in figures where it is another one.
fn written(number: u32, format: &str) -> String {
    let nth = |list: &str| list.chars().nth((number as usize).wrapping_sub(1)).map(String::from);
    let found = match format {
        "bullet" | "none" => Some(String::new()),
        "chineseCounting"
        | "chineseCountingThousand"
        | "japaneseCounting"
        | "taiwaneseCounting"
        | "taiwaneseCountingThousand"
        | "ideographLegalTraditional" => Some(counted(number)),
        "ideographDigital" | "japaneseDigitalTenThousand" | "taiwaneseDigital" => Some(
            number
                .to_string()
                .chars()
                .filter_map(|c| "〇一二三四五六七八九".chars().nth(c as usize - 48))
                .collect(),
        ),
        "ideographTraditional" => nth("甲乙丙丁戊己庚辛壬癸"),
        "ideographZodiac" => nth("子丑寅卯辰巳午未申酉戌亥"),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" => nth("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
        "upperLetter" => nth("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "lowerLetter" => nth("abcdefghijklmnopqrstuvwxyz"),
        "upperRoman" => nth("ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"),
        "lowerRoman" => nth("ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻ"),
        "decimalZero" if number < 10 => Some(format!("0{number}")),
        _ => None,
    };
    found.unwrap_or_else(|| number.to_string())
}

/// 一 to 九百九十九, as headings are counted: 十, not 一十.
fn counted(number: u32) -> String {
    let figure =
        |n: u32| "零一二三四五六七八九".chars().nth(n as usize).map(String::from).unwrap_or_default();
    let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
    if number == 0 || hundreds > 9 {
        return number.to_string();
    }
    let mut out = String::new();
    if hundreds > 0 {
        out = figure(hundreds) + "百";
    }
    match tens {
        0 if hundreds > 0 && ones > 0 => out.push('零'),
        0 => {}
        1 if hundreds == 0 => out.push('十'),
        tens => out.push_str(&(figure(tens) + "十")),
    }
    if ones > 0 {
        out.push_str(&figure(ones));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_as_headings_are() {
        let written: Vec<String> = [1, 9, 10, 11, 20, 25, 100, 101, 110, 115, 999, 1000].map(counted).into();
        let wanted = "一 九 十 十一 二十 二十五 一百 一百零一 一百一十 一百一十五 九百九十九 1000";
        assert_eq!(written.join(" "), wanted);
    }
}
