use std::{error::Error, fmt, io};

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Why an attempt got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
}

/// What went wrong between the sender and the receiver. Each is tried again.
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
        }
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

    pub(super) fn connecting(error: &io::Error) -> Self {
        Self::new(of_io(error).unwrap_or(TransportErrorKind::Unreachable), error.to_string())
    }

    pub(super) fn handshake(error: &io::Error) -> Self {
        Self::new(of_io(error).unwrap_or(TransportErrorKind::Tls), error.to_string())
    }

    pub(super) fn http(error: &hyper::Error) -> Self {
        let kind = chain(error).find_map(of_cause).unwrap_or(TransportErrorKind::Closed);
        let said: Vec<_> = chain(error).map(ToString::to_string).collect();
        Self::new(kind, said.join(": "))
    }
}

/// The error and what it came of.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return match error.kind() {
            // A body's framing that makes no sense, as a chunk without a length.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Some(of_io(error).unwrap_or(TransportErrorKind::Protocol))
            }
            _ => of_io(error),
        };
    }
    let error = cause.downcast_ref::<hyper::Error>()?;
    // hyper has no predicate for bytes that came before anything was asked, such as another protocol's
    // greeting: it is the error without a cause that is none of those with one.
    let unasked = error.source().is_none()
        && !(error.is_incomplete_message() || error.is_closed() || error.is_canceled());
    (error.is_parse() || unasked).then_some(TransportErrorKind::Protocol)
}

fn of_io(error: &io::Error) -> Option<TransportErrorKind> {
    // The TLS library speaks through an error inside the I/O error, in the handshake and (where a TLS 1.3
    // receiver wants a client's certificate) after it.
    if error.get_ref().is_some_and(|inner| inner.is::<tokio_rustls::rustls::Error>()) {
        return Some(TransportErrorKind::Tls);
    }
    Some(match error.kind() {
        io::ErrorKind::ConnectionRefused => TransportErrorKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            TransportErrorKind::Reset
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => TransportErrorKind::Unreachable,
        io::ErrorKind::TimedOut => TransportErrorKind::Timeout,
        io::ErrorKind::UnexpectedEof => TransportErrorKind::Closed,
        _ => return None,
    })
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
