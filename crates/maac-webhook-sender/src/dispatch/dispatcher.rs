use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use maac_webhook::event::Topic;
use tokio::{sync::broadcast, task::JoinHandle};
use uuid::Uuid;

use super::{
    AcceptedDelivery, DeliveryId, DeliveryLog, DeliveryUpdate, DispatchError, LoggedDelivery, Origin,
    RetriesUnderWay, Updates,
    queue::{Place, Queue, Room, Turns},
};
use crate::{
    EventBody, RecordedBody, Sender, Transport,
    json::BodyStyle,
    platform::{EndpointId, NotDelivered, Platform, WebhookEndpoint},
};

/// Delivers events to a platform's endpoints. See the [module](super). Cheap to clone; each clone is the same one.
#[derive(Debug)]
pub struct Dispatcher<T, L> {
    pub(super) platform: Arc<Mutex<Platform>>,
    pub(super) sender: Arc<Sender<T>>,
    pub(super) log: Arc<L>,
    pub(super) turns: Turns,
    pub(super) retries_under_way: RetriesUnderWay,
    pub(super) updates: broadcast::Sender<DeliveryUpdate>,
    queue: Queue,
    style: BodyStyle,
    key_per_endpoint: bool,
}

/// What becomes of an event at one endpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct Published {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// The delivery, or why there is none.
    pub delivery: Result<DeliveryHandle, NotDelivered>,
}

/// A delivery that was accepted. It goes on when this is dropped.
#[derive(Debug)]
pub struct DeliveryHandle {
    id: DeliveryId,
    task: JoinHandle<LoggedDelivery>,
}

impl DeliveryHandle {
    /// The delivery's id.
    #[must_use]
    pub fn id(&self) -> DeliveryId {
        self.id
    }

    /// Waits until the delivery is over. `None` where it never is: the runtime was shut down, or the transport panicked.
    pub async fn finished(self) -> Option<LoggedDelivery> {
        self.task.await.ok()
    }
}

// Of one type alone, so that its name needs none.
impl Dispatcher<(), ()> {
    /// How many deliveries may wait or be under way unless told otherwise: 1,024.
    pub const DEFAULT_CAPACITY: usize = 1_024;

    /// How many deliveries are under way for one endpoint at a time unless told otherwise: 64.
    pub const DEFAULT_CONCURRENCY: usize = 64;

    /// How many updates are kept for whoever watches and is slow.
    const UPDATES_KEPT: usize = 1_024;
}

