//! Which addresses may be delivered to, so that a sender whose targets are filled in by others does not become their way
//! into its network (server-side request forgery).
//!
//! 1. Unless told otherwise any address may: a library's user chose the target.
//! 2. [`TargetPolicy::loopback`] lets this machine's own, and those added to it.
//! 3. Under it, what no receiver has is refused whatever is added: link-local addresses, those of the metadata services of
//!    clouds, unspecified, multicast and broadcast ones, also where an IPv6 address carries them
//!    (IPv4-mapped, NAT64, 6to4, Teredo).
//! 4. A name is resolved once, each of its addresses is judged, and the connection goes to one that was: a name that has
//!    another address a moment later (DNS rebinding) gains nothing. Addresses that may not be delivered to are left out, and
//!    a target that has no others is refused, as [`TransportErrorKind::NotAllowed`](super::TransportErrorKind::NotAllowed).
//!
//! ```
//! use maac_webhook_sender::TargetPolicy;
//!
//! let policy = TargetPolicy::loopback().with_allowed("10.0.0.0/8".parse()?);
//! assert!(policy.check("receiver.internal", "10.1.2.3".parse()?).is_ok());
//! let refused = policy.check("elsewhere.internal", "192.168.1.1".parse()?).unwrap_err();
//! assert!(refused.to_string().starts_with("192.168.1.1 is not an allowed target"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod allowed;
mod never;
#[cfg(test)]
mod tests;

use std::{error::Error, fmt, net::IpAddr};

pub use allowed::{AllowedTarget, InvalidAllowedTarget, InvalidAllowedTargetKind};
use never::never;

/// Which addresses a transport may connect to. See the table above [`check`](Self::check).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    /// `None` where any address may be connected to.
    allowed: Option<Vec<AllowedTarget>>,
}

/// An address that may not be delivered to, and why. Its text is for whoever filled in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetNotAllowed {
    address: IpAddr,
    kind: TargetNotAllowedKind,
}

/// Why an address may not be delivered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetNotAllowedKind {
    /// It is neither this machine's nor among those allowed.
    NotAmongAllowed,
    /// It stands for no address (`0.0.0.0`, `::`); connecting to it reaches what listens on this machine.
    Unspecified,
    /// It is of the link alone (`169.254.0.0/16`, `fe80::/10`).
    LinkLocal,
    /// A cloud's metadata service answers there, whoever asks.
    Metadata,
    /// It is of a group of machines.
    Multicast,
    /// It is of all machines of a network.
    Broadcast,
}

impl TargetPolicy {
    /// Any address may be connected to.
    #[must_use]
    pub fn any() -> Self {
        Self { allowed: None }
    }

    /// This machine's own addresses alone: `127.0.0.0/8` and `::1`.
    #[must_use]
    pub fn loopback() -> Self {
        Self { allowed: Some(Vec::new()) }
    }

    /// Lets these be delivered to as well. Nothing changes where any may be.
    #[must_use]
    pub fn with_allowed(mut self, target: AllowedTarget) -> Self {
        if let Some(allowed) = &mut self.allowed {
            allowed.push(target);
        }
        self
    }

    /// Whether an address may be connected to, which a target's host is or has been resolved to.
    ///
    /// | policy | address | |
    /// | --- | --- | --- |
    /// | any | any | may |
    /// | loopback | link-local, of a metadata service, unspecified, multicast, broadcast | may not |
    /// | | this machine's own | may |
    /// | | in an allowed network, or of an allowed name | may |
    /// | | any other | may not |
    ///
    /// # Errors
    ///
    /// Why it may not.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), TargetNotAllowed> {
        let Some(allowed) = &self.allowed else { return Ok(()) };
        // An IPv4-mapped address is connected to as the IPv4 one that it is.
        let address = address.to_canonical();
        let not_allowed = |kind| TargetNotAllowed { address, kind };
        if let Some(kind) = never(address) {
            return Err(not_allowed(kind));
        }
        let is_allowed = address.is_loopback() || allowed.iter().any(|target| target.has(host, address));
        if is_allowed { Ok(()) } else { Err(not_allowed(TargetNotAllowedKind::NotAmongAllowed)) }
    }
}

impl TargetNotAllowed {
    /// Why not.
    #[must_use]
    pub fn kind(&self) -> TargetNotAllowedKind {
        self.kind
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }
}

impl fmt::Display for TargetNotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, kind } = self;
        match kind {
            TargetNotAllowedKind::NotAmongAllowed => write!(
                f,
                "{address} is not an allowed target: only this machine's own addresses are, and those that are allowed \
                 by name, address or network (--allow-target {address})"
            ),
            other => write!(f, "{address} is never delivered to: it is {other}"),
        }
    }
}

/// What such an address is.
impl fmt::Display for TargetNotAllowedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAmongAllowed => "not among the allowed ones",
            Self::Unspecified => "an unspecified address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "the address of a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "a broadcast address",
        })
    }
}

impl Error for TargetNotAllowed {}
