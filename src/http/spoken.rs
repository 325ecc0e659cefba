//! The front end alone: what would be said, and how.

use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, access, body,
    body::Manner,
    explain, json, lexicon,
    manifest::{NoteItem, SkippedItem, SpanMap, Units, notes, skipped, utterances},
    problem::{Code, Problem, ProblemBody},
};
use crate::{
    lexicon::Authority,
    notice::{BlockKind, Document, Skip},
    plan::{Plan, Planned},
    reading::{Boundary, Sound, Source, Syllable, Voiced},
    spoken::{Class, Silence, Token},
};

/// A text as it would be read.
#[derive(Serialize, ToSchema)]
pub(super) struct SpokenAnswer<'n> {
    /// Digest of the lexicon of the site.
    lexicon: String,
    sentences: Vec<SpokenSentence<'n>>,
    skipped: Vec<SkippedItem<'n>>,
    notes: Vec<NoteItem>,
}

/// A sentence as it would be read.
#[derive(Serialize, ToSchema)]
struct SpokenSentence<'n> {
    index: usize,
    #[schema(value_type = String)]
    kind: BlockKind,
    span: Units,
    /// As written.
    text: &'n str,
    /// As spoken.
    spoken: String,
    /// The sounds in one line, tones as spoken: `ni2hao3，`; words are parted by spaces.
    pinyin: String,
    /// Why it is not read.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<Skip>,
    /// Every expression and what is said for it.
    tokens: Vec<TokenItem<'n>>,
    /// Every sound.
    sounds: Vec<SoundItem>,
}

/// One expression and what is said for it.
#[derive(Serialize, ToSchema)]
struct TokenItem<'n> {
    #[schema(value_type = String)]
    class: Class,
    span: Units,
    text: &'n str,
    said: &'n str,
    /// Who decided that: `rule`, `lexicon` (of the site) or `sender` (in SSML).
    source: &'static str,
    /// Why it is read so, in Chinese; empty where it is read as it is written.
    explain: &'static str,
    /// Why nothing is said for it.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Silence>,
}

/// One sound and the characters it is said for.
#[derive(Serialize, ToSchema)]
struct SoundItem {
    /// Pinyin with the tone of the dictionary (`yi1`), a letter (`A`) or a mark (`，`).
    sound: String,
    /// Pinyin with the tone as spoken, where that differs (`yi4`).
    #[serde(skip_serializing_if = "Option::is_none")]
    as_spoken: Option<String>,
    span: Units,
    /// Who decided that it is read so: lexicon, word, name, context, model, dictionary, character, or
    /// spoken for letters and pauses.
    #[schema(value_type = String)]
    source: Source,
}

/// Takes a text apart and tells what would be said; nothing is kept or made.
///
/// Body and query are those of a notice; voice and speed change nothing here.
#[utoipa::path(
    post,
    path = "/v1/spoken",
    params(Manner),
    request_body(content((body::NoticeBody = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "application/ssml+xml"))),
    responses(
        (status = 200, description = "What would be said", body = SpokenAnswer),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "spoken",
)]
pub(super) async fn spoken(
    State(app): State<App>,
    manner: Result<Query<Manner>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Query(manner) = manner.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    access::may_submit(&app, &headers)?;
    let (submission, _room) = body::submission(&headers, manner, body, &app.renderer).await?;
    let (text, document, plan, found) = app.renderer.spoken(submission).await?;
    let map = SpanMap::new(&document, &text);
    let sentences = plan.sentences.iter().enumerate();
    json(&SpokenAnswer {
        lexicon: lexicon::digest(&app.renderer.lexicon().current()),
        sentences: sentences
            .map(|(index, planned)| sentence(index, planned, &document, &plan, &map))
            .collect(),
        skipped: skipped(&document, &plan, &map),
        notes: notes(&found, &map),
    })
}

fn sentence<'n>(
    index: usize,
    planned: &'n Planned,
    document: &'n Document,
    plan: &Plan,
    map: &SpanMap<'_>,
) -> SpokenSentence<'n> {
    let token = |token: &'n Token| {
        let by = token.asked.as_ref().map(|asked| asked.by);
        TokenItem {
            class: token.class,
            span: map.units(token.span),
            text: token.span.of(&document.text),
            said: &token.said,
            source: match by {
                None => "rule",
                Some(Authority::Lexicon) => "lexicon",
                Some(Authority::Sender) => "sender",
            },
            explain: explain::token(token, by),
            why: token.why,
        }
    };
    let sounds = utterances(plan, planned).iter().flat_map(|utterance| &utterance.reading.sounds);
    SpokenSentence {
        index,
        kind: planned.sentence.kind,
        span: map.units(planned.sentence.span),
        text: planned.sentence.span.of(&document.text),
        spoken: planned.spoken.text(),
        pinyin: pinyin(sounds.clone()),
        skip: planned.sentence.skip,
        tokens: planned.spoken.tokens.iter().map(token).collect(),
        sounds: sounds.map(|sound| sound_item(sound, map)).collect(),
    }
}

fn sound_item(sound: &Sound, map: &SpanMap<'_>) -> SoundItem {
    let (name, as_spoken) = match sound.voiced {
        Voiced::Syllable(Syllable { pinyin, tone, surface }) => {
            (format!("{pinyin}{tone}"), (tone != surface).then(|| format!("{pinyin}{surface}")))
        }
        Voiced::Letter(letter) => (letter.to_string(), None),
        Voiced::Pause(mark) => (mark.as_char().to_string(), None),
    };
    SoundItem { sound: name, as_spoken, span: map.units(sound.span), source: sound.source }
}

fn pinyin<'s>(sounds: impl Iterator<Item = &'s Sound>) -> String {
    let mut out = String::new();
    for sound in sounds {
        let mark = matches!(sound.voiced, Voiced::Pause(_));
        if !out.is_empty() && !mark && sound.boundary != Boundary::None {
            out.push(' ');
        }
        match sound.voiced {
            Voiced::Syllable(Syllable { pinyin, surface, .. }) => {
                out.push_str(pinyin);
                out.push_str(&surface.to_string());
            }
            Voiced::Letter(letter) => out.push(letter),
            Voiced::Pause(mark) => out.push(mark.as_char()),
        }
    }
    out
}
