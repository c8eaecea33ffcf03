//! Broadcasts and messages that are pushed through the OpenAPI, and which of their opens are first opens.
//!
//! `message.first_open` comes once for each friend and message. None comes of a message that was pushed without an
//! `event_id` (documented), nor of enhanced multicast, whose opens MAAC does not track by friend.

mod message;
mod opening;
mod report;
mod request;
mod restore;
mod state;
#[cfg(test)]
mod tests;

pub use message::{MessageKind, PushedMessage, Recipient, SendStatus};
pub use opening::NoFirstOpen;
pub use report::{EventReport, OpenApiEvent};
pub use request::{EnhancedMulticast, Multicast, Push, PushData};
pub use state::Messages;
