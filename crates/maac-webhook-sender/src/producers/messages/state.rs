use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    EnhancedMulticast, MessageKind, Multicast, NoFirstOpen, OpenApiEvent, Push, PushData, PushedMessage,
    Recipient, SendStatus,
};
use crate::{
    body::day_in_taiwan,
    draw::draw,
    payload::MessageFirstOpen,
    producers::{Field, Friend, ProducerError, ProducerErrorKind, field::required, friend::check_line_uid},
};

/// The OpenAPI's events, the messages that were pushed, the broadcasts, and who opened what.
#[derive(Clone, Debug)]
pub struct Messages {
    pub(super) events: BTreeMap<u64, OpenApiEvent>,
    pub(super) messages: BTreeMap<u64, PushedMessage>,
    /// Who opened each broadcast.
    pub(super) broadcasts: BTreeMap<u64, HashSet<String>>,
    unreachable: BTreeSet<String>,
    pub(super) next_id: u64,
    event_limit: usize,
    pub(super) message_limit: usize,
    second_push_opens: bool,
    pending: Duration,
    sending: Duration,
}

impl Messages {
    /// How many events there can be (MAAC OpenAPI): 1,000.
    pub const DEFAULT_EVENT_LIMIT: usize = 1_000;

    /// How many friends a multicast takes (MAAC OpenAPI): 150.
    pub const MULTICAST_LIMIT: usize = 150;

    /// How many friends an enhanced multicast takes (MAAC OpenAPI): 500.
    pub const ENHANCED_MULTICAST_LIMIT: usize = 500;

    /// How many messages, and how many broadcasts, are remembered unless told otherwise: 1,000.
    pub const DEFAULT_MESSAGE_LIMIT: usize = 1_000;

