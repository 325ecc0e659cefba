//! What goes wrong, as RFC 9457 problems with a stable `code`.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{notice::NoticeError, render::RenderError};

/// The kinds of problem. Their names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the table below says what they mean")]
pub enum Code {
    TextEmpty,
    TextTooLong,
    SsmlBroken,
    DocumentBroken,
    ReadingInvalid,
    VoiceUnknown,
    SpeedOutOfRange,
    MediaTypeUnsupported,
    JsonBroken,
    JsonInvalid,
    Utf8Invalid,
    QueryInvalid,
    HostInvalid,
    ClipKeyMalformed,
    ClipUnknown,
    FormatNotServed,
    NoticeIdMalformed,
    NoticeUnknown,
    NothingToRead,
    NotFound,
    MethodNotAllowed,
    OriginRefused,
    NotPublished,
    NameInvalid,
    LabelInvalid,
    PublishedUnknown,
    PublishedChanged,
    MetricsRefused,
    EditingOff,
    KeysOff,
    KeyWrong,
    RightMissing,
    EntryInvalid,
    EntryUnknown,
    LexiconChanged,
    LexiconBroken,
    LexiconUnavailable,
    TooManyRequests,
    BodyTooLarge,
    BodyIncomplete,
    RequestTimeout,
    RangeNotSatisfiable,
    SynthesisFailed,
    SynthesisTimeout,
    VoiceStuck,
    Unspeakable,
    VoiceBroken,
    StoreUnavailable,
    Overloaded,
    Stopping,
    Internal,
}

