//! Our own voices through the sound card.
//!
//! A thread makes one clip after the other, at most [`AHEAD`] ahead of what is heard; they lie on one [`Tape`] without a
//! gap, for each ends with its pause. A card that takes no samples is noticed by the time.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
    vec,
};

use rodio::{DeviceSinkBuilder, MixerDeviceSink, Source};

use super::{Speak, Unheard, on_interrupt, planned};
use crate::{
    audio::{self, Clip, HEADER, RATE},
    cli::{CliError, Settings},
    engine::{self, Engine},
    lexicon::Lexicon,
    plan::{Plan, Speed},
};

/// Clips that wait for the one that is heard.
const AHEAD: usize = 2;

/// How often it is looked whether a clip is over. The card itself has some more to play then.
const LOOK: Duration = Duration::from_millis(20);

/// What the card plays out after the last clip was handed to it.
const TAIL: Duration = Duration::from_millis(250);

enum Event {
    Interrupted,
    Broken(String),
}

/// Speaks the notice.
///
/// # Errors
/// Where there is no card, it takes no sound, or a clip cannot be made.
pub(super) fn speak(
    args: &Speak,
    chosen: &Settings,
    lexicon: Arc<Lexicon>,
    patience: Duration,
) -> Result<(), CliError> {
    let (engine, voice) = chosen.engine()?;
    let plan = planned(args, chosen, voice.timbre(&*engine), lexicon)?;
    let (tell, events) = mpsc::channel();
    on_interrupt(tell.clone(), || Event::Interrupted);
    let card = open(&tell)?;
    let (put, clips) = mpsc::channel();
    let unheard = Arc::new(AtomicUsize::new(0));
    card.mixer().add(Tape { clips, now: Vec::new().into_iter(), unheard: unheard.clone() });

    let (hand, made) = mpsc::sync_channel(0);
    let speed = args.speed;
    thread::spawn(move || make(&*engine, &voice.name, speed, &plan, &hand));

    let mut played = Playing { began: Instant::now(), queued: Duration::ZERO };
    let mut more = true;
    while more || unheard.load(Ordering::Acquire) > 0 {
        match events.recv_timeout(LOOK) {
            // With the card goes what it still had to play.
            Ok(Event::Interrupted) => return Err(Unheard::Interrupted.into()),
            Ok(Event::Broken(why)) => {
                return Err(Unheard::Silent(format!("the sound card failed: {why}")).into());
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if unheard.load(Ordering::Acquire) == 0 {
            played.rest();
        } else if played.is_late(patience) {
            return Err(Unheard::Silent("the sound card takes no sound".to_owned()).into());
        }
        while more && unheard.load(Ordering::Acquire) <= AHEAD {
            match made.try_recv() {
                Ok(clip) => {
                    let clip = clip?;
                    played.queued += clip.duration();
                    unheard.fetch_add(1, Ordering::AcqRel);
                    put.send(samples(&clip))
                        .map_err(|_| Unheard::Silent("the sound card is gone".to_owned()))?;
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => more = false,
            }
        }
    }
    thread::sleep(TAIL);
    Ok(())
}

/// One sound without an end: the clips one after the other, and silence where there is none yet.
///
/// (The queue of `rodio` plays the first 512 samples after a silence at the rate of the silence.)
struct Tape {
    clips: Receiver<Vec<f32>>,
    now: vec::IntoIter<f32>,
    /// Clips that were put on it and are not over.
    unheard: Arc<AtomicUsize>,
}

impl Iterator for Tape {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if let Some(sample) = self.now.next() {
            if self.now.len() == 0 {
                self.unheard.fetch_sub(1, Ordering::AcqRel);
            }
            return Some(sample);
        }
        match self.clips.try_recv() {
            Ok(clip) => {
                self.now = clip.into_iter();
                self.next()
            }
            Err(TryRecvError::Empty) => Some(0.0),
            Err(TryRecvError::Disconnected) => None,
        }
    }
}

impl Source for Tape {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> NonZero<u16> {
        ONE
    }

    fn sample_rate(&self) -> NonZero<u32> {
        RATE_OF_CARD
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

/// What the card has been given since it was last idle.
struct Playing {
    began: Instant,
    queued: Duration,
}

impl Playing {
    fn rest(&mut self) {
        (self.began, self.queued) = (Instant::now(), Duration::ZERO);
    }

    fn is_late(&self, patience: Duration) -> bool {
        self.began.elapsed() > self.queued + patience
    }
}

/// Makes every clip of `plan` in order, until one fails or nobody takes them.
fn make(
    engine: &dyn Engine,
    voice: &str,
    speed: Speed,
    plan: &Plan,
    hand: &SyncSender<Result<Clip, CliError>>,
) {
    for utterance in &plan.utterances {
        let clip = || {
            let said = engine::speak(engine, voice, &utterance.reading, speed.factor())?;
            Ok::<_, CliError>(audio::finish(said, utterance.pause)?.clip)
        };
        let clip = clip();
        let failed = clip.is_err();
        if hand.send(clip).is_err() || failed {
            return;
        }
    }
}

/// The card of this machine; at our own rate where it can.
fn open(tell: &Sender<Event>) -> Result<MixerDeviceSink, CliError> {
    let broken = |tell: Sender<Event>| {
        move |why: rodio::cpal::Error| {
            // The others are heard as a click at most.
            use rodio::cpal::ErrorKind::{
                BackendError, DeviceNotAvailable, HostUnavailable, StreamInvalidated,
            };
            if matches!(why.kind(), BackendError | DeviceNotAvailable | HostUnavailable | StreamInvalidated) {
                let _ = tell.send(Event::Broken(why.to_string()));
            }
        }
    };
    let device = || DeviceSinkBuilder::from_default_device();
    let ours = device().and_then(|card| {
        card.with_sample_rate(RATE_OF_CARD)
            .with_channels(ONE)
            .with_error_callback(broken(tell.clone()))
            .open_stream()
    });
    let card = ours.or_else(|_| device()?.with_error_callback(broken(tell.clone())).open_stream());
    let mut card = card.map_err(|why| CliError::Said(format!("no sound card can be used: {why}")))?;
    card.log_on_drop(false);
    Ok(card)
}

const ONE: NonZero<u16> = NonZero::<u16>::MIN;

const RATE_OF_CARD: NonZero<u32> = match NonZero::new(RATE) {
    Some(rate) => rate,
    None => NonZero::<u32>::MIN,
};

/// The samples of a clip, its pause too.
fn samples(clip: &Clip) -> Vec<f32> {
    let (pairs, _) = clip.wav.get(HEADER..).unwrap_or_default().as_chunks::<2>();
    pairs.iter().map(|&pair| f32::from(i16::from_le_bytes(pair)) / 32768.0).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::audio::Pcm;

    #[test]
    fn clips_follow_each_other_without_a_gap() {
        let hum = (0..RATE).map(|at| 0.3 * (at as f32 * 0.08).sin()).collect();
        let clip = audio::finish(Pcm { rate: RATE, samples: hum }, Duration::from_millis(300)).unwrap().clip;
        let sound = samples(&clip);
        assert_eq!(sound.len(), (clip.wav.len() - HEADER) / 2);
        let (put, clips) = mpsc::channel();
        let unheard = Arc::new(AtomicUsize::new(2));
        let mut tape = Tape { clips, now: Vec::new().into_iter(), unheard: unheard.clone() };
        assert_eq!(tape.next(), Some(0.0), "it waits in silence");
        put.send(sound.clone()).unwrap();
        put.send(sound.clone()).unwrap();
        let heard: Vec<f32> = tape.by_ref().take(2 * sound.len()).collect();
        assert_eq!(heard, [sound.clone(), sound].concat());
        assert_eq!(unheard.load(Ordering::Acquire), 0);
        drop(put);
        assert_eq!(tape.next(), None);
    }
}