    /// Nothing was pushed yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            events: BTreeMap::new(),
            messages: BTreeMap::new(),
            broadcasts: BTreeMap::new(),
            unreachable: BTreeSet::new(),
            // So that the ids of another run are others.
            next_id: 1_000 + draw(1_000_000_000),
            event_limit: Self::DEFAULT_EVENT_LIMIT,
            message_limit: Self::DEFAULT_MESSAGE_LIMIT,
            second_push_opens: true,
            pending: Duration::from_secs(1),
            sending: Duration::from_secs(1),
        }
    }

    /// Sets how many events there can be.
    #[must_use]
    pub fn with_event_limit(mut self, events: usize) -> Self {
        self.event_limit = events;
        self
    }

    /// Sets how many messages, and how many broadcasts, are remembered. The oldest is forgotten for a new one, with who
    /// opened it.
    #[must_use]
    pub fn with_message_limit(mut self, messages: usize) -> Self {
        self.message_limit = messages;
        self
    }

    /// Sets whether a friend's first open of a second push under an `event_id` is a first open too: unless told
    /// otherwise it is.
    #[must_use]
    pub fn with_opens_of_second_push(mut self, opens: bool) -> Self {
        self.second_push_opens = opens;
        self
    }

    /// Sets how long a multicast is pending and then being sent: unless told otherwise 1 s each. A push to one friend is
    /// sent at once.
    #[must_use]
    pub fn with_pace(mut self, pending: Duration, sending: Duration) -> Self {
        (self.pending, self.sending) = (pending, sending);
        self
    }

    /// Sets whether messages reach a friend, who may have blocked the account.
    pub fn set_reachable(&mut self, line_uid: &str, reachable: bool) {
        if reachable {
            self.unreachable.remove(line_uid);
        } else {
            self.unreachable.insert(line_uid.to_owned());
        }
    }

    /// Makes an event, whose id is an `event_id`.
    ///
    /// # Errors
    ///
    /// An event without a name, and one too many.
    pub fn create_event(&mut self, name: &str, now: Timestamp) -> Result<&OpenApiEvent, ProducerError> {
        required(name, Field::EventName)?;
        let limit = self.event_limit;
        if self.events.len() >= limit {
            return Err(ProducerErrorKind::TooManyEvents { limit }.into());
        }
        let id = self.id();
        let event = OpenApiEvent { id, name: name.to_owned(), created_at: now, opens: BTreeMap::new() };
        Ok(self.events.entry(id).or_insert(event))
    }

    /// The events, the oldest first.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &OpenApiEvent> {
        self.events.values()
    }

    /// The event of this id.
    ///
    /// # Errors
    ///
    /// [`ProducerErrorKind::NoSuchEvent`].
    pub fn event(&self, id: u64) -> Result<&OpenApiEvent, ProducerError> {
        self.events.get(&id).ok_or_else(|| ProducerErrorKind::NoSuchEvent { id }.into())
    }

    /// The messages, the newest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &PushedMessage> + ExactSizeIterator {
        self.messages.values().rev()
    }

    /// The message of this id.
    ///
    /// # Errors
    ///
    /// [`ProducerErrorKind::NoSuchMessage`].
    pub fn message(&self, id: u64) -> Result<&PushedMessage, ProducerError> {
        self.messages.get(&id).ok_or_else(|| ProducerErrorKind::NoSuchMessage { id }.into())
    }

    /// Pushes to one friend, at once.
    ///
    /// # Errors
    ///
    /// A LINE user id that is none, and an `event_id` that there is not.
    pub fn push(&mut self, push: &Push, now: Timestamp) -> Result<&PushedMessage, ProducerError> {
        let to = [(push.data.line_uid.as_str(), push.event_id)];
        self.add(MessageKind::Push, push.template_id, &to, now)
    }

    /// Pushes to several friends.
    ///
    /// # Errors
    ///
    /// What [`push`](Self::push) refuses; no friend, or more than [`MULTICAST_LIMIT`](Self::MULTICAST_LIMIT).
    pub fn multicast(&mut self, push: &Multicast, now: Timestamp) -> Result<&PushedMessage, ProducerError> {
        let of_each = |to: &PushData| to.event_id.or(push.event_id);
        let to: Vec<_> = push.data.iter().map(|to| (to.line_uid.as_str(), of_each(to))).collect();
        within(&to, Self::MULTICAST_LIMIT)?;
        self.add(MessageKind::Multicast, push.template_id, &to, now)
    }

    /// Pushes one content to several friends, whose opens are not tracked.
    ///
    /// # Errors
    ///
    /// What [`push`](Self::push) refuses; no friend, or more than
    /// [`ENHANCED_MULTICAST_LIMIT`](Self::ENHANCED_MULTICAST_LIMIT).
    pub fn enhanced_multicast(
        &mut self,
        push: &EnhancedMulticast,
        now: Timestamp,
    ) -> Result<&PushedMessage, ProducerError> {
        let to: Vec<_> = push.line_uids.iter().map(|to| (to.as_str(), push.event_id)).collect();
        within(&to, Self::ENHANCED_MULTICAST_LIMIT)?;
        self.add(MessageKind::EnhancedMulticast, push.template_id, &to, now)
    }

    /// Sends a broadcast to all friends, and gives back its id.
    pub fn broadcast(&mut self) -> u64 {
        let id = self.id();
        self.restore_broadcast(id);
        id
    }

    /// The broadcasts with the number of friends who opened each, the newest first.
    pub fn broadcasts(&self) -> impl DoubleEndedIterator<Item = (u64, usize)> + ExactSizeIterator {
        self.broadcasts.iter().rev().map(|(id, opened_by)| (*id, opened_by.len()))
    }

    /// A friend opens a message that was pushed.
    ///
    /// # Errors
    ///
    /// A message that there is not, one that is not sent yet, and a friend whom it did not reach. That an open gives no
    /// event is no error.
    pub fn open(
        &mut self,
        id: u64,
        friend: &Friend,
        now: Timestamp,
    ) -> Result<Result<MessageFirstOpen, NoFirstOpen>, ProducerError> {
        friend.check()?;
        let message = self.message(id)?;
        if message.status(now) != SendStatus::Sent {
            return Err(ProducerErrorKind::NotSentYet { sent_at: message.sent_at }.into());
        }
        let to = |to: &&Recipient| to.reached && to.line_uid == friend.line_uid;
        let recipient = message.recipients.iter().find(to).ok_or(ProducerErrorKind::NotARecipient)?;
        let event_id = match self.counts(message, recipient) {
            Ok(event_id) => event_id,
            Err(why_not) => return Ok(Err(why_not)),
        };
        if let Some(message) = self.messages.get_mut(&id) {
            message.opened_by.insert(friend.line_uid.clone());
        }
        if let Some(event) = self.events.get_mut(&event_id) {
            *event.opens.entry(day_in_taiwan(now)).or_default() += 1;
        }
        Ok(Ok(first_open("openapi", event_id, friend)))
    }

    /// A friend opens a broadcast.
    ///
    /// # Errors
    ///
    /// A broadcast that there is not. That an open gives no event is no error.
    pub fn open_broadcast(
        &mut self,
        id: u64,
        friend: &Friend,
    ) -> Result<Result<MessageFirstOpen, NoFirstOpen>, ProducerError> {
        friend.check()?;
        let opened_by = self.broadcasts.get_mut(&id).ok_or(ProducerErrorKind::NoSuchBroadcast { id })?;
        let first = opened_by.insert(friend.line_uid.clone());
        Ok(first.then(|| first_open("broadcast", id, friend)).ok_or(NoFirstOpen::OpenedBefore))
    }

    /// The `event_id` under which an open of this message by this recipient is a first one.
    fn counts(&self, message: &PushedMessage, recipient: &Recipient) -> Result<u64, NoFirstOpen> {
        if message.kind == MessageKind::EnhancedMulticast {
            return Err(NoFirstOpen::EnhancedMulticast);
        }
        let event_id = recipient.event_id.ok_or(NoFirstOpen::NoEventId)?;
        let line_uid = &recipient.line_uid;
        if message.opened_by.contains(line_uid) {
            return Err(NoFirstOpen::OpenedBefore);
        }
        let under_it = |other: &PushedMessage| {
            let own = other.recipients.iter().find(|to| to.reached && to.line_uid == *line_uid);
            other.opened_by.contains(line_uid) && own.is_some_and(|own| own.event_id == Some(event_id))
        };
        let opened = !self.second_push_opens && self.messages.values().any(under_it);
        if opened { Err(NoFirstOpen::OpenedUnderEventId) } else { Ok(event_id) }
    }

    fn add(
        &mut self,
        kind: MessageKind,
        template_id: u64,
        to: &[(&str, Option<u64>)],
        now: Timestamp,
    ) -> Result<&PushedMessage, ProducerError> {
        for (line_uid, event_id) in to {
            check_line_uid(line_uid)?;
            event_id.map(|id| self.event(id)).transpose()?;
        }
        let recipient = |(line_uid, event_id): &(&str, Option<u64>)| Recipient {
            line_uid: (*line_uid).to_owned(),
            event_id: *event_id,
            reached: !self.unreachable.contains(*line_uid),
        };
        let recipients = to.iter().map(recipient).collect();
        let (pending, sending) = match kind {
            MessageKind::Push => (Duration::ZERO, Duration::ZERO),
            MessageKind::Multicast | MessageKind::EnhancedMulticast => (self.pending, self.sending),
        };
        let sending_at = now.checked_add(pending).unwrap_or(now);
        let sent_at = sending_at.checked_add(sending).unwrap_or(sending_at);
        let (id, pushed_at, opened_by) = (self.id(), now, HashSet::new());
        let message =
            PushedMessage { id, kind, template_id, recipients, pushed_at, sending_at, sent_at, opened_by };
        self.restore_message(message);
        self.message(id)
    }

    /// Of events, messages and broadcasts alike, so that none is taken for another.
    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self::new()
    }
}

fn within<T>(to: &[T], limit: usize) -> Result<(), ProducerError> {
    if to.is_empty() {
        Err(ProducerErrorKind::NoRecipient.into())
    } else if to.len() > limit {
        Err(ProducerErrorKind::TooManyRecipients { limit }.into())
    } else {
        Ok(())
    }
}

fn first_open(message_type: &str, message_id: u64, friend: &Friend) -> MessageFirstOpen {
    MessageFirstOpen {
        message_type: message_type.to_owned(),
        message_id,
        line_uid: friend.line_uid.clone(),
        customer_id: friend.customer_id.clone(),
    }
}
