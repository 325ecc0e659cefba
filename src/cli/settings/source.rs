//! The four places, and what is written in each.
//!
//! Every value is text here, or a list of texts: how it is to be read is the same wherever it was written.

use std::{
    collections::BTreeMap,
    env, fmt, fs,
    path::{Path, PathBuf},
};

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::{
    TEMPLATE,
    nearest::nearest,
    problem::{Problem, Problems},
};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Place {
    /// Nowhere: it is the default.
    Default,
    /// In a file.
    File(PathBuf, usize),
    /// In a variable of the environment.
    Variable(String),
    /// On the command line.
    Flag(String),
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    One(String),
    Many(Vec<String>),
}

/// What was written in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub values: BTreeMap<String, (Place, Written)>,
}

/// What begins the names of our variables.
const PREFIX: &str = "LANGDU_";

/// The variable that names the file; it is no key.
pub(in crate::cli) const CONFIG_VARIABLE: &str = "LANGDU_CONFIG";

/// The file that is read where none is named: the first of these that is there.
pub(super) fn usual_file() -> Option<PathBuf> {
    ["langdu.toml", "/etc/langdu/langdu.toml"].iter().map(PathBuf::from).find(|file| file.exists())
}

/// Every key, in the order of the template.
pub(super) fn keys() -> Vec<String> {
    let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
    template().lines().filter_map(key).collect()
}

/// The template with every default in force, and no comments.
fn template() -> String {
    let default =
        |line: &&str| line.starts_with('#') && line.as_bytes().get(1).is_some_and(u8::is_ascii_lowercase);
    let lines: Vec<&str> =
        TEMPLATE.lines().filter(default).filter_map(|line| line.strip_prefix('#')).collect();
    lines.join("\n")
}

/// What holds where nothing is written.
pub(super) fn defaults(problems: &mut Problems) -> Layer {
    let mut layer = parse(&template(), Path::new("the defaults"), &keys(), problems);
    layer.values.values_mut().for_each(|(place, _)| *place = Place::Default);
    layer
}

/// What is written in `file`.
pub(super) fn file(file: &Path, problems: &mut Problems) -> Layer {
    let at =
        |line, what: String, hint: &str| Problem::new(Place::File(file.to_owned(), line), "", what, hint);
    let text = match fs::read(file) {
        Ok(bytes) => String::from_utf8(bytes),
        Err(why) => {
            problems.add(at(
                0,
                format!("the file cannot be read: {why}"),
                "`langdu config init FILE` writes one",
            ));
            return Layer::default();
        }
    };
    match text {
        Ok(text) => parse(&text, file, &keys(), problems),
        Err(why) => {
            let good = &why.as_bytes()[..why.utf8_error().valid_up_to()];
            problems.add(at(
                line_at(good, good.len()),
                "the file is not UTF-8".to_owned(),
                "save it as UTF-8",
            ));
            Layer::default()
        }
    }
}

/// What the variables of the environment say; one that nobody knows is a doubt. An empty one counts as not set.
pub(super) fn environment(doubts: &mut Problems) -> Layer {
    let (keys, mut layer) = (keys(), Layer::default());
    let mut variables: Vec<_> =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
    variables.sort();
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else { continue };
        let place = Place::Variable(name.clone());
        if !keys.contains(&key) {
            if name != CONFIG_VARIABLE {
                let hint = nearest(&key, &keys).map(|key| format!("{PREFIX}{}?", key.to_ascii_uppercase()));
                doubts.add(Problem::new(place, "", "no such variable is known", &hint.unwrap_or_default()));
            }
        } else if !value.is_empty() {
            layer.values.insert(key, (place, Written::One(value.to_string_lossy().into_owned())));
        }
    }
    layer
}

/// What the flags say: each field is a key; what was not given is none or an empty list.
pub(super) fn flags(flags: &impl Serialize) -> Layer {
    let mut layer = Layer::default();
    let Ok(serde_json::Value::Object(given)) = serde_json::to_value(flags) else { return layer };
    for (key, value) in given {
        let written = match value {
            serde_json::Value::String(one) => Written::One(one),
            serde_json::Value::Array(many) if !many.is_empty() => {
                Written::Many(many.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect())
            }
            _ => continue,
        };
        // The flag is given once for each origin.
        let flag = if key == "allow_origins" { "allow_origin" } else { &key };
        layer.values.insert(key.clone(), (Place::Flag(format!("--{}", flag.replace('_', "-"))), written));
    }
    layer
}

