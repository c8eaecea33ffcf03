use std::sync::Arc;

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::{AcceptedDelivery, DeliveryUpdate, update::shared};
use crate::{Attempt, DeliveryRecord, Outcome, RequestRecord, platform::NotDelivered};

/// A delivery as a log has it: all of its updates taken together.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LoggedDelivery {
    /// What was accepted.
    #[serde(serialize_with = "shared")]
    pub accepted: Arc<AcceptedDelivery>,
    /// What goes out, once its turn has come.
    pub sent: Option<SentRequest>,
    /// The attempts that ended, in order.
    #[serde(serialize_with = "all_shared")]
    pub attempts: Vec<Arc<Attempt>>,
    /// When the attempt began that is under way.
    pub attempt_began_at: Option<Timestamp>,
    /// When the next attempt is due, while it is waited for.
    pub next_attempt_at: Option<Timestamp>,
    /// How it ended, once it did.
    pub ending: Option<Ending>,
}

/// What goes out on each attempt, and where.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SentRequest {
    /// The URL.
    pub url: String,
    /// Headers and body.
    #[serde(serialize_with = "shared")]
    pub request: Arc<RequestRecord>,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ending {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was cancelled, where it was.
    pub because: Option<NotDelivered>,
    /// When.
    pub at: Timestamp,
}

impl LoggedDelivery {
    /// A delivery that was accepted and nothing more.
    #[must_use]
    pub fn new(accepted: Arc<AcceptedDelivery>) -> Self {
        Self {
            accepted,
            sent: None,
            attempts: Vec::new(),
            attempt_began_at: None,
            next_attempt_at: None,
            ending: None,
        }
    }

    /// Takes in what happened next. An update of another delivery changes nothing.
    pub fn apply(&mut self, update: &DeliveryUpdate) {
        if update.id() != self.accepted.id {
            return;
        }
        match update {
            DeliveryUpdate::Accepted { .. } => {}
            DeliveryUpdate::Signed { url, request, .. } => {
                self.sent = Some(SentRequest { url: url.clone(), request: Arc::clone(request) });
            }
            DeliveryUpdate::AttemptBegan { at, .. } => {
                (self.attempt_began_at, self.next_attempt_at) = (Some(*at), None);
            }
            DeliveryUpdate::AttemptEnded { attempt, next_attempt_at, .. } => {
                self.attempts.push(Arc::clone(attempt));
                (self.attempt_began_at, self.next_attempt_at) = (None, *next_attempt_at);
            }
            DeliveryUpdate::Finished { outcome, because, at, .. } => {
                self.next_attempt_at = None;
                self.ending = Some(Ending { outcome: *outcome, because: because.clone(), at: *at });
            }
        }
    }

    /// The status of the last attempt, where it was answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempts.last()?.result.as_ref().ok().map(|response| response.status)
    }

    /// What became of it, once it is over and if anything was sent.
    #[must_use]
    pub fn record(&self) -> Option<DeliveryRecord> {
        let (sent, ending) = (self.sent.as_ref()?, self.ending.as_ref()?);
        Some(DeliveryRecord {
            url: sent.url.clone(),
            idempotency_key: self.accepted.idempotency_key.clone(),
            request: (*sent.request).clone(),
            attempts: self.attempts.iter().map(|attempt| (**attempt).clone()).collect(),
            outcome: ending.outcome,
        })
    }
}

fn all_shared<S: Serializer>(attempts: &[Arc<Attempt>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(attempts.len()))?;
    for attempt in attempts {
        list.serialize_element(&**attempt)?;
    }
    list.end()
}
