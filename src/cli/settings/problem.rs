//! What is wrong, where, and what to write instead.

use std::fmt;

use super::source::Place;

/// One thing that is wrong, or doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Problem {
    place: Place,
    /// Empty where it is about no key, or where the place names it.
    key: String,
    what: String,
    /// Empty where there is nothing to advise.
    hint: String,
}

impl Problem {
    pub(in crate::cli) fn new(place: Place, key: &str, what: impl Into<String>, hint: &str) -> Self {
        let named = matches!(place, Place::Variable(_) | Place::Flag(_));
        let key = if named { String::new() } else { key.to_owned() };
        Self { place, key, what: what.into(), hint: hint.to_owned() }
    }

    /// A value that cannot be read; `why` has what is wrong, and in a second line the hint.
    pub(super) fn of_value(place: Place, key: &str, why: &str) -> Self {
        let (what, hint) = why.split_once('\n').unwrap_or((why, ""));
        Self::new(place, key, what, hint)
    }

    /// Line by line, then the environment, then the flags, then what is of no place.
    fn order(&self) -> (u8, usize) {
        match self.place {
            Place::File(_, line) => (0, line),
            Place::Variable(_) => (1, 0),
            Place::Flag(_) => (2, 0),
            Place::Default => (3, 0),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::Default {
            write!(f, "{}: ", self.place)?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        if !self.hint.is_empty() {
            write!(f, "\n    hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Several, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Problems(Vec<Problem>);

impl Problems {
    pub(in crate::cli) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
        self.0.sort_by_key(Problem::order);
    }

    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::cli) fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}
