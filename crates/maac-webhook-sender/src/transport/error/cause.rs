//! What an error of the system, of TLS or of hyper is a sign of.

use std::{error::Error, io};

use super::{TransportError, TransportErrorKind};

impl TransportError {
    pub(in crate::transport) fn connecting(error: &io::Error) -> Self {
        Self::new(of_io(error).unwrap_or(TransportErrorKind::Unreachable), error.to_string())
    }

    pub(in crate::transport) fn handshake(error: &io::Error) -> Self {
        Self::new(of_io(error).unwrap_or(TransportErrorKind::Tls), error.to_string())
    }

    pub(in crate::transport) fn http(error: &hyper::Error) -> Self {
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
