//! MAAC, somebody who captured a request, receivers and workers that crash, clocks and a person, around the model of a
//! store: every order in which they can act, up to bounds, is looked at.

use maac_webhook_inbox::{
    State,
    acceptance::{Body, Ending, Model, ModelEntry, Operation, Outcome},
};

pub(super) const EVENTS: usize = 2;
pub(super) const WORKERS: usize = 2;

/// The model's settings: as long as a lease and longer than a failed attempt waits, and longer than anything is kept.
pub(super) const A_LEASE: u8 = 10;
pub(super) const AN_AGE: u8 = 50;
const KEPT: i64 = 40;
const MAX_ATTEMPTS: u32 = 2;

/// How often each thing happens at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    /// Whether MAAC builds a retry of the first event anew, with a new timestamp.
    pub(super) rebuilds: bool,
    pub(super) tries: [u8; EVENTS],
    pub(super) replays: u8,
    pub(super) crashes: u8,
    pub(super) leases: u8,
    pub(super) ages: u8,
    pub(super) failures: u8,
    pub(super) returns: u8,
    pub(super) persons: u8,
}

/// A receiver that is wrong, to show that the checker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    AnswersBeforeItStores,
    SettlesBeforeItHandles,
    SettlesUnderAnothersClaim,
    HandlesWhatIsOlderThanTheIdentities,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) store: Model,
    pub(super) requests: Vec<Request>,
    pub(super) workers: [Option<Work>; WORKERS],
    pub(super) events: [Event; EVENTS],
    pub(super) left: Budget,
}

/// What is known of an event by who looks at everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Event {
    pub(super) signed: Option<i64>,
    pub(super) acknowledged: bool,
    pub(super) stored: bool,
    /// A handler was called for it.
    pub(super) handled: bool,
    /// How often its effects were committed together with "done".
    pub(super) completed: u8,
    /// A person had it handled again.
    pub(super) retried: bool,
}

/// A request that a receiver is answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Request {
    pub(super) event: usize,
    pub(super) body: Body,
    pub(super) key: u8,
    pub(super) is_from_maac: bool,
    pub(super) is_stored: bool,
}

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Work {
    pub(super) claim: usize,
    pub(super) is_handled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// MAAC sends an event, or sends it again, whether or not the last try is being answered.
    Send(usize),
    /// Somebody who captured the first event sends it under the key of the second.
    Replay,
    Store(usize),
    Answer(usize),
    Crash,
    Claim(usize),
    Handle(usize),
    Settle(usize, Ending),
    /// A handler commits its effects and "done" in one transaction.
    Complete(usize),
    Extend(usize),
    Reap,
    Prune,
    Retry(usize),
    /// So many seconds pass.
    Pass(u8),
}

impl World {
    pub(super) fn new(budget: Budget) -> Self {
        Self {
            store: Model::new(),
            requests: Vec::new(),
            workers: [None; WORKERS],
            events: [Event::default(); EVENTS],
            left: budget,
        }
    }

    pub(super) fn act(&mut self, action: Action, flaw: Option<Flaw>) {
        match action {
            Action::Send(event) => self.send(event),
            Action::Replay => {
                self.left.replays -= 1;
                let body = Body::Event { event: 0, build: 0 };
                self.request(Request { event: 0, body, key: 1, is_from_maac: false, is_stored: false });
            }
            Action::Store(number) => self.store(number, flaw),
            Action::Answer(number) => {
                let request = self.requests.remove(number);
                if request.is_from_maac {
                    self.events[request.event].acknowledged = true;
                }
            }
            Action::Crash => {
                self.left.crashes -= 1;
                self.requests.clear();
                self.workers = [None; WORKERS];
            }
            Action::Claim(worker) => {
                let claim = self.store.claims().len();
                self.store.apply(Operation::Claim { limit: 1 });
                if self.store.claims().len() > claim {
                    self.workers[worker] = Some(Work { claim, is_handled: false });
                }
            }
            Action::Handle(worker) => {
                let event = self.event_at(worker);
                self.events[event].handled = true;
                self.workers[worker].as_mut().unwrap().is_handled = true;
            }
            Action::Settle(worker, ending) => {
                match ending {
                    Ending::Done => {}
                    Ending::Returned => self.left.returns -= 1,
                    Ending::Failed | Ending::Dead => self.left.failures -= 1,
                }
                self.settle(worker, ending, flaw);
            }
            Action::Complete(worker) => {
                let event = self.event_at(worker);
                if self.settle(worker, Ending::Done, flaw) {
                    self.events[event].handled = true;
                    self.events[event].completed += 1;
                }
            }
            Action::Extend(worker) => {
                let claim = small(self.workers[worker].unwrap().claim);
                self.store.apply(Operation::Extend { claim });
            }
            Action::Reap => drop(self.store.apply(Operation::Reap)),
            Action::Prune => drop(self.store.apply(Operation::Prune)),
            Action::Retry(entry) => {
                self.left.persons -= 1;
                let event = event_of(self.store.entries()[entry].as_ref().unwrap().body);
                self.events[event].retried = true;
                self.store.apply(Operation::Retry { entry: small(entry) });
            }
            Action::Pass(seconds) => {
                let left = if seconds == A_LEASE { &mut self.left.leases } else { &mut self.left.ages };
                *left -= 1;
                self.store.apply(Operation::Pass { seconds });
            }
        }
    }

