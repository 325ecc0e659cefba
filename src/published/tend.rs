//! What is done for the list when nobody asks for anything.
//!
//! 1. [`sync`]: what the store has is what the registry has; what other processes publish and withdraw is adopted;
//! 2. [`replan`]: every notice is planned with the lexicon and the voice of today, and pinned; after the first time it
//!    is known what may make room;
//! 3. [`bury`]: what was withdrawn and is not removed yet is removed;
//! 4. [`order`]: what is not made is made, behind everything that somebody waits for;
//! 5. [`note`]: what was heard is written down.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};

use super::{
    List, PublishError, Record,
    entry::{Words, read_as},
    heard::note,
    registry::{Kept, Making},
};
use crate::{
    render::RenderError,
    store::{Listed, ListedId, NoticeId, StoreError},
};

/// Records that are read at a time.
const AT_ONCE: usize = 16;

/// Notices that are queued to be made: more wait here, where they cost nothing.
const MOST_QUEUED: usize = 64;

/// An order that comes to nothing is given again after a poll, two, four, and in the end after two to the power of this.
const MOST_PATIENCE: u32 = 6;

/// So soon is looked again while something is left to be done.
const SOON: Duration = Duration::from_millis(500);

/// So soon it is tried again to read the list at the start.
const AGAIN: Duration = Duration::from_secs(2);

/// Tends the list for as long as it is polled.
pub(super) async fn tend(list: Arc<List>) {
    let mut edits = list.renderer.lexicon().edits();
    let mut looked: Option<Instant> = None;
    loop {
        edits.mark_unchanged();
        if looked.is_none_or(|at| at.elapsed() >= list.poll) {
            match sync(&list).await {
                Ok(()) => looked = Some(Instant::now()),
                Err(why) => tracing::warn!(%why, "the list of what is published could not be read"),
            }
        }
        let next = match looked {
            None => AGAIN,
            Some(_) if tidy(&list).await => list.poll,
            Some(_) => SOON,
        };
        tokio::select! {
            () = tokio::time::sleep(next) => {}
            Ok(()) = edits.changed() => {}
            () = list.wake.notified() => {}
        }
    }
}

/// Everything but the look into the store; false when something is left to be done soon.
async fn tidy(list: &List) -> bool {
    let planned = replan(list).await;
    if planned {
        list.renderer.store().pins_are_known();
    }
    bury(list).await;
    let ordered = order(list).await;
    note(list).await;
    planned && ordered
}

/// Adopts what the store has. A record that cannot be read is left as it is known until the next time.
///
/// # Errors
/// When it cannot be looked what there is.
async fn sync(list: &List) -> Result<(), StoreError> {
    let _one_at_a_time = list.editing.lock().await;
    let store = list.renderer.store();
    let listed = store.list().await?;
    let (before, mut read) = (list.registry().len(), 0);
    let there: HashSet<ListedId> = listed.iter().map(|found| found.id).collect();
    let changed: Vec<Listed> = {
        let registry = list.registry();
        let is_known = |found: &Listed| {
            let kept = registry.get(found.id).and_then(|kept| kept.edition.as_ref());
            kept == Some(&found.edition) || registry.odd.get(&found.id) == Some(&found.edition)
        };
        listed.into_iter().filter(|found| !is_known(found)).collect()
    };
    let record = |found: Listed| async move {
        let record = match found.heard {
            true => list.record_with_heard(found.id).await,
            false => list.record(found.id).await,
        };
        (found, record)
    };
    let mut records = stream::iter(changed).map(record).buffered(AT_ONCE);
    while let Some((found, record)) = records.next().await {
        told(list, found.id, record.as_ref().err());
        let Ok(record) = record else { continue };
        match record {
            Some(record) if adopt(list, found.id, Some(found.edition.clone()), &record) => read += 1,
            _ => {
                tracing::error!(entry = %found.id, "what is published under a name cannot be read");
                list.registry_mut().odd.insert(found.id, found.edition);
            }
        }
    }
    drop(records);
    list.registry_mut().unread.retain(|id| there.contains(id));
    let gone: Vec<ListedId> =
        list.registry().from(None).map(|kept| kept.entry.id).filter(|id| !there.contains(id)).collect();
    for id in gone {
        // What is not listed may have been listed too early.
        if store.listed(id).await.is_ok_and(|record| record.is_none()) {
            tracing::info!(entry = %id, "what was published under a name was withdrawn elsewhere");
            list.take(id);
        }
    }
    if !list.read.send_replace(true) {
        tracing::info!(entries = list.registry().len(), "the list of what is published was read");
    } else if read > 0 {
        tracing::debug!(before, now = list.registry().len(), read, "the list was looked through");
    }
    Ok(())
}

/// Remembers whether a record could be read. That one could not is told once.
fn told(list: &List, id: ListedId, trouble: Option<&StoreError>) {
    match trouble {
        None => _ = list.registry_mut().unread.remove(&id),
        Some(why) if list.registry_mut().unread.insert(id) => {
            tracing::warn!(entry = %id, %why, "what is published under a name cannot be read at the moment");
        }
        Some(_) => {}
    }
}

