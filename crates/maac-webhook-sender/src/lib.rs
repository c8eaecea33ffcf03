//! A reference implementation of MAAC's webhook sender: build an event's body, sign it, and deliver it with
//! MAAC's retries, recording every attempt.
//!
//! What is not documented of MAAC's behaviour is a setting whose default is our reading of it: `docs/fidelity.md` of the
//! project has them all.
//!
//! | module | has |
//! | --- | --- |
//! | [`platform`] | the console's rules: what is bought, its endpoints, and which of them an event goes to |
//! | [`producers`] | what happens on a platform, and the events it gives |
//! | [`dispatch`] | the delivery of events to a platform's endpoints, bounded, recorded and watched |
//! | [`payload`], [`samples`], [`json`] | the `data` of each topic, a realistic one of each, and how it is written |
//! | [`transport`] | how a request reaches a receiver |
//!
//! One event to one URL, without a platform, is a [`Sender`]'s. Here with a receiver in the same process, for a test; `HttpTransport` reaches one over the network (feature `http-transport`, on by
//! default).
//!
//! ```
//! use maac_webhook_sender::{
//!     EventBody, Outcome, ResponseRecord, Sender, Target, Transport, TransportError, WebhookRequest,
//!     http::Request, json::BodyStyle, samples,
//!     maac_webhook::{Endpoint, RequestHead, ShareSecret, Verifier, bytes::Bytes, event::Topic, jiff::Timestamp},
//! };
//!
//! struct InProcess(Verifier);
//!
//! impl Transport for InProcess {
//!     async fn send(&self, _: &Target, request: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
//!         let (head, body) = request.into_parts();
//!         let value = |name| head.headers.get(name).map(|value| value.as_bytes());
//!         let head = RequestHead::new(value("cresclab-signature"), value("cresclab-idempotency-key"));
//!         Ok(match self.0.verify(head, body) {
//!             Ok(_) => ResponseRecord::new(200, "OK"),
//!             Err(_) => ResponseRecord::new(401, ""),
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Timestamp::now();
//! let sample = samples::of(&Topic::MessageFirstOpen, now).expect("a documented topic");
//! let body = EventBody::new(now, &sample).encode(BodyStyle::python())?;
//!
//! let secret = ShareSecret::new("d0c5c1a6")?;
//! let request = WebhookRequest::signed(&secret, body);
//! let receiver = InProcess(Verifier::new(Endpoint::new("crm", secret)));
//! let target: Target = "https://shop.example/webhooks/maac".parse()?;
//! let record = Sender::new(receiver).deliver(&target, &request).await;
//! assert_eq!((record.outcome, record.status()), (Outcome::Delivered, Some(200)));
//! # Ok(()) }
//! ```

#[macro_use]
mod error_of_kind;
#[macro_use]
mod random_id;

pub mod dispatch;
pub mod json;
pub mod payload;
pub mod platform;
pub mod producers;
pub mod samples;
pub mod transport;

mod body;
mod clock;
mod draw;
mod record;
mod request;
mod sender;
mod target;

pub use http;
pub use maac_webhook;

pub use body::{EventBody, wire_time, wire_time_in_seconds, wire_wall_clock};
pub use clock::Clock;
pub use random_id::InvalidId;
pub use record::{Attempt, DeliveryRecord, Outcome, RecordedBody, RequestRecord};
pub use request::{InvalidIdempotencyKey, WebhookRequest};
pub use sender::{RetrySchedule, Sender};
pub use target::{InvalidTarget, InvalidTargetKind, Target};
#[cfg(feature = "http-transport")]
pub use transport::{HttpTransport, InvalidRootCertificate, RawConnection, Resolver, TargetPolicy};
pub use transport::{ResponseRecord, Transport, TransportError, TransportErrorKind};
