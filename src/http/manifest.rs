//! The manifest: everything a player needs to know of a notice, in the order in which it is read.
//!
//! Spans are pairs of UTF-16 code units of what was submitted, as JavaScript counts its strings.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{self, WordItem};
use crate::{
    audio::{self, MarksBy},
    note::{Note, NoteCode},
    notice::{Block, BlockKind, Document, Skip},
    plan::{ClipKey, Plan, Planned, Utterance},
    render::{Notice, Part, Words},
    span::{Span, Utf16Index},
    spoken::Silence,
    store::NoticeId,
};

/// `[start, end]` in UTF-16 code units of what was submitted.
#[derive(Serialize, ToSchema)]
pub(super) struct Units(usize, usize);

/// A notice as it is read aloud.
#[derive(Serialize, ToSchema)]
pub(super) struct Manifest<'n> {
    /// Its name: `/v1/notices/{id}`.
    id: String,
    /// Name of the voice.
    voice: &'n str,
    /// How fast; 1.0 is normal.
    speed: f32,
    /// Of the clips: always `wav`.
    format: &'static str,
    /// Whether it would outlive a power cut now. If not it is read aloud all the same.
    saved: bool,
    /// Characters that were submitted.
    chars: usize,
    /// The whole notice as one file.
    audio_url: String,
    blocks: Vec<BlockItem>,
    sentences: Vec<SentenceItem<'n>>,
    skipped: Vec<SkippedItem<'n>>,
    notes: Vec<NoteItem>,
    /// Clips of all sentences.
    clip_count: usize,
    /// How many of them are known to be made.
    ready_count: usize,
}

/// A run of the notice that belongs together.
#[derive(Serialize, ToSchema)]
struct BlockItem {
    #[schema(value_type = String)]
    kind: BlockKind,
    /// Of a heading, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
    /// Which document of a page that holds several, from 0.
    part: usize,
    span: Units,
    /// Why it is not read.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<Skip>,
}

/// A sentence with its clips, which are played one after the other.
#[derive(Serialize, ToSchema)]
struct SentenceItem<'n> {
    index: usize,
    /// Index of its block.
    block: usize,
    #[schema(value_type = String)]
    kind: BlockKind,
    /// Of a heading, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u8>,
    span: Units,
    /// As written.
    text: &'n str,
    /// As spoken.
    spoken: String,
    /// Why it is not read.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<Skip>,
    clips: Vec<ClipItem<'n>>,
}

/// One clip.
#[derive(Serialize, ToSchema)]
struct ClipItem<'n> {
    key: String,
    /// Where it is, relative to the service.
    url: String,
    /// The characters it says.
    span: Units,
    /// Silence at its end, milliseconds.
    pause_ms: u64,
    /// How long it is, pause included, milliseconds; null until it is made.
    duration_ms: Option<u64>,
    /// The voice that speaks it, where it is not that of the notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<&'n str>,
    /// Who says when the words are heard: `model` (who spoke them) or `estimated` (from loudness and syllables).
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<MarksBy>,
    /// The words in order, with the time at which each is heard; where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Vec<WordItem>>,
}

/// Something that is not read.
#[derive(Serialize, ToSchema)]
pub(super) struct SkippedItem<'n> {
    span: Units,
    /// Why.
    #[schema(value_type = String)]
    reason: Reason,
    text: &'n str,
}

/// Why something is not read: a whole sentence because of what it is, or a remark by choice of the site.
#[derive(Serialize)]
#[serde(untagged)]
enum Reason {
    Sentence(Skip),
    Remark(Silence),
}

/// Something odd.
#[derive(Serialize, ToSchema)]
pub(super) struct NoteItem {
    #[schema(value_type = String)]
    code: NoteCode,
    span: Units,
}

