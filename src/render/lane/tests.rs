//! The queue of one engine, played event by event.
#![allow(clippy::unwrap_used)]

use std::{pin::pin, thread};

use futures::FutureExt;

use super::*;
use crate::{
    engine::Voice,
    lexicon::Lexicon,
    notice::{Format, Limits},
    plan::{Speed, Timbre},
    render::{Submission, notice::Casting},
    store::NoticeId,
};

const LIMIT: Duration = Duration::from_secs(60);

/// A lane with a thread in each seat, at a time that only the test moves.
struct Play {
    lane: Lane,
    job: Job,
    other: Arc<Notice>,
    now: Instant,
    listeners: Hand,
    ahead: Hand,
    answers: Vec<(char, oneshot::Receiver<Made>)>,
}

impl Play {
    fn new(most_waiting: usize) -> Self {
        let voice = Voice {
            name: "hum".to_owned(),
            title: String::new(),
            sex: String::new(),
            language: String::new(),
            licence: String::new(),
            digest: String::new(),
            rate: 24_000,
            speed: (0.5, 2.0),
        };
        let casting = Arc::new(Casting { engine: 0, voice, timbre: Timbre::default() });
        let submission = Submission {
            format: Format::Text,
            text: "停水。".to_owned(),
            voice: None,
            speed: Speed::default(),
            reading: None,
            lexicon: None,
        };
        let lexicon = Arc::new(Lexicon::default());
        let [notice, other] = [0, 1].map(|id| {
            let (submission, casting, id) = (submission.clone(), casting.clone(), NoticeId::new([id; 16]));
            Arc::new(Notice::plan(id, submission, casting, lexicon.clone(), &Limits::default()).unwrap())
        });
        let take = Take { casting, speed: Speed::default(), key: key('0') };
        let lane = Lane::new(Most { clips: most_waiting, wait: Duration::from_secs(30) });
        let (listeners, ahead) = (lane.sit(Seat::Listeners), lane.sit(Seat::Ahead));
        let job = Job { notice, at: 0, take };
        Self { lane, job, other, now: Instant::now(), listeners, ahead, answers: Vec::new() }
    }

    /// The digits name the clips of a notice in their order, letters those of another.
    fn ask(&mut self, clip: char, urgency: Urgency) -> Result<(), RenderError> {
        let mut job = self.job.clone();
        job.take.key = key(clip);
        match clip.to_digit(10) {
            Some(at) => job.at = at as usize,
            None => job.notice = self.other.clone(),
        }
        self.answers.push((clip, self.lane.ask(job, urgency)?));
        Ok(())
    }

    /// What the seat begins now: the name of a clip, or a dash.
    fn begin(&self, hand: Hand) -> String {
        let job = self.lane.state().next(hand, self.now);
        job.map_or("-".to_owned(), |job| job.take.key.to_string()[..1].to_owned())
    }

    /// Plays events: a clip is waited for (`?1`), wanted ahead (`+1`), those who asked for it leave (`-1`), it is
    /// made by the seat of the listeners (`=1`) or the other (`~1`); what the seats begin (`L`, `A`) is told.
    fn events(&mut self, events: &str) -> String {
        let mut begun = Vec::new();
        for event in events.split(' ') {
            let clip = event.chars().nth(1).unwrap_or('0');
            match &event[..1] {
                "?" => self.ask(clip, Urgency::Waiting).unwrap(),
                "+" => self.ask(clip, Urgency::Ahead).unwrap(),
                "-" => self.answers.retain(|(asked, _)| *asked != clip),
                "=" => _ = self.lane.finish(self.listeners, key(clip), &Err(RenderError::Internal)),
                "~" => _ = self.lane.finish(self.ahead, key(clip), &Err(RenderError::Internal)),
                "L" => begun.push(self.begin(self.listeners)),
                _ => begun.push(self.begin(self.ahead)),
            }
        }
        begun.join(" ")
    }
}

fn key(clip: char) -> ClipKey {
    clip.to_string().repeat(64).parse().unwrap()
}

#[test]
fn what_is_begun() {
    for (events, expected) in [
        ("L A", "- -"),
        ("?1 ?2 L =1 L", "1 2"),
        // What is wanted ahead is begun by its own seat, while nobody waits.
        ("+1 L A", "- 1"),
        ("?1 +2 A L A =1 A", "- 1 - 2"),
        // A clip that was to be made ahead is waited for: it is made once, and at once.
        ("+1 +2 ?2 L =2 A ~1 A L", "2 1 - -"),
        ("+1 A ?1 L", "1 -"),
        ("?1 ?1 +1 L L A", "1 - -"),
        // What nobody wants any more is not begun.
        ("?1 ?2 -1 L =2 L", "2 -"),
        ("+1 -1 A", "-"),
        ("?1 -1 ?1 L", "1"),
        // The listener left, but it is wanted ahead as well.
        ("+1 ?1 ?2 L =1", "1"),
        ("?9 L ?1 -1 +1 =9 L A", "9 - 1"),
        // Who waits for a clip that was begun ahead has asked for the next ones too: they come after it.
        ("+1 A ?1 ?2 ?3 L ~1 L =2 L", "1 - 2 3"),
        ("+1 A ?1 ?2 ?3 ?a L", "1 a"),
        // But nobody else waits for it, and nobody who does not hear it.
        ("+1 A ?1 ?4 L", "1 4"),
        ("+2 A ?2 ?1 L", "2 1"),
        ("+1 A ?2 L", "1 2"),
        ("+1 A ?1 ?2 -1 L", "1 2"),
    ] {
        assert_eq!(Play::new(9).events(events), expected, "{events}");
    }
}

