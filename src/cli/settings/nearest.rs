//! What somebody may have meant.

/// The one of `known` that is written most like `word`; none where nothing is.
pub(super) fn nearest<'k>(word: &str, known: &'k [String]) -> Option<&'k str> {
    let word = word.to_ascii_lowercase().replace(['-', '.'], "_");
    let far = |known: &&String| strsim::damerau_levenshtein(&word, known);
    let found = known.iter().min_by_key(far)?;
    // A third of it may be different; a word of which it is the beginning or the end is near too.
    let near = far(&found) <= (found.len() / 3).max(1);
    let part = |known: &&String| word.len() >= 4 && (known.starts_with(&word) || known.ends_with(&word));
    if near { Some(found) } else { known.iter().find(part) }.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        let known =
            ["listen", "clip_disk", "clip_memory", "allow_origins", "s3_bucket", "keys"].map(str::to_owned);
        let cases = [
            ("clip_dsk", Some("clip_disk")),
            ("clip-disk", Some("clip_disk")),
            ("Listen", Some("listen")),
            ("lisetn", Some("listen")),
            ("allow_origin", Some("allow_origins")),
            ("origins", Some("allow_origins")),
            ("bucket", Some("s3_bucket")),
            ("key", Some("keys")),
            ("colour", None),
            ("x", None),
            ("", None),
        ];
        for (word, meant) in cases {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }
}
