//! wetext-rs as a filter: a text a line in, its spoken form out; its pace on standard error.
//!
//!     peer FST_FOLDER < sentences

use std::{error::Error, io, time::Instant};

use wetext_rs::{Language, Normalizer, NormalizerConfig, Operator};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: peer FST_FOLDER")?;
    let config = NormalizerConfig::new().with_lang(Language::Zh).with_operator(Operator::Tn);
    let mut peer = Normalizer::new(folder, config);
    let texts: Vec<String> = io::stdin().lines().collect::<Result<_, _>>()?;
    peer.normalize("1")?;
    let began = Instant::now();
    for text in &texts {
        println!("{}", peer.normalize(text).unwrap_or_default());
    }
    let chars: usize = texts.iter().map(|text| text.chars().count()).sum();
    eprintln!("{:.0} characters a second", chars as f64 / began.elapsed().as_secs_f64());
    Ok(())
}
