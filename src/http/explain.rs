//! Why an expression is read so, in a line for people who edit notices.

use std::{collections::HashMap, sync::LazyLock};

use serde::Serialize;

use crate::{
    lexicon::Authority,
    spoken::{Class, Token},
};

static LINES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| include_str!("explain.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// What a rule, or who `asked`, thought the expression is.
pub(super) fn token(token: &Token, asked: Option<Authority>) -> &'static str {
    let name = match (token.why, asked) {
        (Some(why), _) => format!("silent.{}", name(&why)),
        (None, Some(by)) => format!("asked.{}", name(&by)),
        (None, None) if token.class == Class::Plain => return "",
        (None, None) => name(&token.class),
    };
    LINES.get(name.as_str()).copied().unwrap_or("")
}

/// As it stands in JSON.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The variants of an enumeration of the spoken form, as they stand in JSON.
    fn variants(of: &str) -> Vec<String> {
        let source = include_str!("../spoken/mod.rs");
        let (_, rest) = source.split_once(&format!("pub enum {of} {{\n")).unwrap();
        let (body, _) = rest.split_once("\n}").unwrap();
        let names = body.lines().map(str::trim).filter_map(|line| line.strip_suffix(','));
        let snake = |name: &str| {
            let parts = name.char_indices().flat_map(|(at, c)| {
                let gap = (at > 0 && c.is_uppercase()).then_some('_');
                gap.into_iter().chain(c.to_lowercase())
            });
            parts.collect::<String>()
        };
        names.filter(|name| !name.starts_with("//")).map(snake).collect()
    }

    #[test]
    fn every_class_and_every_silence_is_explained() {
        let classes = variants("Class").into_iter().filter(|class| !matches!(&**class, "plain" | "silent"));
        let silences = variants("Silence").into_iter().map(|why| format!("silent.{why}"));
        for name in classes.chain(silences).chain(["asked.lexicon".to_owned(), "asked.sender".to_owned()]) {
            assert!(LINES.contains_key(name.as_str()), "explain.tsv has no line for {name}");
        }
    }
}