/// Adopts a record as it was found under `id`; false when it is none.
pub(super) fn adopt(list: &List, id: ListedId, edition: Option<String>, record: &Record) -> bool {
    let (Some(entry), Some(words)) = (record.entry(), Words::parse(&record.words)) else { return false };
    if entry.id != id {
        return false;
    }
    let heard = record.heard.iter().filter_map(|id| id.parse::<NoticeId>().ok());
    let former = record.former.iter().filter_map(|id| id.parse::<NoticeId>().ok()).collect();
    if record.withdrawn {
        list.take(entry.id);
        let mut registry = list.registry_mut();
        let grave = registry.graves.entry(entry.id).or_default();
        grave.extend(heard.chain([entry.notice]));
        grave.sort_unstable();
        grave.dedup();
        return true;
    }
    let mut registry = list.registry_mut();
    if let Some(kept) = registry.get_mut(entry.id)
        && kept.entry.revision == entry.revision
    {
        kept.edition = edition;
        return true;
    }
    let (entry, making) = (Arc::new(entry), Making::default());
    let old = registry.put(Kept { entry, words, pins: None, lexicon: None, making, former, edition });
    // Whether everybody may hear them is known when they are planned.
    heard.for_each(|id| _ = registry.hear(id, words, false, None));
    registry.told(words);
    drop(registry);
    if let Some(old) = old {
        list.let_go(&old);
    }
    true
}

/// Plans all entries anew that were not planned with the lexicon of now; false when some are left.
async fn replan(list: &List) -> bool {
    let lexicon = list.renderer.lexicon().current().lexicon.digest();
    let old: Vec<ListedId> = {
        let registry = list.registry();
        registry.from(None).filter(|kept| kept.lexicon != Some(lexicon)).map(|kept| kept.entry.id).collect()
    };
    let (count, mut other, mut left) = (old.len(), 0, 0);
    for id in old {
        let known = list.registry().unread.contains(&id);
        match replan_one(list, id, lexicon).await {
            Ok(changed) => other += usize::from(changed),
            // It does not hold up the others, and is tried again with the next look.
            Err(PublishError::Store(_)) if known => {}
            Err(
                PublishError::Store(_)
                | PublishError::Render(RenderError::Overloaded | RenderError::Store(_)),
            ) => {
                left += 1;
            }
            Err(why) => {
                tracing::error!(entry = %id, %why, "a published notice cannot be read as it is now");
                if let Some(kept) = list.registry_mut().get_mut(id) {
                    // It is not tried again before the next edit.
                    kept.lexicon = Some(lexicon);
                }
            }
        }
    }
    if count > 0 {
        tracing::info!(planned = count - left, other, left, "published notices were planned anew");
    }
    left == 0
}

/// Plans an entry anew; whether it is read otherwise now.
async fn replan_one(list: &List, id: ListedId, lexicon: [u8; 32]) -> Result<bool, PublishError> {
    let Some(before) = list.registry().get(id).map(|kept| kept.entry.clone()) else { return Ok(false) };
    let json = list.renderer.store().listed(id).await;
    told(list, id, json.as_ref().err());
    let Some(json) = json? else { return Ok(false) };
    let record: Record = serde_json::from_slice(&json).map_err(|_| RenderError::Internal)?;
    let notice = list.renderer.plan(record.submission).await?;
    let _one_at_a_time = list.editing.lock().await;
    let Some(kept) = list.registry().get(id).cloned() else { return Ok(false) };
    if kept.entry.revision != before.revision || kept.lexicon == Some(lexicon) {
        return Ok(false);
    }
    let (entry, former) = (read_as(&kept.entry, &notice), kept.former.clone());
    list.adopt(entry, &notice, Words::of(&notice), former, kept.edition.clone());
    list.renderer.keep(&notice).await;
    Ok(kept.entry.notice != notice.id)
}

/// Removes what was withdrawn and is still there.
async fn bury(list: &List) {
    let graves: Vec<ListedId> = list.registry().graves.keys().copied().collect();
    for id in graves {
        list.bury(id).await;
    }
    let strays = std::mem::take(&mut list.registry_mut().strays);
    let left = list.remove_all(&strays).await;
    list.registry_mut().strays.extend(left);
}

/// Has made what is not made, as much as is to be queued at a time; false when some is left.
///
/// An order may come to nothing: a voice fails, somebody drops the notice, the queue is full. So it is looked after
/// until all is made, the later the more often it was in vain.
async fn order(list: &List) -> bool {
    let now = Instant::now();
    let is_due = |making: &Making| !making.made && making.until.is_none_or(|until| until <= now);
    let waiting: Vec<(ListedId, NoticeId, u32)> = {
        let registry = list.registry();
        let open = registry.from(None).filter(|kept| is_due(&kept.making) && kept.pins.is_some());
        open.map(|kept| (kept.entry.id, kept.entry.notice, kept.making.orders)).collect()
    };
    for (id, notice, orders) in waiting {
        if list.renderer.is_queued(notice) {
            continue;
        }
        if list.renderer.queued() >= MOST_QUEUED {
            return false;
        }
        let mut made = false;
        match list.renderer.notice(notice).await {
            Ok(planned) => {
                made = list.renderer.is_made(&planned).await;
                if !made && !list.renderer.order(&planned) {
                    return false;
                }
            }
            Err(why) => tracing::warn!(%notice, %why, "a published notice is made when it is listened to"),
        }
        if let Some(kept) = list.registry_mut().get_mut(id)
            && kept.entry.notice == notice
        {
            let until = now.checked_add(list.poll * (1 << orders.min(MOST_PATIENCE)));
            kept.making = Making { made, orders: orders + 1, until };
        }
    }
    true
}
