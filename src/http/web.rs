//! The files of the web part, embedded in the program: player and demo.

use axum::{
    Router,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{App, clips::text_value, range};

/// One file.
struct File {
    path: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

/// Address, media type, content.
macro_rules! file {
    ($path:literal, $media_type:ident, $file:literal) => {
        File {
            path: $path,
            media_type: $media_type,
            bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $file)),
        }
    };
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const STYLE: &str = "text/css; charset=utf-8";

/// Every file there is; a test holds it against the folder.
static FILES: &[File] = &[
    file!("/player.js", SCRIPT, "player.js"),
    file!("/player.css", STYLE, "player.css"),
    file!("/demo/", HTML, "demo/index.html"),
    file!("/demo/demo.css", STYLE, "demo/demo.css"),
    file!("/demo/emblem.svg", PICTURE, "demo/emblem.svg"),
    file!("/demo/notices/flood.html", HTML, "demo/notices/flood.html"),
    file!("/demo/notices/holiday.html", HTML, "demo/notices/holiday.html"),
    file!("/demo/notices/medical.html", HTML, "demo/notices/medical.html"),
    file!("/demo/notices/plan.html", HTML, "demo/notices/plan.html"),
    file!("/demo/notices/recruitment.html", HTML, "demo/notices/recruitment.html"),
    file!("/demo/notices/roadworks.html", HTML, "demo/notices/roadworks.html"),
    file!("/demo/paste.html", HTML, "demo/paste.html"),
    file!("/demo/paste.js", SCRIPT, "demo/paste.js"),
];

/// A route for each file, and the ways to the first page.
pub(super) fn routes() -> Router<App> {
    let router = Router::new()
        .route("/", get(async || Redirect::temporary("/demo/")))
        .route("/demo", get(async || Redirect::temporary("/demo/")));
    FILES.iter().fold(router, |router, file| {
        router.route(file.path, get(async |headers: HeaderMap| send(file, &headers)))
    })
}

/// Browsers keep the file but ask every time whether it is still the same.
fn send(file: &File, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", blake3::hash(file.bytes).to_hex().get(..32).unwrap_or_default());
    let mut response = if range::has_it(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, text_value(etag));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
        let (mut found, mut folders) = (BTreeSet::new(), vec![web.join("demo")]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let address = path.strip_prefix(&web).unwrap().to_str().unwrap();
                    found.insert(format!("/{}", address.strip_suffix("index.html").unwrap_or(address)));
                }
            }
        }
        found.extend(["/player.css".to_owned(), "/player.js".to_owned()]);
        assert_eq!(FILES.iter().map(|file| file.path.to_owned()).collect::<BTreeSet<_>>(), found);
    }
}
