//! The files of the web part, embedded in the program: player, demo, kiosk, studio.
//!
//! 1. [`FILES`]: what there is, and under which address;
//! 2. [`routes`]: a route for each file, and the ways to the first pages;
//! 3. [`send`]: a file as an answer. A program built for development takes the files from the source folder each
//!    time, so that a page can be changed while it is looked at.

use std::borrow::Cow;

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{App, clips::text_value, range};

/// One address, and the files whose contents, one after the other, are found there.
struct File {
    path: &'static str,
    media_type: &'static str,
    parts: &'static [(&'static str, &'static [u8])],
}

/// Address, media type, contents.
macro_rules! file {
    ($path:literal, $media_type:ident, $($file:literal),+) => {
        File {
            path: $path,
            media_type: $media_type,
            parts: &[$((
                concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $file),
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $file)),
            )),+],
        }
    };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const STYLE: &str = "text/css; charset=utf-8";
const SOUND: &str = "audio/wav";

/// Every file there is; a test holds it against the folder.
static FILES: &[File] = &[
    // The player is one script for those who embed it, and a file a subject for those who write it.
    file!(
        "/player.js",
        SCRIPT,
        "player/begin.js",
        "player/words.js",
        "player/collect.js",
        "player/service.js",
        "player/sound.js",
        "player/speed.js",
        "player/aloud.js",
        "player/media.js",
        "player/reading.js",
        "player/mark.js",
        "player/follow.js",
        "player/panel.js",
        "player/clicks.js",
        "player/parts.js",
        "player/frames.js",
        "player/main-text.js",
        "player/regions.js",
        "player/selection.js",
        "player/end.js"
    ),
    file!("/player.css", STYLE, "player.css"),
    file!("/player/offline.wav", SOUND, "player/offline.wav"),
    file!("/player/refused.wav", SOUND, "player/refused.wav"),
    file!("/player/unavailable.wav", SOUND, "player/unavailable.wav"),
    file!("/demo/", HTML, "demo/index.html"),
    file!("/demo/embed/app.html", HTML, "demo/embed/app.html"),
    file!("/demo/embed/app.js", SCRIPT, "demo/embed/app.js"),
    file!("/demo/embed/auto.html", HTML, "demo/embed/auto.html"),
    file!("/demo/embed/frame.html", HTML, "demo/embed/frame.html"),
    file!("/demo/demo.css", STYLE, "demo/demo.css"),
    file!("/demo/emblem.svg", PICTURE, "demo/emblem.svg"),
    file!("/demo/guide.html", HTML, "demo/guide.html"),
    file!("/demo/notices/flood.html", HTML, "demo/notices/flood.html"),
    file!("/demo/notices/holiday.html", HTML, "demo/notices/holiday.html"),
    file!("/demo/notices/medical.html", HTML, "demo/notices/medical.html"),
    file!("/demo/notices/plan.html", HTML, "demo/notices/plan.html"),
    file!("/demo/notices/recruitment.html", HTML, "demo/notices/recruitment.html"),
    file!("/demo/notices/roadworks.html", HTML, "demo/notices/roadworks.html"),
    file!("/demo/paste.html", HTML, "demo/paste.html"),
    file!("/demo/paste.js", SCRIPT, "demo/paste.js"),
    file!("/kiosk/", HTML, "kiosk/index.html"),
    file!("/kiosk/kiosk.css", STYLE, "kiosk/kiosk.css", "kiosk/views.css", "kiosk/screens.css"),
    file!(
        "/kiosk/kiosk.js",
        SCRIPT,
        "kiosk/begin.js",
        "kiosk/ask.js",
        "kiosk/settings.js",
        "kiosk/list.js",
        "kiosk/notice.js",
        "kiosk/idle.js",
        "kiosk/end.js"
    ),
    file!("/kiosk/worker.js", SCRIPT, "kiosk/worker.js"),
    file!("/studio/", HTML, "studio/index.html"),
    file!("/studio/studio.css", STYLE, "studio/studio.css"),
    // So is the editor's page.
    file!(
        "/studio/studio.js",
        SCRIPT,
        "studio/begin.js",
        "studio/words.js",
        "studio/dom.js",
        "studio/service.js",
        "studio/pinyin.js",
        "studio/pieces.js",
        "studio/clean.js",
        "studio/names.js",
        "studio/wave.js",
        "studio/key.js",
        "studio/text.js",
        "studio/sentence.js",
        "studio/view.js",
        "studio/listen.js",
        "studio/correct.js",
        "studio/lexicon.js",
        "studio/progress.js",
        "studio/publish.js",
        "studio/published.js",
        "studio/download.js",
        "studio/end.js"
    ),
];

/// A route for each file, and the ways to the first pages.
pub(super) fn routes() -> Router<App> {
    let mut router = Router::new().route("/", get(async || Redirect::temporary("/demo/")));
    for folder in ["/demo", "/kiosk", "/studio"] {
        let into = async move |uri: Uri| {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Redirect::temporary(&format!("{folder}/{query}"))
        };
        router = router.route(folder, get(into));
    }
    FILES.iter().fold(router, |router, file| {
        router.route(file.path, get(async |headers: HeaderMap| send(file, &headers)))
    })
}

/// Browsers keep the file but ask every time whether it is still the same; not for sounds, which are there for when
/// nobody answers.
fn send(file: &File, headers: &HeaderMap) -> Response {
    let bytes = file.bytes();
    let etag = format!("\"{}\"", blake3::hash(&bytes).to_hex().get(..32).unwrap_or_default());
    let mut response = if range::has_it(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, text_value(etag));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    let kept = if file.media_type == SOUND { "max-age=604800" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    response
}

impl File {
    fn bytes(&self) -> Cow<'static, [u8]> {
        if cfg!(debug_assertions) {
            let now = self.parts.iter().map(|(source, _)| std::fs::read(source));
            if let Ok(parts) = now.collect::<Result<Vec<_>, _>>() {
                return parts.concat().into();
            }
        }
        match self.parts {
            [(_, only)] => Cow::Borrowed(only),
            parts => parts.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let (mut found, mut folders) = (BTreeSet::new(), vec![web.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.to_str().unwrap().to_owned());
                }
            }
        }
        let served = FILES.iter().flat_map(|file| file.parts).map(|(source, _)| (*source).to_owned());
        assert_eq!(served.collect::<BTreeSet<_>>(), found);
        for file in FILES {
            let (source, _) = file.parts.first().unwrap();
            let address = source.strip_prefix(web.to_str().unwrap()).unwrap();
            if file.parts.len() == 1 {
                assert_eq!(file.path, address.strip_suffix("index.html").unwrap_or(address));
            }
        }
    }
}
