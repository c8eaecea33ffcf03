use std::{error::Error, fmt, net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

use super::never::never;

/// What may be delivered to besides this machine: a host's name, an address, or a network (`10.0.0.0/8`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTarget(Allowed);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    /// In lower case, without the dot that may end it.
    Name(String),
    Network(IpNet),
}

/// A text that names no target that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAllowedTarget {
    kind: InvalidAllowedTargetKind,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidAllowedTargetKind {
    /// It is neither a host's name, nor an address, nor a network.
    Neither,
    /// It is a URL, or has a port: hosts are allowed, with all of their ports.
    NotHostAlone,
    /// No address of it is ever delivered to.
    NeverDelivered,
}

impl AllowedTarget {
    /// Whether a host by this name, which has this address, is meant.
    pub(super) fn has(&self, host: &str, address: IpAddr) -> bool {
        match &self.0 {
            Allowed::Name(name) => host.strip_suffix('.').unwrap_or(host).eq_ignore_ascii_case(name),
            Allowed::Network(network) => network.contains(&address),
        }
    }
}

impl FromStr for AllowedTarget {
    type Err = InvalidAllowedTarget;

    fn from_str(text: &str) -> Result<Self, InvalidAllowedTarget> {
        let invalid = |kind| InvalidAllowedTarget { kind };
        let text = text.trim();
        if let Some(network) = network(text) {
            let (first, last) = (never(network.network()), never(network.broadcast()));
            return match first {
                Some(_) if first == last => Err(invalid(InvalidAllowedTargetKind::NeverDelivered)),
                _ => Ok(Self(Allowed::Network(network))),
            };
        }
        if text.contains("://") || text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        {
            return Err(invalid(InvalidAllowedTargetKind::NotHostAlone));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |label: &str| {
            let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=63).contains(&label.len()) && label.bytes().all(letter)
        };
        // What ends with a number is an address that was mistyped: no domain does.
        let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        let is_name =
            name.len() <= 253 && name.split('.').all(label) && !name.rsplit('.').next().is_some_and(numeric);
        if is_name {
            Ok(Self(Allowed::Name(name.to_ascii_lowercase())))
        } else {
            Err(invalid(InvalidAllowedTargetKind::Neither))
        }
    }
}

/// The network of an address, or a network.
fn network(text: &str) -> Option<IpNet> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(address.to_canonical().into());
    }
    match text.parse::<IpNet>().ok()?.trunc() {
        // Addresses are judged as the IPv4 ones that they are.
        IpNet::V6(network) => {
            let mapped = network.addr().to_ipv4_mapped().zip(network.prefix_len().checked_sub(96));
            let mapped = mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
            Some(mapped.map_or(IpNet::V6(network), IpNet::V4))
        }
        network @ IpNet::V4(_) => Some(network),
    }
}

impl InvalidAllowedTarget {
    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> InvalidAllowedTargetKind {
        self.kind
    }
}

impl fmt::Display for AllowedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Allowed::Name(name) => f.write_str(name),
            Allowed::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Allowed::Network(network) => network.fmt(f),
        }
    }
}

impl fmt::Display for InvalidAllowedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InvalidAllowedTargetKind::Neither => {
                "it is neither a host's name, nor an IP address, nor a network such as 10.0.0.0/8"
            }
            InvalidAllowedTargetKind::NotHostAlone => "it must be a host alone, without a scheme or a port",
            InvalidAllowedTargetKind::NeverDelivered => {
                "link-local, metadata, unspecified, multicast and broadcast addresses are never delivered to"
            }
        })
    }
}

impl Error for InvalidAllowedTarget {}
