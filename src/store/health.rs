//! Whether something works: after a failure nothing is tried for a while, and the log hears of changes only.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::disk::DiskError;

pub(super) struct Health {
    retry: Duration,
    /// What works or does not, as the log calls it.
    what: String,
    /// What goes on meanwhile, as the log says it.
    meanwhile: &'static str,
    /// None while it works.
    trouble: Mutex<Option<Trouble>>,
}

struct Trouble {
    next_try: Instant,
    why: DiskError,
}

impl Health {
    pub(super) fn new(retry: Duration, what: impl Into<String>, meanwhile: &'static str) -> Self {
        Self { retry, what: what.into(), meanwhile, trouble: Mutex::new(None) }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.trouble().is_some()
    }

    /// Why it fails; none while it works.
    pub(super) fn why(&self) -> Option<DiskError> {
        self.trouble().as_ref().map(|trouble| trouble.why.clone())
    }

    /// Whether what failed should be tried again now. Of many who ask one is told so.
    pub(super) fn is_due(&self) -> bool {
        let mut trouble = self.trouble();
        let Some(due) = trouble.as_mut().filter(|trouble| trouble.next_try <= Instant::now()) else {
            return false;
        };
        due.next_try = Instant::now() + self.retry;
        true
    }

    /// It worked; whether that is news.
    pub(super) fn worked(&self) -> bool {
        let news = self.trouble().take().is_some();
        if news {
            tracing::info!("{} can be written again", self.what);
        }
        news
    }

    /// It failed; whether that is news.
    pub(super) fn failed(&self, why: &DiskError) -> bool {
        let trouble = Trouble { next_try: Instant::now() + self.retry, why: why.clone() };
        let news = self.trouble().replace(trouble).is_none();
        if news {
            tracing::error!(%why, "{} cannot be written; going on from {}", self.what, self.meanwhile);
        }
        news
    }

    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
