//! Runs every case file: `written => spoken`, or `written => preferred | accepted`, one a line.
//!
//! `\n` in a case is a line break. Pauses are part of what is tested.

#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;

use super::{Class, Options, Spoken, scan, speak};

const FILES: &[(&str, &str)] = &[
    ("bracket", include_str!("cases/bracket.txt")),
    ("clock", include_str!("cases/clock.txt")),
    ("code", include_str!("cases/code.txt")),
    ("dash", include_str!("cases/dash.txt")),
    ("date", include_str!("cases/date.txt")),
    ("document", include_str!("cases/document.txt")),
    ("event", include_str!("cases/event.txt")),
    ("latin", include_str!("cases/latin.txt")),
    ("list", include_str!("cases/list.txt")),
    ("mark", include_str!("cases/mark.txt")),
    ("money", include_str!("cases/money.txt")),
    ("phone", include_str!("cases/phone.txt")),
    ("position", include_str!("cases/position.txt")),
    ("quantity", include_str!("cases/quantity.txt")),
    ("range", include_str!("cases/range.txt")),
    ("standard", include_str!("cases/standard.txt")),
    ("symbol", include_str!("cases/symbol.txt")),
    ("table", include_str!("cases/table.txt")),
    ("vehicle", include_str!("cases/vehicle.txt")),
    ("web", include_str!("cases/web.txt")),
    ("year", include_str!("cases/year.txt")),
];

fn said(text: &str) -> String {
    speak(text, &Options::default()).0.text()
}

