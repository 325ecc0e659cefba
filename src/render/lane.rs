//! What one engine has to do next, and which of its threads is at it.
//!
//! 1. clips that somebody waits for, in the order in which they were asked for;
//! 2. while nobody waits, clips that are made ahead ([`super::ahead`] says which).
//!
//! Each has a [`Seat`] of its own, because a clip that was begun cannot be put aside: a long sentence
//! made ahead would keep a listener waiting for ten seconds.
//!
//! One clip is never made twice at a time: whoever asks for a clip that is queued or being made waits
//! for that one. A clip that nobody waits for any more is not begun. Nor is one yet that is to follow a clip which is
//! waited for and was begun ahead: beside each other they would share the cores, and the first sound would come later.
//!
//! A thread that does not come back from its clip in time is left behind and loses its seat to a fresh one
//! ([`Lane::overdue`]). When too many were left behind the engine is stuck, and every clip fails at once until
//! one comes back ([`Lane::come_back`]).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, oneshot};

use super::{RenderError, fallback::Take, notice::Notice};
use crate::{audio::Clip, plan::ClipKey};

/// What becomes of a clip.
pub(super) type Made = Result<Clip, RenderError>;

/// One clip to be made.
#[derive(Clone)]
pub(super) struct Job {
    pub notice: Arc<Notice>,
    pub at: usize,
    pub take: Take,
}

/// Why a clip is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Somebody waits for it.
    Waiting,
    /// Somebody may soon.
    Ahead,
}

/// Who works at the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// Makes what somebody waits for.
    Listeners,
    /// Makes what is made ahead, and begins nothing while somebody waits.
    Ahead,
}

/// A thread of the engine, by its number.
pub(super) type Hand = u64;

/// Who waits for a clip asks for so many after it as well.
const ASKED_AFTER: usize = 2;

/// So many threads that did not come back are replaced; with one more the engine is stuck.
const MOST_REPLACED: usize = 3;

/// The queue of one engine.
pub(super) struct Lane {
    state: Mutex<State>,
    /// For the threads.
    wake: Condvar,
    /// For the tasks.
    changed: Notify,
    most: Most,
}

/// How much may be waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Clips.
    pub clips: usize,
    /// How long the last of them is to be waited for, at the pace of the last clips: who would wait longer is
    /// better told at once.
    pub wait: Duration,
}

#[derive(Default)]
struct State {
    /// Clips that are queued or being made, with those who wait for them.
    flights: HashMap<ClipKey, Flight>,
    /// Clips that were asked for, and clips to be made ahead. A key that stands here may have been made, or
    /// have lost everyone who wanted it.
    asked: VecDeque<ClipKey>,
    ahead: VecDeque<ClipKey>,
    seats: HashMap<Hand, Seated>,
    /// How many threads did not come back, and the seats that no fresh thread has taken.
    left_behind: usize,
    /// How long a clip takes: the last ones count most.
    pace: Duration,
    vacant: Vec<Seat>,
    hands: Hand,
    stopping: bool,
}

struct Seated {
    seat: Seat,
    /// What is being made, and since when.
    work: Option<(ClipKey, Instant)>,
}

struct Flight {
    job: Job,
    begun: bool,
    waiting: Vec<oneshot::Sender<Made>>,
    ahead: Vec<oneshot::Sender<Made>>,
    /// Since when somebody waits.
    since: Option<Instant>,
}

impl Flight {
    /// Whether somebody still waits for it.
    fn is_waited_for(&self) -> bool {
        self.waiting.iter().any(|waiting| !waiting.is_closed())
    }

    fn is_wanted(&self) -> bool {
        self.is_waited_for() || self.ahead.iter().any(|ahead| !ahead.is_closed())
    }

    fn tell(self, made: &Made) {
        for waiting in self.waiting.into_iter().chain(self.ahead) {
            // Who went away meanwhile does not hear it.
            let _ = waiting.send(made.clone());
        }
    }
}

