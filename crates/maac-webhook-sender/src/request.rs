use std::fmt;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, USER_AGENT},
};
use maac_webhook::{ShareSecret, Signature, headers};
use uuid::Uuid;

use crate::{RequestRecord, Target};

/// A signed webhook request: the same bytes, key and signature on each attempt.
///
/// `Debug` leaves headers and body out: a signature is enough to send the body again.
#[derive(Clone)]
pub struct WebhookRequest {
    idempotency_key: HeaderValue,
    signature: Signature,
    body: Bytes,
}

/// An idempotency key that no header can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidIdempotencyKey;

impl WebhookRequest {
    /// Signs `body` with `secret`, under a fresh idempotency key: 32 hexadecimal characters.
    #[must_use]
    pub fn signed(secret: &ShareSecret, body: Bytes) -> Self {
        Self::presigned(Signature::sign(secret, &body), body)
    }

    /// A `body` with a signature that was made already, under a fresh idempotency key.
    #[must_use]
    pub fn presigned(signature: Signature, body: Bytes) -> Self {
        let idempotency_key = visible(&Uuid::new_v4().simple().to_string());
        Self { idempotency_key, signature, body }
    }

    /// Sets the idempotency key to one of your own. The signature does not cover it.
    ///
    /// # Errors
    ///
    /// A text with a control character or one outside ASCII.
    pub fn with_idempotency_key(mut self, key: &str) -> Result<Self, InvalidIdempotencyKey> {
        let visible = key.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        self.idempotency_key =
            HeaderValue::from_str(key).ok().filter(|_| visible).ok_or(InvalidIdempotencyKey)?;
        Ok(self)
    }

    /// The idempotency key.
    #[must_use]
    pub fn idempotency_key(&self) -> &str {
        self.idempotency_key.to_str().unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The request to this target with every header that goes out.
    #[must_use]
    pub fn to_http(&self, target: &Target) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.path_and_query().into();
        *request.headers_mut() = self.headers(target);
        request
    }

    /// What goes out to this target, for a record of it.
    #[must_use]
    pub fn record(&self, target: &Target) -> RequestRecord {
        RequestRecord::of(&self.to_http(target))
    }

    fn headers(&self, target: &Target) -> HeaderMap {
        let mut all = HeaderMap::new();
        all.insert(HOST, visible(target.authority()));
        all.insert(USER_AGENT, HeaderValue::from_static(concat!("maac-webhook/", env!("CARGO_PKG_VERSION"))));
        all.insert(ACCEPT, HeaderValue::from_static("*/*"));
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        let mut signature = visible(&self.signature.to_string());
        // So that the `Debug` of the request does not show it.
        signature.set_sensitive(true);
        all.insert(headers::SIGNATURE, signature);
        all.insert(headers::IDEMPOTENCY_KEY, self.idempotency_key.clone());
        all.insert(CONTENT_LENGTH, self.body.len().into());
        all
    }
}

/// A text of visible ASCII as a header's value: hexadecimal digits, or the authority of a URL.
#[allow(clippy::expect_used, reason = "each of its characters may stand in a header")]
fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("visible ASCII is a header's value")
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("idempotency_key", &self.idempotency_key)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidIdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an idempotency key is printable ASCII: no header carries another character reliably")
    }
}

impl std::error::Error for InvalidIdempotencyKey {}
