//! What one engine has to do next.
//!
//! 1. clips that somebody waits for, in the order in which they were asked for;
//! 2. while nobody waits, the notices, one after the other, clip by clip; the one that is listened to
//!    goes first.
//!
//! Each has a [`Seat`] of its own, because a clip that was begun cannot be put aside: a long sentence
//! made ahead would keep a listener waiting for ten seconds.
//!
//! One clip is never made twice at a time: whoever asks for a clip that is queued or being made waits
//! for that one. Of the notices only their names wait here, so that a thousand of them weigh nothing.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{RenderError, notice::Notice};
use crate::{audio::Clip, plan::ClipKey, store::NoticeId};

/// What becomes of a clip.
pub(super) type Made = Result<Clip, RenderError>;

/// One clip to be made.
#[derive(Clone)]
pub(super) struct Job {
    pub notice: Arc<Notice>,
    pub at: usize,
    pub key: ClipKey,
}

/// What the worker is to do.
pub(super) enum Next {
    /// Make a clip and hand it to [`Lane::finish`].
    Make(Job),
    /// Fetch a planned notice and hand it to [`Lane::open`].
    Open(NoticeId),
    /// End.
    Stop,
}

/// Who works at the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Makes what somebody waits for.
    Listeners,
    /// Makes the notices ahead, and begins nothing while somebody waits.
    Ahead,
}

/// The queue of one engine.
pub(super) struct Lane {
    state: Mutex<State>,
    wake: Condvar,
    most_waiting: usize,
    most_notices: usize,
}

#[derive(Default)]
struct State {
    /// Clips that are queued or being made, with those who wait for them.
    flights: HashMap<ClipKey, Flight>,
    /// Clips that were asked for.
    asked: VecDeque<ClipKey>,
    /// Notices whose clips are made ahead; only the first is open.
    notices: VecDeque<Cursor>,
    stopping: bool,
}

struct Flight {
    job: Job,
    waiting: Vec<oneshot::Sender<Made>>,
}

impl Flight {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_closed())
    }
}

/// How far a notice is made.
struct Cursor {
    id: NoticeId,
    next: usize,
    notice: Option<Arc<Notice>>,
}

