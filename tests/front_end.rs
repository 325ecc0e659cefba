//! The whole pure way, from text to plan, on real notices and on random text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use langdu::{
    note::NoteCode,
    notice::{self, Document, Format, Limits},
    plan::{self, Plan, Settings},
    reading::Voiced,
    span::Span,
    spoken::Class,
};
use proptest::prelude::*;

/// The document, its plan, and where it has characters without a known reading.
fn planned(text: &str, format: Format) -> Option<(Document, Plan, Vec<Span>)> {
    let (document, _) = notice::read(text, format, &Limits { max_chars: usize::MAX }).ok()?;
    let (plan, notes) = plan::plan(&document, &Settings::default());
    let unreadable = notes.iter().filter(|n| n.code == NoteCode::Unreadable).map(|n| n.span).collect();
    Some((document, plan, unreadable))
}

fn without_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What must hold for any text at all.
fn check(document: &Document, plan: &Plan, unreadable: &[Span]) {
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

#[test]
fn real_notices_lose_nothing() {
    let Some(files) = support::notices() else { return };
    for (name, text) in files {
        let (document, plan, unreadable) = planned(&text, Format::Text).unwrap();
        assert_eq!(document.text, text, "{name}: the document's text is what was submitted");
        check(&document, &plan, &unreadable);

        // No digit, letter or symbol of a sentence that is read stays unread, but for the marks that are
        // silent by convention.
        let mut unread = Vec::new();
        for planned in plan.sentences.iter().filter(|p| p.sentence.skip.is_none()) {
            for token in planned.spoken.tokens.iter().filter(|t| t.said.is_empty()) {
                let written = token.span.of(&text);
                unread.extend(
                    written.chars().filter(|&c| c.is_alphanumeric() && !matches!(c, '\u{e000}'..='\u{f8ff}')),
                );
            }
        }
        let typesetting: String = unread.iter().collect();
        let allowed = typesetting.replace("HTK", "").replace("HTF", "");
        assert_eq!(allowed, "", "{name}: digits and letters that nobody hears");

        let read = plan.sentences.iter().filter(|p| p.sentence.skip.is_none());
        for planned in read {
            let written = planned.sentence.span.of(&text);
            let silent = planned.utterances.is_empty();
            assert!(
                !silent || !written.chars().any(char::is_alphanumeric),
                "{name}: silent sentence {written:?}"
            );
        }
    }
}

#[test]
fn real_notices_as_html_give_the_same_sentences() {
    let Some(files) = support::notices() else { return };
    for (name, text) in files {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let html: String = escaped.lines().map(|line| format!("<p>{line}</p>\n")).collect();
        let (document, plan, unreadable) = planned(&html, Format::Html).unwrap();
        check(&document, &plan, &unreadable);
        assert_eq!(without_space(&document.text), without_space(&text), "{name}");
    }
}

#[test]
fn a_text_read_twice_is_planned_twice_the_same() {
    let Some(files) = support::notices() else { return };
    for (_, text) in files {
        assert_eq!(planned(&text, Format::Text).unwrap().1, planned(&text, Format::Text).unwrap().1);
    }
}

#[test]
fn every_utterance_fits_the_voice() {
    let Some(files) = support::notices() else { return };
    for (name, text) in files {
        let (document, plan, _) = planned(&text, Format::Text).unwrap();
        let size = |at: usize| {
            let sounds = &plan.utterances[at].reading.sounds;
            sounds.iter().filter(|s| !matches!(s.voiced, Voiced::Pause(_))).count()
        };
        for (at, utterance) in plan.utterances.iter().enumerate() {
            assert!((1..=45).contains(&size(at)), "{name}: {}", utterance.span.of(&document.text));
        }
        assert!(size(0) <= 8, "{name}: sound starts at once");
    }
}

/// Text rich in what notices are made of: figures, marks, letters, Han, white space, odd characters.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[0-9]{1,9}",
        4 => "[年月日号时分元亿万个次第条章届期人]",
        4 => "[一二三四五六七八九十百千两零〇]",
        6 => "[的了在为行长重中通知关于市政府人民开展工作儿不]{1,4}",
        4 => "[，。；：、？！,.;:?!()（）《》〈〉〔〕“”‘’—–~～/+×%‰℃㎡-]",
        2 => "[A-Za-z]{1,5}",
        2 => "[ \t\n\u{a0}\u{2002}\u{3000}]",
        1 => "\\PC",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_planned_without_loss(text in soup()) {
        if let Some((document, plan, unreadable)) = planned(&text, Format::Text) {
            prop_assert_eq!(&document.text, &text);
            check(&document, &plan, &unreadable);
        }
    }

    #[test]
    fn any_markup_is_planned_without_loss(text in soup(), tag in "[a-z]{1,6}", broken in "[<>&;/a-z=\"' -]{0,12}") {
        let html = format!("<{tag}>{text}<{broken}{text}</{tag}><p hidden>{text}");
        if let Some((document, plan, unreadable)) = planned(&html, Format::Html) {
            check(&document, &plan, &unreadable);
            for planned in &plan.sentences {
                let span = document.source_span(planned.sentence.span);
                prop_assert!(html.get(span.start..span.end).is_some(), "a span is a range of what was submitted");
            }
        }
    }
}
