use serde::Deserialize;

use super::super::{
    EventId, LinePushTemplateId, NaturalKey, OffsetDateTime, PhoneNumber, PnpMessageId, PnpSettingId, Topic,
    lenient::opt,
};

text_enum! {
    /// Where an SMS+ message stands.
    pub enum MessageStatus {
        /// LINE push: being prepared.
        LinePushPreparing = "line_push_preparing",
        /// LINE push: delivered.
        LinePushDelivered = "line_push_delivered",
        /// LINE push: failed.
        LinePushFailed = "line_push_failed",
        /// LINE push: cannot be delivered.
        LinePushUndeliverable = "line_push_undeliverable",
        /// LINE notification message: being prepared.
        PnpPreparing = "pnp_preparing",
        /// LINE notification message: accepted by LINE.
        PnpAccepted = "pnp_accepted",
        /// LINE notification message: delivered.
        PnpDelivered = "pnp_delivered",
        /// LINE notification message: failed.
        PnpFailed = "pnp_failed",
        /// LINE notification message: cannot be delivered.
        PnpUndeliverable = "pnp_undeliverable",
        /// SMS: being prepared.
        SmsPreparing = "sms_preparing",
        /// SMS: accepted by the carrier.
        SmsAccepted = "sms_accepted",
        /// SMS: delivered.
        SmsDelivered = "sms_delivered",
        /// SMS: failed.
        SmsFailed = "sms_failed",
        /// SMS: cannot be delivered.
        SmsUndeliverable = "sms_undeliverable",
        /// SMS: blocked.
        SmsBlocked = "sms_blocked",
        /// SMS: failed for now; it becomes `sms_failed` when the retry period ends.
        SmsTemporaryError = "sms_temporary_error",
        /// SMS: the carrier did not report in time.
        SmsCallbackTimeout = "sms_callback_timeout",
    }
}

text_enum! {
    /// Why a LINE push failed.
    pub enum LinePushErrorCategory {
        /// The phone number is no friend's.
        MemberNotFound = "member_not_found",
        /// The month's messages are used up.
        ReachMonthlyLimit = "reach_monthly_limit",
        /// Another reason.
        Others = "others",
    }
}

text_enum! {
    /// Why an SMS failed.
    pub enum SmsErrorCategory {
        /// The recipient's side cannot receive.
        TargetReceptionIssue = "target_reception_issue",
        /// The phone number is not valid.
        InvalidPhoneNumber = "invalid_phone_number",
        /// The text has words that the carrier refuses.
        SensitiveWords = "sensitive_words",
        /// Another reason.
        Others = "others",
    }
}

/// The status of an SMS+ message changed (`pnp.status_updated`).
///
/// Statuses may arrive out of order: [`supersedes`](Self::supersedes) tells which of two is the later.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PnpStatusUpdated {
    /// The envelope's time: when the event happened.
    #[serde(skip)]
    pub timestamp: Option<OffsetDateTime>,
    /// The SMS+ template.
    #[serde(default, deserialize_with = "opt")]
    pub pnp_setting_id: Option<PnpSettingId>,
    /// The SMS+ template's name.
    #[serde(default, deserialize_with = "opt")]
    pub pnp_setting_name: Option<String>,
    /// The message.
    pub pnp_message_id: PnpMessageId,
    /// The `event_id` the message was pushed with, if it was.
    #[serde(default, deserialize_with = "opt")]
    pub event_id: Option<EventId>,
    /// The brand's own id of the message, given when it was pushed.
    #[serde(default, deserialize_with = "opt")]
    pub customized_id: Option<String>,
    /// The phone number, plain or hashed as the push gave it.
    #[serde(default, deserialize_with = "opt")]
    pub phone_number: Option<PhoneNumber>,
    /// Where the message stands.
    #[serde(default, deserialize_with = "opt")]
    pub status: Option<MessageStatus>,
    /// The LINE push template that was tried first.
    #[serde(default, deserialize_with = "opt")]
    pub line_push_template_id: Option<LinePushTemplateId>,
    /// Where its LINE push stands.
    #[serde(default, deserialize_with = "opt")]
    pub line_push_status: Option<String>,
    /// When its LINE push was delivered.
    #[serde(default, deserialize_with = "opt")]
    pub line_push_delivered_at: Option<OffsetDateTime>,
    /// Why its LINE push failed.
    #[serde(default, deserialize_with = "opt")]
    pub line_push_error_category: Option<LinePushErrorCategory>,
    /// Where its LINE notification message stands.
    #[serde(default, deserialize_with = "opt")]
    pub pnp_status: Option<String>,
    /// When its LINE notification message was delivered.
    #[serde(default, deserialize_with = "opt")]
    pub pnp_delivered_at: Option<OffsetDateTime>,
    /// Where its SMS stands.
    #[serde(default, deserialize_with = "opt")]
    pub sms_status: Option<String>,
    /// When its SMS was delivered.
    #[serde(default, deserialize_with = "opt")]
    pub sms_delivered_at: Option<OffsetDateTime>,
    /// Why its SMS failed.
    #[serde(default, deserialize_with = "opt")]
    pub sms_error_category: Option<SmsErrorCategory>,
}

impl PnpStatusUpdated {
    /// What a handler upserts by: the message. The status is a value.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        NaturalKey::new(&Topic::PnpStatusUpdated, [Some(self.pnp_message_id.as_str())])
    }
}
