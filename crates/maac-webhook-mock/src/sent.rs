use std::fmt;

use bytes::Bytes;
use maac_webhook::{Event, RejectionKind, event::NaturalKey};
use maac_webhook_sender::{Attempt, DeliveryRecord, Outcome, RequestRecord, ResponseRecord, Target};
use serde::{Serialize, Serializer};

use crate::{Behaviour, Expectation, Tampering, handover::Logged, outgoing::Outgoing, report};

/// What was sent, and what came of it.
///
/// An assertion that fails panics with each event that fails it, as `Display` shows all of them.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Sent {
    /// Where it went.
    pub url: String,
    /// Each event with its attempts: the events of [`MockSender::events`](crate::MockSender::events) in the order in
    /// which they were sent, each copy by itself, and what a tampering sends before.
    pub events: Vec<SentEvent>,
}

/// An event that was sent, with every attempt. As JSON, its `tampering` and `behaviour` are named as a file of a
/// [`Scenario`](crate::Scenario) names them.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SentEvent {
    /// What it is, for a person: its topic, or how many bytes it has.
    #[serde(rename = "event")]
    pub what: String,
    /// Its topic, where it has one.
    pub topic: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tampering: Option<Tampering>,
    /// How the sender or the network behaved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behaviour: Option<Behaviour>,
    /// The attempts, in order.
    pub attempts: Vec<SentAttempt>,
    /// What became of it.
    pub outcome: Outcome,
}

/// One attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SentAttempt {
    /// What was sent. The body is the whole one, also where less of it arrived, but for the white space of a
    /// [`BodyTooLarge`](Tampering::BodyTooLarge).
    pub request: RequestRecord,
    /// How many bytes of a body there were to read.
    pub body_length: u64,
    /// How many of them the receiver read, where that is known: in process. A socket takes bytes that nobody reads, and a
    /// server may read on to throw them away.
    pub body_read: Option<u64>,
    /// When it was sent, how long it took, and what came of it.
    pub attempt: Attempt,
    /// What the receiver answered without being heard, since the answer or the connection was lost.
    pub unheard: Option<ResponseRecord>,
    /// Why the receiver rejected it, heard or not, where that is known: in process, by a receiver made of
    /// `maac-webhook`.
    pub rejection: Option<RejectionKind>,
}

impl Sent {
    pub(crate) fn new(address: &Target, events: Vec<SentEvent>) -> Self {
        Self { url: address.to_string(), events }
    }

    /// Asserts that each event was answered 200 in the end, which is what MAAC asks for.
    ///
    /// # Panics
    ///
    /// With what was sent and what came of it.
    #[track_caller]
    pub fn assert_accepted(&self) -> &Self {
        self.assert(Expectation::Accepted)
    }

    /// Asserts that each event was answered with this status in the end: 401 for a forgery, say.
    ///
    /// # Panics
    ///
    /// With what was sent and what came of it.
    #[track_caller]
    pub fn assert_rejected(&self, status: u16) -> &Self {
        self.assert(Expectation::Rejected(status))
    }

    /// Asserts that no answer to an event's last attempt was heard.
    ///
    /// # Panics
    ///
    /// With what was sent and what came of it.
    #[track_caller]
    pub fn assert_unanswered(&self) -> &Self {
        self.assert(Expectation::Unanswered)
    }

    /// Asserts that each event became of what was expected.
    ///
    /// # Panics
    ///
    /// With what was sent and what came of it.
    #[track_caller]
    pub fn assert(&self, expected: Expectation) -> &Self {
        let fails = |event: &SentEvent| !event.met(expected);
        assert!(self.met(expected), "{}", report::failure(self, &format!("to be {expected}"), fails));
        self
    }

    /// Asserts how many attempts each event took.
    ///
    /// # Panics
    ///
    /// With what was sent and what came of it.
    #[track_caller]
    pub fn assert_attempts(&self, expected: usize) -> &Self {
        let wanted = format!("to take {}", report::attempts(expected));
        let fails = |event: &SentEvent| !event.took(expected);
        assert!(self.took(expected), "{}", report::failure(self, &wanted, fails));
        self
    }

