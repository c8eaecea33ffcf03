//! MAAC webhooks in actix-web: a handler that takes a [`Webhook`] cannot be reached by a forged request.
//!
//! ```
//! use actix_web::{App, HttpResponse, Responder, web};
//! use maac_webhook_actix::{VerifyWebhook, Webhook, maac_webhook::{Endpoint, Event, ShareSecrets}};
//!
//! async fn receive(Webhook(event): Webhook<Event>) -> impl Responder {
//!     match event {
//!         Event::MessageFirstOpen(open) => println!("{} opened {:?}", open.line_uid, open.message),
//!         other => println!("{other:?}"),
//!     }
//!     HttpResponse::Ok().body("OK")
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secrets = ShareSecrets::from_value("d0c5c1a6")?; // or from_env, from_file
//! let endpoint = Endpoint::new("crm", secrets);
//! let app = App::new().service(
//!     web::resource("/webhooks/maac")
//!         .wrap(VerifyWebhook::new(endpoint))
//!         .route(web::post().to(receive)),
//! );
//! # Ok(()) }
//! ```
//!
//! # Where the verification happens
//!
//! 1. Under [`VerifyWebhook`], [`Webhook`] takes the middleware's `Delivery`. The middleware refuses what it can
//!    before it reads the body, verifies the body as it arrives, within the endpoint's limit and time-out, puts
//!    the bytes back for whatever else extracts them, and guards the handler's answer. It is the recommended way. Should
//!    the `app_data` have an `Endpoint` of another name, the handler never runs: 503, "other endpoint".
//! 2. Without it, [`Webhook`] verifies by itself with the `Endpoint` from the `app_data` (as it is, or in a
//!    `web::Data`). Several in one handler share one `Delivery`, and extractors that come after one get the bytes too; before
//!    one, they would take them from it, which is answered 503. Nothing guards the handler's answer then: answer
//!    200 or 5xx.
//! 3. With neither, the handler never runs: 503, and the log says "not configured".
//!
//! An extractor beside `Webhook` has limits of its own: under the middleware those of bytes and texts are lifted, and that of
//! `web::Json` (2 MiB, [`JsonConfig`](actix_web::web::JsonConfig)) is not. Raise it with the endpoint's
//! [limit](maac_webhook::Endpoint::with_body_limit), or what lies between is answered 503 until it is gone.
//!
//! MAAC gives an event up at a 404, so let the app's default service answer 503: a slip in the console's URL must not cost one.
//!
//! # What is logged
//!
//! A rejected request is answered without a word. Why is one line of the log, through `tracing`: a program without a
//! subscriber (`tracing_subscriber::fmt().init()`) is silent.
//!
//! # Several endpoints, and other topics
//!
//! Each MAAC endpoint has its own secret, so it gets its own resource and middleware:
//!
//! ```
//! use actix_web::{App, web};
//! use maac_webhook_actix::{
//!     VerifyWebhook, Webhook, WebhookRejection,
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
//!     topics: web::Data<TopicRouter>,
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
//! let app = App::new()
//!     .app_data(web::Data::new(topics))
//!     .service(web::resource("/webhooks/maac/crm").wrap(VerifyWebhook::new(crm)).route(web::post().to(opened)))
//!     .service(web::resource("/webhooks/maac/loyalty").wrap(VerifyWebhook::new(loyalty)).route(web::post().to(routed)));
//! # Ok(()) }
//! ```
//!
//! # What a handler can take
//!
//! For an event of any other topic, take `Webhook<Option<T>>`. (`Option<Webhook<T>>` is actix-web's own: it makes `None` of
//! every rejection, forgeries included.)
//!
//! What is answered to each kind of request, and what a handler can take, is the core's: see
//! [`RejectionKind`](maac_webhook::RejectionKind) and [`FromDelivery`](maac_webhook::FromDelivery).

mod middleware;
mod read;
mod rejection;
mod webhook;

pub use maac_webhook;

pub use middleware::{VerifyWebhook, VerifyWebhookService};
pub use rejection::WebhookRejection;
pub use webhook::Webhook;
