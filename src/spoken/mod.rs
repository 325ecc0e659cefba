//! From written to spoken Chinese: every character of a text belongs to exactly one [`Token`], in order.
//!
//! 1. `scan` prepares the text: full-width and look-alike forms folded, brackets paired.
//! 2. Where somebody decided what is said (the lexicon of the site, the sender), it is said ([`asked`]).
//! 3. Han characters are spoken as they are written. Anywhere else the `RULES` are asked in order;
//!    the first that knows what begins there takes it.
//! 4. `settle` puts the tokens together so that no two pauses meet and none opens or ends the text
//!    without need.
//!
//! A class of expression has one file, with its table (`tables/`) beside it where it needs one and
//! its cases in `cases/`.

mod asked;
mod bracket;
mod clock;
mod code;
mod date;
mod document;
mod latin;
mod list;
mod mark;
mod measure;
mod money;
mod number;
mod phone;
mod quantity;
mod range;
mod say_as;
mod scan;
mod settle;
mod symbol;
mod table;
mod vehicle;
mod web;

#[cfg(test)]
mod cases;

use serde::Serialize;

pub use self::asked::Asked;
use self::scan::Scan;
use crate::{
    lexicon::Override,
    note::{Note, NoteCode},
    span::Span,
};

/// What a token is. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Han characters, spoken as written: `said` equals the source characters.
    Plain,
    /// A pause: `said` is one of `，。？！；：、`.
    Pause,
    /// Not heard: quotation marks, brackets, white space, damage. `said` is empty, [`Token::why`] set.
    Silent,
    /// A number without a Latin unit: 300, 1.5, 12,000.
    Number,
    /// A number with its unit: 5km, 20℃.
    Quantity,
    /// Two ends of a range: 3—5, 10%~20%.
    Range,
    /// 50%, 3‰.
    Percent,
    /// An amount with a currency sign: ¥2000.
    Money,
    /// 1/2, ½.
    Fraction,
    /// 3:7.
    Ratio,
    /// A year or a range of years, digit by digit.
    Year,
    /// A day, with or without its year, or a range of such.
    Date,
    /// A time of day or a range of such: 8:30.
    Clock,
    /// Year and number of an official document: 〔2022〕8号.
    DocumentNumber,
    /// A telephone number.
    Phone,
    /// A short service number: 12345, 120.
    Hotline,
    /// Digits that name something: identity numbers, accounts, post codes, rooms.
    Code,
    /// The number of a standard: GB/T 22238-2008.
    Standard,
    /// The number of a road.
    Road,
    /// The number of a flight, a train or a number plate.
    Vehicle,
    /// A numbering of several parts: 1.2.3, 192.168.0.1.
    Version,
    /// An event named by its day: “6·26”.
    Event,
    /// The number of a list item: 1. (一) ①.
    ListNumber,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// The ending of a file name: .doc.
    FileName,
    /// Latin letters, spelled.
    Letters,
    /// A Greek letter by its name.
    Greek,
    /// A Roman number.
    Roman,
    /// A unit without number of its own: 万kW, 面积(㎡).
    Unit,
    /// A sign with a name: + × ≥ @.
    Symbol,
    /// A stand-in for a name: ××县, ⅹⅹ.
    Placeholder,
    /// Damage that a human reader would repair: 020 for O2O.
    Repaired,
    /// Said as the lexicon of the site, or the sender, wants it.
    Lexicon,
}

/// Why a token is not heard. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Silence {
    /// White space that parts nothing.
    Space,
    /// A quotation or title mark.
    Quotation,
    /// A bracket that is heard at most as a pause.
    Bracket,
    /// A bracketed remark, left out by choice ([`Brackets::Skipped`]).
    Skipped,
    /// A pause beside a stronger one, or at an end of the text.
    Merged,
    /// A list mark, check box, line or emphasis mark.
    Ornament,
    /// A picture character.
    Emoji,
    /// The dot inside a foreign name, an apostrophe, the hyphen of a compound.
    Joiner,
    /// A mark that only shapes its neighbours: zero-width, variation selectors.
    Format,
    /// A typesetting code.
    Typesetting,
    /// A control, private-use or replacement character, or a `?` for a lost one.
    Damage,
    /// A character of a script without known reading.
    Unreadable,
}

/// One expression of the source and what is said for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// What it is.
    pub class: Class,
    /// Where it stands in the text that was given.
    pub span: Span,
    /// Han characters, `A`-`Z` and `，。？！；：、` only; empty when nothing is heard.
    pub said: String,
    /// Why nothing is heard; set exactly when `class` is [`Class::Silent`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Silence>,
    /// Who decided what is said, if it was no rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
}

/// A text as it is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spoken {
    /// In order; their spans touch and cover the text.
    pub tokens: Vec<Token>,
}

impl Spoken {
    /// The spoken form in one piece.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|t| t.said.as_str()).collect()
    }
}

/// How 1 is said in telephone numbers and codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum One {
    /// 幺: cannot be taken for 七.
    #[default]
    Yao,
    /// 一.
    Yi,
}

/// The word between the ends of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeWord {
    /// 至, as a newsreader says it.
    #[default]
    Zhi,
    /// 到, as people say it.
    Dao,
}

/// How 〔2022〕22号 is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentYear {
    /// 二零二二，二十二号: without the pause nobody can tell where the year ends.
    #[default]
    Pause,
    /// 二零二二年第二十二号.
    Year,
}

/// Whether remarks in brackets are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brackets {
    /// Read, with a pause on both sides.
    #[default]
    Read,
    /// Remarks are left out; numbers, short variants and sums in brackets are still read.
    Skipped,
}

