//! What a case does to the receiver, and how it judges what came of it.

mod effects;
mod events;
mod judge;
mod ledger;
mod raw;

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use maac_webhook::ShareSecret;
use maac_webhook_mock::{MockDelivery, MockEvent, MockSender, Sent, UrlTarget};
use maac_webhook_sender::{HttpTransport, RetrySchedule, Target, json::BodyStyle};

pub(crate) use effects::Wanted;
pub(crate) use events::{fresh_key, style_of, unwritable};
pub(crate) use judge::{NOBODY, accepted, is_success, reaction, statuses};
pub(crate) use ledger::Ledger;

use crate::{grade::Halt, probe::Probe, settings::Settings, wire::Exchange};

/// What all cases of a run share.
pub(crate) struct Run {
    pub(crate) target: Target,
    pub(crate) transport: HttpTransport,
    pub(crate) secret: ShareSecret,
    pub(crate) probe: Option<Probe>,
    pub(crate) settings: Settings,
    /// What came of a plain genuine event, before anything else was sent.
    pub(crate) baseline: Option<Sent>,
    /// Whether the receiver was told that its store is down.
    pub(crate) store_is_down: Mutex<bool>,
    /// What was seen in the answers of all cases.
    pub(crate) ledger: Mutex<Ledger>,
}

impl Run {
    pub(crate) fn with_ledger<R>(&self, look: impl FnOnce(&mut Ledger) -> R) -> R {
        look(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One case under way.
pub(crate) struct Trial<'a> {
    pub(crate) run: &'a Run,
    /// Its id.
    case: &'static str,
    record: Mutex<Record>,
}

/// What is kept of a case.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) left_out: usize,
    /// The bodies whose signatures must not be shown.
    pub(crate) bodies: Vec<Bytes>,
    pub(crate) effects: Vec<Wanted>,
    /// Another 2xx than 200, which a genuine event of the case was answered with.
    pub(crate) other_success: Option<u16>,
}

/// How many exchanges of a case are kept.
const EXCHANGES: usize = 40;

impl<'a> Trial<'a> {
    pub(crate) fn new(run: &'a Run, case: &'static str) -> Self {
        Self { run, case, record: Mutex::default() }
    }

    pub(crate) fn into_record(self) -> Record {
        self.record.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_record<R>(&self, change: impl FnOnce(&mut Record) -> R) -> R {
        change(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn log(&self, exchanges: impl IntoIterator<Item = Exchange>) {
        self.with_record(|record| {
            for exchange in exchanges {
                if record.exchanges.len() < EXCHANGES {
                    record.exchanges.push(exchange);
                } else {
                    record.left_out += 1;
                }
            }
        });
    }

    /// Remembers a body, whose signature is not to be shown.
    fn signs(&self, body: &Bytes) {
        self.with_record(|record| record.bodies.push(body.clone()));
    }

    /// A sender that retries as MAAC does.
    pub(crate) fn sender(&self) -> MockSender {
        let settings = &self.run.settings;
        MockSender::new(self.run.secret.clone())
            .attempt_timeout(settings.attempt_timeout)
            .schedule(RetrySchedule::new(settings.retry_delays.iter().copied()))
    }

    /// One that tries once.
    pub(crate) fn sender_that_tries_once(&self) -> MockSender {
        self.sender().schedule(RetrySchedule::new([]))
    }

    /// An event, with MAAC's retries.
    pub(crate) fn event(&self, event: impl Into<MockEvent>) -> MockDelivery<'static> {
        self.sender().event(event)
    }

    /// The same in another style of JSON.
    pub(crate) fn event_in(&self, style: BodyStyle, event: impl Into<MockEvent>) -> MockDelivery<'static> {
        self.sender().style(style).event(event)
    }

    /// An event, once.
    pub(crate) fn attempt(&self, event: impl Into<MockEvent>) -> MockDelivery<'static> {
        self.sender_that_tries_once().event(event)
    }

    /// Sends it.
    pub(crate) async fn send(&self, delivery: MockDelivery<'_>) -> Result<Sent, Halt> {
        let target = UrlTarget::new(self.run.target.clone(), self.run.transport.clone());
        let sent = delivery.try_send_to(target).await.map_err(|error| {
            Halt::Error(format!("it cannot be sent: {}", maac_webhook::error_with_causes(&error)))
        })?;
        for body in sent.bodies() {
            self.signs(body);
        }
        self.log(Exchange::of_sent(&sent, &self.run.target.to_string()));
        self.look_at_all(&sent);
        Ok(sent)
    }

    /// Sends an event that the case is not about.
    pub(super) async fn send_beside(&self, delivery: MockDelivery<'_>) -> Result<Sent, Halt> {
        let own = self.with_record(|record| record.other_success);
        let sent = self.send(delivery).await;
        self.with_record(|record| record.other_success = own);
        sent
    }

    /// It, or nothing once an attempt's time is over.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.run.settings.attempt_timeout, work).await.ok()
    }

    /// A moment, as between two looks.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
