//! How a notice gets on, clip by clip, for those who follow it.
//!
//! 1. what becomes of every clip is told to all ([`Desk::tell`]), whoever had it made;
//! 2. a [`Follower`] begins with what is made already, then picks what belongs to its notice;
//! 3. one that is too slow has missed some: it looks again, and has the rest gone through again.
//!
//! While it is followed a notice counts as open: its clips are made.

use std::{collections::VecDeque, sync::Arc};

use futures::{Stream, stream};
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::{Desk, Notice, Part, RenderError, Renderer, Studio, worker::Worker};
use crate::{plan::ClipKey, store::NoticeId};

/// News of a notice. Places count its utterances.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// The clip at this place is made.
    Ready(usize, Part),
    /// The clip at this place, named so in the plan, could not be made.
    Failed(usize, ClipKey, RenderError),
    /// Every clip was told; so many there are, and so many of them failed.
    Done {
        /// All of them.
        clips: usize,
        /// Those that could not be made.
        failed: usize,
    },
}

/// What became of a clip, by its name in the plan.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub key: ClipKey,
    pub made: Result<Part, RenderError>,
}

/// So much may be told before who does not listen has missed something.
const MISSED: usize = 256;

/// Where clips are told, and how everyone is sent home.
pub(super) struct Board {
    told: broadcast::Sender<Told>,
    closing: watch::Sender<bool>,
}

impl Board {
    pub(super) fn new() -> Self {
        Self { told: broadcast::Sender::new(MISSED), closing: watch::Sender::new(false) }
    }
}

impl Desk {
    pub(super) fn tell(&self, told: Told) {
        // Often nobody follows anything.
        let _ = self.board.told.send(told);
    }
}

impl Renderer {
    /// Follows a notice: what is made already, in order, then what is made, as it comes, until all is told or
    /// the service stops. Its clips go on being made meanwhile.
    ///
    /// # Errors
    /// As [`Renderer::notice`], or [`RenderError::Overloaded`] when too many follow.
    pub async fn follow(&self, id: NoticeId) -> Result<impl Stream<Item = Progress> + use<>, RenderError> {
        let permit = self.desk.followers.clone().try_acquire_owned().map_err(|_| RenderError::Overloaded)?;
        let notice = self.desk.notice(id).await?;
        let told = self.desk.board.told.subscribe();
        let closing = self.desk.board.closing.subscribe();
        let known = vec![Known::Nothing; notice.plan.utterances.len()];
        let (studio, queue) = (self.studio.clone(), VecDeque::new());
        let open = Open::new(&studio, &notice)?;
        let mut follower =
            Follower { studio, notice, known, queue, told, closing, open, ended: false, _permit: permit };
        follower.look().await;
        Ok(stream::unfold(follower, async |mut follower| Some((follower.next().await?, follower))))
    }

    /// Ends all that is followed, now and from now on: an answer that lasts would keep the service from stopping.
    pub fn send_followers_home(&self) {
        self.desk.board.closing.send_replace(true);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Known {
    Nothing,
    Ready,
    Failed,
}

struct Follower {
    studio: Studio,
    notice: Arc<Notice>,
    /// What was told of each utterance.
    known: Vec<Known>,
    /// What is to be told next; never more than the notice has clips.
    queue: VecDeque<Progress>,
    told: broadcast::Receiver<Told>,
    closing: watch::Receiver<bool>,
    open: Open,
    ended: bool,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(&mut self) -> Option<Progress> {
        loop {
            if let Some(progress) = self.queue.pop_front() {
                return Some(progress);
            }
            if self.ended || *self.closing.borrow() {
                return None;
            }
            if !self.known.contains(&Known::Nothing) {
                self.ended = true;
                let failed = self.known.iter().filter(|known| **known == Known::Failed).count();
                return Some(Progress::Done { clips: self.known.len(), failed });
            }
            let told = tokio::select! {
                told = self.told.recv() => told,
                _ = self.closing.changed() => return None,
            };
            match told {
                Ok(told) => self.hear(&told),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    // What failed may have been missed: everything that is not made is tried again.
                    self.open = Open::new(&self.studio, &self.notice).ok()?;
                    self.look().await;
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    fn hear(&mut self, told: &Told) {
        let Some(first) = self.notice.position(told.key) else { return };
        for (at, utterance) in self.notice.plan.utterances.iter().enumerate().skip(first) {
            let Some(known) = self.known.get_mut(at).filter(|_| utterance.key == told.key) else { continue };
            match (&told.made, *known) {
                (Ok(part), Known::Nothing | Known::Failed) => {
                    *known = Known::Ready;
                    self.queue.push_back(Progress::Ready(at, part.clone()));
                }
                (Err(why), Known::Nothing) => {
                    *known = Known::Failed;
                    self.queue.push_back(Progress::Failed(at, told.key, why.clone()));
                }
                _ => {}
            }
        }
    }

    /// Finds what is made by now.
    async fn look(&mut self) {
        let parts = self.studio.desk.parts(&self.notice, true).await;
        for (at, (known, part)) in self.known.iter_mut().zip(parts).enumerate() {
            if let Some(part) = part.filter(|_| *known != Known::Ready) {
                *known = Known::Ready;
                self.queue.push_back(Progress::Ready(at, part));
            }
        }
    }
}

/// A notice that somebody follows.
struct Open {
    worker: Arc<Worker>,
    id: NoticeId,
}

impl Open {
    fn new(studio: &Studio, notice: &Notice) -> Result<Self, RenderError> {
        let worker = studio.worker(notice)?.clone();
        let open = worker.ahead.follow(notice.id, notice.plan.utterances.len());
        open.then_some(Self { worker, id: notice.id }).ok_or(RenderError::Overloaded)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.worker.ahead.unfollow(self.id);
    }
}