/// Where listeners differ; one site, one choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// 1 in codes.
    pub one: One,
    /// Between the ends of a range.
    pub range_word: RangeWord,
    /// The year of a document number.
    pub document_year: DocumentYear,
    /// Remarks in brackets.
    pub brackets: Brackets,
}

impl Options {
    fn yao(self) -> bool {
        self.one == One::Yao
    }

    fn to(self) -> &'static str {
        match self.range_word {
            RangeWord::Zhi => "至",
            RangeWord::Dao => "到",
        }
    }
}

/// What a rule found at the place it was asked about.
struct Hit {
    /// One past its last character.
    end: usize,
    class: Class,
    said: String,
    why: Option<Silence>,
    /// The pause yields to any other; with words in `said`: a yielding pause is wanted before them.
    soft: bool,
    note: Option<NoteCode>,
    asked: Option<Box<Asked>>,
}

impl Hit {
    fn new(end: usize, class: Class, said: impl Into<String>) -> Self {
        Self { end, class, said: said.into(), why: None, soft: false, note: None, asked: None }
    }

    fn silent(end: usize, why: Silence) -> Self {
        Self { why: Some(why), ..Self::new(end, Class::Silent, "") }
    }

    fn pause(end: usize, mark: &str) -> Self {
        Self::new(end, Class::Pause, mark)
    }

    /// A pause that is only made where no other is.
    fn breath(end: usize, mark: &str) -> Self {
        Self { soft: true, ..Self::pause(end, mark) }
    }

    fn soft(self, soft: bool) -> Self {
        Self { soft, ..self }
    }

    fn note(self, note: NoteCode) -> Self {
        Self { note: Some(note), ..self }
    }
}

/// Asked about the character at an index: what begins there?
type Matcher = fn(&Scan<'_>, usize, &Options) -> Option<Hit>;

/// The kinds of character that a rule can begin with.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Digit,
    Letter,
    Mark,
}

/// In this order. A rule that needs more of its surroundings to be sure stands before one that needs
/// less; the last two take whatever is left.
const RULES: &[(&[On], Matcher)] = {
    use On::{Digit, Letter, Mark};
    &[
        (&[Digit, Letter], web::email),
        (&[Digit, Letter], web::url),
        (&[Mark], web::file_ending),
        (&[Mark], symbol::typesetting),
        (&[Digit, Mark], document::number),
        (&[Digit, Mark], list::number),
        (&[Mark], table::unit_column),
        (&[Digit], date::days),
        (&[Digit], date::years),
        (&[Digit], clock::time),
        (&[Digit, Mark], phone::number),
        (&[Digit], phone::hotline),
        (&[Digit], date::event),
        (&[Digit, Letter], vehicle::number),
        (&[Digit], vehicle::road),
        (&[Letter], code::standard),
        (&[Digit, Letter], code::identity),
        (&[Digit], code::digits),
        (&[Digit], date::lone_year),
        (&[Mark, Letter], money::amount),
        (&[Digit], range::version),
        (&[Digit], range::ratio),
        (&[Digit], range::fraction),
        (&[Digit], range::amounts),
        (&[Digit, Mark], quantity::amount),
        (&[Letter, Mark], measure::unit),
        (&[Letter, Mark], latin::placeholder),
        (&[Letter, Mark], latin::roman),
        (&[Letter, Mark], latin::letters),
        (&[Mark], latin::greek),
        (&[Mark], bracket::mark),
        (&[Mark], mark::quotation),
        (&[Mark], mark::dash),
        (&[Mark], mark::space),
        (&[Mark], mark::slash),
        (&[Mark], mark::point),
        (&[Mark], symbol::sign),
        (&[Mark, Digit, Letter], symbol::unknown),
    ]
};

/// Turns `text` into its spoken form.
///
/// Notes: stray and lost characters, typesetting codes, lost or unbalanced brackets, repairs,
/// characters without a reading.
pub fn speak(text: &str, options: &Options) -> (Spoken, Vec<Note>) {
    speak_as_asked(text, options, &[])
}

/// The same where somebody decided what is said in some places, whatever the rules would say there.
///
/// Of two places over each other the first counts. Notes: also what cannot be said as it was asked.
pub fn speak_as_asked(text: &str, options: &Options, overrides: &[Override]) -> (Spoken, Vec<Note>) {
    let scan = Scan::new(text);
    let mut asked = asked::Places::new(&scan, options, overrides);
    let mut out = settle::Settled::new(&scan);
    let mut i = 0;
    while i < scan.len() {
        let stop = match asked.take(i) {
            Ok(hit) => {
                let end = hit.end;
                out.hit(i, hit);
                i = end;
                continue;
            }
            Err(stop) => stop,
        };
        let plain = scan.run(i, scan::is_han).min(stop);
        if plain > i {
            out.plain(i, plain);
            i = plain;
            continue;
        }
        let hit = if stop < scan.len() {
            asked::before(&scan, i, stop, options)
        } else {
            first_hit(&scan, i, options)
        };
        let end = hit.end;
        out.hit(i, hit);
        i = end;
    }
    let (spoken, mut notes) = out.finish();
    asked.notes(&mut notes);
    (spoken, notes)
}

/// What the first rule that knows it says about the expression at `i`.
fn first_hit(scan: &Scan<'_>, i: usize, options: &Options) -> Hit {
    let on = match scan.at(i) {
        '0'..='9' => On::Digit,
        'a'..='z' | 'A'..='Z' => On::Letter,
        _ => On::Mark,
    };
    RULES
        .iter()
        .filter(|(begins, _)| begins.contains(&on))
        .find_map(|(_, matcher)| matcher(scan, i, options))
        .filter(|hit| hit.end > i)
        .unwrap_or_else(|| Hit::silent(i + 1, Silence::Unreadable).note(NoteCode::Unreadable))
}
