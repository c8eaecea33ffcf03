use std::{fmt, net::IpAddr, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;

use crate::{ContentDigest, Event, IdempotencyKey, Identity, SecretSlot, Signature};

/// A request that was verified: possession is proof.
///
/// Only verification makes one, so a handler that takes a `Delivery` cannot be reached by a forged
/// request. It holds the raw bytes exactly as they were signed. Cheap to clone.
///
/// `Debug` names the endpoint, the key and the length of the body; the payload, which holds personal
/// data, stays out of it.
#[derive(Clone)]
pub struct Delivery {
    pub(crate) endpoint: Arc<str>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    pub(crate) signature: Signature,
    pub(crate) matched: SecretSlot,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) received_at: Timestamp,
    pub(crate) body: Bytes,
}

impl Delivery {
    /// The name of the endpoint whose secret verified it.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The idempotency key, where the request had exactly one that is usable. **It is not covered by
    /// the signature.**
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }

    /// The signature that was verified.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Which secret it was verified with.
    #[must_use]
    pub fn matched(&self) -> SecretSlot {
        self.matched
    }

    /// Whose request it was, where the server told by a [`PeerAddr`](crate::PeerAddr). A store does not keep it.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// When the body had arrived and was verified, by this machine's clock.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The raw body, byte for byte as it was signed.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What identifies this event among those of its endpoint: the SHA-256 of its body, computed anew
    /// by each call.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::of(&self.endpoint, &self.body)
    }

    /// What the event says, its timestamp left out; `None` where its envelope cannot be read. Computed anew by each call.
    #[must_use]
    pub fn content_digest(&self) -> Option<ContentDigest> {
        ContentDigest::of(&self.endpoint, &self.body)
    }

    /// The typed event, read anew by each call. It never fails: what cannot be read is an [`Event::Unknown`] that keeps the
    /// bytes and says why.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::parse(&self.body)
    }

    /// Its parts, for a store to keep.
    #[must_use]
    pub fn into_stored(self) -> StoredDelivery {
        let Self { endpoint, idempotency_key, signature, matched, peer: _, received_at, body } = self;
        StoredDelivery { endpoint, idempotency_key, signature, matched, received_at, body }
    }

    /// A delivery that a store gives back.
    ///
    /// **It assumes that exactly these bytes were verified for this endpoint** before they were stored;
    /// nothing is checked here.
    #[must_use]
    pub fn dangerous_from_verified_store(stored: StoredDelivery) -> Self {
        let StoredDelivery { endpoint, idempotency_key, signature, matched, received_at, body } = stored;
        Self { endpoint, idempotency_key, signature, matched, peer: None, received_at, body }
    }
}

/// The parts of a [`Delivery`] as a store keeps them. `Debug` leaves the payload out.
#[derive(Clone)]
#[allow(
    clippy::exhaustive_structs,
    reason = "a store must name every part: one that is new must not be lost in silence"
)]
pub struct StoredDelivery {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The idempotency key, if there was a usable one.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The signature that was verified.
    pub signature: Signature,
    /// Which secret it was verified with.
    pub matched: SecretSlot,
    /// When it was received.
    pub received_at: Timestamp,
    /// The raw body.
    pub body: Bytes,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, idempotency_key, signature: _, matched, peer, received_at, body } = self;
        f.debug_struct("Delivery")
            .field("endpoint", endpoint)
            .field("idempotency_key", idempotency_key)
            .field("matched", matched)
            .field("peer", peer)
            .field("received_at", received_at)
            .field("body_bytes", &body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoredDelivery").field(&Delivery::dangerous_from_verified_store(self.clone())).finish()
    }
}