impl Code {
    /// How it is written.
    pub(super) fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => String::new(),
        }
    }

    /// Status, title, title in Chinese, and whether the same request may work later.
    const fn meaning(self) -> (StatusCode, &'static str, &'static str, bool) {
        use StatusCode as S;
        match self {
            Self::TextEmpty => {
                (S::UNPROCESSABLE_ENTITY, "There is nothing to read", "没有可朗读的文字", false)
            }
            Self::TextTooLong => (S::PAYLOAD_TOO_LARGE, "The text is too long", "文字过长", false),
            Self::SsmlBroken => (S::BAD_REQUEST, "The SSML cannot be read", "SSML 格式有误", false),
            Self::DocumentBroken => {
                (S::UNPROCESSABLE_ENTITY, "The document cannot be read", "文档无法打开", false)
            }
            Self::ReadingInvalid => {
                (S::UNPROCESSABLE_ENTITY, "There is no such choice", "朗读选项不符合要求", false)
            }
            Self::VoiceUnknown => (S::UNPROCESSABLE_ENTITY, "No such voice", "没有这个发音人", false),
            Self::SpeedOutOfRange => {
                (S::UNPROCESSABLE_ENTITY, "The speed is out of range", "语速超出范围", false)
            }
            Self::MediaTypeUnsupported => {
                (S::UNSUPPORTED_MEDIA_TYPE, "The media type is not supported", "不支持的内容类型", false)
            }
            Self::JsonBroken => (S::BAD_REQUEST, "The body is no JSON", "请求内容不是有效的 JSON", false),
            Self::JsonInvalid => (
                S::UNPROCESSABLE_ENTITY,
                "The JSON has not the expected fields",
                "JSON 字段不符合要求",
                false,
            ),
            Self::Utf8Invalid => (S::BAD_REQUEST, "This is no UTF-8", "请求内容不是有效的 UTF-8", false),
            Self::QueryInvalid => {
                (S::BAD_REQUEST, "The query is not understood", "查询参数不符合要求", false)
            }
            Self::HostInvalid => {
                (S::BAD_REQUEST, "The request is not for one host", "请求的主机名不对", false)
            }
            Self::ClipKeyMalformed => (S::BAD_REQUEST, "This is no clip key", "音频编号格式不对", false),
            Self::ClipUnknown => (S::NOT_FOUND, "No such clip", "没有这段音频", false),
            Self::FormatNotServed => {
                (S::NOT_ACCEPTABLE, "The clip is not served in that format", "不提供这种音频格式", false)
            }
            Self::NoticeIdMalformed => (S::BAD_REQUEST, "This is no notice id", "公告编号格式不对", false),
            Self::NoticeUnknown => (S::NOT_FOUND, "No such notice", "没有这篇公告", false),
            Self::NothingToRead => {
                (S::UNPROCESSABLE_ENTITY, "The notice has nothing to say", "公告中没有可朗读的内容", false)
            }
            Self::NotFound => (S::NOT_FOUND, "There is nothing here", "没有这个地址", false),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "The method is not allowed here", "不允许的请求方法", false)
            }
            Self::OriginRefused => {
                (S::FORBIDDEN, "Pages of this origin may not submit", "该网站未获准提交公告", false)
            }
            Self::NotPublished => {
                (S::FORBIDDEN, "Only what is published can be heard here", "只能收听已发布的公告", false)
            }
            Self::NameInvalid => (S::BAD_REQUEST, "This is no name", "发布名称不符合要求", false),
            Self::LabelInvalid => {
                (S::UNPROCESSABLE_ENTITY, "What is told of the notice is wrong", "公告信息不符合要求", false)
            }
            Self::PublishedUnknown => {
                (S::NOT_FOUND, "Nothing is published under this name", "没有以此名称发布的公告", false)
            }
            Self::PublishedChanged => {
                (S::PRECONDITION_FAILED, "Somebody else has published it", "该公告已被他人修改", false)
            }
            Self::EditingOff => {
                (S::FORBIDDEN, "The lexicon cannot be edited here", "未开启读音词典编辑", false)
            }
            Self::KeyWrong => (S::UNAUTHORIZED, "The key is wrong", "密钥不对", false),
            Self::KeysOff => {
                (S::FORBIDDEN, "This needs a key, and there is none", "未设置密钥，不能进行此操作", false)
            }
            Self::RightMissing => (S::FORBIDDEN, "The key is not good for this", "密钥没有此项权限", false),
            Self::EntryInvalid => (S::UNPROCESSABLE_ENTITY, "The entry is wrong", "词条有误", false),
            Self::EntryUnknown => (S::NOT_FOUND, "No such entry", "没有这个词条", false),
            Self::LexiconChanged => {
                (S::PRECONDITION_FAILED, "Somebody else has edited the lexicon", "词典已被他人修改", false)
            }
            Self::LexiconBroken => (S::CONFLICT, "The lexicon file has errors", "词典文件有误", false),
            Self::LexiconUnavailable => {
                (S::SERVICE_UNAVAILABLE, "The lexicon file cannot be used", "词典文件暂时无法读写", true)
            }
            Self::TooManyRequests => {
                (S::TOO_MANY_REQUESTS, "This client asks for too much", "请求过于频繁，请稍后再试", true)
            }
            Self::MetricsRefused => {
                (S::FORBIDDEN, "The metrics are not for this address", "此地址无权查看运行指标", false)
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "The body is too large", "请求内容过大", false),
            Self::BodyIncomplete => (S::BAD_REQUEST, "The body ended early", "请求内容不完整", true),
            Self::RequestTimeout => (S::REQUEST_TIMEOUT, "The body took too long", "请求超时", true),
            Self::RangeNotSatisfiable => {
                (S::RANGE_NOT_SATISFIABLE, "The range lies outside the clip", "请求的范围超出音频", false)
            }
            Self::SynthesisFailed => {
                (S::INTERNAL_SERVER_ERROR, "The clip could not be made", "语音合成失败", true)
            }
            Self::SynthesisTimeout => {
                (S::INTERNAL_SERVER_ERROR, "The clip was not made in time", "语音合成超时", true)
            }
            Self::VoiceStuck => {
                (S::SERVICE_UNAVAILABLE, "The voice hangs", "发音人没有响应，请稍后再试", true)
            }
            Self::Unspeakable => {
                (S::INTERNAL_SERVER_ERROR, "The voice cannot say this clip", "发音人读不出这段文字", false)
            }
            Self::VoiceBroken => {
                (S::INTERNAL_SERVER_ERROR, "The voice cannot be used", "发音人文件损坏", false)
            }
            Self::StoreUnavailable => {
                (S::SERVICE_UNAVAILABLE, "The store cannot be read", "存储暂时无法读取", true)
            }
            Self::Overloaded => {
                (S::SERVICE_UNAVAILABLE, "The service is overloaded", "服务繁忙，请稍后再试", true)
            }
            Self::Stopping => (S::SERVICE_UNAVAILABLE, "The service is stopping", "服务正在停止", true),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "The service made a mistake", "服务内部错误", true),
        }
    }
}

