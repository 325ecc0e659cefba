//! What the operator chose: one name for each choice, in four places.
//!
//! 1. A key `clip_disk` is written so in a TOML file, as `LANGDU_CLIP_DISK` in the environment and as `--clip-disk` on
//!    the command line; the latter win. The defaults are the file that `langdu config init` writes ([`TEMPLATE`]).
//! 2. [`source`] collects what was written where, as text; a key that nobody knows is told with the nearest one.
//! 3. The places are laid over each other and read ([`value`]). What cannot be read is told with its place, then left
//!    out, until the rest can be: all problems are found at once.
//! 4. What can be read one by one may still contradict itself ([`sense`]).

mod flags;
mod nearest;
mod problem;
mod sense;
mod source;
mod value;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{Figment, Metadata, Profile, Provider, value::Dict};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{http::Access, plan::Options};
pub(super) use flags::{Manner, ServeFlags, SpeechFlags, VoiceFiles};
pub(super) use problem::{Problem, Problems};
use source::Layer;
pub(super) use source::{CONFIG_VARIABLE, Place};
pub(super) use value::{Log, LogLevel, Secret};

/// The file with every key and its default, as it is given to operators.
pub(super) const TEMPLATE: &str = include_str!("../langdu.toml");

/// Everything that may be chosen; `langdu.toml` says what each is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(deserialize_with = "value::address")]
    pub listen: SocketAddr,
    #[serde(deserialize_with = "value::origins")]
    pub allow_origins: Vec<String>,
    #[serde(deserialize_with = "value::choice")]
    pub access: Access,
    #[serde(deserialize_with = "value::networks")]
    pub trusted_proxies: Vec<IpNet>,
    #[serde(deserialize_with = "value::networks")]
    pub metrics_from: Vec<IpNet>,
    #[serde(deserialize_with = "value::count")]
    pub max_connections: usize,
    /// Per minute.
    #[serde(deserialize_with = "value::rate")]
    pub client_rate: u32,
    #[serde(deserialize_with = "value::rate")]
    pub client_burst: u32,
    /// Per minute.
    #[serde(deserialize_with = "value::rate")]
    pub total_rate: u32,
    #[serde(deserialize_with = "value::number")]
    pub max_followers: usize,
    #[serde(deserialize_with = "value::path")]
    pub voices: PathBuf,
    #[serde(deserialize_with = "value::text_or_none")]
    pub voice: Option<String>,
    #[serde(deserialize_with = "value::names")]
    pub fallback: Vec<String>,
    #[serde(deserialize_with = "value::path_or_none")]
    pub lexicon: Option<PathBuf>,
    #[serde(deserialize_with = "value::reading")]
    pub read: Options,
    #[serde(deserialize_with = "value::count")]
    pub max_chars: usize,
    #[serde(deserialize_with = "value::seconds")]
    pub clip_seconds: u64,
    /// All cores where it is 0.
    #[serde(deserialize_with = "value::number")]
    pub threads: usize,
    #[serde(deserialize_with = "value::path")]
    pub data: PathBuf,
    /// In bytes.
    #[serde(deserialize_with = "value::size")]
    pub clip_disk: u64,
    /// In bytes.
    #[serde(deserialize_with = "value::size")]
    pub notice_disk: u64,
    /// In bytes.
    #[serde(deserialize_with = "value::size")]
    pub clip_memory: u64,
    #[serde(deserialize_with = "value::path_or_none")]
    pub keys: Option<PathBuf>,
    #[serde(deserialize_with = "value::choice")]
    pub log: Log,
    #[serde(deserialize_with = "value::choice")]
    pub log_level: LogLevel,
    #[serde(deserialize_with = "value::text_or_none")]
    pub s3_bucket: Option<String>,
    #[serde(deserialize_with = "value::web_address_or_none")]
    pub s3_endpoint: Option<String>,
    #[serde(deserialize_with = "value::text_or_none")]
    pub s3_region: Option<String>,
    #[serde(deserialize_with = "value::text_or_none")]
    pub s3_prefix: Option<String>,
    #[serde(deserialize_with = "value::text_or_none")]
    pub s3_access_key_id: Option<String>,
    #[serde(deserialize_with = "value::secret_or_none")]
    pub s3_secret_access_key: Option<Secret>,
    #[serde(deserialize_with = "value::yes_or_no")]
    pub s3_allow_http: bool,
}

