//! A durable inbox for MAAC webhooks: an event is stored before it is answered 200, and handled after.
//!
//! MAAC tries for seven seconds, then the event is gone for good. So a receiver should answer at once, and do its work
//! when it can:
//!
//! 1. **Accept.** [`Inbox::accept`] makes a verified [`Delivery`](maac_webhook::Delivery) durable, once however often it comes, and
//!    returns. Answer 200 then; where it fails, 503, and the event comes back.
//! 2. **Handle.** A [`Worker`] runs your handler, a `tower::Service<Delivery>`, on what is stored: at least once, again with
//!    backoff where it fails, and into the dead letters after so many attempts.
//! 3. **Once in effect.** A handler may see an event twice (it crashed before "done" was written). Upsert by
//!    [`natural_key`](maac_webhook::Event::natural_key), or complete the event in the transaction of your own effects.
//!
//! ```
//! use maac_webhook::{TopicRouter, event::MessageFirstOpen};
//! use maac_webhook_inbox::{Inbox, Worker, sqlite::SqliteStore};
//!
//! # async fn example(delivery: maac_webhook::Delivery) -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = Inbox::new(SqliteStore::open("maac-inbox.db")?);
//!
//! // In the receiver's handler, with the `Delivery` that the extractor gives:
//! inbox.accept(delivery).await?;
//!
//! // Beside it:
//! let topics = TopicRouter::new().on::<MessageFirstOpen>(async |open: MessageFirstOpen| {
//!     println!("upsert by {}", open.natural_key());
//!     Ok::<_, std::io::Error>(())
//! });
//! let stop = async { /* Ctrl-C */ };
//! Worker::new(inbox, topics).run(stop).await;
//! # Ok(()) }
//! ```
//!
//! The store is an embedded SQLite file, or with the feature `postgres` a server's database, for several receivers and workers.
//! The handler does not change with it.
//!
//! In axum, with the inbox as the state (in actix-web alike, with the inbox as `web::Data`):
//!
//! ```
//! use axum::{Router, extract::State, routing::post};
//! use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, WebhookRejection};
//! use maac_webhook_inbox::{Inbox, maac_webhook::{Delivery, Endpoint}, sqlite::SqliteStore};
//!
//! #[derive(Clone)]
//! struct AppState {
//!     inbox: Inbox<SqliteStore>,
//! }
//!
//! impl LayerVerifies for AppState {}
//!
//! async fn receive(
//!     State(state): State<AppState>,
//!     Webhook(delivery): Webhook<Delivery>,
//! ) -> Result<&'static str, WebhookRejection> {
//!     state.inbox.accept(delivery).await?;
//!     Ok("OK")
//! }
//!
//! fn app(endpoint: Endpoint, state: AppState) -> Router {
//!     Router::new().route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint))).with_state(state)
//! }
//! ```
//!
//! # While the share secret changes
//!
//! Between "Change Share Secret" in MAAC's console and the new secret's arrival, genuine events do not verify. A [`Quarantine`] keeps
//! them until they do.
//!
//! # What is one event
//!
//! The body identifies an event; the idempotency key is not signed, and a hint. See [`Verdict`]. The store's own uniqueness
//! decides, so that concurrent copies cannot both be new.
//!
//! # Order
//!
//! Events are claimed in the order in which they were stored, and several at once: two of one friend may be handled at the
//! same time, or in the other order after a retry. SMS+ statuses say which is later themselves
//! ([`supersedes`](maac_webhook::event::PnpStatusUpdated::supersedes)).

#[cfg(feature = "acceptance")]
pub mod acceptance;
pub mod metrics;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod columns;
mod error;
mod inbox;
mod quarantine;
mod store;
mod verdict;
mod waiting;
mod worker;

pub use maac_webhook;

pub use error::{StoreError, StoreErrorKind};
pub use inbox::Inbox;
pub use quarantine::{
    LONGEST_ROTATION, Quarantine, QuarantineBounds, QuarantineId, QuarantineKeeper, QuarantineLimits,
    QuarantineRequest, QuarantineStats, QuarantineStore, Quarantined, RateLimit,
};
pub use store::{
    Attempt, Backlog, Claim, Claimed, Entry, EntryId, Filter, Incoming, Reaped, Retention, Settlement, State,
    Stats, Store,
};
pub use verdict::{Accepted, Verdict};
pub use worker::{Backoff, Worker};
