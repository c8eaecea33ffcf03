use jiff::Timestamp;
use maac_webhook::event::{LinePushErrorCategory, MessageStatus, SmsErrorCategory};
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    payload::PnpStatusUpdated,
    producers::{ProducerError, ProducerErrorKind},
};

/// What became of a message: its next status, with an error category where the status has one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The status.
    pub status: MessageStatus,
    /// Why a LINE push failed; `member_not_found` where it is not given.
    #[serde(default)]
    pub line_push_error_category: Option<LinePushErrorCategory>,
    /// Why an SMS failed; `target_reception_issue` where it is not given.
    #[serde(default)]
    pub sms_error_category: Option<SmsErrorCategory>,
}

impl Report {
    /// A report of this status.
    pub fn new(status: impl Into<MessageStatus>) -> Self {
        Self { status: status.into(), line_push_error_category: None, sms_error_category: None }
    }
}

impl From<MessageStatus> for Report {
    fn from(status: MessageStatus) -> Self {
        Self::new(status)
    }
}

/// An SMS+ message and where it stands. It can be written down and [taken up again](super::SmsPlus::restore).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PnpMessage {
    event: PnpStatusUpdated,
    #[serde(serialize_with = "as_text")]
    status: MessageStatus,
    sms: bool,
    reports_after_timeout: bool,
    reported_at: Timestamp,
}

/// The statuses that a message may have right after this one.
///
/// A channel that fails or cannot deliver is followed by the next one's `preparing`; SMS is the next one only where the
/// template has it (`sms`). A `sms_temporary_error` is followed by another attempt's outcome, or in the end by
/// `sms_failed`. Which statuses follow which is not documented beyond that and the order of the channels.
#[must_use]
pub fn next_statuses(status: &MessageStatus, sms: bool) -> &'static [MessageStatus] {
    use MessageStatus as S;

    match status {
        S::LinePushPreparing => &[S::LinePushDelivered, S::LinePushFailed, S::LinePushUndeliverable],
        S::LinePushFailed | S::LinePushUndeliverable => &[S::PnpPreparing],
        S::PnpPreparing => &[S::PnpAccepted, S::PnpFailed, S::PnpUndeliverable],
        S::PnpAccepted => &[S::PnpDelivered, S::PnpFailed, S::PnpUndeliverable],
        S::PnpFailed | S::PnpUndeliverable if sms => &[S::SmsPreparing],
        S::SmsPreparing => {
            &[S::SmsAccepted, S::SmsFailed, S::SmsUndeliverable, S::SmsBlocked, S::SmsTemporaryError]
        }
        S::SmsAccepted => &[
            S::SmsDelivered,
            S::SmsFailed,
            S::SmsUndeliverable,
            S::SmsBlocked,
            S::SmsTemporaryError,
            S::SmsCallbackTimeout,
        ],
        S::SmsTemporaryError => &[
            S::SmsAccepted,
            S::SmsDelivered,
            S::SmsFailed,
            S::SmsUndeliverable,
            S::SmsBlocked,
            S::SmsCallbackTimeout,
        ],
        // What is left is final.
        _ => &[],
    }
}

/// What a carrier may still report after `sms_callback_timeout`.
const LATE_REPORTS: &[MessageStatus] = &[
    MessageStatus::SmsDelivered,
    MessageStatus::SmsFailed,
    MessageStatus::SmsUndeliverable,
    MessageStatus::SmsBlocked,
];

impl PnpMessage {
    /// A message that is being prepared, of an event whose channels are all `null`.
    pub(super) fn new(
        mut event: PnpStatusUpdated,
        sms: bool,
        reports_after_timeout: bool,
        now: Timestamp,
    ) -> Self {
        let status = match event.line_push_template_id {
            Some(_) => MessageStatus::LinePushPreparing,
            None => MessageStatus::PnpPreparing,
        };
        event.set_status(&status, now);
        Self { event, status, sms, reports_after_timeout, reported_at: now }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.event.pnp_message_id
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> &MessageStatus {
        &self.status
    }

    /// The event of where it stands.
    #[must_use]
    pub fn event(&self) -> &PnpStatusUpdated {
        &self.event
    }

    /// What may become of it next; nothing where it is at its end.
    #[must_use]
    pub fn next(&self) -> &'static [MessageStatus] {
        match self.status {
            MessageStatus::SmsCallbackTimeout if self.reports_after_timeout => LATE_REPORTS,
            _ => next_statuses(&self.status, self.sms),
        }
    }

    pub(super) fn report(
        &mut self,
        report: &Report,
        now: Timestamp,
    ) -> Result<&PnpStatusUpdated, ProducerError> {
        let status = &report.status;
        if !self.next().contains(status) {
            let (from, to) = (self.status.clone(), status.clone());
            return Err(ProducerErrorKind::StatusNotNext { from, to, next: self.next() }.into());
        }
        if now < self.reported_at {
            return Err(ProducerErrorKind::ReportedBefore { at: self.reported_at }.into());
        }
        let failed = PnpStatusUpdated::has_error_category(status);
        let of = |channel: &str| failed && status.as_str().starts_with(channel);
        let (line_push, sms) = (&report.line_push_error_category, &report.sms_error_category);
        if line_push.is_some() && !of("line_push_") || sms.is_some() && !of("sms_") {
            return Err(ProducerErrorKind::NoErrorCategory { status: status.clone() }.into());
        }
        let unknown = matches!(line_push, Some(LinePushErrorCategory::Other(_)))
            || matches!(sms, Some(SmsErrorCategory::Other(_)));
        if unknown {
            return Err(ProducerErrorKind::UnknownErrorCategory.into());
        }

        self.event.set_status(status, now);
        if let Some(category) = line_push {
            self.event.line_push_error_category = Some(category.to_string());
        }
        if let Some(category) = sms {
            self.event.sms_error_category = Some(category.to_string());
        }
        (self.status, self.reported_at) = (status.clone(), now);
        Ok(&self.event)
    }
}

fn as_text<S: Serializer>(status: &MessageStatus, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}
