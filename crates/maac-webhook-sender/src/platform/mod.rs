//! The console's rules: what a platform has bought, its webhook endpoints, and which of them an event goes to
//! (MAAC's help centre, Webhook). No HTTP, no database; what depends on the time is told it.
//!
//! 1. The add-on is bought by [`Zone`], for a period. Webhooks work in that period alone.
//! 2. A platform has three working endpoints at most; more are to be had through support. A stopped one does not count.
//! 3. An endpoint's URL begins with `https://`. A setting allows `http://` on this machine, for a receiver under
//!    development.
//! 4. An endpoint is subscribed to topics of the zones bought, one or more.
//! 5. Its share secret is made by the platform. A change has effect at once: there is no overlap.
//!
//! What is refused says why, for whoever uses the console; [`PlatformError::kind`] has what a text in another language
//! needs to say the same.
//!
//! ```
//! use maac_webhook_sender::{
//!     maac_webhook::{event::Topic, jiff::{Timestamp, ToSpan}},
//!     platform::{EndpointForm, NotDelivered, Platform, PlatformErrorKind, Purchase, Zone},
//! };
//!
//! let now: Timestamp = "2025-11-28T10:00:00+08:00".parse()?;
//! let mut platform = Platform::new(Purchase::new([Zone::One], now, now + 720.hours())?);
//!
//! let crm = platform.create(
//!     EndpointForm::new("crm", "https://shop.example/webhooks/maac", [Topic::PrizePointsAdded]),
//!     now,
//! )?;
//! let (id, topics) = (crm.id(), [Topic::PrizePointsAdded, Topic::ReceiptValidated]);
//! let [points, receipts] = topics.map(|topic| platform.decide(&topic, now));
//! assert_eq!(points[0].verdict, Ok(()));
//! assert_eq!(receipts[0].verdict, Err(NotDelivered::NotSubscribed));
//!
//! platform.stop(id, now)?;
//! let stopped = platform.decide(&Topic::PrizePointsAdded, now);
//! assert_eq!(stopped[0].verdict.as_ref().unwrap_err().to_string(), "the webhook endpoint is stopped");
//!
//! let opens = EndpointForm::new("opens", "https://shop.example/webhooks/opens", [Topic::MessageFirstOpen]);
//! let refused = platform.create(opens, now).unwrap_err();
//! assert!(matches!(refused.kind(), PlatformErrorKind::ZoneNotBought { zone: Zone::Two, .. }));
//! assert_eq!(refused.to_string(), "Message First Open is sold with webhook zone 2, which is not bought.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod endpoint;
mod error;
mod purchase;
mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod zone;

pub use check::PlainHttp;
pub use endpoint::{EndpointForm, EndpointId, EndpointStatus, StoredEndpoint, WebhookEndpoint};
pub use error::{PlatformError, PlatformErrorKind};
pub use purchase::Purchase;
pub use state::Platform;
pub use subscription::{Decision, NotDelivered};
pub use zone::{NoSuchZone, Zone, topic_name};
