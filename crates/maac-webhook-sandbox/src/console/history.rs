//! The last steps of all deliveries, for the live log.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    dispatch::{DeliveryId, DeliveryUpdate, Updates},
    platform::NotDelivered,
};

/// How many steps are kept.
const KEPT: usize = 200;

/// The last steps, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Arc<Mutex<VecDeque<Line>>>);

/// A step of a delivery.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// `None` of steps that came faster than they were followed.
    pub(super) at: Option<Timestamp>,
    pub(super) delivery: Option<DeliveryId>,
    pub(super) endpoint: String,
    pub(super) topic: Option<Topic>,
    pub(super) step: Step,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Accepted,
    AttemptBegan { number: usize },
    Answered { number: usize, status: u16, next_attempt_at: Option<Timestamp> },
    NotAnswered { number: usize, error: &'static str, next_attempt_at: Option<Timestamp> },
    Ended { state: crate::DeliveryState, because: Option<NotDelivered> },
    Missed { count: u64 },
}

impl History {
    /// Follows these updates until there are no more.
    pub(super) fn follow(mut updates: Updates) -> Self {
        let history = Self::default();
        let kept = history.clone();
        tokio::spawn(async move {
            while let Some(update) = updates.next().await {
                match update {
                    Ok(update) => kept.add(&update),
                    Err(missed) => kept.push(Line {
                        at: None,
                        delivery: None,
                        endpoint: String::new(),
                        topic: None,
                        step: Step::Missed { count: missed.count },
                    }),
                }
            }
        });
        history
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.lock().iter().cloned().collect()
    }

    fn add(&self, update: &DeliveryUpdate) {
        let (at, step) = match update {
            DeliveryUpdate::Accepted { delivery, .. } => (delivery.accepted_at, Step::Accepted),
            DeliveryUpdate::AttemptBegan { number, at, .. } => (*at, Step::AttemptBegan { number: *number }),
            DeliveryUpdate::AttemptEnded { attempt, next_attempt_at, .. } => {
                let (number, next_attempt_at) = (attempt.number, *next_attempt_at);
                let step = match &attempt.result {
                    Ok(response) => Step::Answered { number, status: response.status, next_attempt_at },
                    Err(error) => Step::NotAnswered { number, error: error.kind().as_str(), next_attempt_at },
                };
                (attempt.started_at.checked_add(attempt.duration).unwrap_or(attempt.started_at), step)
            }
            DeliveryUpdate::Finished { outcome, because, at, .. } => {
                let because = because.clone();
                (*at, Step::Ended { state: (*outcome).into(), because })
            }
            // That it was signed is told by its first attempt.
            _ => return,
        };
        let (endpoint, topic) = match update {
            DeliveryUpdate::Accepted { delivery, .. } => {
                (delivery.endpoint_name.clone(), Some(delivery.topic.clone()))
            }
            _ => self.known(update.id()),
        };
        self.push(Line { at: Some(at), delivery: Some(update.id()), endpoint, topic, step });
    }

    /// What an earlier step of the delivery said, if it is kept yet.
    fn known(&self, id: DeliveryId) -> (String, Option<Topic>) {
        let lines = self.lock();
        let before = lines.iter().find(|line| line.delivery == Some(id));
        before.map_or_else(Default::default, |line| (line.endpoint.clone(), line.topic.clone()))
    }

    fn push(&self, line: Line) {
        let mut lines = self.lock();
        lines.push_front(line);
        lines.truncate(KEPT);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
