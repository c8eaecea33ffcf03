//! What a connection is waiting for, since when, and whether it is proven: a stranger's requests are under way as long
//! as the stranger likes, so they count for something only where one was answered with a success.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::http::Version;
use tokio::{sync::Notify, time::Instant};

use super::Limits;

/// Shared by a connection's stream, its requests and its watch.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The last request that was being answered is.
    quiet: Notify,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    /// Whether a request was answered with a success.
    is_proven: bool,
    /// Requests that are being answered.
    requests: usize,
    waits_for: What,
    since: Instant,
    /// Whether bytes can be other things than the next request's.
    multiplexed: bool,
    /// Whether an answer may have been given before the request was read to its end.
    unread: bool,
}

/// What a connection waits for while no request is being answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Head,
    NextRequest,
    End,
}

impl Activity {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let state = State {
            begun: now,
            is_proven: false,
            requests: 0,
            waits_for: What::Head,
            since: now,
            multiplexed: false,
            unread: false,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), quiet: Notify::new() }))
    }

    /// Bytes came.
    pub(super) fn read(&self) {
        let mut state = self.state();
        if state.requests == 0 && state.waits_for == What::NextRequest && !state.multiplexed {
            state.wait_for(What::Head);
        }
    }

    /// A request's head is there; the request ends with what this gives.
    pub(super) fn request(&self, version: Version) -> UnderWay {
        let mut state = self.state();
        state.requests += 1;
        state.multiplexed = version == Version::HTTP_2;
        UnderWay(self.clone())
    }

    /// A request was answered with a success.
    pub(super) fn prove(&self) {
        self.state().is_proven = true;
    }

    pub(super) fn may_be_unread(&self) {
        self.state().unread = true;
    }

    pub(super) fn is_unread(&self) -> bool {
        self.state().unread
    }

    /// The connection is to end; whether that is news.
    pub(super) fn end(&self) -> bool {
        let mut state = self.state();
        let is_news = state.waits_for != What::End;
        if is_news {
            state.wait_for(What::End);
        }
        is_news
    }

    /// Waits until no request is being answered any more.
    pub(super) async fn quiet(&self) {
        self.0.quiet.notified().await;
    }

    /// Whether it is proven and can be taken leave of where its place is wanted.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.is_proven && state.requests == 0 && state.waits_for == What::NextRequest
    }

    /// Whether it is unproven for so long that it is cut where its place is wanted, whatever it is doing.
    pub(super) fn may_be_cut(&self, limits: &Limits) -> bool {
        self.state().may_be_cut_at(limits).is_some_and(|at| at <= Instant::now())
    }

    /// Whether what it waits for, or its proof, is overdue.
    pub(super) fn is_overdue(&self, limits: &Limits) -> bool {
        self.state().overdue_at(limits).is_some_and(|at| at <= Instant::now())
    }

    /// When to look again: it may begin to wait for a head at any time, and for nothing is less patience until it
    /// ends.
    pub(super) fn next_look(&self, limits: &Limits) -> Instant {
        let (state, now) = (self.state(), Instant::now());
        let cut = state.may_be_cut_at(limits).filter(|at| *at > now);
        let looks = [state.overdue_at(limits), cut].into_iter().flatten();
        looks.fold(now + limits.head, Instant::min)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn patience(&self, limits: &Limits) -> Duration {
        match self.waits_for {
            What::Head => limits.head,
            What::NextRequest => limits.idle,
            What::End => limits.end,
        }
    }

    /// Nothing is overdue while a request is being answered, but the proof, and the end of a connection without one.
    fn overdue_at(&self, limits: &Limits) -> Option<Instant> {
        let is_ending = self.waits_for == What::End;
        let waited = self.requests == 0 || (is_ending && !self.is_proven);
        let waited = waited.then(|| self.since + self.patience(limits));
        let proof = (!is_ending && !self.is_proven).then(|| self.begun + limits.proof);
        waited.into_iter().chain(proof).min()
    }

    fn may_be_cut_at(&self, limits: &Limits) -> Option<Instant> {
        (!self.is_proven).then(|| self.begun + limits.undisturbed)
    }

    fn wait_for(&mut self, what: What) {
        self.waits_for = what;
        self.since = Instant::now();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.requests -= 1;
        if state.requests == 0 {
            match state.waits_for {
                // Each of its requests would put off the end.
                What::End if !state.is_proven => {}
                What::End => state.wait_for(What::End),
                What::Head | What::NextRequest => state.wait_for(What::NextRequest),
            }
            self.0.0.quiet.notify_one();
        }
    }
}
