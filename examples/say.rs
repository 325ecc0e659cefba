//! Says readings aloud without the rest of the house: numbered pinyin in, clips and figures out.
//!
//!     printf 'notice\tqing3 zhu4yi4。 lian2xi4 dian4hua4：\n' |
//!         cargo run --release --example say -- voices/kokoro /tmp/clips [VOICE [SPEED [THREADS]]]
//!
//! A line is a key, a tab and a reading: words parted by spaces, tones as digits (5 is neutral, third
//! tones as they are spoken), `，。？！；：、` as marks, capitals as letters. Writes DIR/KEY.wav and prints
//! what each took; the last line is for all.

use std::{error::Error, fs, io, path::Path, time::Instant};

use langdu::{
    audio, engine,
    reading::{Boundary, Mark, Reading, Sound, Source, Syllable, Voiced},
    span::Span,
};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = &args[..] else {
        return Err("usage: say VOICE_FOLDER OUT_DIR [VOICE [SPEED [THREADS]]]".into());
    };
    let speed: f32 = rest.get(1).map_or(Ok(1.0), |speed| speed.parse())?;
    let threads: usize = rest.get(2).map_or(Ok(0), |threads| threads.parse())?;

    let began = Instant::now();
    let engine = engine::open_voice(Path::new(folder), threads)?;
    engine.ready()?;
    println!("loaded and warm after {:.2} s", began.elapsed().as_secs_f32());
    let default = engine.voices().first().map(|voice| voice.name.as_str());
    let voice = rest.first().map(String::as_str).or(default).unwrap_or_default();
    fs::create_dir_all(out)?;

    let (mut spoken, mut taken) = (0.0, 0.0);
    for line in io::stdin().lines() {
        let line = line?;
        let (key, pinyin) = line.split_once('\t').ok_or("a line is a key, a tab and a reading")?;
        let reading = read(pinyin)?;
        let began = Instant::now();
        let clip = audio::finish(engine.synthesize(voice, &reading, speed)?, std::time::Duration::ZERO)?.clip;
        let (took, lasts) = (began.elapsed().as_secs_f32(), clip.duration().as_secs_f32());
        fs::write(Path::new(out).join(format!("{key}.wav")), &clip.wav)?;
        println!("{key}: {} sounds, {lasts:.2} s of speech in {took:.2} s", reading.sounds.len());
        spoken += lasts;
        taken += took;
    }
    println!(
        "all: {spoken:.1} s of speech in {taken:.3} s, real-time factor {:.2}, {}",
        taken / spoken,
        peak()
    );
    Ok(())
}

/// The sounds of a line.
fn read(pinyin: &str) -> Result<Reading, String> {
    let (mut sounds, mut boundary, mut syllable) = (Vec::new(), Boundary::Word, String::new());
    for c in pinyin.chars() {
        let voiced = match c {
            ' ' => {
                boundary = Boundary::Word;
                continue;
            }
            'a'..='z' | 'ê' => {
                syllable.push(c);
                continue;
            }
            '1'..='5' => {
                let tone = c as u8 - b'0';
                // A command that ends soon may keep its few syllables for good.
                let pinyin = String::leak(std::mem::take(&mut syllable));
                Voiced::Syllable(Syllable { pinyin, tone, surface: tone })
            }
            'A'..='Z' => Voiced::Letter(c),
            _ => Voiced::Pause(Mark::of(c).ok_or(format!("{c:?} is neither pinyin nor a mark"))?),
        };
        sounds.push(Sound { voiced, boundary, span: Span::default(), source: Source::Spoken, said: '好' });
        boundary = Boundary::None;
    }
    if syllable.is_empty() { Ok(Reading { sounds }) } else { Err(format!("{syllable} has no tone")) }
}

/// The most memory that was in use; Linux alone tells.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory not known");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
