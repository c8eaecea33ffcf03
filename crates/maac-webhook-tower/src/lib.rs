//! A tower layer that admits only verified MAAC webhooks, for axum, hyper and whatever else speaks tower with the types
//! of the `http` crate.
//!
//! [`VerifyLayer`] does, in this order:
//!
//! 1. **Refuse early.** A signature header that is missing, repeated or malformed is answered 401, a body
//!    that declares more than the limit 413, and a request without any share secret loaded 503, before the
//!    body is read.
//! 2. **Read and verify.** The body is read up to the endpoint's limit and within its time-out, and its
//!    digest is computed as it arrives. One that does not match is answered 401.
//! 3. **Hand over.** The inner service gets the raw bytes as its body, and the
//!    [`Delivery`](maac_webhook::Delivery) and the [`Endpoint`](maac_webhook::Endpoint) in the request's
//!    extensions.
//! 4. **Guard the answer.** MAAC wants 200 and sends an event again only after 408, 429 or 5xx. So for a
//!    verified delivery another 2xx becomes 200, and a 3xx or 4xx that would lose the event becomes 503,
//!    with an ERROR. See [`preserve_inner_status`](maac_webhook::Endpoint::preserve_inner_status).
//!
//! A rejection's body is empty. Its reason is one log line, through `tracing` (a program without a subscriber is silent), and a [`Rejection`](maac_webhook::Rejection) in
//! the response's extensions. An error of the inner service is passed on as it is.
//!
//! The layer does not deduplicate: an event recorded as known before its handler succeeded would be lost
//! on its retry. Upsert by [`natural_key`](maac_webhook::Event::natural_key).
//!
//! The body's time-out is a Tokio timer: it must run on a Tokio runtime whose time is enabled.
//!
//! It answers *every* request it is put around. Put health checks and other routes beside it.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use maac_webhook::{Delivery, Endpoint, ShareSecret};
//! use maac_webhook_mock::{MockSender, Tampering, samples};
//! use maac_webhook_tower::VerifyLayer;
//! use tower::{Layer, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = ShareSecret::new("d0c5c1a6")?;
//! let endpoint = Endpoint::new("crm", secret.clone());
//! let mut service = VerifyLayer::new(endpoint).layer(service_fn(async |request: Request<Full<Bytes>>| {
//!     let delivery = request.extensions().get::<Delivery>().expect("the layer put it there");
//!     println!("{:?}", delivery.event());
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from("OK")))
//! }));
//!
//! let sender = MockSender::new(secret);
//! sender.event(samples::message_first_open()).send_to(&mut service).await.assert_accepted();
//!
//! let unsigned = sender.event(samples::message_first_open()).tampering(Tampering::SignatureMissing);
//! unsigned.send_to(&mut service).await.assert_rejected(401);
//! # Ok(()) }
//! ```

mod body;
mod future;
mod layer;
mod read;
mod service;

pub use maac_webhook;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::VerifyLayer;
pub use read::{ReadAndVerify, rejection_response, request_head};
pub use service::Verify;
