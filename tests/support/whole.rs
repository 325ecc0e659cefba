//! The whole pure way of a text, and what must hold for any text at all.

use langdu::{
    note::NoteCode,
    notice::{self, Document, Format, Limits},
    plan::{self, Plan, Settings},
    span::Span,
    spoken::Class,
};

/// The document, its plan, and where it has characters without a known reading.
pub fn planned(text: &str, format: Format) -> Option<(Document, Plan, Vec<Span>)> {
    planned_with(text, format, &Settings::default())
}

/// The same, with choices or a lexicon.
pub fn planned_with(text: &str, format: Format, settings: &Settings) -> Option<(Document, Plan, Vec<Span>)> {
    let (document, _) = notice::read(text, format, &Limits { max_chars: usize::MAX }).ok()?;
    let (plan, notes) = plan::plan(&document, settings);
    let unreadable = notes.iter().filter(|n| n.code == NoteCode::Unreadable).map(|n| n.span).collect();
    Some((document, plan, unreadable))
}

pub fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What must hold for any text at all.
pub fn check(document: &Document, plan: &Plan, unreadable: &[Span]) {
    let joined: String = plan.sentences.iter().map(|p| p.sentence.span.of(&document.text)).collect();
    assert_eq!(without_space(&joined), without_space(&document.text), "joined sentences give the text");

    for planned in &plan.sentences {
        let sentence = planned.sentence.span;
        let mut at = sentence.start;
        for token in &planned.spoken.tokens {
            assert_eq!(token.span.start, at, "tokens touch");
            at = token.span.end;
            let written = token.span.of(&document.text);
            for c in token.said.chars() {
                assert!(heard(c), "{c:?} cannot be spoken, said for {written:?}");
            }
            // The head of a column is said before its cell, where it is not written.
            if token.class == Class::Plain && !token.span.is_empty() {
                assert_eq!(token.said, written);
            }
        }
        if planned.sentence.skip.is_none() {
            assert_eq!(at, sentence.end, "tokens cover the sentence");
        }
        for utterance in &plan.utterances[planned.utterances.clone()] {
            assert!(sentence.contains(utterance.span), "an utterance stays in its sentence");
            for sound in &utterance.reading.sounds {
                assert!(utterance.span.contains(sound.span));
            }
        }
        // What is said is what is synthesized: one sound a character, but for erhua and for characters
        // that no dictionary knows, which are noted.
        let noted = unreadable.iter().filter(|span| sentence.contains(**span)).count();
        let said = planned.spoken.text().chars().filter(|&c| c != '儿').count();
        let sounds: usize =
            plan.utterances[planned.utterances.clone()].iter().map(|u| u.reading.sounds.len()).sum();
        if sounds > 0 {
            assert!(
                sounds + noted >= said,
                "{} of {said} characters are heard: {}",
                sounds,
                planned.spoken.text()
            );
        }
    }
}

/// Han characters, capital letters and the seven marks; no digit, no small letter, no symbol.
fn heard(c: char) -> bool {
    matches!(c, 'A'..='Z' | '，' | '。' | '？' | '！' | '；' | '：' | '、' | '〇'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
