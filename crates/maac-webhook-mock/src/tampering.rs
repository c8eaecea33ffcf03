use std::fmt;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use maac_webhook::headers;
use maac_webhook_sender::json::{self, BodyStyle};
use serde::{Deserialize, Serialize};

use crate::{Expectation, MockErrorKind};

/// What is wrong with a request. Each as in a file of a [`Scenario`](crate::Scenario), in snake case.
///
/// | tampering | a correct receiver answers |
/// | --- | --- |
/// | of the body or the signature | 401 |
/// | of the body's length alone | 413, long before it has read all of it |
/// | of the idempotency key, which nobody signed | 200 |
///
/// Of a key the answer tells half. The other half is what the receiver did, which the test looks at:
///
/// | tampering | a correct receiver |
/// | --- | --- |
/// | [`KeyMissing`](Self::KeyMissing) | handled it |
/// | [`KeyReused`](Self::KeyReused) | handled both events: they are two |
/// | [`KeyFresh`](Self::KeyFresh) | had the effect of one event: they are one |
///
/// [`Sent::natural_keys`](crate::Sent::natural_keys) are the events to compare with, as here, where a receiver that takes
/// a known key for a known event loses one and answers 200:
///
/// ```
/// use std::{collections::HashSet, sync::{Arc, Mutex}};
/// use axum::{Router, routing::post};
/// use maac_webhook_axum::{VerifyLayer, Webhook, maac_webhook::{Delivery, Endpoint, ShareSecret}};
/// use maac_webhook_mock::{MockSender, Tampering, samples};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let handled = Arc::new(Mutex::new(Vec::new()));
/// let (own, keys) = (handled.clone(), Mutex::new(HashSet::new()));
/// let receive = move |Webhook(delivery): Webhook<Delivery>| {
///     let key = delivery.idempotency_key().map(ToString::to_string);
///     if keys.lock().unwrap().insert(key) {
///         own.lock().unwrap().push(delivery.event().natural_key());
///     }
///     async { "OK" }
/// };
/// # let receive = { let receive = Arc::new(receive); move |webhook: Webhook<Delivery>| receive(webhook) };
/// # let secret = ShareSecret::new("d0c5c1a6")?;
/// # let layer = VerifyLayer::new(Endpoint::new("crm", secret.clone()));
/// # let mut app = Router::new().route("/webhooks/maac", post(receive).layer(layer));
/// let receipt = MockSender::new(secret).event(samples::receipt_validated());
/// let sent = receipt.tampering(Tampering::KeyReused).send_to(&mut app).await;
///
/// sent.assert_accepted();
/// assert_eq!(sent.natural_keys().len(), 2);
/// assert_ne!(*handled.lock().unwrap(), sent.natural_keys(), "the receipt is lost");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tampering {
    /// One bit of the body differs from what was signed.
    BodyByteFlipped,
    /// The body is the same JSON in other bytes than were signed, as after a framework or a proxy wrote it anew.
    BodyReserialised,
    /// The body is followed by so much white space that it has 64 MiB, all of it signed. The rejection of a receiver
    /// that read it to the end counts for none. Its length is declared, or with
    /// [`Chunked`](crate::Behaviour::Chunked) it is not. (To sign it takes seconds where `sha2` is not optimised, as by
    /// `[profile.dev.package.sha2] opt-level = 3`.)
    BodyTooLarge,
    /// There is no `CrescLab-Signature` header.
    SignatureMissing,
    /// There is one, and it is empty.
    SignatureEmpty,
    /// Its first half alone is there: a receiver that compares as many digits as it is given takes it.
    SignatureCutOff,
    /// Its last digit is another one: a receiver that compares less than all of it takes it.
    SignatureLastDigitChanged,
    /// There are two, both of them right.
    SignatureDoubled,
    /// Its hexadecimal digits are in upper case.
    SignatureUpperCase,
    /// It is of another secret than any that the endpoint had.
    SignatureOfAnotherSecret,
    /// It is of the secret before [`MockSender::change_secret`](crate::MockSender::change_secret).
    SignatureOfOldSecret,
    /// It is of the empty secret, with which a receiver verifies whose configuration lacks its own.
    SignatureOfEmptySecret,
    /// There is none, and the `Content-Type` is `text/plain`: a receiver that verifies JSON alone takes it.
    UnsignedText,
    /// There is none, and the `Content-Type` is `application/x-www-form-urlencoded`.
    UnsignedForm,
    /// There is no `CrescLab-Idempotency-Key` header.
    KeyMissing,
    /// The idempotency key is one that another event, of the same topic, came with just before.
    KeyReused,
    /// The event comes once, and then its body and signature come again under a fresh key.
    KeyFresh,
}

impl Tampering {
    /// Every one there is.
    pub const ALL: [Self; 17] = [
        Self::BodyByteFlipped,
        Self::BodyReserialised,
        Self::BodyTooLarge,
        Self::SignatureMissing,
        Self::SignatureEmpty,
        Self::SignatureCutOff,
        Self::SignatureLastDigitChanged,
        Self::SignatureDoubled,
        Self::SignatureUpperCase,
        Self::SignatureOfAnotherSecret,
        Self::SignatureOfOldSecret,
        Self::SignatureOfEmptySecret,
        Self::UnsignedText,
        Self::UnsignedForm,
        Self::KeyMissing,
        Self::KeyReused,
        Self::KeyFresh,
    ];

