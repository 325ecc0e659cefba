//! Whether writing works: after a failure nothing is written for a while, and the log hears of changes only.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(super) struct Health {
    retry: Duration,
    /// When to try again; none while writing works.
    next_try: Mutex<Option<Instant>>,
}

impl Health {
    pub(super) fn new(retry: Duration) -> Self {
        Self { retry, next_try: Mutex::new(None) }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.next_try().is_some()
    }

    /// Whether what failed should be tried again now. Of many who ask one is told so.
    pub(super) fn is_due(&self) -> bool {
        let mut next_try = self.next_try();
        let due = next_try.is_some_and(|at| at <= Instant::now());
        if due {
            *next_try = Some(Instant::now() + self.retry);
        }
        due
    }

    /// A write worked; whether that is news.
    pub(super) fn worked(&self) -> bool {
        let news = self.next_try().take().is_some();
        if news {
            tracing::info!("the data folder can be written again");
        }
        news
    }

    /// A write failed; whether that is news.
    pub(super) fn failed(&self, why: &str) -> bool {
        let news = self.next_try().replace(Instant::now() + self.retry).is_none();
        if news {
            tracing::error!(why, "the data folder cannot be written; going on from memory");
        }
        news
    }

    fn next_try(&self) -> MutexGuard<'_, Option<Instant>> {
        self.next_try.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
