//! What happens on a platform, and the events it gives: from what a form or an API call has been filled in with to a
//! [`payload`](crate::payload).
//!
//! | producer | topic | its rule |
//! | --- | --- | --- |
//! | [`Receipts`] | `receipt.receipt_validated` | an event for each campaign that matches, with the matching items alone |
//! | [`SurveyCake`] | `form.surveycake_submitted` | the alias map has an answer's own alias where it has one |
//! | [`SmsPlus`] | `pnp.status_updated` | LINE push, then PNP, then SMS; no SMS to a hashed number |
//! | [`ProfileBinding`] | `pnp.profile_updated` | a hashed number is found out by PNP alone |
//! | [`PointsGrant`] | `prize.points_added` | each grant has a `points_id` of its own |
//! | [`Messages`] | `message.first_open` | one for each friend and message, none without an `event_id` |
//!
//! The types that are filled in can be deserialized; what is refused says why, for whoever uses the console.
//!
//! ```
//! use maac_webhook_sender::{
//!     maac_webhook::{event::MessageStatus, jiff::{Timestamp, ToSpan}},
//!     producers::{PnpPush, PnpSetting, Report, SmsPlus},
//! };
//!
//! let now: Timestamp = "2025-11-28T10:00:00+08:00".parse()?;
//! let mut sms_plus = SmsPlus::new();
//! sms_plus.add_setting(PnpSetting::new(118, "出貨通知", true))?;
//!
//! let preparing = sms_plus.push(&PnpPush::new(118, "+886912345678"), now)?;
//! assert_eq!(preparing.status, "pnp_preparing");
//! let id = preparing.pnp_message_id;
//! let failed = sms_plus.report(id, &Report::new(MessageStatus::PnpFailed), now + 1.second())?;
//! assert_eq!(failed.pnp_status.as_deref(), Some("failed"));
//!
//! let refused = sms_plus.report(id, &Report::new(MessageStatus::SmsDelivered), now + 2.seconds()).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "A message does not become sms_delivered after pnp_failed. It may become sms_preparing.",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod field;
mod friend;
mod messages;
mod points;
mod profile;
mod receipt;
mod sms_plus;
mod survey;
#[cfg(test)]
mod tests;

pub use error::{ProducerError, ProducerErrorKind};
pub use field::Field;
pub use friend::Friend;
pub use messages::{
    EnhancedMulticast, EventReport, MessageKind, Messages, Multicast, NoFirstOpen, OpenApiEvent, Push,
    PushData, PushedMessage, Recipient, SendStatus,
};
pub use points::PointsGrant;
pub use profile::ProfileBinding;
pub use receipt::{
    Campaign, CampaignResult, MatchConditions, NoMatch, ReceiptUpload, Receipts, UploadClock, UploadedItem,
};
pub use sms_plus::{PnpMessage, PnpPush, PnpSetting, Report, SmsPlus, next_statuses};
pub use survey::{Choice, GivenAnswer, QuestionAnswers, Submission, Survey, SurveyCake, SurveyQuestion};
