//! The platform, what happens on it, and the log.

mod messages;
mod sms_plus;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    Clock, EventBody, HttpTransport, Sender,
    dispatch::{DeliveryHandle, DeliveryId, DispatchError, DispatchErrorKind, Dispatcher, Published, Room},
    payload::Payload,
    platform::{EndpointId, NotDelivered, Platform, PlatformError, Purchase, Zone},
    producers::ProducerError,
    samples,
};
use tokio::time::timeout;

use crate::{
    DeliveryDetails, DeliverySummary, EventId, Page, Producers, PublishedEvent, SandboxError,
    SandboxErrorKind, Settings, Setup, SqliteLog, StoreError, StoreErrorKind, Verdict,
    store::{Database, Saved, SavedPlatform, pushed},
};

pub(crate) use sms_plus::{PnpPushes, PushedPnp, has_sms};

/// A platform of one's own, what happens on it, and the deliveries of its events. Cheap to clone; each clone is the same one.
///
/// What is changed is saved before it is in force.
#[derive(Clone, Debug)]
pub struct Sandbox {
    dispatcher: Dispatcher<HttpTransport, SqliteLog>,
    producers: Arc<Mutex<Producers>>,
    left_off: Arc<Mutex<Vec<pushed::LeftOff>>>,
    database: Database,
    retention: u64,
    patience: Duration,
    clock: Clock,
}

impl Sandbox {
    /// Opens a sandbox: as it was left, or with both zones bought for a year and a sample of what events are made of.
    ///
    /// # Errors
    ///
    /// A file that cannot be used, or that another program has open.
    pub fn open(settings: Settings) -> Result<Self, StoreError> {
        let Settings { file, retention, plain_http, transport, schedule, clock } = settings;
        let database = match file {
            Some(path) => Database::open(&path)?,
            None => Database::in_memory()?,
        };
        let with = |purchase| Platform::new(purchase).with_plain_http(plain_http);
        let (platform, producers, left_off) = {
            let connection = database.lock();
            let platform = match SavedPlatform::load(&connection)? {
                Some(saved) => saved.restore(with)?,
                None => with(a_year(clock.now())),
            };
            let setup = Setup::load(&connection)?.unwrap_or_else(Setup::sample);
            let mut producers =
                Producers::of(setup).map_err(|error| StoreError::because(StoreErrorKind::Corrupt, error))?;
            let left_off = pushed::load(&connection, &mut producers)?;
            (platform, producers, left_off)
        };
        let sender = Sender::new(transport).with_schedule(schedule).with_clock(clock.clone());
        let log = SqliteLog::new(database.clone(), retention);
        Ok(Self {
            dispatcher: Dispatcher::new(Arc::new(Mutex::new(platform)), sender, log),
            producers: Arc::new(Mutex::new(producers)),
            left_off: Arc::new(Mutex::new(left_off)),
            database,
            retention,
            patience: Duration::ZERO,
            clock,
        })
    }

    /// Sets how long this handle waits for room among the deliveries before it refuses to let something happen: unless
    /// told otherwise not at all. The other clones stay as they are.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What delivers, and can be watched.
    #[must_use]
    pub fn dispatcher(&self) -> &Dispatcher<HttpTransport, SqliteLog> {
        &self.dispatcher
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The platform, to be read: nothing is delivered while it is held. [`change_platform`](Self::change_platform) changes it.
    #[must_use]
    pub fn platform(&self) -> impl std::ops::Deref<Target = Platform> + '_ {
        locked(self.dispatcher.platform())
    }