    /// What a correct receiver makes of it. One that overlaps secrets accepts the old one for a while.
    #[must_use]
    pub const fn expectation(self) -> Expectation {
        match self {
            Self::BodyByteFlipped
            | Self::BodyReserialised
            | Self::SignatureMissing
            | Self::SignatureEmpty
            | Self::SignatureCutOff
            | Self::SignatureLastDigitChanged
            | Self::SignatureDoubled
            | Self::SignatureUpperCase
            | Self::SignatureOfAnotherSecret
            | Self::SignatureOfOldSecret
            | Self::SignatureOfEmptySecret
            | Self::UnsignedText
            | Self::UnsignedForm => Expectation::Rejected(401),
            Self::BodyTooLarge => Expectation::Rejected(413),
            Self::KeyMissing | Self::KeyReused | Self::KeyFresh => Expectation::Accepted,
        }
    }

    /// How large a [`BodyTooLarge`](Self::BodyTooLarge) is, in bytes.
    pub(crate) const TOO_LARGE: usize = 64 * 1024 * 1024;

    /// The body that is signed.
    pub(crate) fn signed_body(self, body: &Bytes) -> Bytes {
        if self != Self::BodyTooLarge {
            return body.clone();
        }
        let mut padded = Vec::with_capacity(Self::TOO_LARGE);
        padded.extend_from_slice(body);
        padded.resize(Self::TOO_LARGE.max(body.len()), b' ');
        padded.into()
    }

    /// The body as it goes out, where it is not the one that was signed, or why there is none.
    pub(crate) fn body(self, signed: &Bytes) -> Result<Bytes, MockErrorKind> {
        match self {
            Self::BodyByteFlipped => Ok(flipped(signed)),
            Self::BodyReserialised => reserialised(signed),
            _ => Ok(signed.clone()),
        }
    }

    /// Does to the request what is left to be done to it once it is signed.
    pub(crate) fn apply(self, request: &mut Request<Bytes>) {
        if let Ok(body) = self.body(request.body()) {
            request.headers_mut().insert(CONTENT_LENGTH, body.len().into());
            *request.body_mut() = body;
        }
        let headers = request.headers_mut();
        match self {
            Self::SignatureMissing => drop(headers.remove(headers::SIGNATURE)),
            Self::SignatureDoubled => {
                if let Some(signature) = headers.get(headers::SIGNATURE).cloned() {
                    headers.append(headers::SIGNATURE, signature);
                }
            }
            Self::SignatureEmpty => rewrite_signature(headers, |_| Vec::new()),
            Self::SignatureCutOff => rewrite_signature(headers, |digits| digits[..digits.len() / 2].to_vec()),
            Self::SignatureLastDigitChanged => rewrite_signature(headers, |digits| {
                let mut changed = digits.to_vec();
                if let Some(last) = changed.last_mut() {
                    *last = if *last == b'0' { b'1' } else { b'0' };
                }
                changed
            }),
            Self::SignatureUpperCase => rewrite_signature(headers, <[u8]>::to_ascii_uppercase),
            Self::UnsignedText => unsigned(headers, "text/plain"),
            Self::UnsignedForm => unsigned(headers, "application/x-www-form-urlencoded"),
            Self::KeyMissing => drop(headers.remove(headers::IDEMPOTENCY_KEY)),
            Self::BodyByteFlipped
            | Self::BodyReserialised
            | Self::BodyTooLarge
            | Self::SignatureOfAnotherSecret
            | Self::SignatureOfOldSecret
            | Self::SignatureOfEmptySecret
            | Self::KeyReused
            | Self::KeyFresh => {}
        }
    }
}

fn rewrite_signature(headers: &mut HeaderMap, rewrite: impl FnOnce(&[u8]) -> Vec<u8>) {
    if let Some(signature) = headers.get_mut(headers::SIGNATURE) {
        let rewritten = rewrite(signature.as_bytes());
        *signature = HeaderValue::from_bytes(&rewritten).unwrap_or_else(|_| signature.clone());
        signature.set_sensitive(true);
    }
}

fn unsigned(headers: &mut HeaderMap, content_type: &'static str) {
    headers.remove(headers::SIGNATURE);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
}

fn flipped(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    let middle = bytes.len() / 2;
    match bytes.get_mut(middle) {
        Some(byte) => *byte ^= 1,
        // An empty body has no bit to flip.
        None => bytes.push(1),
    }
    bytes.into()
}

/// In the first style that gives other bytes.
fn reserialised(body: &Bytes) -> Result<Bytes, MockErrorKind> {
    let styles =
        [BodyStyle::python().compact().raw_utf8(), BodyStyle::python(), BodyStyle::python().compact()];
    let written = styles.iter().filter_map(|style| json::reencode(body, *style).ok());
    let mut written = written.peekable();
    if written.peek().is_none() {
        return Err(MockErrorKind::NotJson);
    }
    written.find(|written| written != body).map(Bytes::from).ok_or(MockErrorKind::OneStyle)
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BodyByteFlipped => "a bit of its body flipped",
            Self::BodyReserialised => "its body re-serialised",
            Self::BodyTooLarge => "a body that is too large",
            Self::SignatureMissing => "no signature",
            Self::SignatureEmpty => "an empty signature",
            Self::SignatureCutOff => "the first half of its signature",
            Self::SignatureLastDigitChanged => "another last digit of its signature",
            Self::SignatureDoubled => "its signature doubled",
            Self::SignatureUpperCase => "its signature in upper case",
            Self::SignatureOfAnotherSecret => "the signature of another secret",
            Self::SignatureOfOldSecret => "the signature of the old secret",
            Self::SignatureOfEmptySecret => "the signature of the empty secret",
            Self::UnsignedText => "no signature, as text/plain",
            Self::UnsignedForm => "no signature, as a form",
            Self::KeyMissing => "no idempotency key",
            Self::KeyReused => "the idempotency key of another event",
            Self::KeyFresh => "a fresh idempotency key on a replay",
        })
    }
}
