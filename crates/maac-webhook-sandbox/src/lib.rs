//! MAAC on the engineer's own machine, over the sender reference ([`maac_webhook_sender`]): the console's pages, MAAC's OpenAPI calls,
//! and a small JSON API for all that the console does.

mod console;
mod error;
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
    AttemptResult, DeliveryDetails, DeliveryState, DeliverySummary, EventId, Page, PublishedEvent, Reason,
    SqliteLog, StoreError, StoreErrorKind, StoredAttempt, Verdict,
};
