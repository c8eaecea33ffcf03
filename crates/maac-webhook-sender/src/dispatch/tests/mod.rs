mod back_pressure;
mod deliver;
mod endings;
mod memory;
mod records;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use jiff::{Timestamp, ToSpan};
use maac_webhook::event::Topic;
use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    Clock, EventBody, ResponseRecord, Sender, Target, Transport, TransportError,
    platform::{EndpointForm, EndpointId, Platform, Purchase, Zone},
    samples,
};

pub(super) fn start() -> Timestamp {
    "2025-11-28T02:00:00Z".parse().unwrap()
}

/// An endpoint for each host, which answers with the next of its statuses, 200 where it has none left.
#[derive(Clone, Debug, Default)]
pub(super) struct Receivers(Arc<Mutex<Received>>);

#[derive(Debug, Default)]
struct Received {
    answers: HashMap<String, Vec<u16>>,
    takes: HashMap<String, Duration>,
    at_once: HashMap<String, usize>,
    most_at_once: HashMap<String, usize>,
    requests: Vec<(String, Request<Bytes>)>,
}

impl Receivers {
    pub(super) fn answer(&self, host: &str, statuses: impl IntoIterator<Item = u16>) {
        self.0.lock().unwrap().answers.insert(host.to_owned(), statuses.into_iter().collect());
    }

    pub(super) fn take(&self, host: &str, time: Duration) {
        self.0.lock().unwrap().takes.insert(host.to_owned(), time);
    }

    pub(super) fn most_at_once(&self, host: &str) -> usize {
        self.0.lock().unwrap().most_at_once[host]
    }

    pub(super) fn requests(&self, host: &str) -> Vec<Request<Bytes>> {
        let received = self.0.lock().unwrap();
        received.requests.iter().filter(|(own, _)| own == host).map(|(_, request)| request.clone()).collect()
    }
}

impl Transport for Receivers {
    async fn send(&self, target: &Target, request: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
        let host = target.host().to_owned();
        let time = {
            let mut received = self.0.lock().unwrap();
            received.requests.push((host.clone(), request));
            let at_once = received.at_once.entry(host.clone()).or_default();
            *at_once += 1;
            let at_once = *at_once;
            let most = received.most_at_once.entry(host.clone()).or_default();
            *most = (*most).max(at_once);
            received.takes.get(&host).copied().unwrap_or_default()
        };
        sleep(time).await;
        let mut received = self.0.lock().unwrap();
        *received.at_once.get_mut(&host).unwrap() -= 1;
        let answers = received.answers.entry(host).or_default();
        let status = if answers.is_empty() { 200 } else { answers.remove(0) };
        Ok(ResponseRecord::new(status, "OK"))
    }
}

/// A platform whose purchase is valid for a minute, and endpoints at these hosts for all topics.
pub(super) fn platform(hosts: &[&str]) -> (Arc<Mutex<Platform>>, Vec<EndpointId>) {
    let purchase = Purchase::new(Zone::ALL, start(), start() + 60.seconds()).unwrap();
    let mut platform = Platform::new(purchase);
    let mut create = |host: &&str| {
        let form = EndpointForm::new(*host, format!("https://{host}/hooks"), Topic::DOCUMENTED.to_vec());
        platform.create(form, start()).unwrap().id()
    };
    let ids = hosts.iter().map(&mut create).collect();
    (Arc::new(Mutex::new(platform)), ids)
}

/// Tokio's clock, which tests pause, from the start on.
pub(super) fn clock() -> Clock {
    let began = Instant::now();
    Clock::new(move || start() + began.elapsed())
}

pub(super) fn dispatcher(
    platform: &Arc<Mutex<Platform>>,
    receivers: &Receivers,
) -> Dispatcher<Receivers, MemoryLog> {
    let sender = Sender::new(receivers.clone()).with_clock(clock());
    Dispatcher::new(Arc::clone(platform), sender, MemoryLog::new())
}

pub(super) fn event() -> EventBody {
    EventBody::new(start(), &samples::prize_points_added(start()).into())
}

/// The deliveries of an event, each at its endpoint's place.
pub(super) async fn publish<T, L>(dispatcher: &Dispatcher<T, L>) -> Vec<DeliveryHandle>
where
    T: Transport + Send + Sync + 'static,
    L: DeliveryLog,
{
    let published = dispatcher.publish(&event()).await.unwrap();
    published.into_iter().map(|published| published.delivery.unwrap()).collect()
}

pub(super) async fn publish_one<T, L>(dispatcher: &Dispatcher<T, L>) -> DeliveryHandle
where
    T: Transport + Send + Sync + 'static,
    L: DeliveryLog,
{
    let mut all = publish(dispatcher).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}