#[test]
fn every_case_is_spoken_as_listed() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, cases) in FILES {
        for (line, case) in cases.lines().enumerate() {
            if case.trim().is_empty() || case.starts_with('#') {
                continue;
            }
            let at = format!("{file}.txt:{}", line + 1);
            let (written, wanted) = case.split_once(" => ").unwrap_or_else(|| panic!("{at}: no =>"));
            let written = written.replace("\\n", "\n");
            let heard = said(&written);
            count += 1;
            if !wanted.split(" | ").any(|wanted| wanted.trim() == heard) {
                wrong.push(format!("{at}: {written}\n   want {wanted}\n   said {heard}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 400, "only {count} cases were found");
}

/// `option.txt` names the option over its cases; without it the same text is read otherwise.
#[test]
fn options_change_what_they_name_and_nothing_else() {
    let mut options = Options::default();
    let mut changed = 0;
    for line in include_str!("cases/option.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let (name, value) = header.split_once(" = ").unwrap();
            options = serde_json::from_value(serde_json::json!({ name: value })).unwrap();
            assert_ne!(options, Options::default(), "{line}");
            continue;
        }
        let (written, wanted) = line.split_once(" => ").unwrap();
        assert_eq!(speak(written, &options).0.text(), wanted, "{options:?}: {written}");
        changed += usize::from(said(written) != wanted);
    }
    assert!(changed >= 15, "only {changed} cases are read otherwise with their option");
}

/// Checks what holds for every text.
fn sound(text: &str) -> Spoken {
    let (spoken, notes) = speak(text, &Options::default());
    let mut end = 0;
    for token in &spoken.tokens {
        assert_eq!(token.span.start, end, "{text:?}: spans touch");
        assert!(!token.span.is_empty(), "{text:?}: empty token");
        end = token.span.end;
        assert!(text.is_char_boundary(end));
        assert_eq!(token.class == Class::Silent, token.said.is_empty(), "{text:?}: {token:?}");
        assert_eq!(token.class == Class::Silent, token.why.is_some(), "{text:?}: {token:?}");
        if token.class == Class::Plain {
            assert_eq!(token.said, token.span.of(text));
        }
        for c in token.said.chars() {
            let allowed = scan::is_han(c) || c.is_ascii_uppercase() || "，。？！；：、".contains(c);
            assert!(allowed, "{text:?}: {c:?} in {token:?}");
        }
        // A digit or a letter is never lost.
        let figures = token.span.of(text).chars().any(|c| c.is_ascii_alphanumeric());
        let code = token.why == Some(super::Silence::Typesetting);
        assert!(!figures || code || !token.said.is_empty(), "{text:?}: {token:?}");
    }
    assert_eq!(end, text.len(), "{text:?}: spans cover the text");
    assert_eq!(speak(text, &Options::default()).0, spoken, "{text:?}: reading it twice gives the same");
    for note in notes {
        assert!(text.get(note.span.start..note.span.end).is_some());
    }
    spoken
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn dense_text_is_spoken_whole(text in "[0-9０-９一二两零〇年月日号点万亿元个%％‰.．,，:：;/／\\-—~～+×*=<>≥≤±()（）〔〕\\[\\]《》“”'\"?!#@&_^|·•□①ⅢⅹXGSABabcdmkgwhL²³㎡℃°¥$€μα第转电话至到 \n]{0,40}") {
        sound(&text);
    }

    #[test]
    fn any_text_is_spoken_whole(text in "\\PC{0,30}|[\\x00-\\u{ff}]{0,30}") {
        sound(&text);
    }

    #[test]
    fn a_quantity_says_its_digits(value in 1u64..99_999_999) {
        let text = format!("共{value}个");
        let heard = said(&text);
        prop_assert_eq!(read_back(&heard), Some(value), "{}", heard);
    }
}

/// The number of a spoken cardinal, found independently of how it was made.
fn read_back(said: &str) -> Option<u64> {
    let (mut total, mut section, mut digit) = (0u64, 0u64, 0u64);
    for c in said.chars() {
        match c {
            '十' => {
                (section, digit) = (section + digit.max(u64::from(section % 100 == 0 && digit == 0)) * 10, 0)
            }
            '百' => (section, digit) = (section + digit * 100, 0),
            '千' => (section, digit) = (section + digit * 1000, 0),
            '万' => (total, section, digit) = (total + (section + digit) * 10_000, 0, 0),
            '零' | '共' | '个' => {}
            '两' => digit = 2,
            _ => digit = 1 + "一二三四五六七八九".chars().position(|d| d == c)? as u64,
        }
    }
    Some(total + section + digit)
}

/// What would be quadratic with an unbounded look to either side.
const SEEDS: &[&str] = &[
    "1",
    "1.",
    "1-",
    "a",
    "a.",
    "a@",
    "(",
    "((1)",
    "〔2022",
    " ",
    "—",
    "满洲里—",
    "2022年",
    "0482-",
    "?",
    "电话1",
    "1234567 ",
    "〖",
    "<中",
    "1/",
    "1:",
    "www.a",
    "…",
    "“",
    "+",
    "*",
    "_",
    "①",
    "1,000",
    "111,",
    "1 000 ",
    "个",
    "GB 1-",
    "×",
    "○",
    "〇",
    "=",
    ">",
    "1 ",
    "1a",
    "1万",
    "I",
    "#",
    "·",
    "№",
    "甲*",
    "a1",
    "1A",
    "A/",
    "m/",
    "1m/",
    "12345甲",
    "8.30-",
    "“6·1”甲",
    "1°",
    "A-1-",
    "08-",
    "a_",
    "1)",
    "(甲",
    "①、",
    "\n",
    "\u{301}",
    "ᠮ",
    "😀",
];

fn linear(seed: &str) {
    let time = |bytes: usize| {
        let text = seed.repeat(bytes / seed.len());
        let start = std::time::Instant::now();
        let spoken = speak(&text, &Options::default()).0;
        assert_eq!(spoken.tokens.last().map(|t| t.span.end), Some(text.len()));
        start.elapsed().as_secs_f64()
    };
    // Eight times the text may take eight times the time; to look through all of it at every character
    // takes seconds. A busy machine disturbs single figures, so the quickest of several counts.
    let (mut small, mut large) = (f64::INFINITY, f64::INFINITY);
    let within = (0..6).any(|_| {
        (small, large) = (small.min(time(4_000)), large.min(time(32_000)));
        large < 0.15 + small * 24.0
    });
    assert!(within, "{seed:?} takes more than linear time");
}

#[test]
fn a_long_line_takes_linear_time() {
    for seed in SEEDS {
        linear(seed);
    }
}

/// What only begins badly: one mark, then a long run that a rule might look through again and again.
#[test]
fn a_long_line_of_mixed_marks_takes_linear_time() {
    for pair in SEEDS.windows(2).step_by(2) {
        linear(&pair.concat());
    }
    for run in ["1", "a", "(", " ", "-", "甲", "1,111,", "a1", "1.1"] {
        linear(&(run.repeat(100) + "。"));
    }
}
