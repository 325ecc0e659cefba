//! What is read for elements that are no text: pictures and check boxes.

use super::page::Element;
use crate::notice::{furniture, shape};

/// The longest words for a picture that are read, in bytes.
const PICTURE: usize = 300;

/// What is read for a picture: words that were written for a reader.
pub(super) fn alternative(alt: &str) -> Option<&str> {
    const NOTHING: [&str; 8] = ["图片", "图像", "照片", "点击查看", "查看大图", "打印", "分享", "图标"];
    let alt = alt.trim();
    let han = alt.chars().filter(|&c| shape::is_han(c)).count();
    (han >= 2 && alt.len() <= PICTURE && !NOTHING.contains(&alt) && !furniture::is_file_name(alt))
        .then_some(alt)
}

/// What is read for a check box.
pub(super) fn state(e: &Element) -> Option<&'static str> {
    let kind = e.attribute("type").unwrap_or_default();
    let boxes = kind.eq_ignore_ascii_case("checkbox") || kind.eq_ignore_ascii_case("radio");
    boxes.then(|| if e.attribute("checked").is_some() { "☑" } else { "□" })
}