    /// Whether each event became of what was expected; never where there is no event. A rejection of a
    /// [`BodyTooLarge`](Tampering::BodyTooLarge) is none where all of it was read.
    #[must_use]
    pub fn met(&self, expected: Expectation) -> bool {
        !self.events.is_empty() && self.events.iter().all(|event| event.met(expected))
    }

    /// The body of each event's last attempt, in the order of the events.
    pub fn bodies(&self) -> impl Iterator<Item = &Bytes> {
        self.events.iter().filter_map(|event| Some(event.attempts.last()?.request.body.as_bytes()))
    }

    /// The natural key of each event, once for all copies of it, in the order in which they were sent: what a correct
    /// receiver has handled in the end, where all of it is genuine. An answer does not tell that: see [`Tampering`].
    #[must_use]
    pub fn natural_keys(&self) -> Vec<NaturalKey> {
        let mut keys = Vec::new();
        for key in self.bodies().map(|body| Event::parse(body).natural_key()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The event, or how many there are.
    pub(crate) fn summary(&self) -> String {
        // What a tampering sends before it comes first.
        let last = self.events.last().map_or_else(|| "nothing".to_owned(), report::summary);
        match self.events.len() {
            0 | 1 => last,
            several => format!("{several} events, the last of them {last}"),
        }
    }

    pub(crate) fn took(&self, expected: usize) -> bool {
        !self.events.is_empty() && self.events.iter().all(|event| event.took(expected))
    }
}

impl SentEvent {
    pub(crate) fn new(outgoing: &Outgoing, record: DeliveryRecord, log: Vec<Logged>) -> Self {
        let attempts = log.into_iter().zip(record.attempts).map(
            |(Logged { request, length, read, in_process, unheard, rejection }, attempt)| SentAttempt {
                request,
                body_length: length,
                body_read: in_process.then(|| read.bytes()),
                attempt,
                unheard,
                rejection,
            },
        );
        Self {
            what: outgoing.what.clone(),
            topic: outgoing.topic.clone(),
            tampering: outgoing.tampering,
            behaviour: outgoing.behaviour,
            attempts: attempts.collect(),
            outcome: record.outcome,
        }
    }

    pub(crate) fn met(&self, expected: Expectation) -> bool {
        expected.is_met_by(self.status()) && (expected == Expectation::Accepted || !self.read_without_limit())
    }

    pub(crate) fn took(&self, attempts: usize) -> bool {
        self.attempts.len() == attempts
    }

    /// Whether a body that is too large was read to its end.
    fn read_without_limit(&self) -> bool {
        let whole = |attempt: &SentAttempt| attempt.body_read.is_some_and(|read| read >= attempt.body_length);
        self.tampering == Some(Tampering::BodyTooLarge) && self.attempts.iter().any(whole)
    }

    /// The status of the last attempt, where its answer was heard.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempts.last().and_then(SentAttempt::status)
    }
}

impl SentAttempt {
    /// Its status, where its answer was heard.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempt.result.as_ref().ok().map(|response| response.status)
    }

    /// What the receiver answered, heard or not.
    #[must_use]
    pub fn answered(&self) -> Option<&ResponseRecord> {
        self.attempt.result.as_ref().ok().or(self.unheard.as_ref())
    }
}

impl Serialize for SentAttempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            request: &'a RequestRecord,
            body_length: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            body_read: Option<u64>,
            #[serde(flatten)]
            attempt: &'a Attempt,
            #[serde(skip_serializing_if = "Option::is_none")]
            unheard: &'a Option<ResponseRecord>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rejection: Option<&'static str>,
        }
        let Self { request, attempt, unheard, .. } = self;
        let (body_length, body_read) = (self.body_length, self.body_read);
        let rejection = self.rejection.map(RejectionKind::as_str);
        Flat { request, body_length, body_read, attempt, unheard, rejection }.serialize(serializer)
    }
}

/// All that was sent and came of it, as a failed assertion prints it. Signatures are shortened.
impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&report::sent(self))
    }
}