/// The values in a TOML text; every error of it, and every key that nobody knows, is a problem.
fn parse(text: &str, file: &Path, keys: &[String], problems: &mut Problems) -> Layer {
    let (table, errors) = DeTable::parse_recoverable(text);
    let place = |at: usize| Place::File(file.to_owned(), line_at(text.as_bytes(), at));
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.lines().nth(line_at(text.as_bytes(), at) - 1).unwrap_or_default();
        let (key, value) = line.split_once('=').map_or(("", ""), |(key, value)| (key.trim(), value.trim()));
        let key = if keys.iter().any(|known| known == key) { key } else { "" };
        let quoted = value.is_empty() || value.starts_with(['"', '\'', '[', '{']);
        // What is told comes into the log: a secret does not, nor what may be one.
        let hint = match key {
            "" => "write key = \"value\", one a line, each key once".to_owned(),
            key if quoted || key.contains("secret") => {
                format!("write {key} = \"…\", one a line, each key once")
            }
            key => format!("write {key} = \"{value}\", each key once"),
        };
        let what = format!("this is no TOML: {}", error.message());
        problems.add(Problem::new(place(at), key, what, &hint));
    }
    // What follows an error is often read askew: only the error is told.
    if !errors.is_empty() {
        return Layer::default();
    }
    let mut layer = Layer::default();
    for (key, value) in table.into_inner() {
        let (at, key) = (key.span().start, key.into_inner().into_owned());
        if !keys.contains(&key) {
            let hint = match value.get_ref().as_table() {
                Some(table) => flattened(&key, table, keys),
                None => nearest(&key, keys).map(|key| format!("{key}?")).unwrap_or_default(),
            };
            problems.add(Problem::new(place(at), &key, "there is no such key", &hint));
            continue;
        }
        match written(value.get_ref()) {
            Some(value) => drop(layer.values.insert(key, (place(at), value))),
            None => problems.add(Problem::new(place(at), &key, "neither a value nor a list of values", "")),
        }
    }
    layer
}

/// What to write in place of a table: no key stands in one.
fn flattened(name: &str, table: &DeTable<'_>, keys: &[String]) -> String {
    let flat = |key: &str| {
        let joined = format!("{name}_{key}");
        let known = |key: &String| keys.contains(key);
        Some(joined).filter(known).or_else(|| Some(key.to_owned()).filter(known))
    };
    let found: Vec<String> = table.keys().filter_map(|key| flat(key.get_ref())).collect();
    match found.is_empty() {
        true => "no key stands under a [table]".to_owned(),
        false => format!("no key stands under a [table]: write {} at the top", found.join(", ")),
    }
}

fn written(value: &DeValue<'_>) -> Option<Written> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(many) => {
            many.iter().map(|value| one(value.get_ref())).collect::<Option<_>>().map(Written::Many)
        }
        value => one(value).map(Written::One),
    }
}

/// The line, from 1, in which byte `at` stands.
fn line_at(text: &[u8], at: usize) -> usize {
    1 + text.iter().take(at).filter(|&&byte| byte == b'\n').count()
}

impl From<Written> for figment::value::Value {
    fn from(written: Written) -> Self {
        match written {
            Written::One(text) => text.into(),
            Written::Many(texts) => texts.into(),
        }
    }
}

impl Written {
    /// As it would be written on the command line.
    pub(super) fn plain(self) -> String {
        match self {
            Self::One(text) => text,
            Self::Many(texts) => texts.join(","),
        }
    }

    /// In place of a secret.
    pub(super) fn hidden(&self) -> String {
        let empty = matches!(self, Self::One(text) if text.is_empty());
        if empty { "\"\"" } else { "\"…\"" }.to_owned()
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| {
            text == "true"
                || text == "false"
                || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        };
        match self {
            Self::One(text) if plain(text) => f.write_str(text),
            Self::One(text) => write!(f, "{}", toml::Value::from(text.as_str())),
            Self::Many(texts) => write!(f, "{}", toml::Value::from(texts.clone())),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, 0) => write!(f, "{}", file.display()),
            Self::File(file, line) => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}
