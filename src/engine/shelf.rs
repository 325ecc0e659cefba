//! The folder of voices: whatever is whole is taken, whatever is not is refused in words.
//!
//! 1. Every folder with a `voice.toml` is opened with the engine that it names;
//! 2. they stand in the order of [`KINDS`], so that a voice that is added does not become the default by its name;
//! 3. one that cannot be used is [`Refused`], with the names of its voices as far as they can be read, so that who
//!    asks for one of them may be told, or hear another;
//! 4. only where nothing is left at all there is no service.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Engine, EngineError,
    fastspeech::FastSpeech,
    folder::{MANIFEST, in_line},
    neural::Neural,
    program,
    vits::Vits,
};

/// The engines of voice folders, those first that sound most natural.
const KINDS: [&str; 5] = ["kokoro", "vits", "fastspeech2", "command", "espeak-ng"];

/// The engines that can speak, and the folders that cannot be used.
#[derive(Default)]
pub struct Opened {
    /// In the order of [`KINDS`], those of one kind in that of the names of their folders.
    pub engines: Vec<Arc<dyn Engine>>,
    /// The name of the folder of each of them.
    pub folders: Vec<String>,
    /// What cannot be used.
    pub refused: Vec<Refused>,
}

/// A voice folder that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name.
    pub folder: String,
    /// The names of its voices; none where not even those can be read.
    pub voices: Option<Vec<String>>,
    /// Why, in words.
    pub why: String,
}

impl Refused {
    /// Whether the voice `name` is one of its, as far as is known.
    pub fn may_have(&self, name: &str) -> bool {
        self.voices.as_ref().is_none_or(|voices| voices.iter().any(|voice| voice == name))
    }
}

/// Opens every voice folder in `folder`, each on `threads` threads (0: one for each
/// core). Each is to be made [`ready`](Engine::ready).
///
/// # Errors
/// [`EngineError::Files`] where no voice can be used: there is none, or all are damaged. A voice that is damaged
/// beside others is refused, and they speak.
pub fn open_folder(folder: &Path, threads: usize) -> Result<Opened, EngineError> {
    let opened = look_into(folder, threads)?;
    some_left(opened)
}

/// Opens every voice folder in `folder`, and makes each ready.
///
/// # Errors
/// As [`open_folder`]; a voice that cannot be made ready counts as damaged.
pub fn load_folder(folder: &Path, threads: usize) -> Result<Opened, EngineError> {
    some_left(survey(folder, threads)?)
}

/// As [`load_folder`], but no error where all are damaged: somebody wants to know what is wrong with each.
///
/// # Errors
/// [`EngineError::Files`] where the folder cannot be read, or has no voice in it.
pub fn survey(folder: &Path, threads: usize) -> Result<Opened, EngineError> {
    let Opened { engines, folders, mut refused } = look_into(folder, threads)?;
    let mut ready = Opened::default();
    for (engine, folder) in engines.into_iter().zip(folders) {
        match engine.ready() {
            Ok(()) => {
                ready.engines.push(engine);
                ready.folders.push(folder);
            }
            Err(why) => refused.push(Refused::ready(folder, &*engine, &why)),
        }
    }
    refused.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(Opened { refused, ..ready })
}

impl Refused {
    /// A folder whose engine could be opened but not be made ready.
    pub fn ready(folder: String, engine: &dyn Engine, why: &EngineError) -> Self {
        let voices = engine.voices().iter().map(|voice| voice.name.clone()).collect();
        Self { folder, voices: Some(voices), why: why.to_string() }
    }
}

/// Opens one voice folder with the engine that its `voice.toml` names.
///
/// # Errors
/// [`EngineError::Files`] in words that name the file.
pub fn open_voice(folder: &Path, threads: usize) -> Result<Arc<dyn Engine>, EngineError> {
    Ok(open_kind(folder, threads)?.1)
}

/// As [`open_voice`], with the place of its engine among [`KINDS`].
fn open_kind(folder: &Path, threads: usize) -> Result<(usize, Arc<dyn Engine>), EngineError> {
    /// What every `voice.toml` begins with.
    #[derive(serde::Deserialize)]
    struct Kind {
        engine: String,
    }
    let manifest = folder.join(MANIFEST);
    let complain = |why: &dyn std::fmt::Display| EngineError::Files(format!("{}: {why}", manifest.display()));
    let text = fs::read_to_string(&manifest).map_err(|why| complain(&format!("it cannot be read: {why}")))?;
    let Kind { engine: kind } = toml::from_str(&text).map_err(|why| complain(&in_line(&text, &why)))?;
    let engine: Arc<dyn Engine> = match kind.as_str() {
        "kokoro" => Arc::new(Neural::open(folder, threads)?),
        "fastspeech2" => Arc::new(FastSpeech::open(folder, threads)?),
        "vits" => Arc::new(Vits::open(folder, threads)?),
        "espeak-ng" | "command" => program::open(folder, &text)?,
        _ => return Err(complain(&format!("there is no engine named {kind}"))),
    };
    let rank = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
    Ok((rank, engine))
}

fn look_into(folder: &Path, threads: usize) -> Result<Opened, EngineError> {
    let complain =
        |why: io::Error| EngineError::Files(format!("the folder of voices {}: {why}", folder.display()));
    let entries = fs::read_dir(folder).map_err(complain)?;
    let mut places: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_voice(path)).collect();
    places.sort();
    if places.is_empty() {
        let folder = folder.display();
        return Err(EngineError::Files(format!("the folder of voices {folder} has no voice in it")));
    }
    let (mut whole, mut refused) = (Vec::new(), Vec::new());
    for place in places {
        let folder = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match open_kind(&place, threads) {
            Ok((rank, engine)) => whole.push((rank, folder, engine)),
            Err(why) => refused.push(Refused { folder, voices: names(&place), why: why.to_string() }),
        }
    }
    // Stable: those of one kind stay in the order of their names.
    whole.sort_by_key(|(rank, ..)| *rank);
    let (folders, engines) = whole.into_iter().map(|(_, folder, engine)| (folder, engine)).unzip();
    Ok(Opened { engines, folders, refused })
}

/// A folder that has what describes a voice, or had: a link that leads nowhere counts too. One whose name begins with a
/// dot is only being made.
fn is_voice(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.join(MANIFEST).symlink_metadata().is_ok()
}

fn some_left(opened: Opened) -> Result<Opened, EngineError> {
    if opened.engines.is_empty() {
        let whys: Vec<_> = opened.refused.into_iter().map(|refused| refused.why).collect();
        return Err(EngineError::Files(whys.join("\n")));
    }
    Ok(opened)
}

/// The names of the voices in a folder that cannot be used.
fn names(place: &Path) -> Option<Vec<String>> {
    let table: toml::Table = fs::read_to_string(place.join(MANIFEST)).ok()?.parse().ok()?;
    let voices = table.get("voice")?.as_array()?;
    voices.iter().map(|voice| Some(voice.get("name")?.as_str()?.to_owned())).collect()
}