#[test]
fn what_a_listener_left_to_be_made_ahead_wakes_its_seat() {
    let mut play = Play::new(9);
    play.events("?2 L ?1 -1 +1 =2");
    let Play { lane, listeners, .. } = &play;
    let mut stirred = pin!(lane.changed.notified());
    stirred.as_mut().enable();
    let stirred = thread::scope(|threads| {
        threads.spawn(|| lane.next(*listeners));
        while lane.state().ahead.is_empty() {
            thread::yield_now();
        }
        // The thread holds the lock until it waits: it has stirred by now, or never does.
        let stirred = stirred.now_or_never().is_some();
        lane.stop();
        stirred
    });
    assert!(stirred);
}

#[test]
fn who_asks_again_and_again_is_not_remembered() {
    let mut play = Play::new(9);
    play.events("?1 L");
    for _ in 0..1000 {
        play.events("?1 +1 -1");
    }
    let state = play.lane.state();
    let flight = &state.flights[&key('1')];
    assert!(flight.waiting.len() + flight.ahead.len() < 9);
}

#[test]
fn only_so_many_are_waited_for_and_who_left_takes_no_place() {
    let mut play = Play::new(2);
    assert_eq!(play.events("?1 ?2"), "");
    assert_eq!(play.ask('3', Urgency::Waiting), Err(RenderError::Overloaded));
    assert_eq!(play.ask('2', Urgency::Waiting), Ok(()), "one more for the same clip");
    assert_eq!(play.events("-1 ?3 L =2 L =3 L"), "2 3 -");
}

#[test]
fn who_would_wait_too_long_is_told_at_once() {
    let mut play = Play::new(99);
    for clip in ['1', '2', '3', '4'] {
        assert_eq!(play.events(&format!("?{clip} L")), clip.to_string());
        play.now += Duration::from_secs(16);
        assert!(play.lane.state().finish(play.listeners, play.now));
    }
    assert_eq!(
        play.lane.state().pace,
        Duration::from_micros(10_937_500),
        "most of the way to sixteen seconds"
    );
    assert_eq!(play.events("?5 ?6 ?7"), "", "the third waits for twenty-two seconds");
    assert_eq!(play.ask('8', Urgency::Waiting), Err(RenderError::Overloaded));
    assert_eq!(play.events("-5 ?8 L"), "6", "somebody left");
}

#[test]
fn a_thread_that_does_not_come_back_loses_its_seat() {
    let mut play = Play::new(9);
    assert_eq!(play.events("?1 ?2 L"), "1");
    assert_eq!(play.lane.overdue(play.now + LIMIT / 2, LIMIT), (0, vec![]));
    assert_eq!(play.lane.overdue(play.now + LIMIT, LIMIT), (1, vec![Seat::Listeners]));
    let (_, answer) = play.answers.first_mut().unwrap();
    assert_eq!(answer.try_recv().unwrap(), Err(RenderError::TimedOut(LIMIT)));

    let late = std::mem::replace(&mut play.listeners, play.lane.sit(Seat::Listeners));
    assert_eq!(play.events("L"), "2", "the queue moves on");
    assert!(!play.lane.finish(late, key('1'), &Err(RenderError::Internal)));
    assert!(!play.lane.come_back(late), "its seat is taken");
    assert!(play.lane.next(late).is_none());
}

#[test]
fn when_too_many_hang_every_clip_fails_at_once_until_one_comes_back() {
    let mut play = Play::new(9);
    let mut hung = Vec::new();
    for clip in ['1', '2', '3', '4'] {
        play.ask(clip, Urgency::Waiting).unwrap();
        assert_eq!(play.events("L"), clip.to_string());
        hung.push(play.listeners);
        if clip == '4' {
            assert_eq!(play.events("?8 +9 A"), "-");
        }
        let (_, fresh) = play.lane.overdue(play.now + LIMIT, LIMIT);
        assert_eq!(fresh.len(), usize::from(clip != '4'), "no fifth thread is risked");
        fresh.into_iter().for_each(|seat| play.listeners = play.lane.sit(seat));
    }
    assert!(play.lane.is_stuck());
    for (_, answer) in play.answers.iter_mut().skip(4) {
        assert_eq!(answer.try_recv().unwrap(), Err(RenderError::Stuck));
    }
    assert_eq!(play.ask('5', Urgency::Waiting), Err(RenderError::Stuck));
    play.listeners = hung[0];
    assert!(play.lane.come_back(hung[0]), "it takes the seat that is free");
    assert!(!play.lane.is_stuck());
    assert_eq!(play.events("?5 L"), "5");
    assert!(!play.lane.come_back(hung[1]));
}
