//! The same sentences said in several ways, so that a judge can tell what each rule of reading is worth.
//!
//!     cut -f1,2 tools/listen/sentences.tsv | cargo run --release --example ways -- voices/kokoro /tmp/ways [VOICE [WAY...]]
//!
//! A line is a key, a tab and a text. Writes DIR/WAY/KEY.wav, for `tools/listen/ways.sh` to judge, and prints how long
//! each way takes to hear. All but the first are said as later sentences of a notice, which are hardly cut.

use std::{error::Error, fs, io, path::Path};

use langdu::{
    audio, engine,
    notice::{self, Format, Limits},
    plan::{self, Settings, Utterance},
    reading::{Boundary, Mark, Sound, Source, Voiced},
    span::Span,
};

/// What a way changes in an utterance.
type Change = fn(&mut Vec<Sound>);

/// Name, whether the sentence begins a notice, and what is changed.
const WAYS: [(&str, bool, Change); 8] = [
    ("first-of-a-notice", true, |_| {}),
    ("later", false, |_| {}),
    ("no-sandhi", false, |sounds| each_syllable(sounds, |syllable| syllable.surface = syllable.tone)),
    ("no-neutral-tone", false, |sounds| {
        each_syllable(sounds, |syllable| {
            if syllable.surface == 5 {
                syllable.surface = 4
            }
        })
    }),
    ("no-words", false, |sounds| sounds.iter_mut().for_each(|sound| sound.boundary = Boundary::None)),
    ("each-syllable-a-word", false, |sounds| {
        sounds.iter_mut().for_each(|sound| sound.boundary = Boundary::Word)
    }),
    ("phrases-parted", false, part_phrases),
    ("letters-parted", false, part_letters),
];

/// What a notice may begin with: after it utterances are as long as they ever are.
const OPENING: &str = "通知一。\n通知二。\n通知三。\n通知四。\n通知五。\n";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = &args[..] else {
        return Err("usage: ways VOICE_FOLDER OUT_DIR [VOICE [WAY...]]".into());
    };
    let engine = engine::open_voice(Path::new(folder), 0)?;
    engine.ready()?;
    let default = engine.voices().first().map(|voice| voice.name.as_str());
    let voice = rest.first().map(String::as_str).or(default).unwrap_or_default();
    let lines: Vec<String> = io::stdin().lines().collect::<Result<_, _>>()?;

    let wanted = |way: &str| rest.len() < 2 || rest[1..].iter().any(|name| name == way);
    for (way, first, change) in WAYS.into_iter().filter(|(way, ..)| wanted(way)) {
        let folder = Path::new(out).join(way);
        fs::create_dir_all(&folder)?;
        let mut seconds = 0.0;
        for line in &lines {
            let (key, text) = line.split_once('\t').ok_or("a line is a key, a tab and a text")?;
            let mut clips = Vec::new();
            for mut utterance in utterances(text, first)? {
                change(&mut utterance.reading.sounds);
                let said = engine::speak(&*engine, voice, &utterance.reading, 1.0)?;
                clips.push(audio::finish(said, utterance.pause)?.clip);
            }
            let clip = audio::join(&clips)?;
            seconds += clip.duration().as_secs_f32();
            fs::write(folder.join(format!("{key}.wav")), &clip.wav)?;
        }
        println!("{way}: {seconds:.1} s");
    }
    Ok(())
}

/// The utterances of `text`, as the first sentence of a notice or as a later one.
fn utterances(text: &str, first: bool) -> Result<Vec<Utterance>, Box<dyn Error>> {
    let opening = if first { "" } else { OPENING };
    let (document, _) = notice::read(&format!("{opening}{text}"), Format::Text, &Limits::default())?;
    let (plan, _) = plan::plan(&document, &Settings::default());
    Ok(plan.utterances.into_iter().filter(|utterance| utterance.span.start >= opening.len()).collect())
}

fn each_syllable(sounds: &mut [Sound], change: fn(&mut langdu::reading::Syllable)) {
    for sound in sounds {
        if let Voiced::Syllable(syllable) = &mut sound.voiced {
            change(syllable);
        }
    }
}

/// A breath wherever a reader could take one.
fn part_phrases(sounds: &mut Vec<Sound>) {
    part(sounds, |before, sound| {
        sound.boundary == Boundary::Phrase && !matches!(before.voiced, Voiced::Pause(_))
    });
}

/// A breath between two letters.
fn part_letters(sounds: &mut Vec<Sound>) {
    part(sounds, |before, sound| {
        matches!((before.voiced, sound.voiced), (Voiced::Letter(_), Voiced::Letter(_)))
    });
}

/// A comma between two sounds of which `breathes` says so.
fn part(sounds: &mut Vec<Sound>, breathes: fn(&Sound, &Sound) -> bool) {
    let comma = Sound {
        voiced: Voiced::Pause(Mark::Comma),
        boundary: Boundary::None,
        span: Span::default(),
        source: Source::Spoken,
        said: '，',
    };
    let places: Vec<usize> = (1..sounds.len()).filter(|&at| breathes(&sounds[at - 1], &sounds[at])).collect();
    for at in places.into_iter().rev() {
        sounds.insert(at, comma);
    }
}