impl Lane {
    pub(super) fn new(most_waiting: usize, most_notices: usize) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), most_waiting, most_notices }
    }

    /// Queues all clips of a notice behind those of earlier ones; false when too many notices are queued.
    pub(super) fn submit(&self, id: NoticeId) -> bool {
        let mut state = self.state();
        if state.notices.iter().any(|cursor| cursor.id == id) {
            return true;
        }
        if state.notices.len() >= self.most_notices {
            return false;
        }
        state.notices.push_back(Cursor { id, next: 0, notice: None });
        self.wake.notify_all();
        true
    }

    /// Asks for a clip before all that nobody waits for, and for the rest of its notice before other notices.
    pub(super) fn ask(&self, job: Job) -> Result<oneshot::Receiver<Made>, RenderError> {
        let mut state = self.state();
        if state.stopping {
            return Err(RenderError::Stopping);
        }
        if state.asked.len() >= self.most_waiting && !state.flights.contains_key(&job.key) {
            return Err(RenderError::Overloaded);
        }
        state.prefer(job.notice.id, job.at + 1, self.most_notices);
        let (sender, receiver) = oneshot::channel();
        match state.flights.get_mut(&job.key) {
            Some(flight) => flight.waiting.push(sender),
            None => {
                state.asked.push_back(job.key);
                state.flights.insert(job.key, Flight { job, waiting: vec![sender] });
            }
        }
        self.wake.notify_all();
        Ok(receiver)
    }

    /// What to do now at `seat`; waits while there is nothing.
    pub(super) fn next(&self, seat: Seat) -> Next {
        let mut state = self.state();
        loop {
            let known = state.flights.len();
            if let Some(next) = state.next(seat) {
                return next;
            }
            if state.flights.len() < known {
                // Listeners went away: what is made ahead may go on.
                self.wake.notify_all();
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Answers [`Next::Open`]; none when the notice cannot be had any more.
    pub(super) fn open(&self, id: NoticeId, notice: Option<Arc<Notice>>) {
        let mut state = self.state();
        match notice {
            Some(notice) => {
                if let Some(cursor) = state.notices.iter_mut().find(|cursor| cursor.id == id) {
                    cursor.notice = Some(notice);
                }
            }
            None => state.notices.retain(|cursor| cursor.id != id),
        }
    }

    /// Ends a job without a clip in hand; false when somebody waits for the clip by now.
    pub(super) fn finish_unwanted(&self, key: ClipKey) -> bool {
        let mut state = self.state();
        let wanted = state.flights.get(&key).is_some_and(Flight::is_wanted);
        if !wanted {
            state.flights.remove(&key);
        }
        !wanted
    }

    /// Ends a job: everyone who waits gets what was made.
    pub(super) fn finish(&self, key: ClipKey, made: &Made) {
        let flight = self.state().flights.remove(&key);
        self.wake.notify_all();
        for waiting in flight.into_iter().flat_map(|flight| flight.waiting) {
            // Who went away meanwhile does not hear it.
            let _ = waiting.send(made.clone());
        }
    }

    /// Clips that are waited for, and notices that are made ahead.
    pub(super) fn depth(&self) -> (usize, usize) {
        let state = self.state();
        (state.flights.values().filter(|flight| flight.is_wanted()).count(), state.notices.len())
    }

    /// Ends the worker after its present clip; all who wait for another are told.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        let asked = std::mem::take(&mut state.asked);
        let flights: Vec<Flight> = asked.iter().filter_map(|key| state.flights.remove(key)).collect();
        drop(state);
        self.wake.notify_all();
        for waiting in flights.into_iter().flat_map(|flight| flight.waiting) {
            let _ = waiting.send(Err(RenderError::Stopping));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What to do now, if anything.
    fn next(&mut self, seat: Seat) -> Option<Next> {
        if self.stopping {
            return Some(Next::Stop);
        }
        match seat {
            Seat::Listeners => self.next_asked().map(Next::Make),
            Seat::Ahead if self.flights.values().any(Flight::is_wanted) => None,
            Seat::Ahead => self.next_ahead(),
        }
    }

    /// The next clip that is still waited for.
    fn next_asked(&mut self) -> Option<Job> {
        while let Some(key) = self.asked.pop_front() {
            match self.flights.get(&key) {
                Some(flight) if flight.is_wanted() => {
                    return Some(flight.job.clone());
                }
                // Everyone who wanted it went away: the reading was stopped.
                _ => drop(self.flights.remove(&key)),
            }
        }
        None
    }

    /// The next clip of the first notice.
    fn next_ahead(&mut self) -> Option<Next> {
        while let Some(cursor) = self.notices.front_mut() {
            let Some(notice) = cursor.notice.clone() else { return Some(Next::Open(cursor.id)) };
            let at = cursor.next;
            cursor.next += 1;
            let Some(key) = notice.utterance(at).map(|utterance| utterance.key) else {
                self.notices.pop_front();
                continue;
            };
            // A clip in flight is made already, or will be, for those who wait for it.
            if let Entry::Vacant(vacant) = self.flights.entry(key) {
                let job = Job { notice, at, key };
                vacant.insert(Flight { job: job.clone(), waiting: Vec::new() });
                return Some(Next::Make(job));
            }
        }
        None
    }

    /// Puts a notice before the others, going on at utterance `next` if it was not queued.
    fn prefer(&mut self, id: NoticeId, next: usize, most: usize) {
        if self.notices.front().is_some_and(|cursor| cursor.id == id) {
            return;
        }
        if let Some(cursor) = self.notices.front_mut() {
            cursor.notice = None;
        }
        let queued = self.notices.iter().position(|cursor| cursor.id == id);
        let cursor = queued.and_then(|at| self.notices.remove(at));
        if cursor.is_some() || self.notices.len() < most {
            self.notices.push_front(cursor.unwrap_or(Cursor { id, next, notice: None }));
        }
    }
}
