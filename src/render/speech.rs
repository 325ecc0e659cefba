//! Speech that is asked for once: planned and spoken like a notice, and kept as none.
//!
//! 1. Programs that talk send thousands of texts that nobody asks for again: kept like notices they would crowd out
//!    those. So nothing of them is saved, no address leads to them, and nothing is made ahead. What they say is: a
//!    clip is kept like any other, and a sentence that was said before is there at once.
//! 2. Their plans have a bound of their own in memory, as large as that of the notices; what does not fit is refused.
//! 3. The next clip is asked for when the last one was taken. Who goes away drops the rest with the [`Speech`].

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep},
};

use super::{Notice, RenderError, Renderer, Studio, Submission, desk::served, lane::Urgency, notice};
use crate::audio::Clip;

/// In the middle of a text it is worth waiting for a place in the line; so long, and tried so often.
const PATIENCE: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(1);

/// A kilobyte: what the bound of plans is counted in.
const UNIT: u32 = 1024;

/// A text that is being spoken.
pub struct Speech {
    studio: Studio,
    notice: Arc<Notice>,
    _room: OwnedSemaphorePermit,
}

/// How many units of [`UNIT`] there are in so many bytes of plans.
pub(super) fn units(bytes: u64) -> usize {
    usize::try_from(bytes / u64::from(UNIT)).unwrap_or(usize::MAX).clamp(1, u32::MAX as usize >> 3)
}

impl Renderer {
    /// Plans a text that is spoken once.
    ///
    /// # Errors
    /// As [`Renderer::submit`], or [`RenderError::Overloaded`] when too much is being spoken.
    pub async fn speech(&self, mut submission: Submission) -> Result<Speech, RenderError> {
        submission.reading.get_or_insert(self.desk.options.reading);
        let casting = self.desk.casting(&submission)?;
        let lexicon = self.desk.options.lexicon.current().lexicon;
        let id = notice::id(&submission, &casting, &lexicon);
        let limits = self.desk.options.limits;
        let work = move || Notice::plan(id, submission, casting, lexicon, &limits);
        let notice = Arc::new(self.desk.planners.run(work).await??);
        // However long one text is, it may be spoken when nothing else is.
        let most = units(self.desk.options.planned_bytes) as u32;
        let units = (notice.weight() / UNIT + 1).min(most);
        let room = self.desk.speeches.clone().try_acquire_many_owned(units);
        let room = room.map_err(|_| RenderError::Overloaded)?;
        Ok(Speech { studio: self.studio.clone(), notice, _room: room })
    }
}

impl Speech {
    /// What is spoken, planned as a notice.
    pub fn notice(&self) -> &Notice {
        &self.notice
    }

    /// Clip `at` in whatever voice can say it; waits until it is made.
    ///
    /// # Errors
    /// Why it could not be made. Only the first is refused at once where too many wait.
    pub async fn clip(&self, at: usize) -> Result<Clip, RenderError> {
        let key = self.notice.utterance(at).ok_or(RenderError::Internal)?.key;
        let gives_up = Instant::now() + PATIENCE;
        if let Some(clip) = self.studio.desk.found(key).await {
            return Ok(clip);
        }
        loop {
            match self.studio.speak(&self.notice, at, key, Urgency::Waiting).await {
                Err(RenderError::Overloaded) if at > 0 && Instant::now() < gives_up => sleep(AGAIN).await,
                spoken => {
                    let (_, clip) = spoken?;
                    served("made");
                    return Ok(clip);
                }
            }
        }
    }
}
