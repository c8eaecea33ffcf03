//! What no live secret verifies, and may be genuine all the same: the secret was changed a moment ago, or a wrong one is
//! configured.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;

use crate::{Delivery, Endpoint, IdempotencyKey, Identity, SecretSlot, Signature, event::Envelope};

/// Keeps requests that look like events and that no live secret verifies, until one is loaded that does; for
/// [`Endpoint::with_quarantine`]. `maac-webhook-inbox` has one.
pub trait Quarantine: fmt::Debug + Send + Sync + 'static {
    /// Takes a request, or not. It is called while the request waits for its answer, and must return at once.
    fn keep(&self, unverified: Unverified);

    /// Whether the share secret is being changed right now: what no live secret verifies is answered 503 then, and comes back, instead
    /// of 401, which is final.
    fn is_rotating(&self) -> bool;
}

/// A request that looks like an event and that no live secret verified. **Nothing in it is known to be true**, and no handler
/// may see it; [`verify`](Self::verify) alone leads from it to a [`Delivery`].
///
/// `Debug` leaves the payload out.
#[derive(Clone)]
#[allow(
    clippy::exhaustive_structs,
    reason = "a store must name every part: one that is new must not be lost in silence"
)]
pub struct Unverified {
    /// The name of the endpoint that it was sent to.
    pub endpoint: Arc<str>,
    /// The idempotency key, if there was a usable one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The signature that it came with.
    pub signature: Signature,
    /// Whose request it was, where the server knows: see [`PeerAddr`](crate::PeerAddr).
    pub peer: Option<IpAddr>,
    /// When it was received.
    pub received_at: Timestamp,
    /// The raw body.
    pub body: Bytes,
}

impl Unverified {
    /// The largest body that is kept: 64 KiB.
    pub const BODY_LIMIT: usize = 64 * 1024;

    /// How far from now the event's own time may be: 15 minutes.
    pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(15 * 60);

    /// Whether it looks like an event that was sent just now: a body of at most [`BODY_LIMIT`](Self::BODY_LIMIT) that is an envelope
    /// with a timestamp within [`CLOCK_TOLERANCE`](Self::CLOCK_TOLERANCE) of when it was received.
    #[must_use]
    pub fn looks_like_an_event(&self) -> bool {
        if self.body.len() > Self::BODY_LIMIT {
            return false;
        }
        let Ok(envelope) = Envelope::read(&self.body) else { return false };
        let sent = envelope.timestamp().and_then(|timestamp| timestamp.timestamp().ok());
        sent.is_some_and(|sent| sent.duration_since(self.received_at).unsigned_abs() <= Self::CLOCK_TOLERANCE)
    }

    /// Verifies it with the secrets that are live now; `None` where none is its own, and where it was sent to another endpoint. It is
    /// not counted as a request that was verified, since it was answered otherwise.
    #[must_use]
    pub fn verify(&self, endpoint: &Endpoint) -> Option<Delivery> {
        if *self.endpoint != *endpoint.name() {
            return None;
        }
        let matched = endpoint.secrets().matching(&self.signature, &self.body)?;
        Some(self.delivery(matched))
    }

    /// What would identify the event, were it one.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::of(&self.endpoint, &self.body)
    }

    fn delivery(&self, matched: SecretSlot) -> Delivery {
        let Self { endpoint, idempotency_key, signature, peer, received_at, body } = self.clone();
        Delivery { endpoint, idempotency_key, signature, matched, peer, received_at, body }
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, idempotency_key, signature: _, peer, received_at, body } = self;
        f.debug_struct("Unverified")
            .field("endpoint", endpoint)
            .field("idempotency_key", idempotency_key)
            .field("peer", peer)
            .field("received_at", received_at)
            .field("body_bytes", &body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