/// What was found in all places together.
#[derive(Debug)]
pub(super) struct Found {
    /// What holds; none while there are problems.
    pub settings: Option<Settings>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What must be mended before anything starts.
    pub problems: Problems,
    /// What the operator should think about once more.
    pub doubts: Problems,
    /// What lacks of the key of the bucket, and whether all of it does.
    key_lacks: Option<(Problem, bool)>,
    layers: Vec<Layer>,
}

impl Settings {
    /// What holds with `flags` and the `file` that was named on the command line or in `LANGDU_CONFIG`.
    ///
    /// # Errors
    /// All problems there are.
    pub(super) fn load(file: Option<&Path>, flags: &impl Serialize) -> Result<Self, Problems> {
        let found = find(file, flags);
        found.settings.ok_or(found.problems)
    }
}

/// Key and default of those that have one.
pub(super) fn defaults() -> BTreeMap<String, String> {
    let layer = source::defaults(&mut Problems::default());
    let defaults = layer.values.into_iter().map(|(key, (_, value))| (key, value.plain()));
    defaults.filter(|(_, value)| !value.is_empty()).collect()
}

/// Everything that was written, and what comes of it.
pub(super) fn find(file: Option<&Path>, flags: &impl Serialize) -> Found {
    let (mut problems, mut doubts) = (Problems::default(), Problems::default());
    let file = file.map(Path::to_owned).or_else(source::usual_file);
    let mut layers = vec![source::defaults(&mut problems)];
    if let Some(file) = &file {
        layers.push(source::file(file, &mut problems));
    }
    layers.push(source::environment(&mut doubts));
    layers.push(source::flags(flags));

    let mut left = layers.clone();
    let settings = loop {
        match joined(&left).extract::<Settings>() {
            Ok(settings) => break Some(settings),
            Err(why) => {
                let key = why.path.first().cloned().unwrap_or_default();
                let what = why.kind.to_string();
                // The uppermost place is the one that was read.
                match left.iter_mut().rev().find_map(|layer| layer.values.remove(&key)) {
                    Some((place, _)) => problems.add(Problem::of_value(place, &key, &what)),
                    None => {
                        problems.add(Problem::of_value(Place::Default, &key, &what));
                        break None;
                    }
                }
            }
        }
    };
    let mut found = Found { settings: None, file, problems, doubts, key_lacks: None, layers };
    if let Some(settings) = &settings {
        sense::look_at(settings, &mut found);
    }
    found.settings = settings.filter(|_| found.problems.is_empty());
    found
}

impl Found {
    /// Where the value of `key` that holds was written.
    pub(super) fn place(&self, key: &str) -> Place {
        let mut layers = self.layers.iter().rev();
        layers.find_map(|layer| Some(layer.values.get(key)?.0.clone())).unwrap_or(Place::Default)
    }

    /// Adds what lacks of the key of the bucket. Other commands do not ask it, and half of the key may be where they do not
    /// look, in the environment of the service: only `in_service` that is a problem.
    pub(super) fn with_bucket_key(mut self, in_service: bool) -> Self {
        match self.key_lacks.take() {
            Some((lack, all)) if in_service || all => {
                self.problems.add(lack);
                self.settings = None;
            }
            Some((lack, _)) => self.doubts.add(lack),
            None => {}
        }
        self
    }

    /// The file of keys, whatever is wrong with the rest.
    pub(super) fn keys(&self) -> Option<PathBuf> {
        let (_, written) = self.layers.iter().rev().find_map(|layer| layer.values.get("keys"))?;
        match written {
            source::Written::One(file) if !file.is_empty() => Some(file.into()),
            _ => None,
        }
    }

    /// Every key, in the order of the template, with the value that holds as TOML, and where it was written. Secrets
    /// are not told.
    pub(super) fn shown(&self) -> Vec<(String, String, Place)> {
        let keys = source::keys().into_iter();
        let shown = keys.filter_map(|key| {
            let (place, value) = self.layers.iter().rev().find_map(|layer| layer.values.get(&key))?;
            let shown = if key.contains("secret") { value.hidden() } else { value.to_string() };
            Some((key, shown, place.clone()))
        });
        shown.collect()
    }
}

