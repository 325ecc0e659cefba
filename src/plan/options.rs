//! Where listeners differ: how expressions are spoken, and what is read at all. Every choice has a name and a
//! value in words (`one` is `yao` or `yi`), the same in JSON, on the command line and in addresses.

use std::sync::Arc;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Settings, Speed, Timbre};
use crate::{lexicon::Lexicon, segment, spoken};

/// All choices. A site has one set; a request may differ in some.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What a listener wants left out.
    pub segment: segment::Options,
    /// How written expressions are spoken.
    pub spoken: spoken::Options,
}

/// Why a choice cannot be made. Who chose is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// There is nothing of that name to choose.
    #[error("there is nothing named {0:?} to choose; there are {1}")]
    Name(String, String),
    /// It has no such value.
    #[error("{name}: {why}")]
    Value {
        /// What was to be chosen.
        name: String,
        /// What the values are.
        why: String,
    },
    /// It is written wrongly.
    #[error("{0:?} is no choice: write name=value, parted by commas")]
    Form(String),
}

impl Options {
    /// All that shapes a reading, with these choices.
    pub fn settings(self, timbre: Timbre, speed: Speed, lexicon: Arc<Lexicon>) -> Settings {
        Settings { timbre, speed, segment: self.segment, spoken: self.spoken, lexicon }
    }

    /// These options but for `choices`, as JSON has them.
    ///
    /// # Errors
    /// The first choice that cannot be made.
    pub fn with(mut self, choices: &Map<String, Value>) -> Result<Self, ChoiceError> {
        for (name, value) in choices {
            if !choose(&mut self.spoken, name, value)? && !choose(&mut self.segment, name, value)? {
                let mut names = [names(&self.segment), names(&self.spoken)].concat();
                names.sort_unstable();
                let name: String = name.chars().take(40).collect();
                return Err(ChoiceError::Name(name, names.join(", ")));
            }
        }
        Ok(self)
    }

    /// These options but for the choices written as `one=yi,brackets=skipped`.
    ///
    /// # Errors
    /// The first choice that cannot be made.
    pub fn with_written(self, choices: &str) -> Result<Self, ChoiceError> {
        let pairs = choices.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| ChoiceError::Form(pair.chars().take(40).collect()))?;
            Ok((name.trim().to_owned(), Value::from(value.trim())))
        });
        self.with(&pairs.collect::<Result<_, _>>()?)
    }
}

impl std::str::FromStr for Options {
    type Err = ChoiceError;

    fn from_str(choices: &str) -> Result<Self, ChoiceError> {
        Self::default().with_written(choices)
    }
}

/// Makes one choice of a group; false when the group has nothing of that name.
fn choose<T: Serialize + DeserializeOwned>(
    group: &mut T,
    name: &str,
    value: &Value,
) -> Result<bool, ChoiceError> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(&*group) else { return Ok(false) };
    let Some(chosen) = all.get_mut(name) else { return Ok(false) };
    *chosen = value.clone();
    *group = serde_json::from_value(Value::Object(all)).map_err(|why| {
        let why = why.to_string().chars().take(200).collect();
        ChoiceError::Value { name: name.to_owned(), why }
    })?;
    Ok(true)
}

/// The names of a group.
fn names<T: Serialize>(group: &T) -> Vec<String> {
    match serde_json::to_value(group) {
        Ok(Value::Object(all)) => all.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::spoken::{Brackets, One};

    #[test]
    fn choices_are_made_by_name() {
        let options: Options = "one=yi, brackets=skipped,responsibility=skipped".parse().unwrap();
        assert_eq!((options.spoken.one, options.spoken.brackets), (One::Yi, Brackets::Skipped));
        assert_eq!(options.segment.responsibility, segment::Responsibility::Skipped);
        let json = serde_json::json!({"one": "yao"});
        let options = options.with(json.as_object().unwrap()).unwrap();
        assert_eq!((options.spoken.one, options.spoken.brackets), (One::Yao, Brackets::Skipped));
        assert_eq!("".parse(), Ok(Options::default()));
    }

    #[test]
    fn what_cannot_be_chosen_is_told() {
        let wrong = |text: &str| text.parse::<Options>().unwrap_err().to_string();
        assert!(
            wrong("two=er").starts_with("there is nothing named \"two\" to choose; there are brackets, ")
        );
        assert!(
            wrong("one=er").starts_with("one: unknown variant `er`, expected `yao` or `yi`"),
            "{}",
            wrong("one=er")
        );
        assert!(wrong("one").contains("name=value"));
    }
}
