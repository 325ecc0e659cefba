//! What was heard of a published notice, written down beside its record: notices of the same words, in other voices,
//! at other speeds, in other markup, which are removed with it.
//!
//! Any process that shares the list may hear one at any time. So this has an object of its own: if it were part of the
//! record, writing it would undo what another process published or withdrew in between.
//!
//! 1. [`note`] adds to it what this process let be heard, and keeps what others have;
//! 2. [`List::noted`] reads it, for whoever adopts, replaces or withdraws the entry. That of other words is of an
//!    earlier edition, and says nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{List, Record, Words, registry::MOST_HEARD};
use crate::store::{ListedId, NoticeId, StoreError};

/// As it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Heard {
    /// The words of all of them.
    words: String,
    /// The newest last.
    heard: Vec<String>,
}

/// Writes down what was heard and is not known as heard yet.
pub(super) async fn note(list: &List) {
    let news = list.registry_mut().news();
    for id in news {
        // While it is written nothing is removed.
        let _one_at_a_time = list.editing.lock().await;
        let own = {
            let registry = list.registry();
            registry.get(id).map(|kept| (kept.entry.notice, kept.words, registry.heard(kept.words)))
        };
        let Some((notice, words, mut own)) = own else { continue };
        own.retain(|heard| *heard != notice);
        // What is not written down is removed as what nobody uses.
        let Ok(noted) = list.noted(id, words).await else { continue };
        if own.iter().all(|heard| noted.contains(heard)) {
            continue;
        }
        let heard = joined(&noted, &own).iter().map(NoticeId::to_string).collect();
        let Ok(json) = serde_json::to_vec(&Heard { words: words.to_string(), heard }) else { continue };
        let _ = list.renderer.store().put_heard(id, &Bytes::from(json)).await;
    }
}

impl List {
    /// The notices of these words that any process has written down as heard of an entry.
    ///
    /// # Errors
    /// When there may be some that could not be read.
    pub(super) async fn noted(&self, id: ListedId, words: Words) -> Result<Vec<NoticeId>, StoreError> {
        let json = self.renderer.store().heard(id).await?;
        let heard = json.and_then(|json| serde_json::from_slice::<Heard>(&json).ok());
        let heard = heard.filter(|heard| Words::parse(&heard.words) == Some(words));
        let ids = heard.iter().flat_map(|heard| &heard.heard);
        Ok(ids.filter_map(|id| id.parse().ok()).collect())
    }

    /// The record of an entry as the store has it; none when there is none, or it is damaged.
    pub(super) async fn record(&self, id: ListedId) -> Result<Option<Record>, StoreError> {
        let json = self.renderer.store().listed(id).await?;
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// The record with what was heard since it was written.
    pub(super) async fn record_with_heard(&self, id: ListedId) -> Result<Option<Record>, StoreError> {
        let Some(mut record) = self.record(id).await? else { return Ok(None) };
        if let Some(words) = Words::parse(&record.words) {
            let noted = self.noted(id, words).await?;
            record.heard.extend(noted.iter().map(NoticeId::to_string));
        }
        Ok(Some(record))
    }
}

/// What was noted, then what this process heard. Of too many of the former the oldest go: processes forget what was
/// removed, and this object must not remember it for ever.
fn joined(noted: &[NoticeId], own: &[NoticeId]) -> Vec<NoticeId> {
    let mut others: Vec<NoticeId> = noted.iter().filter(|heard| !own.contains(heard)).copied().collect();
    others.drain(..others.len().saturating_sub(MOST_HEARD));
    others.extend(own);
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_heard_stays_up_to_a_bound() {
        let notice = |n: usize| NoticeId::new((n as u128).to_be_bytes());
        let all = |numbers: std::ops::Range<usize>| numbers.map(notice).collect::<Vec<_>>();
        assert_eq!(joined(&all(0..3), &all(2..5)), all(0..5));
        assert_eq!(joined(&all(0..3), &[]), all(0..3));
        assert_eq!(joined(&all(0..MOST_HEARD + 5), &all(1000..1002))[..2], all(5..7));
    }
}
