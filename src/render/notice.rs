//! What was submitted, and the notice planned from it.

use std::{
    collections::{BTreeMap, HashMap},
    mem::size_of,
    sync::Arc,
    time::Instant,
};

use serde::{Deserialize, Serialize};

use crate::{
    engine::Voice,
    lexicon::{Authority, Entry, Lexicon},
    note::Note,
    notice::{self, Document, Format, Limits, NoticeError},
    plan::{self, ClipKey, Options, Plan, Settings, Speed, Timbre, Utterance},
    reading::Sound,
    spoken::Token,
    store::NoticeId,
};

/// Version of everything between the text and its plan; part of every notice id.
const FRONT_END: &str = env!("CARGO_PKG_VERSION");

/// A notice as it was submitted; with this alone it can be planned again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// What the text is written in.
    pub format: Format,
    /// The text, as it came.
    pub text: String,
    /// Name of a voice; none is the first voice of the first engine.
    pub voice: Option<String>,
    /// How fast.
    #[serde(default)]
    pub speed: Speed,
    /// Where listeners differ; none is what the site has chosen at the time.
    #[serde(default)]
    pub reading: Option<Options>,
    /// The entries of the site's lexicon that it is read with, as a lexicon file; none until it is planned.
    #[serde(default)]
    pub lexicon: Option<String>,
}

/// A voice and the engine that has it.
#[derive(Clone, Debug)]
pub(super) struct Casting {
    /// Index of its engine.
    pub engine: usize,
    /// The voice.
    pub voice: Voice,
    /// Both, as clip keys see them.
    pub timbre: Timbre,
}

impl Casting {
    /// `speed`, as far as the voice can.
    pub(super) fn nearest(&self, speed: Speed) -> Speed {
        let (slowest, fastest) = self.voice.speed;
        // Not `clamp`, which panics where the files of a voice have the two the wrong way round.
        Speed::new(speed.factor().max(slowest).min(fastest)).unwrap_or_default()
    }
}

/// A planned notice.
#[derive(Debug)]
pub struct Notice {
    /// Its name.
    pub id: NoticeId,
    /// What was submitted.
    pub submission: Submission,
    /// Whose voice and how fast.
    pub settings: Settings,
    /// What was submitted, taken apart.
    pub document: Document,
    /// What is said.
    pub plan: Plan,
    /// What was odd; spans are in [`Submission::text`].
    pub notes: Vec<Note>,
    pub(super) casting: Arc<Casting>,
    positions: HashMap<ClipKey, usize>,
}

impl Notice {
    /// Plans `submission`: the expensive part, a few milliseconds for ten thousand characters.
    pub(super) fn plan(
        id: NoticeId,
        submission: Submission,
        casting: Arc<Casting>,
        lexicon: Arc<Lexicon>,
        limits: &Limits,
    ) -> Result<Self, NoticeError> {
        let started = Instant::now();
        let options = submission.reading.unwrap_or_default();
        // Who reads in the place of another may not be able to read as fast.
        let speed = casting.nearest(submission.speed);
        let settings = options.settings(casting.timbre.clone(), speed, lexicon);
        let (document, mut notes) = notice::read(&submission.text, submission.format, limits)?;
        let (plan, found) = plan::plan(&document, &settings);
        notes.extend(found.into_iter().map(|note| Note { span: document.source_span(note.span), ..note }));
        notes.sort_by_key(|note| note.span);
        let positions = plan.utterances.iter().enumerate().rev().map(|(at, u)| (u.key, at)).collect();
        metrics::histogram!("langdu_stage_seconds", "stage" => "plan").record(started.elapsed());
        Ok(Self { id, submission, settings, document, plan, notes, casting, positions })
    }

    /// What is kept of it: planned again it is the same, however the site and its lexicon have changed.
    pub(super) fn record(&self) -> Submission {
        let tokens = self.plan.sentences.iter().flat_map(|planned| &planned.spoken.tokens);
        let asked = tokens.filter_map(|token| token.asked.as_ref());
        let by_site = asked.filter(|asked| asked.by == Authority::Lexicon);
        let entries: BTreeMap<&str, &Entry> = by_site
            .filter_map(|asked| self.settings.lexicon.entry(&asked.written))
            .map(|entry| (entry.written.as_str(), entry))
            .collect();
        let lexicon = entries.values().map(|entry| entry.line()).collect();
        Submission { lexicon: Some(lexicon), ..self.submission.clone() }
    }

    /// Where in the plan a clip is first said.
    pub(super) fn position(&self, key: ClipKey) -> Option<usize> {
        self.positions.get(&key).copied()
    }

    /// Utterance `at` of the plan.
    pub(super) fn utterance(&self, at: usize) -> Option<&Utterance> {
        self.plan.utterances.get(at)
    }

    /// Roughly how many bytes it takes in memory.
    pub(super) fn weight(&self) -> u32 {
        let sounds: usize = self.plan.utterances.iter().map(|u| u.reading.sounds.len()).sum();
        let tokens: usize = self.plan.sentences.iter().map(|s| s.spoken.tokens.len()).sum();
        let bytes = 2 * self.submission.text.len()
            + sounds * size_of::<Sound>()
            + tokens * (size_of::<Token>() + 16)
            + self.plan.utterances.len() * (size_of::<Utterance>() + size_of::<(ClipKey, usize)>());
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// The name of a notice: the same submission in the same voice, with the same lexicon, is the same notice.
pub(super) fn id(submission: &Submission, casting: &Casting, lexicon: &Lexicon) -> NoticeId {
    let mut hash = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(b"langdu notice");
    field(match submission.format {
        Format::Text => b"text",
        Format::Html => b"html",
        Format::Ssml => b"ssml",
    });
    field(submission.text.as_bytes());
    field(casting.timbre.engine.as_bytes());
    field(casting.timbre.voice.as_bytes());
    field(casting.timbre.digest.as_bytes());
    field(format!("{:?}", submission.speed).as_bytes());
    field(&serde_json::to_vec(&submission.reading.unwrap_or_default()).unwrap_or_default());
    field(&lexicon.digest());
    field(FRONT_END.as_bytes());
    let mut name = [0; 16];
    hash.finalize_xof().fill(&mut name);
    NoticeId::new(name)
}
