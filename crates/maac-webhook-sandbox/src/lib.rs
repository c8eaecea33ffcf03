//! MAAC on the engineer's own machine, over the sender reference ([`maac_webhook_sender`]).
//!
//! A [`Sandbox`] is a platform with its webhook endpoints, what makes its events, and a log of every delivery, in one SQLite file or in
//! memory. A [`Console`] serves it as MAAC's console does, to whoever has [`Access`]; routes of one's own can be put behind the same
//! guard.
//!
//! ```no_run
//! use axum::Router;
//! use maac_webhook_sandbox::{Access, Console, Sandbox, Settings};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::open(Settings::new().with_file("maac-sandbox.db"))?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
//! let access = Access::at(listener.local_addr()?, None)?;
//! axum::serve(listener, Console::new(sandbox, access).router(Router::new())).await?;
//! # Ok(()) }
//! ```

pub mod api;
mod console;
mod error;
pub mod openapi;
mod sandbox;
mod settings;
mod setup;
mod store;

pub use maac_webhook_sender;

pub use console::{Access, AccessToken, Console, TokenRequired, TokenTooShort};
pub use error::{SandboxError, SandboxErrorKind};
pub use sandbox::Sandbox;
pub use settings::Settings;
pub use setup::{Producers, Setup};
pub use store::{
    AttemptResult, DeliveryDetails, DeliveryState, DeliverySummary, EventId, Page, PublishedEvent, SqliteLog,
    StoreError, StoreErrorKind, StoredAttempt, Verdict,
};
