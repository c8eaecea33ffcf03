//! MAAC webhooks in axum: a handler that takes a [`Webhook`] cannot be reached by a forged request.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use maac_webhook_axum::{VerifyLayer, Webhook, maac_webhook::{Endpoint, Event, ShareSecrets}};
//!
//! async fn receive(Webhook(event): Webhook<Event>) -> StatusCode {
//!     match event {
//!         Event::MessageFirstOpen(open) => println!("{} opened {:?}", open.line_uid, open.message),
//!         other => println!("{other:?}"),
//!     }
//!     StatusCode::OK
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secrets = ShareSecrets::from_value("d0c5c1a6")?; // or from_env, from_file
//! let app: Router = Router::new()
//!     .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(Endpoint::new("crm", secrets))));
//! # Ok(()) }
//! ```
//!
//! # Where the verification happens
//!
//! 1. Under a [`VerifyLayer`], [`Webhook`] takes the layer's `Delivery`. The layer also guards the
//!    handler's answer, so it is the recommended way. Should the state have an `Endpoint` of another name, the handler
//!    never runs: 503, "other endpoint".
//! 2. Without a layer, [`Webhook`] verifies by itself with the `Endpoint` from the state
//!    ([`FromRef`](axum_core::extract::FromRef)): put an `Endpoint` into the state, or derive `FromRef` (axum's
//!    feature `macros`).
//!    Nothing guards the handler's answer then: answer 200 or 5xx.
//! 3. With neither, the handler never runs: 503, and the log says "not configured".
//!
//! A state of your own without an `Endpoint` says so with [`LayerVerifies`]; without it the compiler says that the handler is
//! no `Handler`:
//!
//! ```
//! # use axum::{Router, extract::State, routing::post};
//! # use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, maac_webhook::{Endpoint, Event}};
//! # #[derive(Clone)] struct Pool;
//! #[derive(Clone)]
//! struct AppState {
//!     database: Pool,
//! }
//!
//! impl LayerVerifies for AppState {}
//!
//! async fn receive(State(state): State<AppState>, Webhook(event): Webhook<Event>) -> &'static str {
//!     // Upsert into state.database.
//!     "OK"
//! }
//!
//! # fn app(endpoint: Endpoint, database: Pool) -> Router {
//! Router::new()
//!     .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint)))
//!     .with_state(AppState { database })
//! # }
//! ```
//!
//! A layer answers *every* request it is put around: put health checks beside it. And MAAC gives an event up at a 404, so let
//! a router's fallback answer 503: a slip in the console's URL must not cost one.
//!
//! # What is logged
//!
//! A rejected request is answered without a word. Why is one line of the log, through `tracing`: a program without a
//! subscriber (`tracing_subscriber::fmt().init()`) is silent.
//!
//! # Several endpoints, and other topics
//!
//! Each MAAC endpoint has its own secret, so it gets its own path and layer:
//!
//! ```
//! use axum::{Router, extract::State, routing::post};
//! use maac_webhook_axum::{
//!     VerifyLayer, Webhook, WebhookRejection,
//!     maac_webhook::{Delivery, Endpoint, ShareSecret, TopicRouter, event::{MessageFirstOpen, PrizePointsAdded}},
//! };
//!
//! // Takes one topic; another one is answered 200 and ignored, which its endpoint says.
//! async fn opened(Webhook(open): Webhook<MessageFirstOpen>) -> &'static str {
//!     println!("{} opened {:?}", open.line_uid, open.message);
//!     "OK"
//! }
//!
//! // Takes a handler per topic; what none is named for is answered 503.
//! async fn routed(
//!     State(topics): State<TopicRouter>,
//!     Webhook(delivery): Webhook<Delivery>,
//! ) -> Result<&'static str, WebhookRejection> {
//!     topics.dispatch(delivery).await?;
//!     Ok("OK")
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let topics = TopicRouter::new().on(async |points: PrizePointsAdded| {
//!     println!("grant once: {}", points.natural_key());
//!     Ok::<_, std::io::Error>(())
//! });
//! let crm = Endpoint::new("crm", ShareSecret::new("d0c5c1a6")?).ignore_others();
//! let loyalty = Endpoint::new("loyalty", ShareSecret::new("5e1b77c0")?);
//! let app: Router = Router::new()
//!     .route("/webhooks/maac/crm", post(opened).layer(VerifyLayer::new(crm)))
//!     .route("/webhooks/maac/loyalty", post(routed).layer(VerifyLayer::new(loyalty)))
//!     .with_state(topics);
//! # Ok(()) }
//! ```
//!
//! # What a handler can take
//!
//! `Webhook<T>` for whatever [`FromDelivery`](maac_webhook::FromDelivery) lists: `Delivery`, `Event`, one
//! topic's struct, `SurveyAnswers<T>`, `Option` of those, a pair of them. It reads the body, so it comes last. Under a
//! layer, [`Verified`] takes the `Delivery` without the body and may come anywhere, any number of times; for a `Result` of
//! an extractor under a layer, take `Result<Verified, WebhookRejection>`.

mod rejection;
mod verified;
mod webhook;

pub use maac_webhook;
pub use maac_webhook_tower::VerifyLayer;

pub use rejection::WebhookRejection;
pub use verified::Verified;
pub use webhook::{LayerVerifies, ViaLayer, Webhook};
