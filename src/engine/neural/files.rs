//! The files of a Kokoro voice folder: the network, the tables of its symbols, a style table for each voice.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    super::{
        EngineError, Voice,
        folder::{Entry, File, Folder},
    },
    model,
};

/// The files that all voices share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// The network but for its weights, which it knows to lie beside it.
    pub model: File,
    /// Its weights.
    pub weights: File,
    /// Where those of the residual blocks lie among them.
    pub blocks: File,
    /// Symbol and number.
    pub symbols: File,
    /// Pinyin and symbols.
    pub syllables: File,
    /// End of a syllable without and with -r.
    pub erhua: File,
    /// Letter and symbols.
    pub letters: File,
}

/// What one voice has of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Own {
    /// Little-endian floats, a row for every number of symbols.
    pub style: File,
}

/// The tables of [`Symbols`](super::symbols::Symbols), as text.
#[derive(Debug)]
pub(super) struct Tables {
    pub symbols: String,
    pub syllables: String,
    pub erhua: String,
    pub letters: String,
}

/// The network, checked.
pub(super) struct Network {
    /// Where its graph is. Who reads it reads the weights as well, one by one.
    pub graph: PathBuf,
    pub weights: Vec<u8>,
    pub blocks: String,
}

/// Everything in the folder but the network, checked.
#[derive(Debug)]
pub(super) struct Kokoro {
    pub folder: Folder<Files, Own>,
    pub tables: Tables,
    /// One for each voice.
    pub styles: Vec<Vec<f32>>,
}

impl Kokoro {
    /// Reads the folder `dir` but for its network, which is large.
    pub(super) fn read(dir: &Path) -> Result<Self, EngineError> {
        let folder = Folder::<Files, Own>::read(dir)?;
        let files = &folder.manifest.files;
        let tables = Tables {
            symbols: folder.text(&files.symbols)?,
            syllables: folder.text(&files.syllables)?,
            erhua: folder.text(&files.erhua)?,
            letters: folder.text(&files.letters)?,
        };
        let style = |entry: &Entry<Own>| folder.floats(&entry.own.style, model::MOST_SYMBOLS * model::STYLE);
        let styles = folder.manifest.voices.iter().map(style).collect::<Result<_, _>>()?;
        Ok(Self { folder, tables, styles })
    }

    /// The voices that it offers.
    pub(super) fn voices(&self) -> Vec<Voice> {
        let files = &self.folder.manifest.files;
        let network = [&files.model, &files.weights, &files.blocks];
        let tables = [&files.symbols, &files.syllables, &files.erhua, &files.letters];
        let speed = format!("{:?}", self.folder.manifest.speed);
        self.folder.voices(|entry| {
            let files = network.into_iter().chain(tables).chain([&entry.own.style]);
            files.map(|file| file.sha256.clone()).chain([speed.clone()]).collect()
        })
    }

    /// Reads the network.
    pub(super) fn network(&self) -> Result<Network, EngineError> {
        let files = &self.folder.manifest.files;
        self.folder.bytes(&files.model)?;
        Ok(Network {
            graph: self.folder.path(&files.model)?,
            weights: self.folder.bytes(&files.weights)?,
            blocks: self.folder.text(&files.blocks)?,
        })
    }
}
