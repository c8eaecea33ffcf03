//! Typed events: the six topics of MAAC's webhook, read liberally.
//!
//! Documentation and samples disagree in places, and payloads drift. The rules:
//!
//! 1. Getting an [`Event`] never fails and never loses one: what cannot be read is [`Event::Unknown`]
//!    with its raw bytes and the reason.
//! 2. An id is text, whether it was sent as a text or as a number.
//! 3. A missing or `null` field is `None` or empty. Only what identifies the event (the fields of its
//!    [`NaturalKey`]) must be there.
//! 4. A field that is of no use is `None` too: one that is neither text nor number where one is expected, and a number that
//!    no [`Decimal`](crate::rust_decimal::Decimal) holds exactly. Nothing is rounded or guessed, and a WARN counts such fields. What has
//!    no way to say that it is missing (an entry of a list, an alias) makes the event [`Event::Unknown`].
//! 5. Half of a character beyond the BMP (`\ud83d` alone, as Python writes of a text that was cut) is U+FFFD.
//! 6. An unknown field is ignored; an unknown value of an enum is its `Other`.
//! 7. An event with a member given twice, of those that are read, is [`Event::Unknown`]: two readers could see two events in
//!    it.
//!
//! Each struct holds the fields of `data` and the envelope's `timestamp`. Facts are from the MAAC
//! OpenAPI reference (Webhook) and SurveyCake's webhook reference.
//!
//! `Debug` of a typed event prints its fields, personal data among them; that of [`Unknown`] and of a
//! [`Delivery`](crate::Delivery) leaves the payload out.

#[macro_use]
mod text_enum;

mod datetime;
mod envelope;
mod error;
mod first_open;
mod ids;
mod lenient;
mod natural_key;
mod parse;
mod phone_number;
mod pnp;
mod points;
mod raw_json;
mod receipt;
mod surrogates;
mod survey;
mod topic;

pub use datetime::{CivilDateTime, DateTimeError, OffsetDateTime};
pub use envelope::Envelope;
pub use error::{EventError, EventErrorKind};
pub use first_open::{MessageFirstOpen, OpenedMessage};
pub use ids::{
    AnswerId, BroadcastId, CustomerId, EventId, LinePushTemplateId, LineUid, PnpMessageId, PnpSettingId,
    PointsId, QuestionNumber, SurveyId,
};
pub use natural_key::NaturalKey;
pub use phone_number::PhoneNumber;
pub use pnp::{
    LinePushErrorCategory, MessageChannel, MessageStatus, PnpProfileUpdated, PnpStatusUpdated, ProfileSource,
    SmsErrorCategory,
};
pub use points::PrizePointsAdded;
pub use raw_json::{RawJson, RawJsonError};
pub use receipt::{ReceiptItem, ReceiptValidated};
pub use survey::{
    AliasMap, AnswersError, AnswersErrorKind, Gender, MaacMember, Question, QuestionType, SurveyAnswer,
    SurveyAnswers, SurveyCakeSubmitted,
};
pub use topic::{Topic, TopicEvent};

use bytes::Bytes;

/// A verified event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// `receipt.receipt_validated`
    ReceiptValidated(ReceiptValidated),
    /// `form.surveycake_submitted`
    SurveyCakeSubmitted(SurveyCakeSubmitted),
    /// `pnp.status_updated`
    PnpStatusUpdated(PnpStatusUpdated),
    /// `pnp.profile_updated`
    PnpProfileUpdated(PnpProfileUpdated),
    /// `prize.points_added`
    PrizePointsAdded(PrizePointsAdded),
    /// `message.first_open`
    MessageFirstOpen(MessageFirstOpen),
    /// Anything else that was verified: it keeps its bytes.
    Unknown(Unknown),
}

/// A verified event that is not one of the six topics, or not readable as the one it names.
///
/// `Debug` leaves the payload out.
#[derive(Clone, PartialEq)]
pub struct Unknown {
    topic: Option<String>,
    timestamp: Option<OffsetDateTime>,
    raw: Bytes,
    error: EventError,
}

impl Event {
    /// Reads a body. It never fails; see [`Event::Unknown`].
    ///
    /// It reads no deeper than it must: a field that it ignores may be nested as deep as `serde_json` reads on,
    /// while [`Envelope::read`] refuses `data` nested more than 126 deep.
    #[must_use]
    pub fn parse(body: &Bytes) -> Self {
        parse::event(body)
    }

    /// The event's topic; `None` where the body names none.
    #[must_use]
    pub fn topic(&self) -> Option<Topic> {
        match self {
            Self::ReceiptValidated(_) => Some(Topic::ReceiptValidated),
            Self::SurveyCakeSubmitted(_) => Some(Topic::SurveyCakeSubmitted),
            Self::PnpStatusUpdated(_) => Some(Topic::PnpStatusUpdated),
            Self::PnpProfileUpdated(_) => Some(Topic::PnpProfileUpdated),
            Self::PrizePointsAdded(_) => Some(Topic::PrizePointsAdded),
            Self::MessageFirstOpen(_) => Some(Topic::MessageFirstOpen),
            Self::Unknown(unknown) => unknown.topic().map(Topic::from),
        }
    }

    /// The envelope's time; `None` where it has none that is a text or a number.
    #[must_use]
    pub fn timestamp(&self) -> Option<&OffsetDateTime> {
        match self {
            Self::ReceiptValidated(event) => event.timestamp.as_ref(),
            Self::SurveyCakeSubmitted(event) => event.timestamp.as_ref(),
            Self::PnpStatusUpdated(event) => event.timestamp.as_ref(),
            Self::PnpProfileUpdated(event) => event.timestamp.as_ref(),
            Self::PrizePointsAdded(event) => event.timestamp.as_ref(),
            Self::MessageFirstOpen(event) => event.timestamp.as_ref(),
            Self::Unknown(unknown) => unknown.timestamp(),
        }
    }

    /// What a handler upserts by.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        match self {
            Self::ReceiptValidated(event) => event.natural_key(),
            Self::SurveyCakeSubmitted(event) => event.natural_key(),
            Self::PnpStatusUpdated(event) => event.natural_key(),
            Self::PnpProfileUpdated(event) => event.natural_key(),
            Self::PrizePointsAdded(event) => event.natural_key(),
            Self::MessageFirstOpen(event) => event.natural_key(),
            Self::Unknown(unknown) => NaturalKey::unknown(&crate::identity::sha256_hex(&unknown.raw)),
        }
    }
}

impl Unknown {
    /// The topic the body names, if its envelope can be read.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// The envelope's time, if its envelope can be read and has one.
    #[must_use]
    pub fn timestamp(&self) -> Option<&OffsetDateTime> {
        self.timestamp.as_ref()
    }

    /// The raw body; [`Envelope::read`] gives its `data`, where it has an envelope.
    #[must_use]
    pub fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Why it was not read.
    #[must_use]
    pub fn error(&self) -> &EventError {
        &self.error
    }
}

impl std::fmt::Debug for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unknown")
            .field("topic", &self.topic)
            .field("raw_bytes", &self.raw.len())
            .field("error", &self.error)
            .finish()
    }
}

#[cfg(test)]
mod tests;
