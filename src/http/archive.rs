//! All clips of a notice, and its manifest, as a ZIP archive: for portals and telephone exchanges that keep their own.
//!
//! 1. The first clip is waited for, so that a voice that fails is told as a problem.
//! 2. Every clip is a file of its own, `001.wav` and so on, in the order in which they are heard; a clip that is heard
//!    twice is there twice. They are sent as they are made.
//! 3. The manifest comes last, `manifest.json`: by then it has all lengths and words.
//! 4. A clip that fails on the way breaks the connection: an archive without its end is none.

use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::{
    App,
    clips::text_value,
    manifest::Manifest,
    problem::{Problem, ProblemBody},
    whole,
};
use crate::{
    audio::Encoding,
    render::{Notice, RenderError},
    store::ClipName,
};

/// The clips of the notice and its manifest, sent as they are made.
#[utoipa::path(
    get,
    path = "/v1/notices/{id}/clips.zip",
    params(("id" = String, Path, description = "Id of the notice")),
    responses(
        (status = 200, description = "`001.wav` and so on, in the order in which they are heard, then `manifest.json`", body = Vec<u8>, content_type = "application/zip"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn archive(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let notice = whole::begun(&app, &headers, &id).await?;

    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, text_value(format!("attachment; filename=\"{}.zip\"", notice.id))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    let files = stream::try_unfold(Some(Archive::new(app, notice)), |archive| async {
        let Some(mut archive) = archive else { return Ok(None) };
        let (piece, done) = archive.next().await.inspect_err(|why| {
            tracing::warn!(notice = %archive.notice.id, %why, "an archive broke off");
        })?;
        Ok::<_, ArchiveError>(Some((piece, (!done).then_some(archive))))
    });
    Ok((told, Body::from_stream(files)).into_response())
}

/// Why an archive has no end.
#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("the archive cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error("the manifest is no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// An archive that is being written: what is written is taken out of it piece by piece.
struct Archive {
    app: App,
    notice: Arc<Notice>,
    /// The next clip.
    at: usize,
    zip: ZipWriter<StreamWriter<Pipe>>,
    pipe: Pipe,
}

impl Archive {
    fn new(app: App, notice: Arc<Notice>) -> Self {
        let pipe = Pipe::default();
        Self { app, notice, at: 0, zip: ZipWriter::new_stream(pipe.clone()), pipe }
    }

    /// The bytes of the next file, and whether they are the last ones.
    async fn next(&mut self) -> Result<(Bytes, bool), ArchiveError> {
        let Some(utterance) = self.notice.plan.utterances.get(self.at) else {
            return self.last().await;
        };
        let name = ClipName::sound(utterance.key, Encoding::Wav);
        let served = self.app.renderer.file(name, Some(self.notice.id)).await?;
        self.at += 1;
        self.add(&format!("{:03}.wav", self.at), &served.file)?;
        Ok((self.pipe.take(), false))
    }

    async fn last(&mut self) -> Result<(Bytes, bool), ArchiveError> {
        let (renderer, notice) = (self.app.renderer.clone(), self.notice.clone());
        let parts = renderer.parts(&notice).await;
        let words = renderer.words(&notice, &parts, true).await;
        let saved = renderer.is_saved(&notice).await;
        let manifest = serde_json::to_vec_pretty(&Manifest::new(&notice, &parts, &words, saved))?;
        self.add("manifest.json", &manifest)?;
        let zip = mem::replace(&mut self.zip, ZipWriter::new_stream(Pipe::default()));
        zip.finish()?;
        Ok((self.pipe.take(), true))
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        // Readers that take an archive from its beginning (Java's) understand files whose sizes come after them
        // only where they are compressed.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(1));
        self.zip.start_file(name, options)?;
        Ok(self.zip.write_all(bytes)?)
    }
}

/// Takes what is written, to be taken out at the other end.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
