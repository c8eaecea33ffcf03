#[cfg(feature = "http-transport")]
mod cause;

use std::{error::Error, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Why an attempt got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
}

/// What went wrong between the sender and the receiver. Each is tried again but the one that is the sender's own decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name has no address.
    Dns,
    /// Nobody listens on the port.
    Refused,
    /// There is no way to the host.
    Unreachable,
    /// The receiver broke the connection.
    Reset,
    /// The receiver closed the connection before a whole answer.
    Closed,
    /// The attempt took too long.
    Timeout,
    /// No TLS session was agreed on, or the certificate is not trusted.
    Tls,
    /// What came back is not HTTP.
    Protocol,
    /// The target's address may not be delivered to, as the sender's own target policy says. Not tried again.
    NotAllowed,
}

impl TransportErrorKind {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::NotAllowed => "not_allowed",
        }
    }

    /// Whether another attempt may fare better.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        !matches!(self, Self::NotAllowed)
    }
}

impl TransportError {
    /// An error of this kind.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// What the system or the library says of it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

impl Error for TransportError {}

impl Serialize for TransportError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("kind", self.kind.as_str())?;
        map.serialize_entry("message", &self.message)?;
        map.end()
    }
}
