//! What a connection is waiting for, and since when.

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
        let state = State {
            requests: 0,
            waits_for: What::Head,
            since: Instant::now(),
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

    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.requests == 0 && state.waits_for == What::NextRequest
    }

    /// Whether what it waits for is overdue; while a request is being answered, nothing is.
    pub(super) fn is_overdue(&self, limits: &Limits) -> bool {
        let state = self.state();
        state.requests == 0 && state.since + state.patience(limits) <= Instant::now()
    }

    /// When to look again: it may begin to wait for a head at any time, and for nothing is less patience until it
    /// ends.
    pub(super) fn next_look(&self, limits: &Limits) -> Instant {
        let (state, now) = (self.state(), Instant::now());
        let since = if state.requests == 0 { state.since } else { now };
        (since + state.patience(limits)).min(now + limits.head)
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
            let next = if state.waits_for == What::End { What::End } else { What::NextRequest };
            state.wait_for(next);
            self.0.0.quiet.notify_one();
        }
    }
}
