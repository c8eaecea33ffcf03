//! Share secrets: one value ([`ShareSecret`]) and the live set of an endpoint ([`ShareSecrets`]).

mod error;
mod share_secret;
mod share_secrets;

pub use error::{SecretError, SecretErrorKind};
pub use share_secret::ShareSecret;
pub(crate) use share_secrets::LiveKeys;
pub use share_secrets::{Reload, SecretSlot, ShareSecrets};
