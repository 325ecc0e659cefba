//! How fast the reading front end is, on one thread: characters a second, stage by stage.
//!
//!     cargo run --release --example pace -- NOTICE.txt...
//!
//! 1. The files are read one by one, as the service reads notices: every stage includes those before it.
//! 2. The same text as one line of 64 KB up to 1 MB: the cost of a character must not grow with the line.
//! 3. The peak of the resident memory, dictionaries included.
//!
//! A figure is the best of several rounds, and dictionaries are loaded before the clock starts.

use std::{error::Error, fs, hint::black_box, time::Instant};

use langdu::{
    notice::{self, Document, Format, Limits},
    plan::{self, Settings},
    reading, segment,
    span::Span,
    spoken::{self, Options},
};

const ROUNDS: usize = 5;

/// Lines of these lengths, in bytes.
const LINES: [usize; 5] = [1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20];

/// Name and work of a stage: how many characters it handled.
type Stage = (&'static str, fn(&[String]) -> usize);

const STAGES: [Stage; 4] = [
    ("segments", |texts| each(texts, |document| segmented(document).len())),
    ("segments and spoken forms", |texts| {
        each(texts, |document| {
            segmented(document).iter().map(|at| spoken(at.of(&document.text)).tokens.len()).sum()
        })
    }),
    ("with pronunciation", |texts| {
        each(texts, |document| {
            let sounds = |at: &Span| reading::read(&spoken(at.of(&document.text))).0.sounds.len();
            segmented(document).iter().map(sounds).sum()
        })
    }),
    ("with the plan of all utterances", |texts| {
        each(texts, |document| plan::plan(document, &Settings::default()).0.utterances.len())
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let texts: Vec<String> = std::env::args().skip(1).map(fs::read_to_string).collect::<Result<_, _>>()?;
    if texts.is_empty() {
        return Err("usage: pace NOTICE.txt...".into());
    }
    for (_, work) in STAGES {
        work(&texts);
    }

    println!("files, characters a second on one thread");
    for (name, work) in STAGES {
        println!("  {name:<32} {:>10.0}", pace(&texts, work));
    }
    println!("one line, characters a second by its length in bytes");
    let endless: String = texts.iter().flat_map(|text| text.lines()).collect();
    for length in LINES {
        let line = [endless
            .chars()
            .cycle()
            .scan(0, |bytes, c| {
                *bytes += c.len_utf8();
                (*bytes <= length).then_some(c)
            })
            .collect()];
        let figures = STAGES.map(|(_, work)| format!("{:>10.0}", pace(&line, work)));
        println!("  {length:>8} {}", figures.join(" "));
    }
    if let Some(peak) = peak_memory() {
        println!("peak of the resident memory {peak}");
    }
    Ok(())
}

/// Characters a second, the best of several rounds.
fn pace(texts: &[String], work: fn(&[String]) -> usize) -> f64 {
    let once = || {
        let began = Instant::now();
        let chars = black_box(work(texts));
        chars as f64 / began.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| once()).fold(0.0, f64::max)
}

/// Does `work` on every text as a document; says how many characters there were.
fn each(texts: &[String], work: impl Fn(&Document) -> usize) -> usize {
    let limits = Limits { max_chars: usize::MAX };
    for text in texts {
        if let Ok((document, _)) = notice::read(text, Format::Text, &limits) {
            black_box(work(&document));
        }
    }
    texts.iter().map(|text| text.chars().count()).sum()
}

/// The sentences that are read.
fn segmented(document: &Document) -> Vec<Span> {
    let (sentences, _) = segment::sentences(document);
    sentences.iter().filter(|sentence| sentence.skip.is_none()).map(|sentence| sentence.span).collect()
}

fn spoken(text: &str) -> spoken::Spoken {
    spoken::speak(text, &Options::default()).0
}

/// As Linux tells it.
fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned())
}
