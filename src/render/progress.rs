//! How a notice gets on, clip by clip, for those who follow it.
//!
//! 1. what becomes of every clip is told to all ([`Desk::tell`]), whoever had it made;
//! 2. a [`Follower`] begins with what is made already, then picks what belongs to its notice;
//! 3. one that is too slow has missed some: it looks again, and has the rest gone through again. So does one that
//!    has heard nothing of its notice for long: another process may have made it, or it was dropped.
//!
//! While it is followed a notice counts as open: its clips are made.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, watch},
    time::{Instant, timeout_at},
};

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

/// Who has heard nothing of its notice for so long looks again.
const QUIET: Duration = Duration::from_secs(30);

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
        if told.made.is_ok()
            && let Some(since) = self.awaited.remove(&told.key)
        {
            metrics::histogram!("langdu_first_clip_seconds").record(since.elapsed());
        }
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
        let follower = self.follower(id).await?;
        Ok(stream::unfold(follower, async |mut follower| Some((follower.next().await?, follower))))
    }

    async fn follower(&self, id: NoticeId) -> Result<Follower, RenderError> {
        let permit = self.desk.followers.clone().try_acquire_owned().map_err(|_| RenderError::Overloaded)?;
        let notice = self.desk.notice(id).await?;
        let told = self.desk.board.told.subscribe();
        let closing = self.desk.board.closing.subscribe();
        let known = vec![Known::Nothing; notice.plan.utterances.len()];
        let (studio, queue) = (self.studio.clone(), VecDeque::new());
        let mut follower = Follower {
            studio,
            notice,
            known,
            queue,
            told,
            closing,
            open: None,
            ended: false,
            looks: Instant::now(),
            _permit: permit,
        };
        follower.look().await?;
        Ok(follower)
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
    /// While something is not made.
    open: Option<Open>,
    ended: bool,
    /// When it looks again, unless it hears of its notice before.
    looks: Instant,
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
                told = timeout_at(self.looks, self.told.recv()) => told,
                _ = self.closing.changed() => return None,
            };
            match told {
                Ok(Ok(told)) => self.hear(&told),
                Err(_) | Ok(Err(broadcast::error::RecvError::Lagged(_))) => self.look().await.ok()?,
                Ok(Err(broadcast::error::RecvError::Closed)) => return None,
            }
        }
    }

    fn hear(&mut self, told: &Told) {
        let Some(first) = self.notice.position(told.key) else { return };
        self.looks = Instant::now() + QUIET;
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

    /// Finds what is made by now, and has the rest tried again: what failed may have been missed.
    async fn look(&mut self) -> Result<(), RenderError> {
        let parts = self.studio.desk.parts(&self.notice, true).await;
        for (at, (known, part)) in self.known.iter_mut().zip(parts).enumerate() {
            if let Some(part) = part.filter(|_| *known != Known::Ready) {
                *known = Known::Ready;
                self.queue.push_back(Progress::Ready(at, part));
            }
        }
        if self.known.contains(&Known::Nothing) {
            self.open = Some(Open::new(&self.studio, &self.notice)?);
        }
        self.looks = Instant::now() + QUIET;
        Ok(())
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::{
        audio::{self, Pcm, Said},
        engine::{Engine, EngineError, Voice},
        reading::Reading,
        render::{RenderOptions, Submission},
        store::{ClipName, Store, StoreOptions},
    };

    /// An engine that says nothing until the other end is dropped.
    struct Mute(Vec<Voice>, std::sync::Mutex<Receiver<()>>);

    impl Engine for Mute {
        fn version(&self) -> &str {
            "mute/1"
        }

        fn voices(&self) -> &[Voice] {
            &self.0
        }

        fn at_once(&self) -> usize {
            1
        }

        fn synthesize(&self, _: &str, _: &Reading, _: f32) -> Result<Said, EngineError> {
            let _ = self.1.lock().unwrap().recv();
            Err(EngineError::Nothing)
        }
    }

    fn renderer(most_notices: usize) -> (Renderer, Sender<()>) {
        let voice = Voice {
            name: "mute".to_owned(),
            title: String::new(),
            sex: String::new(),
            language: String::new(),
            licence: String::new(),
            digest: String::new(),
            rate: 24_000,
            speed: (0.5, 2.0),
        };
        let (go, may_go) = channel();
        let options = RenderOptions { most_notices, ..RenderOptions::default() };
        let engine = Arc::new(Mute(vec![voice], may_go.into()));
        (Renderer::start(vec![engine], Store::memory(StoreOptions::default()), options), go)
    }

    async fn submitted(renderer: &Renderer) -> Arc<Notice> {
        let submission = Submission {
            format: crate::notice::Format::Text,
            text: "今天停水。".to_owned(),
            voice: None,
            speed: crate::plan::Speed::default(),
            reading: None,
            lexicon: None,
        };
        renderer.submit(submission).await.unwrap().notice
    }

    /// Puts the clips of a notice where they are found, and tells nobody.
    fn appear(renderer: &Renderer, notice: &Notice) {
        let said = Pcm { rate: 24_000, samples: vec![0.5; 2400] };
        let clip = audio::finish(said, Default::default()).unwrap().clip;
        for utterance in &notice.plan.utterances {
            renderer.desk.store.hold_clip(ClipName::wav(utterance.key), clip.wav.clone());
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_hears_nothing_for_long_looks_again() {
        let (renderer, _go) = renderer(9);
        let notice = submitted(&renderer).await;
        let mut follower = renderer.follower(notice.id).await.unwrap();
        appear(&renderer, &notice);
        // As if so much time had gone by.
        follower.looks = Instant::now();
        assert!(matches!(follower.next().await, Some(Progress::Ready(0, _))));
        assert_eq!(follower.next().await, Some(Progress::Done { clips: 1, failed: 0 }));
    }

    #[tokio::test]
    async fn who_follows_what_is_made_needs_no_place_in_the_queue() {
        let (renderer, _go) = renderer(0);
        let notice = submitted(&renderer).await;
        assert_eq!(renderer.follower(notice.id).await.err(), Some(RenderError::Overloaded));
        appear(&renderer, &notice);
        let mut follower = renderer.follower(notice.id).await.unwrap();
        assert!(matches!(follower.next().await, Some(Progress::Ready(0, _))));
        assert_eq!(follower.next().await, Some(Progress::Done { clips: 1, failed: 0 }));
    }
}
