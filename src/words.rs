//! The word segmenter that the rooms share. It takes a moment to load, so it loads once, at first use.

use std::sync::LazyLock;

use jieba_rs::Jieba;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// The segmenter with its default dictionary.
pub(crate) fn jieba() -> &'static Jieba {
    &JIEBA
}
