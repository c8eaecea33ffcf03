use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST},
};
use maac_webhook_sender::{
    HttpTransport, ResponseRecord, Target, Transport, TransportError, TransportErrorKind,
};
use tokio::time::timeout;

use super::{Fault, Listing};

/// The receiver's probe.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) url: Target,
    transport: HttpTransport,
    limit: Duration,
}

impl Probe {
    /// How long a listing may be, in bytes: it may be of all that was ever handled.
    const LISTING: usize = 16 * 1024 * 1024;

    pub(crate) fn new(url: Target, transport: HttpTransport, limit: Duration) -> Self {
        Self { url, transport: transport.with_response_cap(Self::LISTING), limit }
    }

    /// What was handled.
    pub(crate) async fn listing(&self) -> Result<Listing, String> {
        let answer = self.ask(Method::GET, Bytes::new()).await.map_err(|error| error.to_string())?;
        if answer.status != 200 {
            return Err(format!("it answered {}", answer.status));
        }
        if answer.truncated {
            return Err(format!("its list is longer than {} MiB", Self::LISTING >> 20));
        }
        Listing::read(answer.body.as_bytes()).map_err(|why| format!("its answer cannot be read: {why}"))
    }

    /// Has the receiver suffer it.
    pub(crate) async fn suffer(&self, fault: Fault) -> Result<(), String> {
        let body = format!(r#"{{"fault": "{fault}"}}"#);
        match (self.ask(Method::POST, body.into()).await, fault) {
            (Ok(answer), _) if (200..300).contains(&answer.status) => Ok(()),
            (Ok(answer), _) => Err(format!("it answered {fault} with {}", answer.status)),
            // It need not answer any more.
            (Err(error), Fault::Crash)
                if matches!(error.kind(), TransportErrorKind::Reset | TransportErrorKind::Closed) =>
            {
                Ok(())
            }
            (Err(error), _) => Err(format!("{fault}: {error}")),
        }
    }

    async fn ask(&self, method: Method, body: Bytes) -> Result<ResponseRecord, TransportError> {
        let request = request(&self.url, method, body);
        let answer = timeout(self.limit, self.transport.send(&self.url, request)).await;
        answer.unwrap_or_else(|_| Err(TransportError::new(TransportErrorKind::Timeout, "no answer in time")))
    }
}

/// A request with what HTTP asks for.
fn request(target: &Target, method: Method, body: Bytes) -> Request<Bytes> {
    let uri: Uri = target.to_string().parse().unwrap_or_default();
    let host = uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let length = body.len();
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri.path_and_query().map_or_else(Uri::default, |path| path.clone().into());
    let headers = request.headers_mut();
    headers.extend(host.map(|host| (HOST, host)));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if length > 0 {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(CONTENT_LENGTH, length.into());
    request
}
