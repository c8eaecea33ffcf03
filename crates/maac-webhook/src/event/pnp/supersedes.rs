//! The order of the statuses of one message, which may arrive out of order.

use std::cmp::Ordering;

use super::{MessageStatus, PnpStatusUpdated};

/// A channel of an SMS+ message, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageChannel {
    /// LINE push.
    LinePush,
    /// LINE notification message.
    Pnp,
    /// SMS.
    Sms,
}

/// How much a status says of its channel. A carrier's report counts for more than its absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finality {
    UnderWay,
    CallbackTimeout,
    Final,
}

impl MessageStatus {
    /// The channel it is of; an undocumented status is placed by its prefix.
    #[must_use]
    pub fn channel(&self) -> Option<MessageChannel> {
        let text = self.as_str();
        if text.starts_with("line_push_") {
            Some(MessageChannel::LinePush)
        } else if text.starts_with("pnp_") {
            Some(MessageChannel::Pnp)
        } else if text.starts_with("sms_") {
            Some(MessageChannel::Sms)
        } else {
            None
        }
    }

    /// Whether it ends its channel; `None` for an undocumented status.
    #[must_use]
    pub fn is_final(&self) -> Option<bool> {
        self.finality().map(|finality| finality != Finality::UnderWay)
    }

    fn finality(&self) -> Option<Finality> {
        match self {
            Self::LinePushPreparing
            | Self::PnpPreparing
            | Self::PnpAccepted
            | Self::SmsPreparing
            | Self::SmsAccepted
            | Self::SmsTemporaryError => Some(Finality::UnderWay),
            Self::SmsCallbackTimeout => Some(Finality::CallbackTimeout),
            Self::LinePushDelivered
            | Self::LinePushFailed
            | Self::LinePushUndeliverable
            | Self::PnpDelivered
            | Self::PnpFailed
            | Self::PnpUndeliverable
            | Self::SmsDelivered
            | Self::SmsFailed
            | Self::SmsUndeliverable
            | Self::SmsBlocked => Some(Finality::Final),
            Self::Other(_) => None,
        }
    }
}

impl PnpStatusUpdated {
    /// Whether this status takes the place of `other`, of the same message.
    ///
    /// The higher channel wins (LINE push < PNP < SMS); within one, a final status over one under way, and
    /// a carrier's report over `sms_callback_timeout`; then the later timestamp. An event does not supersede
    /// itself.
    ///
    /// An undocumented status is placed by its channel's prefix, and is of no known rank within the channel. `None` where it
    /// cannot be told: two messages, a status that is missing or of no known channel or rank, or two different statuses of one rank
    /// whose timestamps do not decide.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> Option<bool> {
        if self.pnp_message_id != other.pnp_message_id {
            return None;
        }
        let (ours, theirs) = (self.status.as_ref()?, other.status.as_ref()?);
        let order = ours.channel()?.cmp(&theirs.channel()?);
        if order != Ordering::Equal {
            return Some(order == Ordering::Greater);
        }
        if ours != theirs {
            let order = ours.finality()?.cmp(&theirs.finality()?);
            if order != Ordering::Equal {
                return Some(order == Ordering::Greater);
            }
        }
        if ours == theirs && self.timestamp == other.timestamp {
            return Some(false);
        }
        let moment = |event: &Self| event.timestamp.as_ref()?.timestamp().ok();
        match moment(self)?.cmp(&moment(other)?) {
            Ordering::Equal if ours != theirs => None,
            order => Some(order == Ordering::Greater),
        }
    }
}

#[cfg(test)]
mod tests;
