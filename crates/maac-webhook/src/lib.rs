//! Receive MAAC webhooks: admit nothing forged, lose nothing genuine, and hand over typed events.
//!
//! MAAC signs each body with HMAC-SHA256 under the endpoint's share secret. This crate verifies the raw
//! bytes in constant time, makes a [`Delivery`] of them that only verification can make, and reads it
//! into a typed [`Event`] without ever losing one. It knows no runtime and no web framework: the
//! adapters `maac-webhook-tower`, `maac-webhook-axum` and others put it into one.
//!
//! ```
//! use bytes::Bytes;
//! use maac_webhook::{Endpoint, Event, RequestHead, ShareSecret, Signature, Verifier};
//!
//! let secret = ShareSecret::new("d0c5c1a6")?;
//! let verifier = Verifier::new(Endpoint::new("crm", secret.clone()));
//!
//! // What arrives: the raw body and two headers.
//! let body = Bytes::from_static(
//!     br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "message.first_open", "data":
//!         {"message_type": "openapi", "message_id": 999, "line_uid": "U0123", "customer_id": null}}"#,
//! );
//! let signature = Signature::sign(&secret, &body).to_string();
//!
//! let head = RequestHead::new([signature.as_bytes()], [&b"4f0c12"[..]]);
//! let delivery = verifier.verify(head, body)?;
//! match delivery.event() {
//!     Event::MessageFirstOpen(open) => assert_eq!(open.event_id().unwrap().as_str(), "999"),
//!     other => panic!("{other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The rules
//!
//! 1. Verify the bytes that were received, never a re-serialisation of them.
//! 2. What is forged is answered 401; what is merely unlucky is answered 408 or 503, so that MAAC sends
//!    it again. One table says which: [`RejectionKind`].
//! 3. The body identifies an event; the idempotency key is not signed. See [`Identity`].
//! 4. Handle at least once, and upsert by [`Event::natural_key`].

pub mod answer;
pub mod event;
pub mod headers;
pub mod metrics;

mod body_budget;
mod delivery;
mod endpoint;
mod error_with_causes;
mod from_delivery;
mod idempotency_key;
mod identity;
mod peer;
mod quarantine;
mod rejection;
mod secret;
mod signature;
#[cfg(test)]
mod test_log;
mod topic_router;
mod verify;

pub use bytes;
pub use jiff;
pub use rust_decimal;

pub use body_budget::BodyBudget;
pub use delivery::{Delivery, StoredDelivery};
pub use endpoint::Endpoint;
pub use error_with_causes::error_with_causes;
pub use event::Event;
pub use from_delivery::{FromDelivery, OfTopic};
pub use idempotency_key::IdempotencyKey;
pub use identity::{ContentDigest, Identity};
pub use peer::{InvalidNetwork, PeerAddr, ProxyNetwork, TrustedProxies};
pub use quarantine::{Quarantine, Unverified};
pub use rejection::{Rejection, RejectionKind};
pub use secret::{Reload, SecretError, SecretErrorKind, SecretSlot, ShareSecret, ShareSecrets};
pub use signature::Signature;
pub use topic_router::{EventHandler, HandlerFuture, TopicRouter};
pub use verify::{RequestHead, Verification, Verifier};
