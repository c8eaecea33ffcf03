//! SMS+ (`pnp`, "phone number push"): a message tries LINE push, then LINE notification message (PNP),
//! then SMS.

mod profile;
mod status;
mod supersedes;

pub use profile::{PnpProfileUpdated, ProfileSource};
pub use status::{LinePushErrorCategory, MessageStatus, PnpStatusUpdated, SmsErrorCategory};
pub use supersedes::MessageChannel;
