//! SMS+ messages: each tries LINE push, then LINE notification message (PNP), then SMS.

mod message;
mod push;
mod state;
#[cfg(test)]
mod tests;

pub use message::{PnpMessage, Report, next_statuses};
pub(super) use push::check_phone_number;
pub use push::{PnpPush, PnpSetting};
pub use state::SmsPlus;
