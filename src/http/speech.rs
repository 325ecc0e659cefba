//! Speech for programs that speak the interface of OpenAI: `POST /v1/audio/speech` and `GET /v1/models`.
//!
//! 1. What they send is read as their server reads it: fields that are not known are left alone, and what cannot be
//!    served is refused in their shape ([`Refused`]), with their statuses.
//! 2. The text is planned and spoken like a notice, but is none afterwards ([`crate::render::Speech`]).
//! 3. The first clip is waited for, so that a voice that fails is told as an error. The others are sent as they are
//!    made, as one recording ([`Recording`]); one that fails breaks the connection.
//! 4. Where all clips are there by then, a WAV file and bare samples have their exact length.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    App, access,
    body::{self, Received},
    json,
    problem::{Code, Problem},
    whole,
};
use crate::{
    audio::{Clip, Container, Encoding, Recording},
    notice::Format,
    render::{RenderError, Renderer, Speech, Submission},
};

/// The routes of that interface.
const ROUTES: &[&str] = &["/v1/audio/speech", "/v1/models"];

/// The names that our one model answers to: those that clients have in their lists, and its own.
const MODELS: &[&str] = &["langdu", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"];

/// Voices that clients know by name: name, tab, `female` or `male`.
const STOCK: &str = include_str!("stock.tsv");

/// What is to be spoken. Other fields are left alone.
#[derive(Deserialize, ToSchema)]
pub(super) struct SpeechBody {
    /// `langdu`, `tts-1`, `tts-1-hd` or `gpt-4o-mini-tts`, which are all the same.
    model: Option<String>,
    /// The text, as many characters as a notice may have.
    input: Option<String>,
    /// Name of a voice: ours, or one of OpenAI's, which is spoken by one of ours of the same sex.
    voice: Option<VoiceChoice>,
    /// `wav` (where none is asked for), `pcm`, `opus` or `flac`.
    response_format: Option<String>,
    /// How fast; 1.0 is normal.
    speed: Option<f32>,
    /// Only `audio`.
    stream_format: Option<String>,
    /// Taken and not followed.
    #[schema(value_type = Option<String>)]
    #[allow(dead_code, reason = "for the description")]
    instructions: Option<Value>,
}

/// A voice by its name, bare or as `{"id": "alloy"}`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum VoiceChoice {
    Name(String),
    Id { id: String },
}

/// An error as OpenAI's clients read it.
#[derive(Serialize, ToSchema)]
pub(super) struct SpeechError<'e> {
    error: SpeechErrorBody<'e>,
}

#[derive(Serialize, ToSchema)]
struct SpeechErrorBody<'e> {
    /// What is wrong, in English.
    message: &'e str,
    /// `invalid_request_error` or `server_error`.
    r#type: &'static str,
    /// The field that is to blame.
    param: Option<&'static str>,
    /// Stable: one of the codes of our problems, or of OpenAI's.
    code: &'e str,
}

/// The models there are.
#[derive(Serialize, ToSchema)]
pub(super) struct Models {
    /// `list`.
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize, ToSchema)]
struct Model {
    /// How it is asked for.
    id: &'static str,
    /// `model`.
    object: &'static str,
    /// Seconds since 1970; not known, therefore 0.
    created: u64,
    owned_by: &'static str,
}

/// Speaks a text, for clients of OpenAI's interface. The sound is sent while it is made; the text is not kept.
#[utoipa::path(
    post,
    path = "/v1/audio/speech",
    request_body = SpeechBody,
    responses(
        (status = 200, description = "The sound, in the format that was asked for", content_type = "audio/wav", body = Vec<u8>),
        (status = "4XX", description = "An error of the request", body = SpeechError<'_>),
        (status = "5XX", description = "An error of the service", body = SpeechError<'_>),
    ),
    tag = "speech",
)]
pub(super) async fn speech(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    access::may_submit(&app, &headers)?;
    let Asked { submission, container, room } = Asked::read(&app.renderer, &headers, body).await?;
    let speech = app.renderer.speech(submission).await.map_err(Refused::from_renderer)?;
    drop(room);
    let (chars, clips) =
        (speech.notice().document.text.chars().count(), speech.notice().plan.utterances.len());
    if clips == 0 {
        let problem = Problem::new(Code::NothingToRead, "nothing of the input is read aloud");
        return Err(Refused::of("input", problem));
    }
    tracing::info!(chars, clips, format = container.name(), "speech");
    let first = speech.clip(0).await.map_err(Refused::from_renderer)?;
    let lengths = whole::lengths(&app.renderer, speech.notice(), Encoding::Wav).await;
    let samples = lengths.as_deref().map(whole::total);
    let serial = speech.notice().plan.utterances.iter().fold(0, |serial: u32, utterance| {
        let [a, b, c, d, ..] = utterance.key.bytes();
        serial.rotate_left(5) ^ u32::from_le_bytes([a, b, c, d])
    });
    let recording = Recording::begin(container, samples, serial)
        .map_err(|why| Refused::from_renderer(RenderError::from(why)))?;
    let lengths = lengths.map(|lengths| lengths.iter().map(|(_, length)| *length).collect());
    let sending = Sending { speech, recording: Some(recording), at: 0, first: Some(first), lengths };
    let mut response = Body::from_stream(sending.pieces()).into_response();
    let told = response.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(container.media_type()));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(len) = samples.and_then(|samples| container.len(samples)) {
        told.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    }
    Ok(response)
}

