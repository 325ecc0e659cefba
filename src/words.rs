//! The words of Chinese, loaded once: jieba's dictionary takes about 150 ms to load.

use std::sync::LazyLock;

use jieba_rs::Jieba;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// The word segmenter, shared by every room that needs words.
pub(crate) fn jieba() -> &'static Jieba {
    &JIEBA
}
