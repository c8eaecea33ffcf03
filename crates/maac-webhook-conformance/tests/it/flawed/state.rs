//! What a flawed receiver knows and did, what its probe shows of it, and what it is told to hold on to.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use maac_webhook_conformance::maac_webhook::{Event, bytes::Bytes};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{sync::watch, time::timeout};

use crate::flaw::Flaw;

/// What its probe knows events by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListsBy {
    Body,
    NaturalKey,
    /// A row for each natural key, however often it was written.
    Row,
    Key,
}

/// How its probe fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbeFails {
    Never,
    /// Once the last case that looks at it has ended.
    InTheEnd,
    ToBringTheStoreUp,
}

/// All that an event is known by.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) digest: String,
    natural_key: String,
    pub(super) key: Option<String>,
}

impl Received {
    pub(super) fn new(headers: &HeaderMap, body: &[u8]) -> Self {
        let key = headers.get("cresclab-idempotency-key").and_then(|key| key.to_str().ok());
        Self {
            digest: Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect(),
            natural_key: Event::parse(&Bytes::copy_from_slice(body)).natural_key().as_str().to_owned(),
            key: key.map(str::to_owned),
        }
    }
}

/// What survives a crash.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) known: HashSet<String>,
    pub(super) keys: HashSet<String>,
    /// What it once refused.
    pub(super) refused: HashSet<String>,
    handled: Vec<Received>,
    /// Whether its queue has come to what it cannot handle.
    pub(super) is_stuck: bool,
}

pub(super) struct Inner {
    pub(super) flaw: Flaw,
    lists_by: ListsBy,
    probe_fails: ProbeFails,
    pub(super) store: Mutex<Store>,
    pub(super) down: AtomicBool,
    /// What is written after it was acknowledged, with what it is known by: lost in a crash.
    pub(super) late: Mutex<Vec<(String, Received)>>,
    /// What is handled again, once it is told.
    copies: Mutex<Vec<Received>>,
    /// How many requests are under way.
    pub(super) busy: AtomicUsize,
    /// Whether requests are held until there is one too many.
    pub(super) crowd: watch::Sender<bool>,
    /// Whether copies are held until there are two of one.
    race: AtomicBool,
    checked: watch::Sender<HashMap<String, usize>>,
    is_over: AtomicBool,
}

#[derive(Clone)]
pub(crate) struct Receiver(pub(super) Arc<Inner>);

impl Receiver {
    pub(super) fn new(flaw: Flaw, lists_by: ListsBy, probe_fails: ProbeFails) -> Self {
        Self(Arc::new(Inner {
            flaw,
            lists_by,
            probe_fails,
            store: Mutex::default(),
            down: AtomicBool::new(false),
            late: Mutex::default(),
            copies: Mutex::default(),
            busy: AtomicUsize::new(0),
            crowd: watch::Sender::new(false),
            race: AtomicBool::new(false),
            checked: watch::Sender::new(HashMap::new()),
            is_over: AtomicBool::new(false),
        }))
    }

    /// Tells it that a case has ended. What takes it time, it does by that and not by a clock.
    pub(crate) fn ended(&self, case: &str) {
        match case {
            "MAAC-IDEM-003" => self.0.race.store(true, Ordering::SeqCst),
            "MAAC-IDEM-004" => self.0.race.store(false, Ordering::SeqCst),
            // Its next is the crowd of MAAC-RETRY-007.
            "MAAC-RETRY-005" => drop(self.0.crowd.send_replace(true)),
            "MAAC-RETRY-007" => drop(self.0.crowd.send_replace(false)),
            // The last one before all that was handled is looked at once more.
            "MAAC-TOPIC-007" => {
                self.0.is_over.store(true, Ordering::SeqCst);
                let copies = std::mem::take(&mut *self.0.copies.lock().unwrap());
                copies.iter().for_each(|copy| self.handle(copy));
            }
            _ => {}
        }
    }

    /// Waits until another copy has come as far.
    pub(super) async fn race(&self, id: &str) {
        /// One of which there is no copy goes on then.
        const ALONE: Duration = Duration::from_secs(5);

        if !self.0.race.load(Ordering::SeqCst) {
            return;
        }
        let mut checked = self.0.checked.subscribe();
        self.0.checked.send_modify(|checked| *checked.entry(id.to_owned()).or_default() += 1);
        let _ = timeout(ALONE, checked.wait_for(|checked| checked[id] >= 2)).await;
    }

    /// Whether it was new; `None` where the store is down.
    pub(super) fn commit(&self, id: String, event: &Received) -> Option<bool> {
        if self.0.down.load(Ordering::SeqCst) {
            return None;
        }
        let flaw = self.0.flaw;
        let (new, is_stuck) = {
            let mut store = self.0.store.lock().unwrap();
            (store.known.insert(id), store.is_stuck)
        };
        if (new || flaw == Flaw::KnowsNothing) && flaw != Flaw::HandlesNothing && !is_stuck {
            self.handle(event);
        }
        if !new && flaw == Flaw::HandlesACopyLater {
            self.0.copies.lock().unwrap().push(event.clone());
        }
        Some(new)
    }

    /// Writes what it acknowledged before.
    fn commit_what_is_late(&self) {
        let late = std::mem::take(&mut *self.0.late.lock().unwrap());
        for (id, event) in late {
            let _ = self.commit(id, &event);
        }
    }

    pub(super) fn handle(&self, event: &Received) {
        self.0.store.lock().unwrap().handled.push(event.clone());
    }
}

pub(super) async fn list(State(receiver): State<Receiver>) -> Result<Json<Value>, StatusCode> {
    receiver.commit_what_is_late();
    if receiver.0.probe_fails == ProbeFails::InTheEnd && receiver.0.is_over.load(Ordering::SeqCst) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let store = receiver.0.store.lock().unwrap();
    let mut rows = HashSet::new();
    let of = |event: &Received| match receiver.0.lists_by {
        ListsBy::Body => Some(json!({"body_sha256": event.digest})),
        ListsBy::NaturalKey => Some(json!({"natural_key": event.natural_key})),
        ListsBy::Row => {
            rows.insert(event.natural_key.clone()).then(|| json!({"natural_key": event.natural_key}))
        }
        ListsBy::Key => Some(json!({"idempotency_key": event.key})),
    };
    let handled: Vec<_> = store.handled.iter().filter_map(of).collect();
    Ok(Json(json!({"handled": handled, "faults": ["store_down", "store_up", "crash"]})))
}

pub(super) async fn suffer(State(receiver): State<Receiver>, Json(fault): Json<Value>) -> StatusCode {
    let inner = &receiver.0;
    match fault["fault"].as_str() {
        Some("store_down") => inner.down.store(true, Ordering::SeqCst),
        Some("store_up") if inner.probe_fails == ProbeFails::ToBringTheStoreUp => {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        Some("store_up") => {
            // What was late met the outage.
            receiver.commit_what_is_late();
            inner.down.store(false, Ordering::SeqCst);
        }
        Some("crash") => {
            inner.late.lock().unwrap().clear();
            if inner.flaw == Flaw::KnowsInMemoryAlone {
                inner.store.lock().unwrap().known.clear();
            }
        }
        _ => return StatusCode::BAD_REQUEST,
    }
    StatusCode::NO_CONTENT
}
