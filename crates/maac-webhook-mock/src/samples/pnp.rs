use maac_webhook::{
    event::{MessageChannel, MessageStatus, PhoneNumber},
    jiff::Timestamp,
};
use maac_webhook_sender::payload::PnpStatusUpdated;

use super::Sample;

impl Sample<PnpStatusUpdated> {
    /// Sets where the message stands, and the fields of each channel with it: those after the status's channel are
    /// `null`, and one before it that the message passed has failed.
    ///
    /// # Panics
    ///
    /// For an `sms_*` status of a hashed phone number, which MAAC never sends. [`with`](Self::with) sends anything.
    #[must_use]
    pub fn status(self, status: MessageStatus) -> Self {
        let now = self.timestamp;
        self.with(|message| {
            set_status(message, &status, now);
            assert_consistent(message);
        })
    }

    /// Sets the phone number: as E.164, or hashed.
    ///
    /// # Panics
    ///
    /// For a hashed one of a message with an `sms_*` status, which MAAC never sends.
    #[must_use]
    pub fn phone_number(self, number: impl Into<String>) -> Self {
        self.with(|message| {
            message.phone_number = number.into();
            assert_consistent(message);
        })
    }
}

#[track_caller]
fn assert_consistent(message: &PnpStatusUpdated) {
    if let Err(why) = consistent(&message.status, &message.phone_number) {
        panic!("{why}");
    }
}

/// Whether MAAC sends such a status for such a number.
pub(crate) fn consistent(status: &str, phone_number: &str) -> Result<(), String> {
    match PhoneNumber::from(phone_number) {
        PhoneNumber::Sha256(_) if status.starts_with("sms_") => {
            Err(format!("MAAC never sends {status} for a hashed phone number"))
        }
        _ => Ok(()),
    }
}

/// Sets the status, what is of its channel, and that the message passed those before it, which failed.
pub(crate) fn set_status(message: &mut PnpStatusUpdated, status: &MessageStatus, now: Timestamp) {
    let Some(channel) = status.channel() else {
        // Where the channels stand then is not known.
        message.set_status(status, now);
        return;
    };
    message.clear_channels();
    if channel == MessageChannel::LinePush {
        message.line_push_template_id.get_or_insert(LINE_PUSH_TEMPLATE);
    } else if message.line_push_template_id.is_some() {
        message.set_status(&MessageStatus::LinePushFailed, now);
    }
    if channel == MessageChannel::Sms {
        message.set_status(&MessageStatus::PnpFailed, now);
    }
    message.set_status(status, now);
}

/// The LINE push template of a message that has one.
const LINE_PUSH_TEMPLATE: u64 = 2045;

#[cfg(test)]
mod tests {
    use maac_webhook::{Event, event};
    use maac_webhook_sender::json::BodyStyle;

    use super::*;
    use crate::{MockEvent, samples};

    fn received(sample: Sample<PnpStatusUpdated>) -> event::PnpStatusUpdated {
        let body = MockEvent::from(sample).body(BodyStyle::python()).unwrap();
        let Event::PnpStatusUpdated(status) = Event::parse(&body) else { panic!("{body:?}") };
        status
    }

    #[test]
    fn the_fields_of_each_channel_agree_with_every_status() {
        for status in MessageStatus::DOCUMENTED {
            let got = received(samples::pnp_status_updated().status(status.clone()));
            assert_eq!(got.status.as_ref(), Some(status));
            let channels = [
                ("line_push_", got.line_push_status, got.line_push_delivered_at.is_some()),
                ("pnp_", got.pnp_status, got.pnp_delivered_at.is_some()),
                ("sms_", got.sms_status, got.sms_delivered_at.is_some()),
            ];
            let at = channels.iter().position(|(channel, ..)| status.as_str().starts_with(channel)).unwrap();
            for (index, (channel, own, delivered)) in channels.into_iter().enumerate() {
                assert_eq!(delivered, status.as_str() == format!("{channel}delivered"), "{status}");
                match own {
                    Some(own) if index == at => assert_eq!(format!("{channel}{own}"), status.as_str()),
                    Some(own) => assert!(index < at && own == "failed", "{status}: {channel}{own}"),
                    None => assert!(index > at || channel == "line_push_", "{status}: {channel}"),
                }
            }
            let failed = status.as_str().ends_with("failed") || status.as_str().ends_with("undeliverable");
            let categories = (got.line_push_error_category.is_some(), got.sms_error_category.is_some());
            if failed {
                assert_eq!(categories, (at == 0, at == 2), "{status}");
            }
        }
    }

    #[test]
    fn a_status_that_is_new_leaves_the_channels_alone() {
        let new = MessageStatus::Other("rcs_delivered".to_owned());
        let got = received(samples::pnp_status_updated().status(new.clone()));
        assert_eq!((got.status, got.pnp_status.as_deref()), (Some(new), Some("delivered")));
    }

    #[test]
    #[should_panic(expected = "MAAC never sends sms_failed for a hashed phone number")]
    fn a_hashed_number_is_never_of_an_sms_status() {
        let hashed = samples::pnp_status_updated().phone_number("a".repeat(64));
        let _ = hashed.status(MessageStatus::SmsFailed);
    }
}
