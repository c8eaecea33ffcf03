use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// By which call a message was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageKind {
    /// To one friend.
    Push,
    /// To several, each with parameters of their own.
    Multicast,
    /// To several, whose opens are not tracked by friend.
    EnhancedMulticast,
}

/// How far a message is (`GET /direct_message/{id}/`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SendStatus {
    /// It waits.
    Pending,
    /// It is being sent.
    Sending,
    /// It was sent.
    Sent,
}

/// A message that was pushed through the OpenAPI. It can be written down, but for who opened it, and
/// [taken up again](super::Messages::restore_message).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PushedMessage {
    pub(super) id: u64,
    pub(super) kind: MessageKind,
    pub(super) template_id: u64,
    pub(super) recipients: Vec<Recipient>,
    pub(super) pushed_at: Timestamp,
    pub(super) sending_at: Timestamp,
    pub(super) sent_at: Timestamp,
    #[serde(skip)]
    pub(super) opened_by: HashSet<String>,
}

/// A friend whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Recipient {
    /// The friend.
    pub line_uid: String,
    /// The event it was pushed under.
    pub event_id: Option<u64>,
    /// Whether it reaches the friend.
    pub reached: bool,
}

impl PushedMessage {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// By which call it was pushed.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Its template.
    #[must_use]
    pub fn template_id(&self) -> u64 {
        self.template_id
    }

    /// The event it was pushed under; the first recipient's, where they have several.
    #[must_use]
    pub fn event_id(&self) -> Option<u64> {
        self.recipients.first()?.event_id
    }

    /// Whom it is for.
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Those whom it does not reach.
    pub fn failed(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|recipient| !recipient.reached)
    }

    /// When it was pushed.
    #[must_use]
    pub fn pushed_at(&self) -> Timestamp {
        self.pushed_at
    }

    /// When it is sent, or was.
    #[must_use]
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// How far it is.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> SendStatus {
        if now >= self.sent_at {
            SendStatus::Sent
        } else if now >= self.sending_at {
            SendStatus::Sending
        } else {
            SendStatus::Pending
        }
    }

    /// How many friends opened it. Enhanced multicast counts none, for they are not tracked.
    #[must_use]
    pub fn opens(&self) -> usize {
        self.opened_by.len()
    }
}
