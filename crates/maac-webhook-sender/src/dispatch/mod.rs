//! Delivers events to the endpoints of a [`Platform`](crate::platform::Platform): one path for events, tests and what is
//! sent again.
//!
//! 1. An event goes to the endpoints that the platform says, and of each other one it is said why not.
//! 2. When its turn comes, a delivery is signed with the secret in force at that moment, and verified by the sender itself
//!    as a receiver would. Retries send the same bytes, key and signature, as the [`Sender`](crate::Sender) does: a secret
//!    that is changed meanwhile is not theirs.
//! 3. Deliveries are concurrent: across endpoints, and for one endpoint up to a bound. **In which order one endpoint gets
//!    its events is not promised.** A slow endpoint holds up none but its own.
//! 4. What waits and is under way is bounded. One more is [refused](DispatchErrorKind::QueueFull), and nothing is lost
//!    silently. Where an event follows from what happens once, its room is [reserved](Dispatcher::reserve) before.
//! 5. Each step is [recorded](DeliveryLog) and then told to whoever [watches](Dispatcher::watch).
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use maac_webhook_sender::{
//!     EventBody, Outcome, ResponseRecord, Sender, Target, Transport, TransportError,
//!     dispatch::{Dispatcher, MemoryLog},
//!     http::Request,
//!     maac_webhook::{bytes::Bytes, event::Topic, jiff::{Timestamp, ToSpan}},
//!     platform::{EndpointForm, Platform, Purchase, Zone},
//!     samples,
//! };
//!
//! struct Accepting;
//!
//! impl Transport for Accepting {
//!     async fn send(&self, _: &Target, _: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
//!         Ok(ResponseRecord::new(200, "OK"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let now = Timestamp::now();
//! let mut platform = Platform::new(Purchase::new(Zone::ALL, now, now + 24.hours())?);
//! let form = EndpointForm::new("crm", "https://shop.example/webhooks/maac", [Topic::PrizePointsAdded]);
//! platform.create(form, now)?;
//!
//! let dispatcher = Dispatcher::new(Arc::new(Mutex::new(platform)), Sender::new(Accepting), MemoryLog::new());
//! let points = EventBody::new(now, &samples::prize_points_added(now).into());
//! for published in dispatcher.publish(&points).await? {
//!     match published.delivery {
//!         Ok(delivery) => {
//!             let delivered = delivery.finished().await.expect("the runtime goes on");
//!             assert_eq!(delivered.ending.unwrap().outcome, Outcome::Delivered);
//!         }
//!         Err(why_not) => println!("not delivered because {why_not}"),
//!     }
//! }
//! assert_eq!(dispatcher.log().len(), 1);
//! # Ok(()) }
//! ```

mod dispatcher;
mod error;
mod log;
mod logged;
mod memory;
mod queue;
mod retries;
mod run;
mod self_check;
#[cfg(test)]
mod tests;
mod update;
mod watch;

pub use dispatcher::{DeliveryHandle, Dispatcher, Published};
pub use error::{DispatchError, DispatchErrorKind};
pub use log::DeliveryLog;
pub use logged::{Ending, LoggedDelivery, SentRequest};
pub use memory::MemoryLog;
pub use queue::Room;
pub use retries::RetriesUnderWay;
pub use update::{AcceptedDelivery, DeliveryId, DeliveryUpdate, Origin};
pub use watch::{MissedUpdates, Updates};