/// What went wrong with one request; answered as [`ProblemBody`].
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// An answer that tells what went wrong: RFC 9457 `application/problem+json`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody<'p> {
    /// What kind of problem; stable, for programs.
    code: Code,
    /// The kind in English.
    title: &'p str,
    /// The kind in Chinese.
    title_zh: &'p str,
    /// The HTTP status.
    status: u16,
    /// This very problem, in English.
    detail: &'p str,
    /// Whether the same request may work later.
    retriable: bool,
}

impl Problem {
    /// A problem of a kind, in words.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), header: None }
    }

    /// The same with a header that belongs to it.
    pub fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        self.code.meaning().0
    }

    /// This very problem, in English.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// What kind of problem, and whether the same may work later.
    pub(super) fn kind(&self) -> (Code, bool) {
        (self.code, self.code.meaning().3)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, title_zh, retriable) = self.code.meaning();
        metrics::counter!("langdu_problems_total", "code" => self.code.name()).increment(1);
        let detail = &*self.detail;
        let body =
            ProblemBody { code: self.code, title, title_zh, status: status.as_u16(), detail, retriable };
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, headers, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some((name, value)) = self.header.as_deref().cloned() {
            headers.insert(name, value);
        }
        // Where it is told in another shape, that is made of this.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<RenderError> for Problem {
    fn from(error: RenderError) -> Self {
        let code = match &error {
            RenderError::Notice(NoticeError::Empty) => Code::TextEmpty,
            RenderError::Notice(NoticeError::TooLong { .. }) => Code::TextTooLong,
            RenderError::Notice(NoticeError::Ssml(_)) => Code::SsmlBroken,
            RenderError::VoiceUnknown(_) => Code::VoiceUnknown,
            RenderError::SpeedOutOfRange { .. } => Code::SpeedOutOfRange,
            RenderError::NoticeUnknown(_) => Code::NoticeUnknown,
            RenderError::ClipUnknown(_) => Code::ClipUnknown,
            RenderError::Synthesis(_) => Code::SynthesisFailed,
            RenderError::TimedOut(_) => Code::SynthesisTimeout,
            RenderError::Stuck => Code::VoiceStuck,
            RenderError::Unspeakable(_) => Code::Unspeakable,
            RenderError::VoiceBroken(_) => Code::VoiceBroken,
            RenderError::Store(_) => Code::StoreUnavailable,
            RenderError::Overloaded => Code::Overloaded,
            RenderError::Stopping => Code::Stopping,
            RenderError::Internal => Code::Internal,
        };
        let detail = match &error {
            // What is wrong names files of the machine: that is for its log.
            RenderError::VoiceBroken(_) => {
                "the voice cannot be used; the log of the service says why".to_owned()
            }
            _ => error.to_string(),
        };
        Self::new(code, detail)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn the_manual_has_every_problem() {
        let manual = include_str!("../../docs/api.md");
        let rows = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let written: BTreeSet<String> = rows
            .filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
            .map(|(code, rest)| format!("{code} {}", rest.split(" | ").take(2).collect::<Vec<_>>().join(" ")))
            .collect();
        let schema = serde_json::to_value(Code::schema()).unwrap();
        let codes: Vec<Code> = serde_json::from_value(schema["enum"].clone()).unwrap();
        let meant = codes.into_iter().map(|code| {
            let (status, _, _, retriable) = code.meaning();
            let name = serde_json::to_value(code).unwrap();
            let retriable = if retriable { "yes" } else { "no" };
            format!("{} {} {retriable}", name.as_str().unwrap(), status.as_u16())
        });
        assert_eq!(written, meant.collect());
    }

    #[test]
    fn what_the_renderer_calls_a_failure_is_its_code() {
        use crate::{plan::ClipKey, store::StoreError};
        let key: ClipKey = "0".repeat(64).parse().unwrap();
        for error in [
            RenderError::Notice(NoticeError::Empty),
            RenderError::VoiceUnknown(String::new()),
            RenderError::SpeedOutOfRange { asked: 9.0, slowest: 1.0, fastest: 2.0 },
            RenderError::NoticeUnknown("0".repeat(32).parse().unwrap()),
            RenderError::ClipUnknown(key),
            RenderError::Synthesis(String::new()),
            RenderError::Unspeakable(String::new()),
            RenderError::VoiceBroken(String::new()),
            RenderError::TimedOut(std::time::Duration::ZERO),
            RenderError::Stuck,
            RenderError::Store(StoreError::Unreadable),
            RenderError::Overloaded,
            RenderError::Stopping,
            RenderError::Internal,
        ] {
            let called = error.code();
            assert_eq!(Problem::from(error).code.name(), called);
        }
    }
}