    fn send(&mut self, event: usize) {
        let tries = &mut self.left.tries[event];
        *tries -= 1;
        let build = if self.left.rebuilds && event == 0 { *tries } else { 0 };
        self.events[event].signed.get_or_insert(self.store.now());
        let body = Body::Event { event: small(event), build };
        self.request(Request { event, body, key: small(event), is_from_maac: true, is_stored: false });
    }

    /// Requests are told apart by what they are, and not by their order.
    fn request(&mut self, request: Request) {
        self.requests.push(request);
        self.requests.sort_unstable();
    }

    fn store(&mut self, number: usize, flaw: Option<Flaw>) {
        let Request { event, body, key, .. } = self.requests[number];
        let is_old = self.events[event].signed.is_some_and(|signed| self.store.now() - signed > KEPT);
        let hold = is_old && flaw != Some(Flaw::HandlesWhatIsOlderThanTheIdentities);
        let accept = Operation::Accept { body, key: Some(key), hold, hold_if_key_reused: false };
        self.store.apply(accept);
        self.events[event].stored = true;
        self.requests[number].is_stored = true;
        self.requests.sort_unstable();
    }

    fn settle(&mut self, worker: usize, ending: Ending, flaw: Option<Flaw>) -> bool {
        let mut claim = self.workers[worker].take().unwrap().claim;
        if flaw == Some(Flaw::SettlesUnderAnothersClaim) {
            let entry = self.store.claims()[claim].entry;
            claim = self.store.claims().iter().rposition(|claim| claim.entry == entry).unwrap();
        }
        self.workers.sort_unstable();
        self.store.apply(Operation::Settle { claim: small(claim), ending }) == Outcome::Whether(true)
    }

    /// How a failed attempt ends, as a worker decides it.
    pub(super) fn failure(&self, worker: usize) -> Ending {
        let claim = self.store.claims()[self.workers[worker].unwrap().claim];
        if claim.attempt >= MAX_ATTEMPTS { Ending::Dead } else { Ending::Failed }
    }

    /// Whether each event is done, dead or held once nothing more goes wrong and time passes.
    pub(super) fn comes_to_an_end(mut self, flaw: Option<Flaw>) -> bool {
        for _ in 0..20 {
            for worker in 0..WORKERS {
                if self.workers[worker].is_some() {
                    self.act(Action::Complete(worker), flaw);
                }
            }
            self.store.apply(Operation::Reap);
            self.store.apply(Operation::Pass { seconds: A_LEASE });
            self.act(Action::Claim(0), flaw);
        }
        !self.has(State::Waiting) && !self.has(State::Leased)
    }

    fn event_at(&self, worker: usize) -> usize {
        let entry = self.store.claims()[self.workers[worker].unwrap().claim].entry;
        // What is leased is not pruned; where the lease is lost, its body is the only thing that is not needed.
        self.store.entries()[entry].as_ref().map_or(0, |entry| event_of(entry.body))
    }

    pub(super) fn entries_of(&self, event: usize) -> impl Iterator<Item = &ModelEntry> {
        self.store.entries().iter().flatten().filter(move |entry| event_of(entry.body) == event)
    }

    pub(super) fn has(&self, state: State) -> bool {
        self.store.entries().iter().flatten().any(|entry| entry.state == state)
    }
}

fn event_of(body: Body) -> usize {
    match body {
        Body::Event { event, .. } => event.into(),
        Body::Unreadable { .. } => unreachable!("none is sent"),
    }
}

fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}
