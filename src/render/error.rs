//! Why a notice or a clip could not be had.

use std::time::Duration;

use crate::{
    audio::AudioError,
    engine::EngineError,
    notice::NoticeError,
    plan::ClipKey,
    store::{NoticeId, StoreError},
};

/// Why the renderer gave nothing. Cloned to everyone who waits for the same clip.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RenderError {
    /// The submission is no notice. The sender is to blame.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// No engine has a voice of that name. The sender is to blame.
    #[error("there is no voice named {0}")]
    VoiceUnknown(String),
    /// The voice does not speak that fast or slowly. The sender is to blame.
    #[error("the speed {asked} is not between {slowest} and {fastest}, which this voice can speak")]
    SpeedOutOfRange {
        /// What was asked for.
        asked: f32,
        /// The slowest speed of the voice.
        slowest: f32,
        /// The fastest speed of the voice.
        fastest: f32,
    },
    /// No notice of that name was submitted here.
    #[error("there is no notice {0}")]
    NoticeUnknown(NoticeId),
    /// The clip is neither stored nor part of the notice that was named.
    #[error("there is no clip {0} in that notice")]
    ClipUnknown(ClipKey),
    /// The engine failed on this clip. It may be tried again.
    #[error("the clip could not be made: {0}")]
    Synthesis(String),
    /// The voice has no way to say this clip, however often it is tried. The program is to blame.
    #[error("the voice cannot say this clip: {0}")]
    Unspeakable(String),
    /// The files of the voice are missing or damaged. The operator is to blame.
    #[error("the voice cannot be used: {0}")]
    VoiceBroken(String),
    /// The engine did not come back from this clip in time. It may be tried again.
    #[error("the clip was not made within {0:?}")]
    TimedOut(Duration),
    /// The engine did not come back from several clips: none is begun until one does. It may be tried again.
    #[error("the voice does not come back from its last clips")]
    Stuck,
    /// The notice may be there but could not be read. It may be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too much is asked for at a time. It may be tried again.
    #[error("too many clips or notices are waited for, or notices followed")]
    Overloaded,
    /// The service is stopping. It may be tried again.
    #[error("the service is stopping")]
    Stopping,
    /// The program is wrong.
    #[error("the notice could not be planned")]
    Internal,
}

impl RenderError {
    /// What it is called where programs read it; stable.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Notice(NoticeError::Empty) => "text_empty",
            Self::Notice(NoticeError::TooLong { .. }) => "text_too_long",
            Self::Notice(NoticeError::Ssml(_)) => "ssml_broken",
            Self::VoiceUnknown(_) => "voice_unknown",
            Self::SpeedOutOfRange { .. } => "speed_out_of_range",
            Self::NoticeUnknown(_) => "notice_unknown",
            Self::ClipUnknown(_) => "clip_unknown",
            Self::Synthesis(_) => "synthesis_failed",
            Self::Unspeakable(_) => "unspeakable",
            Self::VoiceBroken(_) => "voice_broken",
            Self::TimedOut(_) => "synthesis_timeout",
            Self::Stuck => "voice_stuck",
            Self::Store(_) => "store_unavailable",
            Self::Overloaded => "overloaded",
            Self::Stopping => "stopping",
            Self::Internal => "internal",
        }
    }

    /// Whether the voice is to blame, so that another may say the clip.
    pub(super) fn is_of_the_voice(&self) -> bool {
        matches!(
            self,
            Self::Synthesis(_)
                | Self::Unspeakable(_)
                | Self::VoiceBroken(_)
                | Self::VoiceUnknown(_)
                | Self::SpeedOutOfRange { .. }
                | Self::TimedOut(_)
                | Self::Stuck
        )
    }
}

impl From<EngineError> for RenderError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::UnknownVoice(name) => Self::VoiceUnknown(name),
            EngineError::Files(why) => Self::VoiceBroken(why),
            EngineError::Failed(why) => Self::Synthesis(why),
            EngineError::Implausible { .. } => Self::Synthesis(error.to_string()),
            EngineError::Speed { asked, slowest, fastest } => {
                Self::SpeedOutOfRange { asked, slowest, fastest }
            }
            EngineError::Nothing | EngineError::TooLong { .. } | EngineError::UnknownSound(_) => {
                Self::Unspeakable(error.to_string())
            }
        }
    }
}

impl From<AudioError> for RenderError {
    fn from(error: AudioError) -> Self {
        Self::Synthesis(error.to_string())
    }
}
