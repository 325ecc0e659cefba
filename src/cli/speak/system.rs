//! The speech service of the system, by the crate `tts`: speech-dispatcher on Linux.
//!
//! It gives no samples, only sound, and is not to be trusted with time: with a service that runs and no sound behind it,
//! it takes every word, says that all is well and never comes to an end. So everything that is asked of it is asked on
//! a thread of its own, and each sentence has a time in which it must be over.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use tts::{Tts, UtteranceId};

use super::{Sentence, Unheard, on_interrupt};
use crate::{cli::CliError, plan::Speed};

/// The longest that a sound may take in slow speech.
const SOUND: f32 = 0.75;

/// How long the service may take to answer before a word is said: its library needs two seconds to list thirteen
/// thousand voices, and is asked twice.
const ANSWER: Duration = Duration::from_secs(20);

/// How long the service may take to fall silent when it is asked to.
const SILENCE: Duration = Duration::from_secs(1);

/// What the thread that speaks is told.
enum Order {
    Say(String),
    Ended(UtteranceId),
    Stop,
}

/// What it tells.
enum Event {
    Ready,
    /// A sentence is over.
    Said,
    Silent,
    Failed(String),
    Interrupted,
}

/// Speaks `sentences`, one after the other, in the voice of exactly this name.
///
/// # Errors
/// Where there is no service or no such voice, or it does not come to an end.
pub(super) fn speak(
    name: &str,
    sentences: &[Sentence],
    speed: Speed,
    patience: Duration,
) -> Result<(), CliError> {
    let (tell, told) = mpsc::channel();
    let (order, orders) = mpsc::channel();
    on_interrupt(tell.clone(), || Event::Interrupted);
    let (name, own) = (name.to_owned(), order.clone());
    thread::spawn(move || {
        if let Err(why) = serve(&name, speed, &own, &orders, &tell) {
            // Nobody waits any more: the command ends anyway.
            let _ = tell.send(Event::Failed(why));
        }
    });
    wait(&told, &order, ANSWER + patience, "the speech service of the system does not answer")?;
    for (at, sentence) in sentences.iter().enumerate() {
        let limit = patience + Duration::from_secs_f32(SOUND * sentence.sounds as f32 / speed.factor());
        let _ = order.send(Order::Say(sentence.text.clone()));
        let silent = format!(
            "the speech service of the system took sentence {} of {} and did not come to its end within {:.0} s: \
             is there a sound output, and does it work for this user (spd-say test)?",
            at + 1,
            sentences.len(),
            limit.as_secs_f32()
        );
        wait(&told, &order, limit, &silent)?;
    }
    Ok(())
}

/// Name and language of every voice that the system has.
///
/// # Errors
/// Where there is no service, or it does not answer.
pub(super) fn voices(patience: Duration) -> Result<Vec<(String, String)>, CliError> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let voices = open().and_then(|tts| tts.voices().map_err(failed));
        let listed = voices.map(|voices| {
            voices.iter().map(|voice| (voice.name(), voice.language().to_string())).collect::<Vec<_>>()
        });
        let _ = tell.send(listed);
    });
    let listed = told.recv_timeout(ANSWER + patience);
    let silent = || Unheard::Silent("the speech service of the system does not answer".to_owned());
    listed.map_err(|_| silent())?.map_err(CliError::Said)
}

/// Waits until what was asked for is done.
fn wait(
    told: &Receiver<Event>,
    order: &Sender<Order>,
    limit: Duration,
    silent: &str,
) -> Result<(), CliError> {
    match told.recv_timeout(limit) {
        Ok(Event::Ready | Event::Said | Event::Silent) => Ok(()),
        Ok(Event::Failed(why)) => Err(CliError::Said(why)),
        Ok(Event::Interrupted) => {
            let _ = order.send(Order::Stop);
            // Whoever does not fall silent in time speaks on without us.
            let _ = told.recv_timeout(SILENCE);
            Err(Unheard::Interrupted.into())
        }
        Err(RecvTimeoutError::Timeout) => {
            // What is queued must not be heard when the sound comes back.
            let _ = order.send(Order::Stop);
            let _ = told.recv_timeout(SILENCE);
            Err(Unheard::Silent(silent.to_owned()).into())
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(CliError::Said("the speech service of the system broke down".to_owned()))
        }
    }
}

/// Does what it is told, until nobody tells it anything.
fn serve(
    name: &str,
    speed: Speed,
    own: &Sender<Order>,
    orders: &Receiver<Order>,
    tell: &Sender<Event>,
) -> Result<(), String> {
    let mut tts = open()?;
    let voices = tts.voices().map_err(failed)?;
    let voice = voices.iter().find(|voice| voice.name() == name).ok_or_else(|| {
        format!("the system has no voice named {name}; `langdu speak --system-voices` lists those it has")
    })?;
    tts.set_voice(voice).map_err(failed)?;
    tts.set_rate(rate(speed.factor(), tts.min_rate(), tts.normal_rate(), tts.max_rate())).map_err(failed)?;
    let ended = own.clone();
    let end = move |id| drop(ended.send(Order::Ended(id)));
    tts.on_utterance_end(Some(Box::new(end.clone()))).map_err(failed)?;
    tts.on_utterance_stop(Some(Box::new(end))).map_err(failed)?;
    let _ = tell.send(Event::Ready);
    let mut said = None;
    while let Ok(order) = orders.recv() {
        match order {
            Order::Say(text) => said = Some(tts.speak(text, false).map_err(failed)?),
            Order::Ended(id) if said == Some(Some(id)) => {
                said = None;
                let _ = tell.send(Event::Said);
            }
            Order::Ended(_) => {}
            Order::Stop => {
                tts.stop().map_err(failed)?;
                let _ = tell.send(Event::Silent);
            }
        }
    }
    Ok(())
}

fn open() -> Result<Tts, String> {
    Tts::default().map_err(|why| {
        format!(
            "the speech service of the system cannot be reached ({why}): is it installed \
             (apt-get install speech-dispatcher speech-dispatcher-espeak-ng), and may this user start it?"
        )
    })
}

fn failed(why: tts::Error) -> String {
    format!("the speech service of the system failed: {why}")
}

/// The rate of the service that is nearest to `speed`: its scale is its own, and says nothing about time.
/// speech-dispatcher's goes from half to about two and a half times as fast.
fn rate(speed: f32, slowest: f32, normal: f32, fastest: f32) -> f32 {
    let part = if speed < 1.0 { speed.log(0.5) } else { speed.log(2.5) }.clamp(0.0, 1.0);
    let end = if speed < 1.0 { slowest } else { fastest };
    normal + part * (end - normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_becomes_a_rate() {
        let rate = |speed| rate(speed, -100.0, 0.0, 100.0).round() as i32;
        assert_eq!([0.5, 1.0, 1.25, 2.0, 2.5].map(rate), [-100, 0, 24, 76, 100]);
    }
}