impl Lane {
    pub(super) fn new(most: Most) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), changed: Notify::new(), most }
    }

    /// Asks for a clip; what is received is what became of it.
    pub(super) fn ask(&self, job: Job, urgency: Urgency) -> Result<oneshot::Receiver<Made>, RenderError> {
        let asked = self.state().ask(job, urgency, self.most);
        self.stir();
        asked
    }

    /// A thread takes a seat.
    pub(super) fn sit(&self, seat: Seat) -> Hand {
        let mut state = self.state();
        state.hands += 1;
        let hand = state.hands;
        state.seats.insert(hand, Seated { seat, work: None });
        hand
    }

    /// The next clip for `hand`; waits while there is none. None when it is to end.
    pub(super) fn next(&self, hand: Hand) -> Option<Job> {
        let mut state = self.state();
        loop {
            if state.stopping || !state.seats.contains_key(&hand) {
                state.seats.remove(&hand);
                drop(state);
                self.stir();
                return None;
            }
            let before = (state.flights.len(), state.ahead.len());
            if let Some(job) = state.next(hand, Instant::now()) {
                return Some(job);
            }
            if (state.flights.len(), state.ahead.len()) != before {
                // Listeners went away: what is made ahead may go on, or what they left is to be made ahead.
                self.stir();
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends a job: everyone who waits gets what was made. False when `hand` was left behind.
    pub(super) fn finish(&self, hand: Hand, key: ClipKey, made: &Made) -> bool {
        let mut state = self.state();
        if !state.finish(hand, Instant::now()) {
            return false;
        }
        let flight = state.flights.remove(&key);
        drop(state);
        self.stir();
        flight.into_iter().for_each(|flight| flight.tell(made));
        true
    }

    /// A thread that was left behind comes back: whether there is a seat for it.
    pub(super) fn come_back(&self, hand: Hand) -> bool {
        let seated = self.state().come_back(hand);
        self.stir();
        seated
    }

    /// Leaves behind the threads that have been at one clip for `limit`, and tells those who wait: how many were
    /// left, and the seats that fresh threads are to take.
    pub(super) fn overdue(&self, now: Instant, limit: Duration) -> (usize, Vec<Seat>) {
        let mut state = self.state();
        let (late, fresh) = state.overdue(now, limit);
        let given_up = if state.is_stuck() { state.give_up() } else { Vec::new() };
        drop(state);
        let left = late.len();
        late.into_iter().for_each(|flight| flight.tell(&Err(RenderError::TimedOut(limit))));
        given_up.into_iter().for_each(|flight| flight.tell(&Err(RenderError::Stuck)));
        if left > 0 {
            self.stir();
        }
        (left, fresh)
    }

    /// Whether so many threads did not come back that none is risked any more.
    pub(super) fn is_stuck(&self) -> bool {
        self.state().is_stuck()
    }

    /// How many clips are waited for.
    pub(super) fn waiting(&self) -> usize {
        self.state().flights.values().filter(|flight| flight.is_waited_for()).count()
    }

    /// How long the one has waited for its clip to be begun who has waited longest.
    pub(super) fn oldest(&self) -> Duration {
        let state = self.state();
        let waiting = state.flights.values().filter(|flight| !flight.begun && flight.is_waited_for());
        waiting.filter_map(|flight| flight.since).min().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether somebody who asked for a clip now would be told that too many wait.
    pub(super) fn is_full(&self) -> bool {
        !self.state().takes_one_more(self.most)
    }

    /// Waits until a clip that is made ahead would be begun at once, or fail at once.
    pub(super) async fn room(&self) {
        self.until(State::has_room).await;
    }

    /// Ends the threads after their present clips; all who wait for another are told.
    pub(super) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        let queued = state.give_up();
        drop(state);
        self.stir();
        queued.into_iter().for_each(|flight| flight.tell(&Err(RenderError::Stopping)));
    }

    /// As [`Lane::stop`], and who waits for a clip that is being made is told too: its thread may never come back.
    pub(super) fn give_up(&self) {
        self.stop();
        let begun = std::mem::take(&mut self.state().flights);
        begun.into_values().for_each(|flight| flight.tell(&Err(RenderError::Stopping)));
    }

    /// Waits until every thread has ended that was not left behind.
    pub(super) async fn ended(&self) {
        self.until(|state| state.seats.is_empty()).await;
    }

    async fn until(&self, so: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if so(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    fn stir(&self) {
        self.wake.notify_all();
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ask(
        &mut self,
        job: Job,
        urgency: Urgency,
        most: Most,
    ) -> Result<oneshot::Receiver<Made>, RenderError> {
        if self.stopping {
            return Err(RenderError::Stopping);
        }
        if self.is_stuck() {
            return Err(RenderError::Stuck);
        }
        let key = job.take.key;
        let queued = match (urgency, self.flights.get(&key)) {
            (Urgency::Ahead, flight) => flight.is_some(),
            // A clip that was to be made ahead is waited for now.
            (Urgency::Waiting, flight) => flight.is_some_and(|f| f.begun || f.is_waited_for()),
        };
        if !queued {
            match urgency {
                Urgency::Waiting if !self.takes_one_more(most) => return Err(RenderError::Overloaded),
                Urgency::Waiting => self.asked.push_back(key),
                Urgency::Ahead => self.ahead.push_back(key),
            }
        }
        let (sender, receiver) = oneshot::channel();
        let fresh = || Flight { job, begun: false, waiting: Vec::new(), ahead: Vec::new(), since: None };
        let flight = self.flights.entry(key).or_insert_with(fresh);
        let line = match urgency {
            Urgency::Waiting => {
                flight.since.get_or_insert_with(Instant::now);
                &mut flight.waiting
            }
            Urgency::Ahead => &mut flight.ahead,
        };
        // Who asks again and again while a long clip is made leaves many behind: they go from time to time.
        if line.len().is_power_of_two() {
            line.retain(|waiting| !waiting.is_closed());
        }
        line.push(sender);
        Ok(receiver)
    }

    /// Whether the line of those who wait has a place, when all who went away have left it.
    fn takes_one_more(&mut self, most: Most) -> bool {
        let seats = self.seats.values().filter(|seated| seated.seat == Seat::Listeners).count().max(1);
        let pace = self.pace;
        let has_place = |line: &VecDeque<ClipKey>| {
            let wait = pace.saturating_mul(u32::try_from(line.len() / seats).unwrap_or(u32::MAX));
            line.len() < most.clips && wait < most.wait
        };
        if !has_place(&self.asked) {
            self.asked.retain(|key| self.flights.get(key).is_some_and(|f| !f.begun && f.is_waited_for()));
        }
        has_place(&self.asked)
    }

    fn next(&mut self, hand: Hand, now: Instant) -> Option<Job> {
        let key = match self.seats.get(&hand)?.seat {
            Seat::Listeners => self.next_asked(),
            Seat::Ahead if self.flights.values().any(Flight::is_waited_for) => None,
            Seat::Ahead => self.next_ahead(),
        }?;
        let flight = self.flights.get_mut(&key)?;
        flight.begun = true;
        if let Some(since) = flight.since {
            let waited = now.saturating_duration_since(since);
            metrics::histogram!("langdu_stage_seconds", "stage" => "wait").record(waited);
        }
        self.seats.get_mut(&hand)?.work = Some((key, now));
        Some(flight.job.clone())
    }

    /// The seat is free again; false when it is lost.
    fn finish(&mut self, hand: Hand, now: Instant) -> bool {
        let Some(seated) = self.seats.get_mut(&hand) else { return false };
        if let Some((_, since)) = seated.work.take() {
            self.pace = (self.pace * 3 + now.saturating_duration_since(since)) / 4;
        }
        true
    }

    /// The next clip that is still waited for, and need not wait for one that is heard before it.
    fn next_asked(&mut self) -> Option<ClipKey> {
        let mut at = 0;
        while let Some(&key) = self.asked.get(at) {
            match self.flights.get(&key).filter(|flight| !flight.begun) {
                Some(flight) if flight.is_waited_for() => {
                    if !self.is_made_before(&flight.job) {
                        self.asked.remove(at);
                        return Some(key);
                    }
                    at += 1;
                    continue;
                }
                Some(flight) if flight.is_wanted() => self.ahead.push_back(key),
                // Everyone who wanted it went away: the reading was stopped.
                Some(_) => drop(self.flights.remove(&key)),
                None => {}
            }
            self.asked.remove(at);
        }
        None
    }

    /// Whether the clip that was begun ahead is waited for, and heard before that of `job` by whoever waits for both.
    fn is_made_before(&self, job: &Job) -> bool {
        let ahead = self.seats.values().filter(|seated| seated.seat == Seat::Ahead);
        let mut made = ahead.filter_map(|seated| self.flights.get(&seated.work?.0));
        made.any(|made| {
            let after = (made.job.at + 1)..=(made.job.at + ASKED_AFTER);
            made.job.notice.id == job.notice.id && after.contains(&job.at) && made.is_waited_for()
        })
    }

    /// The next clip that is still to be made ahead.
    fn next_ahead(&mut self) -> Option<ClipKey> {
        while let Some(key) = self.ahead.pop_front() {
            match self.flights.get(&key).filter(|flight| !flight.begun) {
                Some(flight) if flight.is_wanted() => return Some(key),
                Some(_) => drop(self.flights.remove(&key)),
                None => {}
            }
        }
        None
    }

    fn has_room(&self) -> bool {
        let idle = |seated: &Seated| seated.seat == Seat::Ahead && seated.work.is_none();
        self.stopping
            || self.is_stuck()
            || (self.seats.values().any(idle) && !self.flights.values().any(|f| f.is_waited_for()))
    }

    fn is_stuck(&self) -> bool {
        self.left_behind > MOST_REPLACED
    }

    fn overdue(&mut self, now: Instant, limit: Duration) -> (Vec<Flight>, Vec<Seat>) {
        let late: Vec<(Hand, ClipKey)> = self
            .seats
            .iter()
            .filter_map(|(hand, seated)| Some((*hand, seated.work?)))
            .filter(|(_, (_, since))| now.saturating_duration_since(*since) >= limit)
            .map(|(hand, (key, _))| (hand, key))
            .collect();
        let mut fresh = Vec::new();
        for (hand, _) in &late {
            let Some(seated) = self.seats.remove(hand) else { continue };
            self.left_behind += 1;
            if self.is_stuck() { self.vacant.push(seated.seat) } else { fresh.push(seated.seat) }
        }
        (late.iter().filter_map(|(_, key)| self.flights.remove(key)).collect(), fresh)
    }

    fn come_back(&mut self, hand: Hand) -> bool {
        self.left_behind = self.left_behind.saturating_sub(1);
        let Some(seat) = self.vacant.pop() else { return false };
        self.seats.insert(hand, Seated { seat, work: None });
        true
    }

    /// Takes out what was not begun.
    fn give_up(&mut self) -> Vec<Flight> {
        self.asked.clear();
        self.ahead.clear();
        self.flights.extract_if(|_, flight| !flight.begun).map(|(_, flight)| flight).collect()
    }
}

#[cfg(test)]
mod tests;