impl<T: Transport + Send + Sync + 'static, L: DeliveryLog> Dispatcher<T, L> {
    /// A dispatcher for this platform. The sender's schedule, time-out and clock are its own.
    pub fn new(platform: Arc<Mutex<Platform>>, sender: Sender<T>, log: L) -> Self {
        Self {
            platform,
            sender: Arc::new(sender),
            log: Arc::new(log),
            turns: Turns::new(Dispatcher::DEFAULT_CONCURRENCY),
            retries_under_way: RetriesUnderWay::default(),
            updates: broadcast::Sender::new(Dispatcher::UPDATES_KEPT),
            queue: Queue::new(Dispatcher::DEFAULT_CAPACITY),
            style: BodyStyle::python(),
            key_per_endpoint: false,
        }
    }

    /// Sets how bodies are written: unless told otherwise as Python's `json.dumps` does.
    #[must_use]
    pub fn with_style(mut self, style: BodyStyle) -> Self {
        self.style = style;
        self
    }

    /// Sets how many deliveries may wait or be under way, over all endpoints. One more is refused. How large an event may
    /// be is not bounded here: whoever takes events from others bounds it.
    #[must_use]
    pub fn with_capacity(mut self, deliveries: usize) -> Self {
        self.queue = Queue::new(deliveries);
        self
    }

    /// Sets how many deliveries are under way for one endpoint at a time, their waits for a retry included.
    #[must_use]
    pub fn with_concurrency(mut self, deliveries: usize) -> Self {
        self.turns = Turns::new(deliveries);
        self
    }

    /// Sets whether an event has another idempotency key at each endpoint: unless told otherwise it has one, for it is
    /// documented as "unique per event".
    #[must_use]
    pub fn with_key_per_endpoint(mut self, own: bool) -> Self {
        self.key_per_endpoint = own;
        self
    }

    /// Sets what becomes of the retries of a delivery whose endpoint is sent nothing any more: unless told otherwise they
    /// are cancelled.
    #[must_use]
    pub fn with_retries_under_way(mut self, retries: RetriesUnderWay) -> Self {
        self.retries_under_way = retries;
        self
    }

    /// The platform.
    #[must_use]
    pub fn platform(&self) -> &Arc<Mutex<Platform>> {
        &self.platform
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Arc<L> {
        &self.log
    }

    /// How many deliveries wait or are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.queue.len()
    }

    /// The updates of all deliveries, from now on.
    #[must_use]
    pub fn watch(&self) -> Updates {
        Updates(self.updates.subscribe())
    }

    /// Sends an event to every endpoint that is to get it, and says of the others why they are not. To be called in a
    /// tokio runtime, on which the deliveries go on.
    ///
    /// # Errors
    ///
    /// A queue that has no room for all of them, a dispatcher that was closed, and an event that cannot be written: then
    /// it goes nowhere. And a log that does not take a delivery: those that it took before go on, as they do where this
    /// is dropped before it is ready.
    pub async fn publish(&self, event: &EventBody) -> Result<Vec<Published>, DispatchError> {
        self.publish_in(&mut self.queue.room(0)?, event).await
    }

    /// Waits for room for that many events of a topic, at each endpoint that is to get them now, so that what gives the
    /// events can happen once it is known that they can be sent.
    ///
    /// # Errors
    ///
    /// More than the queue ever has room for, and a dispatcher that was closed.
    pub async fn reserve(&self, topic: &Topic, events: usize) -> Result<Room, DispatchError> {
        Ok(self.queue.wait_for_room(self.receivers(topic).saturating_mul(events)).await?)
    }

    /// The same without waiting.
    ///
    /// # Errors
    ///
    /// A queue that has no room, and a dispatcher that was closed.
    pub fn try_reserve(&self, topic: &Topic, events: usize) -> Result<Room, DispatchError> {
        Ok(self.queue.room(self.receivers(topic).saturating_mul(events))?)
    }

    /// Sends an event as [`publish`](Self::publish) does, in room that was reserved. Where it goes to more endpoints than
    /// at that moment, it takes more.
    ///
    /// # Errors
    ///
    /// What [`publish`](Self::publish) refuses.
    pub async fn publish_in(
        &self,
        room: &mut Room,
        event: &EventBody,
    ) -> Result<Vec<Published>, DispatchError> {
        let topic = Topic::from(event.topic());
        let body = event.encode(self.style)?;
        let decisions: Vec<_> = {
            let (platform, now) = (self.lock(), self.sender.clock().now());
            let name = |endpoint: &WebhookEndpoint| endpoint.name().to_owned();
            let decide = |id| (id, platform.receives(id, &topic, now).map(name));
            platform.endpoints().map(WebhookEndpoint::id).map(decide).collect()
        };
        let accepted = decisions.iter().filter(|(_, verdict)| verdict.is_ok()).count();
        let mut places = room.take(accepted)?.into_iter();
        let key = random_key();
        let mut published = Vec::new();
        for (endpoint, verdict) in decisions {
            let delivery = match verdict {
                Ok(name) => {
                    // There are as many as were accepted.
                    let Some(place) = places.next() else { break };
                    let key = if self.key_per_endpoint { random_key() } else { key.clone() };
                    let delivery =
                        self.delivery(endpoint, name, Origin::Event, topic.clone(), key, body.clone());
                    Ok(self.accept(delivery, place).await?)
                }
                Err(why_not) => Err(why_not),
            };
            published.push(Published { endpoint, delivery });
        }
        Ok(published)
    }

    /// Sends a test to one endpoint, as the console's "Send test" does.
    ///
    /// # Errors
    ///
    /// What [`publish`](Self::publish) refuses, and an endpoint that cannot be sent a test.
    pub async fn send_test(
        &self,
        endpoint: EndpointId,
        event: &EventBody,
    ) -> Result<DeliveryHandle, DispatchError> {
        let topic = Topic::from(event.topic());
        let body = event.encode(self.style)?;
        let name = self.receiver(endpoint, Origin::Test, &topic)?;
        let place = self.queue.take_one()?;
        let delivery = self.delivery(endpoint, name, Origin::Test, topic, random_key(), body);
        self.accept(delivery, place).await
    }

    /// Sends a delivery again: the same body under the same key, signed with the secret that is in force now. The same
    /// rules decide as did about the first one.
    ///
    /// # Errors
    ///
    /// What [`publish`](Self::publish) refuses, and an endpoint that is not sent such events any more.
    pub async fn send_again(&self, before: &AcceptedDelivery) -> Result<DeliveryHandle, DispatchError> {
        let (origin, topic) = (before.origin, before.topic.clone());
        let name = self.receiver(before.endpoint, origin, &topic)?;
        let place = self.queue.take_one()?;
        let (key, body) = (before.idempotency_key.clone(), before.bytes().clone());
        let delivery = self.delivery(before.endpoint, name, origin, topic, key, body);
        self.accept(AcceptedDelivery { replay_of: Some(before.id), ..delivery }, place).await
    }

    /// Takes no more, and waits until those that wait or are under way are over.
    pub async fn close(&self) {
        self.queue.close();
        self.queue.empty().await;
    }

    /// Waits until no delivery waits or is under way.
    pub async fn idle(&self) {
        self.queue.empty().await;
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Platform> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many endpoints are to get this now.
    fn receivers(&self, topic: &Topic) -> usize {
        let (platform, now) = (self.lock(), self.sender.clock().now());
        platform.endpoints().filter(|endpoint| platform.receives(endpoint.id(), topic, now).is_ok()).count()
    }

    /// The name of an endpoint that is sent this now.
    fn receiver(&self, endpoint: EndpointId, origin: Origin, topic: &Topic) -> Result<String, NotDelivered> {
        let (platform, now) = (self.lock(), self.sender.clock().now());
        origin.receiver(&platform, endpoint, topic, now).map(|endpoint| endpoint.name().to_owned())
    }

    fn delivery(
        &self,
        endpoint: EndpointId,
        endpoint_name: String,
        origin: Origin,
        topic: Topic,
        idempotency_key: String,
        body: Bytes,
    ) -> AcceptedDelivery {
        AcceptedDelivery {
            id: DeliveryId::random(),
            endpoint,
            endpoint_name,
            origin,
            replay_of: None,
            topic,
            idempotency_key,
            body: RecordedBody::from(body),
            accepted_at: self.sender.clock().now(),
        }
    }

    async fn accept(
        &self,
        delivery: AcceptedDelivery,
        place: Place,
    ) -> Result<DeliveryHandle, DispatchError> {
        let delivery = Arc::new(delivery);
        let update = DeliveryUpdate::Accepted { delivery: Arc::clone(&delivery) };
        self.log.record(&update).await.map_err(DispatchError::log)?;
        // Nobody may be watching.
        let _ = self.updates.send(update);
        let (id, dispatcher) = (delivery.id, self.clone());
        let task = tokio::spawn(async move {
            let delivered = super::run::run(&dispatcher, delivery).await;
            drop(place);
            delivered
        });
        Ok(DeliveryHandle { id, task })
    }
}

impl<T, L> Clone for Dispatcher<T, L> {
    fn clone(&self) -> Self {
        Self {
            platform: Arc::clone(&self.platform),
            sender: Arc::clone(&self.sender),
            log: Arc::clone(&self.log),
            turns: self.turns.clone(),
            retries_under_way: self.retries_under_way,
            updates: self.updates.clone(),
            queue: self.queue.clone(),
            style: self.style,
            key_per_endpoint: self.key_per_endpoint,
        }
    }
}

fn random_key() -> String {
    Uuid::new_v4().simple().to_string()
}
