//! How a request reaches a receiver.

#[cfg(feature = "http-transport")]
mod connect;
mod error;
mod header_case;
#[cfg(feature = "http-transport")]
mod http1;
#[cfg(feature = "http-transport")]
pub mod policy;
#[cfg(feature = "http-transport")]
mod raw;
#[cfg(feature = "http-transport")]
mod read_on;
#[cfg(feature = "http-transport")]
mod resolver;
#[cfg(feature = "http-transport")]
mod tls;

use std::future::Future;

use bytes::Bytes;
use http::{HeaderMap, Request, response};
use serde::Serialize;

pub use error::{TransportError, TransportErrorKind};
#[cfg(feature = "http-transport")]
pub use http1::HttpTransport;
#[cfg(feature = "http-transport")]
pub use policy::TargetPolicy;
#[cfg(feature = "http-transport")]
pub use raw::RawConnection;
#[cfg(feature = "http-transport")]
pub use resolver::Resolver;
#[cfg(feature = "http-transport")]
pub use tls::InvalidRootCertificate;

use crate::{RecordedBody, Target};

/// Sends one request and gives back what was answered.
///
/// `HttpTransport` is one over the network; a test may have one in process. The time an attempt may take is
/// the [`Sender`](crate::Sender)'s affair.
pub trait Transport {
    /// Sends the request to the target.
    fn send(
        &self,
        target: &Target,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<ResponseRecord, TransportError>> + Send;
}

/// What was answered.
#[derive(Clone, Debug, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "a transport of one's own makes them")]
pub struct ResponseRecord {
    /// The status code.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, up to the transport's cap.
    #[serde(flatten)]
    pub body: RecordedBody,
    /// Whether the body went on beyond the cap.
    pub truncated: bool,
}

impl ResponseRecord {
    /// A response of this status with no headers and this body.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: RecordedBody(body.into()), truncated: false }
    }

    /// A response of this head and this body.
    pub fn of(head: &response::Parts, body: impl Into<Bytes>) -> Self {
        Self { headers: recorded(&head.headers), ..Self::new(head.status.as_u16(), body) }
    }
}

/// Headers for a record, their names as `HttpTransport` writes them.
pub(crate) fn recorded(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.iter().map(|(name, value)| (header_case::written(name), text(value.as_bytes()))).collect()
}
