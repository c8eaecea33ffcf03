use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::DispatchErrorKind;
use crate::platform::EndpointId;

/// Room in the queue that was [reserved](super::Dispatcher::reserve). What is not used of it is given back when it is
/// dropped.
#[derive(Debug)]
pub struct Room {
    queue: Queue,
    places: Vec<Place>,
}

impl Room {
    /// That many places: of this room, and of the queue where the room has too few.
    pub(super) fn take(&mut self, places: usize) -> Result<Vec<Place>, DispatchErrorKind> {
        let lacking = places.saturating_sub(self.places.len());
        // What was reserved can be used also when the queue takes no more.
        if lacking > 0 {
            self.places.extend(self.queue.take(lacking)?);
        }
        Ok(self.places.drain(..places).collect())
    }
}

/// How many deliveries wait or are under way, and whether more are taken.
#[derive(Clone, Debug)]
pub(super) struct Queue(watch::Sender<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    taken: usize,
    capacity: usize,
    closed: bool,
}

/// A delivery's place in the queue, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place(Queue);

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self(watch::Sender::new(State { taken: 0, capacity, closed: false }))
    }

    /// That many places, or none.
    pub(super) fn take(&self, places: usize) -> Result<Vec<Place>, DispatchErrorKind> {
        self.reserve(places)?;
        Ok((0..places).map(|_| Place(self.clone())).collect())
    }

    pub(super) fn take_one(&self) -> Result<Place, DispatchErrorKind> {
        self.reserve(1)?;
        Ok(Place(self.clone()))
    }

    fn reserve(&self, places: usize) -> Result<(), DispatchErrorKind> {
        let mut refused = None;
        self.0.send_if_modified(|state| {
            if state.closed {
                refused = Some(DispatchErrorKind::Closed);
            } else if places > state.capacity - state.taken {
                refused = Some(DispatchErrorKind::QueueFull { capacity: state.capacity });
            } else {
                state.taken += places;
            }
            false
        });
        refused.map_or(Ok(()), Err)
    }

    pub(super) fn room(&self, places: usize) -> Result<Room, DispatchErrorKind> {
        Ok(Room { queue: self.clone(), places: self.take(places)? })
    }

    /// Waits for room. What can never be had is not waited for.
    pub(super) async fn wait_for_room(&self, places: usize) -> Result<Room, DispatchErrorKind> {
        let mut changes = self.0.subscribe();
        loop {
            changes.borrow_and_update();
            match self.room(places) {
                Err(DispatchErrorKind::QueueFull { capacity }) if places <= capacity => {}
                room => return room,
            }
            // This queue holds a sender, so that the channel cannot end.
            let _ = changes.changed().await;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.borrow().taken
    }

    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.closed = true);
    }

    pub(super) async fn empty(&self) {
        // This queue holds a sender, so that the channel cannot end.
        let _ = self.0.subscribe().wait_for(|state| state.taken == 0).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.taken -= 1);
    }
}

/// Whose turn it is: so many deliveries at a time for each endpoint, so that a slow one holds up none but its own.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    at_a_time: usize,
    endpoints: Arc<Mutex<HashMap<EndpointId, Arc<Semaphore>>>>,
}

impl Turns {
    pub(super) fn new(at_a_time: usize) -> Self {
        Self { at_a_time: at_a_time.clamp(1, Semaphore::MAX_PERMITS), endpoints: Arc::default() }
    }

    /// Waits for a turn, which lasts until the permit is dropped. In the order in which they are waited for.
    pub(super) async fn next(&self, endpoint: EndpointId) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
            // Endpoints that nothing is under way for, deleted ones among them, are forgotten.
            endpoints.retain(|id, semaphore| *id == endpoint || Arc::strong_count(semaphore) > 1);
            let new = || Arc::new(Semaphore::new(self.at_a_time));
            Arc::clone(endpoints.entry(endpoint).or_insert_with(new))
        };
        // It is never closed.
        semaphore.acquire_owned().await.ok()
    }
}
