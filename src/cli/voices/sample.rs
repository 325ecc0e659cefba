//! `langdu voices sample`: how a voice sounds, on what notices are full of.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{
    CliError, Settings,
    settings::VoiceFiles,
    synth::{speak, write},
};
use crate::{
    notice::{self, Format, Limits},
    plan::Speed,
};

/// A date, a sum, a document number, a name in letters, a telephone number.
const TEXT: &str = "关于发放春耕补贴的通知\n\
    各村民小组：根据县农发〔2026〕15号文件，2026年3月18日起发放补贴1280.50元，比上年增长6.5%。\
    请不要带现金，用手机APP办理；不一样的地方，咨询电话0831-12345。";

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    /// Name of the voice
    name: String,
    /// Where the sound goes; NAME.wav when not given
    #[arg(short, long, value_name = "WAV")]
    output: Option<PathBuf>,
    #[command(flatten)]
    files: VoiceFiles,
}

/// Speaks the sample and writes it.
pub(super) fn run(config: Option<&Path>, args: &SampleArgs) -> Result<(), CliError> {
    let mut chosen = Settings::load(config, &args.files)?;
    chosen.voice = Some(args.name.clone());
    let (engine, voice) = chosen.engine()?;
    let (document, _) = notice::read(TEXT, Format::Text, &Limits::default())?;
    let settings = chosen.read.settings(voice.timbre(&*engine), Speed::default(), chosen.lexicon()?);
    let whole = speak(&*engine, &voice, &document, &settings)?;
    let output = args.output.clone().unwrap_or_else(|| format!("{}.wav", voice.name).into());
    write(&output, &whole.wav)?;
    eprintln!("{}: {:.1} s of {}", output.display(), whole.duration().as_secs_f32(), voice.name);
    Ok(())
}
