//! A mock of MAAC's webhook sender, for the tests of a receiver: in process, or over a URL.
//!
//! It signs and writes events byte for byte as MAAC does, retries as MAAC does, and tampers, repeats, drips and breaks
//! off where it is told to. An assertion that fails prints what was sent and what arrived.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use maac_webhook_axum::{VerifyLayer, Webhook, maac_webhook::{Endpoint, Event, ShareSecret}};
//! use maac_webhook_mock::{Behaviour, MockSender, Tampering, samples};
//!
//! async fn receive(Webhook(event): Webhook<Event>) -> StatusCode {
//!     StatusCode::OK
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = ShareSecret::new("d0c5c1a6")?;
//! let layer = VerifyLayer::new(Endpoint::new("crm", secret.clone()));
//! let mut app = Router::new().route("/webhooks/maac", post(receive).layer(layer));
//!
//! let sender = MockSender::new(secret).without_waiting();
//! sender.event(samples::receipt_validated()).send_to(&mut app).await.assert_accepted();
//!
//! let forged = sender.event(samples::receipt_validated()).tampering(Tampering::SignatureOfAnotherSecret);
//! forged.send_to(&mut app).await.assert_rejected(401);
//!
//! let repeated = sender.event(samples::prize_points_added().points_count(5)).behaviour(Behaviour::AnswerLost);
//! repeated.send_to(&mut app).await.assert_accepted().assert_attempts(2);
//! # Ok(()) }
//! ```
//!
//! | | |
//! | --- | --- |
//! | what is sent | [`samples`], [`MockEvent`], a [`Generator`] |
//! | what is wrong with it | [`Tampering`], [`Malformed`] |
//! | how the sender and the network behave | [`Behaviour`] |
//! | where it goes | [`MockTarget`] |
//! | what came of it | [`Sent`] |
//! | all of it step by step, in code or in a file | [`Scenario`] |

pub mod samples;

mod behaviour;
mod body;
mod delivery;
mod error;
mod event;
mod expectation;
mod generator;
mod handover;
mod malformed;
mod outgoing;
mod plan;
mod report;
mod scenario;
mod sender;
mod sent;
mod tampering;
mod target;

pub use maac_webhook;
pub use maac_webhook_sender;

pub use behaviour::Behaviour;
pub use body::{BrokenOff, MockBody};
pub use delivery::MockDelivery;
pub use error::{MockError, MockErrorKind};
pub use event::MockEvent;
pub use expectation::Expectation;
pub use generator::Generator;
pub use malformed::Malformed;
pub use scenario::{Scenario, ScenarioError, ScenarioReport, Step, StepReport};
pub use sender::MockSender;
pub use sent::{Sent, SentAttempt, SentEvent};
pub use tampering::Tampering;
#[cfg(feature = "actix")]
pub use target::ActixApp;
#[cfg(feature = "url")]
pub use target::{ByUrl, UrlTarget};
pub use target::{MockTarget, TowerService, WithBody, with_body};