fn joined(layers: &[Layer]) -> Figment {
    layers.iter().fold(Figment::new(), |all, layer| all.merge(layer))
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("settings")
    }

    fn data(&self) -> Result<BTreeMap<Profile, Dict>, figment::Error> {
        let values = self.values.iter().map(|(key, (_, value))| (key.clone(), value.clone().into()));
        Ok(BTreeMap::from([(Profile::Default, values.collect())]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use clap::{Args, Command};

    use super::*;
    use crate::{http::MOST_CONNECTIONS, notice::Limits, render::RenderOptions, store::StoreOptions};

    fn read(layers: &[Layer]) -> Settings {
        joined(layers).extract().unwrap()
    }

    #[test]
    fn the_template_has_every_key_and_its_default() {
        let mut problems = Problems::default();
        let layer = source::defaults(&mut problems);
        assert!(problems.is_empty(), "{problems}");
        // Every field has a value, and every value a field: a key that is missing or too many would be an error.
        let defaults = read(std::slice::from_ref(&layer));
        assert_eq!(layer.values.len(), source::keys().len());

        // What holds in a program that embeds the rooms holds here too.
        let (store, render) = (StoreOptions::default(), RenderOptions::default());
        assert_eq!(
            (defaults.clip_memory, defaults.clip_disk, defaults.notice_disk),
            (store.clip_bytes, store.clip_disk, store.notice_disk)
        );
        assert_eq!(defaults.clip_seconds, render.synthesis.as_secs());
        assert_eq!(defaults.max_followers, render.most_followers);
        assert_eq!(defaults.max_chars, Limits::default().max_chars);
        assert_eq!(defaults.max_connections, MOST_CONNECTIONS);
        assert_eq!(defaults.read, Options::default());
        assert!(defaults.listen.ip().is_loopback(), "nobody outside, unless the operator says so");
        assert!(
            defaults.voice.is_none() && defaults.keys.is_none() && defaults.s3_secret_access_key.is_none()
        );
    }

    #[test]
    fn the_template_says_the_same_when_every_key_is_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.toml");
        let lines = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line));
        std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let mut problems = Problems::default();
        let layer = source::file(&file, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(layer.values.len(), source::keys().len());
        for (key, (place, _)) in &layer.values {
            let Place::File(_, line) = place else { panic!("{key}") };
            assert!(
                TEMPLATE.lines().nth(line - 1).unwrap().starts_with(&format!("#{key} = ")),
                "{key} in {line}"
            );
        }
    }

    #[test]
    fn every_key_but_the_secret_is_a_flag() {
        let flags = ServeFlags::augment_args(Command::new("serve"));
        let mut flags: BTreeSet<String> = flags.get_arguments().map(|arg| arg.get_id().to_string()).collect();
        assert!(flags.insert("s3_secret_access_key".to_owned()), "everybody can read command lines");
        assert_eq!(flags, source::keys().into_iter().collect());
    }

    #[test]
    fn what_is_nearer_wins() {
        let layer = |place: Place, values: &[(&str, &str)]| Layer {
            values: values
                .iter()
                .map(|(key, value)| {
                    ((*key).to_owned(), (place.clone(), source::Written::One((*value).to_owned())))
                })
                .collect(),
        };
        let layers = [
            source::defaults(&mut Problems::default()),
            layer(
                Place::File("f".into(), 1),
                &[("max_chars", "1"), ("clip_disk", "2k"), ("fallback", "a, b,")],
            ),
            layer(Place::Variable("V".into()), &[("max_chars", "2"), ("allow_origins", "https://a.cn/,*")]),
            layer(
                Place::Flag("--max-chars".into()),
                &[("max_chars", "3"), ("metrics_from", "10.0.0.0/8,::1")],
            ),
        ];
        let settings = read(&layers);
        assert_eq!((settings.max_chars, settings.clip_disk), (3, 2048));
        assert_eq!(settings.fallback, ["a", "b"]);
        assert_eq!(settings.allow_origins, ["https://a.cn", "*"]);
        assert_eq!(
            settings.metrics_from,
            ["10.0.0.0/8".parse().unwrap(), "::1/128".parse::<IpNet>().unwrap()]
        );
    }
}