impl<'n> Manifest<'n> {
    /// Of `notice`, of whose utterances those with a part are made, and those with `words` are known word by word.
    pub(super) fn new(
        notice: &'n Notice,
        parts: &'n [Option<Part>],
        words: &[Option<Words>],
        saved: bool,
    ) -> Self {
        let document = &notice.document;
        let map = SpanMap::new(document, &notice.submission.text);
        let clip = |at: usize, utterance: &Utterance| {
            let part = parts.get(at).and_then(Option::as_ref);
            let words = words.get(at).and_then(Option::as_ref);
            let key = part.map_or(utterance.key, |part| part.key);
            ClipItem {
                key: key.to_string(),
                url: clip_url(key, notice.id),
                span: map.units(utterance.span),
                pause_ms: utterance.pause.as_millis() as u64,
                duration_ms: part.map(|part| milliseconds(part.bytes)),
                voice: part.and_then(|part| part.voice.as_deref()),
                timing: words.map(|words| words.by),
                words: words.map(|words| words::items(words, &map)),
            }
        };
        let sentence = |(index, planned): (usize, &'n Planned)| SentenceItem {
            index,
            block: planned.sentence.block,
            kind: planned.sentence.kind,
            level: (planned.sentence.level > 0).then_some(planned.sentence.level),
            span: map.units(planned.sentence.span),
            text: planned.sentence.span.of(&document.text),
            spoken: planned.spoken.text(),
            skip: planned.sentence.skip,
            clips: planned
                .utterances
                .clone()
                .zip(utterances(&notice.plan, planned))
                .map(|(at, utterance)| clip(at, utterance))
                .collect(),
        };
        Self {
            id: notice.id.to_string(),
            voice: &notice.settings.timbre.voice,
            speed: notice.settings.speed.factor(),
            format: "wav",
            saved,
            chars: notice.submission.text.chars().count(),
            audio_url: format!("/v1/notices/{}/audio.wav", notice.id),
            blocks: document.blocks.iter().map(|block| block_item(block, &map)).collect(),
            sentences: notice.plan.sentences.iter().enumerate().map(sentence).collect(),
            skipped: skipped(document, &notice.plan, &map),
            notes: notes(&notice.notes, &map),
            clip_count: notice.plan.utterances.len(),
            ready_count: parts.iter().flatten().count(),
        }
    }
}

/// From spans of a document to UTF-16 spans of what was submitted.
pub(super) struct SpanMap<'n> {
    document: &'n Document,
    index: Utf16Index<'n>,
}

impl<'n> SpanMap<'n> {
    /// For `document`, which was read from `submitted`.
    pub(super) fn new(document: &'n Document, submitted: &'n str) -> Self {
        Self { document, index: Utf16Index::new(submitted) }
    }

    /// A span of the document.
    pub(super) fn units(&self, span: Span) -> Units {
        self.submitted_units(self.document.source_span(span))
    }

    fn submitted_units(&self, span: Span) -> Units {
        let units = self.index.span(span);
        Units(units.start, units.end)
    }
}

/// The utterances of a sentence.
pub(super) fn utterances<'p>(plan: &'p Plan, planned: &Planned) -> &'p [Utterance] {
    plan.utterances.get(planned.utterances.clone()).unwrap_or_default()
}

/// Where a clip of a notice is, relative to the service.
pub(super) fn clip_url(key: ClipKey, notice: NoticeId) -> String {
    format!("/v1/clips/{key}.wav?notice={notice}")
}

/// What is not read: sentences, and remarks in sentences.
pub(super) fn skipped<'n>(document: &'n Document, plan: &Plan, map: &SpanMap<'_>) -> Vec<SkippedItem<'n>> {
    let item =
        |span: Span, reason| SkippedItem { span: map.units(span), reason, text: span.of(&document.text) };
    let mut out = Vec::new();
    for Planned { sentence, spoken, .. } in &plan.sentences {
        out.extend(sentence.skip.map(|skip| item(sentence.span, Reason::Sentence(skip))));
        let remarks = spoken.tokens.iter().filter(|token| token.why == Some(Silence::Skipped));
        out.extend(remarks.map(|token| item(token.span, Reason::Remark(Silence::Skipped))));
    }
    out
}

/// Notes, whose spans are in what was submitted already.
pub(super) fn notes(notes: &[Note], map: &SpanMap<'_>) -> Vec<NoteItem> {
    notes.iter().map(|note| NoteItem { code: note.code, span: map.submitted_units(note.span) }).collect()
}

fn block_item(block: &Block, map: &SpanMap<'_>) -> BlockItem {
    BlockItem {
        kind: block.kind,
        level: (block.level > 0).then_some(block.level),
        part: block.part,
        span: map.units(block.span),
        skip: block.skip,
    }
}

/// How long a clip is whose file has so many bytes.
pub(super) fn milliseconds(bytes: u64) -> u64 {
    const BYTES_A_SAMPLE: u64 = 2;
    bytes.saturating_sub(audio::HEADER as u64) * 1000 / (u64::from(audio::RATE) * BYTES_A_SAMPLE)
}
