//! The filters: one text a line in, one line out.

use std::{
    io::{self, BufRead, Write},
    path::Path,
};

use serde_json::json;

use super::{CliError, Filter, Settings};
use crate::{
    notice::{self, Format, Limits, NoticeError},
    reading::{self, Syllable},
    segment,
    span::Utf16Index,
    spoken,
};

/// Stands for a line break inside a text.
const LINE_BREAK: &str = "\u{2028}";

/// The spoken form of each line.
pub(super) fn spoken(config: Option<&Path>, args: Filter) -> Result<(), CliError> {
    let settings = Settings::load(config, &args.manner)?;
    let lexicon = settings.lexicon()?;
    each_line(|text| {
        let (spoken, notes) = spoken::speak_as_asked(text, &settings.read.spoken, &lexicon.find(text));
        if !args.json {
            return spoken.text();
        }
        let index = Utf16Index::new(text);
        let tokens: Vec<_> = spoken
            .tokens
            .iter()
            .map(|t| {
                let span = index.span(t.span);
                json!({"class": t.class, "span": [span.start, span.end], "written": t.span.of(text), "said": t.said})
            })
            .collect();
        json!({"spoken": spoken.text(), "tokens": tokens, "notes": notes}).to_string()
    })
}

/// The reading of each character of each line: pinyin with tone number, or null.
pub(super) fn pronounce(config: Option<&Path>, args: Filter) -> Result<(), CliError> {
    let settings = Settings::load(config, &args.manner)?;
    let lexicon = settings.lexicon()?;
    each_line(|text| {
        let (spoken, _) = spoken::speak_as_asked(text, &settings.read.spoken, &lexicon.find(text));
        let (reading, notes) = reading::read(&spoken);
        if !args.json {
            let syllables = reading::by_character(text, &spoken, &reading);
            let written: Vec<_> =
                text.chars().zip(syllables).map(|(c, s)| s.map(|s| citation(c, s))).collect();
            return json!(written).to_string();
        }
        json!({"spoken": spoken.text(), "sounds": reading.sounds, "notes": notes}).to_string()
    })
}

/// Pinyin with the tone of the dictionary, but for 一 and 不, whose tone is the one heard.
fn citation(c: char, syllable: Syllable) -> String {
    let tone = if matches!(c, '一' | '不') { syllable.surface } else { syllable.tone };
    format!("{}{tone}", syllable.pinyin)
}

/// The sentences of each line.
pub(super) fn segment(config: Option<&Path>, args: Filter) -> Result<(), CliError> {
    let settings = Settings::load(config, &args.manner)?;
    let limits = Limits { max_chars: usize::MAX };
    each_line(|text| {
        let document = match notice::read(text, Format::Text, &limits) {
            Ok((document, _)) => document,
            Err(NoticeError::Empty | NoticeError::TooLong { .. } | NoticeError::Ssml(_)) => {
                return "[]".to_owned();
            }
        };
        let (sentences, _) = segment::sentences_with(&document, &settings.read.segment);
        if !args.json {
            let texts: Vec<_> =
                sentences.iter().map(|s| s.span.of(&document.text).replace('\n', LINE_BREAK)).collect();
            return json!(texts).to_string();
        }
        let index = Utf16Index::new(&document.text);
        let sentences: Vec<_> = sentences
            .iter()
            .map(|s| {
                let span = index.span(s.span);
                let block = &document.blocks[s.block];
                json!({"span": [span.start, span.end], "text": s.span.of(&document.text), "kind": s.kind,
                       "level": s.level, "block": s.block, "part": block.part, "skip": s.skip})
            })
            .collect();
        json!(sentences).to_string()
    })
}

/// Answers every line of standard input with a line on standard output.
fn each_line(answer: impl Fn(&str) -> String) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (number, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line.map_err(CliError::io("standard input"))?;
        let text = std::str::from_utf8(&line)
            .map_err(|_| CliError::Said(format!("line {} of standard input is not UTF-8", number + 1)))?;
        let text = text.strip_suffix('\r').unwrap_or(text).replace(LINE_BREAK, "\n");
        writeln!(out, "{}", answer(&text)).map_err(CliError::io("standard output"))?;
    }
    out.flush().map_err(CliError::io("standard output"))
}