/// The models, for clients of OpenAI's interface; they are all the same.
#[utoipa::path(
    get,
    path = "/v1/models",
    responses(
        (status = 200, description = "The models", body = Models),
        (status = "4XX", description = "An error of the request", body = SpeechError<'_>),
    ),
    tag = "speech",
)]
pub(super) async fn models(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refused> {
    access::may_submit(&app, &headers)?;
    let model = |id: &&'static str| Model { id, object: "model", created: 0, owned_by: "langdu" };
    Ok(json(&Models { object: "list", data: MODELS.iter().map(model).collect() })?)
}

/// What was asked for.
struct Asked {
    submission: Submission,
    container: Container,
    room: tokio::sync::SemaphorePermit<'static>,
}

impl Asked {
    async fn read(renderer: &Renderer, headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let limit = body::longest_json(renderer.limits().max_chars);
        let Received { bytes, room } = body::receive(headers, body, limit).await?;
        let SpeechBody { model, input, voice, response_format, speed, stream_format, .. } =
            body::json(&bytes)?;
        drop(bytes);
        let model = model.ok_or_else(|| Refused::invalid("model", "missing_model", "name a model"))?;
        if !MODELS.contains(&model.as_str()) {
            let why = format!("there is no model {:?}: {}", short(&model), MODELS.join(", "));
            return Err(Refused {
                status: StatusCode::NOT_FOUND,
                ..Refused::invalid("model", "model_not_found", why)
            });
        }
        let text = input.ok_or_else(|| Refused::invalid("input", "missing_input", "input has the text"))?;
        let container = container(response_format.as_deref().unwrap_or("wav"))?;
        if let Some(stream_format) = stream_format.filter(|format| format != "audio") {
            let why = format!("the stream_format {:?} is not served, only \"audio\"", short(&stream_format));
            return Err(Refused::invalid("stream_format", "unsupported_value", why));
        }
        let speed = body::speed_of(speed).map_err(|problem| Refused::of("speed", problem))?;
        let named = voice.map(|choice| match choice {
            VoiceChoice::Name(name) | VoiceChoice::Id { id: name } => name,
        });
        let voice = named.map(|name| voice_of(renderer, name));
        let submission =
            Submission { format: Format::Text, text, voice, speed, reading: None, lexicon: None };
        Ok(Self { submission, container, room })
    }
}

/// The format of this name.
fn container(name: &str) -> Result<Container, Refused> {
    Container::ALL.iter().copied().find(|container| container.name() == name).ok_or_else(|| {
        let served: Vec<&str> = Container::ALL.iter().map(|container| container.name()).collect();
        let why =
            format!("the response_format {:?} is not served; there are {}", short(name), served.join(", "));
        Refused::invalid("response_format", "unsupported_value", why)
    })
}

/// Our voice that is meant by `name`, if it is one of the stock; of the sex that there is none of speaks the default.
fn voice_of(renderer: &Renderer, name: String) -> String {
    if renderer.voices().any(|voice| voice.name == name) {
        return name;
    }
    let mut rows = STOCK.lines().filter_map(|row| row.split_once('\t'));
    let Some((_, sex)) = rows.find(|(stock, _)| *stock == name) else { return name };
    let ours = renderer.voices().find(|voice| voice.sex == sex).or_else(|| renderer.voices().next());
    ours.map_or(name, |voice| voice.name.clone())
}

/// As much of what somebody sent as an error quotes.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A recording on its way to who asked for it; dropped, the rest is not made.
struct Sending {
    speech: Speech,
    /// None when it has ended.
    recording: Option<Recording>,
    /// The next clip.
    at: usize,
    /// The first one, which was waited for.
    first: Option<Clip>,
    /// Bytes of the samples of each clip, where they were announced.
    lengths: Option<Vec<u64>>,
}

impl Sending {
    fn pieces(self) -> impl Stream<Item = Result<Bytes, RenderError>> + Send {
        stream::unfold(self, async |mut sending| {
            let piece = sending.next().await.transpose()?;
            if let Err(why) = &piece {
                tracing::warn!(clip = sending.at, %why, "speech broke off");
                sending.recording = None;
            }
            Some((piece, sending))
        })
    }

    /// The next bytes that are not none.
    async fn next(&mut self) -> Result<Option<Bytes>, RenderError> {
        while let Some(mut recording) = self.recording.take() {
            let head = recording.head();
            if !head.is_empty() {
                self.recording = Some(recording);
                return Ok(Some(head));
            }
            let clip = self.clip().await?;
            let is_work = recording.is_work();
            let write = move || match clip {
                Some(clip) => recording.push(&clip).map(|bytes| (Some(recording), bytes)),
                None => recording.end().map(|bytes| (None, bytes)),
            };
            let (recording, bytes) = if is_work {
                tokio::task::spawn_blocking(write).await.map_err(|_| RenderError::Internal)??
            } else {
                write()?
            };
            self.recording = recording;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The next clip; none after the last.
    async fn clip(&mut self) -> Result<Option<Clip>, RenderError> {
        if self.at == self.speech.notice().plan.utterances.len() {
            return Ok(None);
        }
        let clip = match self.first.take() {
            Some(first) => first,
            None => self.speech.clip(self.at).await?,
        };
        let announced = self.lengths.as_ref().map(|lengths| lengths.get(self.at).copied().unwrap_or(0));
        if announced.is_some_and(|length| clip.samples().is_ok_and(|samples| samples.len() as u64 != length))
        {
            return Err(RenderError::Synthesis("the clip is not the one that was announced".to_owned()));
        }
        self.at += 1;
        Ok(Some(clip))
    }
}

/// Why nothing is spoken, as OpenAI's clients read it.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    param: Option<&'static str>,
    code: String,
    message: String,
    /// The same as we tell it elsewhere, with its headers.
    problem: Option<Problem>,
}

impl Refused {
    /// A field is wrong.
    fn invalid(param: &'static str, code: &str, message: impl Into<String>) -> Self {
        let (status, param) = (StatusCode::BAD_REQUEST, Some(param));
        Self { status, param, code: code.to_owned(), message: message.into(), problem: None }
    }

    /// A problem of the field `param`.
    fn of(param: &'static str, problem: Problem) -> Self {
        Self { param: Some(param), ..problem.into() }
    }

    fn from_renderer(error: RenderError) -> Self {
        let param = match error {
            RenderError::Notice(_) => Some("input"),
            RenderError::VoiceUnknown(_) => Some("voice"),
            RenderError::SpeedOutOfRange { .. } => Some("speed"),
            _ => None,
        };
        Self { param, ..Problem::from(error).into() }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let (code, _) = problem.kind();
        let code = match code {
            Code::KeyWrong => "invalid_api_key".to_owned(),
            _ => code.name(),
        };
        let (status, message) = (problem.status(), problem.detail().to_owned());
        Self { status, param: None, code, message, problem: Some(problem) }
    }
}

impl IntoResponse for Refused {
    fn into_response(mut self) -> Response {
        let answer = self.problem.take().map(IntoResponse::into_response);
        // A problem was counted.
        let answer = answer.unwrap_or_else(|| {
            metrics::counter!("langdu_problems_total", "code" => self.code.clone()).increment(1);
            Response::default()
        });
        self.shape(answer)
    }
}

impl Refused {
    /// Gives `answer`, which has the headers, status and body.
    fn shape(self, mut answer: Response) -> Response {
        let Self { status, param, code, message, .. } = self;
        let status = match status {
            // They know no 422 for what is wrong in a field.
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        let r#type = if status.is_server_error() { "server_error" } else { "invalid_request_error" };
        let error = SpeechError { error: SpeechErrorBody { message: &message, r#type, param, code: &code } };
        let body = serde_json::to_vec(&error).unwrap_or_default();
        *answer.status_mut() = status;
        *answer.body_mut() = Body::from(body);
        answer.extensions_mut().remove::<Problem>();
        let told = answer.headers_mut();
        told.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        told.remove(header::CONTENT_LENGTH);
        answer
    }
}

/// An answer of these routes: a problem that was found before they were reached is told in their shape as well.
pub(super) fn in_their_shape(route: &str, mut answer: Response) -> Response {
    match answer.extensions_mut().remove::<Problem>() {
        Some(problem) if ROUTES.contains(&route) => Refused::from(problem).shape(answer),
        _ => answer,
    }
}
