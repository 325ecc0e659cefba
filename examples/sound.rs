//! What a meter reads from a notice: loudness, peaks, joins and pauses of its clips, and how near the estimated times
//! of its sounds are to those of the model.
//!
//!     cargo run --release --example sound -- voices/kokoro web/demo/notices/plan.html [VOICE [SPEED [THREADS]]]
//!
//! 1. The notice (text, or HTML by its extension) is planned and spoken as the service does it. One of the demo takes
//!    two to three minutes; two in one file are a page with two notices.
//! 2. What is measured, and how, says `tests/sound/measure.rs`.
//! 3. The times are compared at the beginning of each sound, where the engine tells them.

#[path = "../tests/sound/measure.rs"]
mod measure;

use std::{error::Error, fs, path::Path};

use langdu::{
    audio::{self, Marks, MarksBy},
    engine,
    notice::{self, Format, Limits},
    plan::{self, Settings, Speed},
    reading::Voiced,
    render,
};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, rest @ ..] = &args[..] else {
        return Err("usage: sound VOICE_FOLDER NOTICE [VOICE [SPEED [THREADS]]]".into());
    };
    let speed: f32 = rest.get(1).map_or(Ok(1.0), |speed| speed.parse())?;
    let threads: usize = rest.get(2).map_or(Ok(0), |threads| threads.parse())?;
    let engine = engine::open_voice(Path::new(folder), threads)?;
    engine.ready()?;
    let default = engine.voices().first().map(|voice| voice.name.as_str());
    let voice = rest.first().map(String::as_str).or(default).unwrap_or_default();

    let format = if file.ends_with(".html") { Format::Html } else { Format::Text };
    let (document, _) = notice::read(&fs::read_to_string(file)?, format, &Limits::default())?;
    let settings = Settings { speed: Speed::new(speed).ok_or("no such speed")?, ..Settings::default() };
    let (plan, _) = plan::plan(&document, &settings);
    let (mut clips, mut off) = (Vec::new(), Vec::new());
    for utterance in &plan.utterances {
        let said = engine::speak(&*engine, voice, &utterance.reading, speed)?;
        let finished = audio::finish(said, utterance.pause)?;
        let beats = render::beats(&utterance.reading);
        let told = Marks::of(&finished, utterance.pause, &beats)?;
        if told.by == MarksBy::Model {
            let found = Marks::estimated(&finished.clip, utterance.pause, &beats)?;
            let sounds = utterance.reading.sounds.iter().zip(told.sounds.iter().zip(&found.sounds));
            let voiced = sounds.filter(|(sound, _)| !matches!(sound.voiced, Voiced::Pause(_)));
            off.extend(voiced.map(|(_, (told, found))| told.0.abs_diff(found.0)));
        }
        clips.push((finished.clip, utterance.pause));
    }

    let sound = measure::measure(&clips)?;
    println!("{voice} at {speed}: {} clips, {:.1} s", clips.len(), sound.seconds);
    let softest = sound.loudness.iter().copied().fold(f64::MAX, f64::min);
    println!("loudness   {softest:.2} LUFS and up, spread {:.2} LU (under 1)", sound.spread());
    let limited = sound.peaks.iter().filter(|peak| **peak > -1.2).count();
    println!("true peak  {:.2} dBTP (-1 at most); {limited} clips reach the limiter", sound.peak());
    println!(
        "joins      {:.6} at most, 99.9 % of the steps within clips are below {:.6}",
        sound.join, sound.step
    );
    println!(
        "pauses     {} of them, off by {:.1} % at most (under 10)",
        sound.pauses.len(),
        100.0 * sound.worst_pause()
    );
    println!("in pauses  {}", if sound.noise_in_pauses { "NOISE" } else { "digital silence" });
    off.sort_unstable();
    match (off.get(off.len() / 2), off.get(off.len() * 9 / 10)) {
        (Some(median), Some(most)) => {
            println!(
                "times      {} sounds; estimates are off by {median} ms in the median, nine of ten by {most} ms at most",
                off.len()
            );
        }
        _ => println!("times      the engine does not tell them"),
    }
    Ok(())
}
