use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Expectation;

/// How the sender or the network behaves. Each as in a file of a [`Scenario`](crate::Scenario), in snake case.
///
/// | behaviour | a correct receiver |
/// | --- | --- |
/// | answer lost, two copies, out of order, aborted | answers each attempt or event 200 in the end, and handles each event once |
/// | secret changed | knows the old secret for a while, and answers 200 |
/// | dripped | answers 200, or 408 once it takes too long |
/// | chunked | answers 200 |
/// | length too small | answers 401: what it reads is not what was signed |
/// | length too large | handles nothing; its answer is heard by nobody |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Behaviour {
    /// The first attempt arrives whole and is answered, but the answer gets lost. So there is a retry.
    AnswerLost,
    /// The same request twice at once.
    TwoCopies,
    /// Several events, the last one first.
    OutOfOrder,
    /// The first attempt is signed with the secret before
    /// [`MockSender::change_secret`](crate::MockSender::change_secret) and its answer is lost; the retries are signed
    /// with the new one. (Whether MAAC signs a retry anew is not documented. With
    /// [`SignatureOfOldSecret`](crate::Tampering::SignatureOfOldSecret) it does not.)
    SecretChanged,
    /// The body comes a byte at a time.
    Dripped {
        /// The pause between two bytes.
        #[serde(rename = "pause_ms", with = "milliseconds")]
        pause: Duration,
    },
    /// The connection breaks off in the midst of the first attempt's body. So there is a retry.
    Aborted,
    /// The body comes in chunks, its length not declared.
    Chunked,
    /// `Content-Length` is ten bytes less than the body has, and the body is cut off there.
    ContentLengthTooSmall,
    /// `Content-Length` is ten bytes more than the body has, and the connection is closed after it.
    ContentLengthTooLarge,
}

impl Behaviour {
    /// What a correct receiver makes of it, where the event itself is genuine. One that has only the old or only the
    /// new secret fails [`SecretChanged`](Self::SecretChanged), and a slow enough drip is too slow for any.
    #[must_use]
    pub const fn expectation(self) -> Expectation {
        match self {
            Self::AnswerLost
            | Self::TwoCopies
            | Self::OutOfOrder
            | Self::SecretChanged
            | Self::Dripped { .. }
            | Self::Aborted
            | Self::Chunked => Expectation::Accepted,
            Self::ContentLengthTooSmall => Expectation::Rejected(401),
            Self::ContentLengthTooLarge => Expectation::Unanswered,
        }
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }

    pub(super) fn serialize<S: Serializer>(pause: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        // As long as a file can say.
        u64::try_from(pause.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnswerLost => f.write_str("the first answer lost"),
            Self::TwoCopies => f.write_str("two copies at once"),
            Self::OutOfOrder => f.write_str("out of order"),
            Self::SecretChanged => f.write_str("the secret changed after the first attempt"),
            Self::Dripped { pause } => write!(f, "dripped, a byte every {} s", pause.as_secs_f64()),
            Self::Aborted => f.write_str("the first attempt broken off"),
            Self::Chunked => f.write_str("in chunks"),
            Self::ContentLengthTooSmall => f.write_str("a Content-Length that is too small"),
            Self::ContentLengthTooLarge => f.write_str("a Content-Length that is too large"),
        }
    }
}