    /// What makes events. What is changed in it by hand does not outlive the program: the sandbox's own methods keep what they change.
    pub fn producers(&self) -> MutexGuard<'_, Producers> {
        locked(&self.producers)
    }

    /// Changes the platform: what is bought and its endpoints.
    ///
    /// # Errors
    ///
    /// What the console's rules refuse, and a file that cannot be written: then nothing is changed.
    pub async fn change_platform<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Platform, Timestamp) -> Result<T, PlatformError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let (platform, now) = (Arc::clone(self.dispatcher.platform()), self.now());
        let change = move |connection: &mut rusqlite::Connection| {
            let mut current = locked(&platform);
            let mut changed = current.clone();
            let result = match change(&mut changed, now) {
                Ok(result) => result,
                Err(refused) => return Ok(Err(refused)),
            };
            SavedPlatform::of(&changed).save(connection)?;
            *current = changed;
            Ok::<_, StoreError>(Ok(result))
        };
        Ok(self.database.run(change).await??)
    }

    /// Changes what events are made of.
    ///
    /// # Errors
    ///
    /// What the producers refuse, and a file that cannot be written: then nothing is changed.
    pub async fn change_setup<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Setup) -> Result<T, ProducerError> + Send + 'static,
    ) -> Result<T, SandboxError> {
        let producers = Arc::clone(&self.producers);
        let change = move |connection: &mut rusqlite::Connection| {
            let mut current = locked(&producers);
            let mut setup = current.setup.clone();
            let result = match change(&mut setup).and_then(|result| setup.check().map(|()| result)) {
                Ok(result) => result,
                Err(refused) => return Err(refused.into()),
            };
            let removed: Vec<_> = current
                .setup
                .pnp_settings
                .iter()
                .filter(|own| !setup.has_pnp_setting(own.id))
                .cloned()
                .collect();
            let kept = removed
                .iter()
                .try_for_each(|own| current.sms_plus.remove_setting(own.id))
                .map_err(SandboxError::from)
                .and_then(|()| Ok(setup.save(connection)?));
            let settings = if kept.is_ok() { &setup.pnp_settings } else { &removed };
            for setting in settings {
                // It was checked.
                let _ = current.sms_plus.add_setting(setting.clone());
            }
            kept?;
            current.setup = setup;
            Ok(result)
        };
        self.database.run(|connection| Ok::<_, StoreError>(change(connection))).await?
    }

    /// Lets an event happen: it is sent to the endpoints that are to get it.
    ///
    /// # Errors
    ///
    /// What the [`Dispatcher`] refuses, and a log that cannot be written.
    pub async fn publish(&self, payload: impl Into<Payload>) -> Result<PublishedEvent, SandboxError> {
        let payload = payload.into();
        let mut room = self.room(&payload.topic(), 1).await?;
        self.publish_in(&mut room, payload).await
    }

    /// Lets several events of one topic happen, or none where there is no room for all of them.
    ///
    /// # Errors
    ///
    /// What [`publish`](Self::publish) refuses.
    pub async fn publish_all<P: Into<Payload>>(
        &self,
        payloads: impl IntoIterator<Item = P>,
    ) -> Result<Vec<PublishedEvent>, SandboxError> {
        let payloads: Vec<Payload> = payloads.into_iter().map(Into::into).collect();
        let Some(first) = payloads.first() else { return Ok(Vec::new()) };
        let mut room = self.room(&first.topic(), payloads.len()).await?;
        let mut published = Vec::with_capacity(payloads.len());
        for payload in payloads {
            published.push(self.publish_in(&mut room, payload).await?);
        }
        Ok(published)
    }

    /// Room for events that are yet to happen, so that they do not where they could not be sent.
    async fn room(&self, topic: &Topic, events: usize) -> Result<Room, SandboxError> {
        let full = match self.dispatcher.try_reserve(topic, events) {
            Ok(room) => return Ok(room),
            Err(refused) => refused,
        };
        if !matches!(full.kind(), DispatchErrorKind::QueueFull { .. }) || self.patience.is_zero() {
            return Err(full.into());
        }
        Ok(timeout(self.patience, self.dispatcher.reserve(topic, events)).await.unwrap_or(Err(full))?)
    }

    async fn publish_in(&self, room: &mut Room, payload: Payload) -> Result<PublishedEvent, SandboxError> {
        let happened_at = self.now();
        let published = self.dispatcher.publish_in(room, &EventBody::new(happened_at, &payload)).await?;
        let endpoints = {
            let platform = self.platform();
            published.into_iter().map(|published| verdict(&platform, published)).collect()
        };
        let event = PublishedEvent { id: EventId::random(), topic: payload.topic(), happened_at, endpoints };
        self.database.keep_event(event.clone(), self.retention).await?;
        Ok(event)
    }

    /// Changes what was pushed and opened, and keeps it; where it cannot be kept, it is undone.
    async fn change_producers<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Producers, Timestamp) -> Result<T, ProducerError> + Send + 'static,
        keep: impl FnOnce(&rusqlite::Connection, &Producers, &T) -> Result<(), StoreError> + Send + 'static,
        undo: impl FnOnce(&mut Producers, T) + Send + 'static,
    ) -> Result<T, SandboxError> {
        let (producers, now) = (Arc::clone(&self.producers), self.now());
        let change = move |connection: &mut rusqlite::Connection| {
            let mut producers = locked(&producers);
            let changed = match change(&mut producers, now) {
                Ok(changed) => changed,
                Err(refused) => return Ok(Err(refused)),
            };
            let kept = connection.transaction().map_err(StoreError::from).and_then(|transaction| {
                keep(&transaction, &producers, &changed)?;
                Ok(transaction.commit()?)
            });
            match kept {
                Ok(()) => Ok(Ok(changed)),
                Err(error) => {
                    undo(&mut producers, changed);
                    Err(error)
                }
            }
        };
        Ok(self.database.run(change).await??)
    }

    /// Sends a test with a sample of this topic to one endpoint, as the console's "Send test" does.
    ///
    /// # Errors
    ///
    /// What the [`Dispatcher`] refuses.
    pub async fn send_test(
        &self,
        endpoint: EndpointId,
        topic: &Topic,
    ) -> Result<DeliveryHandle, SandboxError> {
        let now = self.now();
        let unknown = || DispatchError::from(NotDelivered::UnknownTopic);
        let sample = samples::of(topic, now).ok_or_else(unknown)?;
        Ok(self.dispatcher.send_test(endpoint, &EventBody::new(now, &sample)).await?)
    }

    /// Sends a delivery of the log again.
    ///
    /// # Errors
    ///
    /// What the [`Dispatcher`] refuses, and a delivery that is not in the log.
    pub async fn send_again(&self, id: DeliveryId) -> Result<DeliveryHandle, SandboxError> {
        let before = self.delivery(id).await?.ok_or(SandboxErrorKind::NoSuchDelivery)?;
        Ok(self.dispatcher.send_again(&before.accepted).await?)
    }

    /// A page of the log, the newest first: before the delivery of this number, and of one endpoint, where that is told.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub async fn deliveries(
        &self,
        endpoint: Option<EndpointId>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Page<DeliverySummary>, StoreError> {
        self.database.deliveries(endpoint, before, limit).await
    }

    /// All that the log has of a delivery; `None` where it has none of this id.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryDetails>, StoreError> {
        self.database.delivery(id).await
    }

    /// What became of an event; `None` where the log has none of this id.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub async fn event(&self, id: EventId) -> Result<Option<PublishedEvent>, StoreError> {
        self.database.event(id).await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn verdict(platform: &Platform, published: Published) -> Verdict {
    let Published { endpoint, delivery, .. } = published;
    let endpoint_name =
        platform.endpoint(endpoint).map_or_else(|_| String::new(), |own| own.name().to_owned());
    Verdict {
        endpoint,
        endpoint_name,
        not_delivered: delivery.as_ref().err().cloned(),
        delivery: delivery.ok().map(|delivery| delivery.id()),
    }
}

/// Both zones for a year from today, by Taiwan's calendar.
#[allow(clippy::expect_used, reason = "a year after this is within the calendar's years, and after this")]
fn a_year(now: Timestamp) -> Purchase {
    let today = now.to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(8))).date();
    let last = today.saturating_add(1.year()).yesterday().unwrap_or(today);
    Purchase::of_days(Zone::ALL, today, last).expect("a year is a period")
}
