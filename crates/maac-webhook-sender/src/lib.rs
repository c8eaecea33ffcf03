//! A reference implementation of MAAC's webhook sender: build an event's body, sign it, and deliver it with
//! MAAC's retries, recording every attempt.
//!
//! What is not documented of MAAC's behaviour is a setting whose default is our reading of it.
//!
//! ```no_run
//! use maac_webhook_sender::{
//!     EventBody, HttpTransport, Sender, Target, WebhookRequest, json::BodyStyle,
//!     maac_webhook::{ShareSecret, event::Topic, jiff::Timestamp}, samples,
//! };
//!
//! # async fn send() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Timestamp::now();
//! let sample = samples::of(&Topic::MessageFirstOpen, now).expect("a documented topic");
//! let body = EventBody::new(now, &sample).encode(BodyStyle::python())?;
//!
//! let target: Target = "http://127.0.0.1:8080/webhooks/maac".parse()?;
//! let request = WebhookRequest::signed(&ShareSecret::new("d0c5c1a6")?, body);
//! let record = Sender::new(HttpTransport::new()).deliver(&target, &request).await;
//! println!("{:?} after {} attempts", record.outcome, record.attempts.len());
//! # Ok(()) }
//! ```

pub mod json;
pub mod payload;
pub mod samples;
pub mod transport;

mod body;
mod record;
mod request;
mod sender;
mod target;

pub use maac_webhook;

pub use body::EventBody;
pub use record::{Attempt, DeliveryRecord, Outcome, RecordedBody, RequestRecord};
pub use request::{InvalidIdempotencyKey, WebhookRequest};
pub use sender::{RetrySchedule, Sender};
pub use target::{InvalidTarget, Target};
pub use transport::{HttpTransport, ResponseRecord, Transport, TransportError, TransportErrorKind};
