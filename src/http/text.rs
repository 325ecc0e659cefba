//! Documents of office programs as HTML that can be looked at and submitted: what an editor uploads.
//!
//! 1. One document at a time is received; its archive is opened in memory, and only the files that are needed are
//!    unpacked, as far as they may go;
//! 2. [`docx`] turns them into HTML;
//! 3. what is not in the HTML is told.

use std::io::{Cursor, Read};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use zip::ZipArchive;

use super::{
    App, auth, body, json,
    problem::{Code, Problem, ProblemBody},
};
use crate::docx::{self, Converted, LeftOut, Parts};

/// The media type of `.docx`.
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
/// Bytes of a document: most of them are pictures.
const MOST_BYTES: usize = 32 << 20;
/// Bytes of its text, unpacked, and of its HTML: far more than the longest notice has.
const MOST_TEXT: u64 = 16 << 20;
/// Bytes of its styles, and of its numberings.
const MOST_STYLES: u64 = 4 << 20;
/// So many are received and read at a time. Others wait before they are received: what an editor uploads takes no
/// room from readers.
static TURNS: Semaphore = Semaphore::const_new(1);

/// A document as HTML.
#[derive(Serialize, ToSchema)]
pub(super) struct TextAnswer {
    /// Headings, paragraphs and tables, with the numbers that the program draws before paragraphs.
    html: String,
    /// How much is not in it: `pictures`, `notes` (footnotes), `symbols` (characters of symbol fonts).
    #[schema(value_type = Object)]
    left_out: LeftOut,
}

/// Turns a document of a word processor (`.docx`) into HTML. Nothing is kept. Needs a key, whatever it is good for.
#[utoipa::path(
    post,
    path = "/v1/text",
    request_body(content((Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"))),
    responses(
        (status = 200, description = "The document as HTML", body = TextAnswer),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "spoken",
)]
pub(super) async fn text(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    auth::known(&app, &headers)?;
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !sent.eq_ignore_ascii_case(DOCX) {
        return Err(Problem::new(Code::MediaTypeUnsupported, format!("send {DOCX}")));
    }
    let turn = TURNS.acquire().await.map_err(|_| Problem::new(Code::Stopping, "the service is stopping"))?;
    let received = body::receive(&headers, body, MOST_BYTES).await?;
    // Turn and room are held until the document was read, though the client may have hung up by then.
    let converted = tokio::task::spawn_blocking(move || {
        let converted = converted(received.bytes);
        drop((turn, received.room));
        converted
    });
    let Converted { html, left_out } = converted
        .await
        .map_err(|_| Problem::new(Code::Internal, "the document was not read to its end"))??;
    json(&TextAnswer { html, left_out })
}

fn converted(bytes: Bytes) -> Result<Converted, Problem> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let document = unpacked(&mut archive, "word/document.xml", MOST_TEXT)?
        .ok_or_else(|| broken("there is no word/document.xml in it"))?;
    let styles = unpacked(&mut archive, "word/styles.xml", MOST_STYLES)?.unwrap_or_default();
    let numbering = unpacked(&mut archive, "word/numbering.xml", MOST_STYLES)?.unwrap_or_default();
    let parts = Parts { document: &document, styles: &styles, numbering: &numbering };
    let converted = docx::html(parts).map_err(broken)?;
    if converted.html.len() as u64 > MOST_TEXT {
        return Err(broken(format!("its HTML has more than {MOST_TEXT} bytes")));
    }
    Ok(converted)
}

/// A file of the archive, of `most` bytes; none where it has none of that name.
fn unpacked(
    archive: &mut ZipArchive<Cursor<Bytes>>,
    name: &str,
    most: u64,
) -> Result<Option<String>, Problem> {
    let Some(at) = archive.index_for_name(name) else { return Ok(None) };
    // What the archive says of its length is not believed.
    let mut file = archive.by_index(at).map_err(broken)?.take(most + 1);
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(broken)?;
    if text.len() as u64 > most {
        return Err(broken(format!("{name} has more than {most} bytes")));
    }
    Ok(Some(text))
}

fn broken(why: impl ToString) -> Problem {
    Problem::new(Code::DocumentBroken, why.to_string().chars().take(300).collect::<String>())
}
