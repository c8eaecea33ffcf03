use jiff::Timestamp;
use maac_webhook::event::{LinePushErrorCategory, MessageChannel, MessageStatus, SmsErrorCategory};

use super::PnpStatusUpdated;
use crate::wire_time;

impl PnpStatusUpdated {
    /// Sets where the message stands at `now`, and with it the fields of that status's channel: its own status, which
    /// is without the channel's name, when it was delivered, and an error category where it
    /// [has one](Self::has_error_category). The other channels' stay as they are, and so do all of them for a status
    /// that is of no known channel.
    ///
    /// The error category is `member_not_found` of a LINE push and `target_reception_issue` of an SMS, to be changed.
    pub fn set_status(&mut self, status: &MessageStatus, now: Timestamp) {
        status.as_str().clone_into(&mut self.status);
        let Some(channel) = status.channel() else { return };
        let own = status.as_str();
        let own = |prefix| own.strip_prefix(prefix).map(str::to_owned);
        let delivered_at = status.as_str().ends_with("_delivered").then(|| wire_time(now));
        let failed = Self::has_error_category(status);
        match channel {
            MessageChannel::LinePush => {
                let category = failed.then_some(LinePushErrorCategory::MemberNotFound);
                self.line_push_status = own("line_push_");
                self.line_push_delivered_at = delivered_at;
                self.line_push_error_category = category.map(|category| category.to_string());
            }
            MessageChannel::Pnp => {
                self.pnp_status = own("pnp_");
                self.pnp_delivered_at = delivered_at;
            }
            MessageChannel::Sms => {
                let category = failed.then_some(SmsErrorCategory::TargetReceptionIssue);
                self.sms_status = own("sms_");
                self.sms_delivered_at = delivered_at;
                self.sms_error_category = category.map(|category| category.to_string());
            }
            _ => {}
        }
    }

    /// Sets the fields of each channel to `null`, as before anything was tried.
    pub fn clear_channels(&mut self) {
        self.line_push_status = None;
        self.line_push_delivered_at = None;
        self.line_push_error_category = None;
        self.pnp_status = None;
        self.pnp_delivered_at = None;
        self.sms_status = None;
        self.sms_delivered_at = None;
        self.sms_error_category = None;
    }

    /// Whether an error category comes with this status: where a LINE push or an SMS failed, was undeliverable or
    /// blocked, or failed for now. A LINE notification message has none. (With which statuses is not documented.)
    #[must_use]
    pub fn has_error_category(status: &MessageStatus) -> bool {
        let failed = ["_failed", "_undeliverable", "_blocked", "_temporary_error"];
        matches!(status.channel(), Some(MessageChannel::LinePush | MessageChannel::Sms))
            && failed.iter().any(|end| status.as_str().ends_with(end))
    }
}
