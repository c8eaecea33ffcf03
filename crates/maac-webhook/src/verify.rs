//! Verification: from a request's head and raw bytes to a [`Delivery`], or a [`Rejection`].

use std::{net::IpAddr, sync::Arc, time::Instant};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::{
    Delivery, Endpoint, IdempotencyKey, Rejection, RejectionKind, SecretSlot, ShareSecrets, Signature,
    Unverified, body_budget::Held, secret::LiveKeys, signature::Digest,
};

/// What of a request's head matters: its signature and idempotency key headers, with each value that
/// the request had, and the length it declares.
///
/// Independent of any HTTP crate, so that every adapter can make one.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct RequestHead<'a> {
    signature: Values<'a>,
    idempotency_key: Values<'a>,
    content_length: Option<u64>,
    peer: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Values<'a> {
    #[default]
    None,
    One(&'a [u8]),
    Several,
}

impl<'a> Values<'a> {
    fn of(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(one), None) => Self::One(one),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

impl<'a> RequestHead<'a> {
    /// Takes every value of the [`SIGNATURE`](crate::headers::SIGNATURE) header and every value of the
    /// [`IDEMPOTENCY_KEY`](crate::headers::IDEMPOTENCY_KEY) header that the request had.
    pub fn new(
        signatures: impl IntoIterator<Item = &'a [u8]>,
        idempotency_keys: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        Self {
            signature: Values::of(signatures),
            idempotency_key: Values::of(idempotency_keys),
            content_length: None,
            peer: None,
        }
    }

    /// The length that the request declares for its body, in bytes, so that one over the limit is
    /// refused before it is read.
    pub fn with_content_length(mut self, bytes: Option<u64>) -> Self {
        self.content_length = bytes;
        self
    }

    /// Whose request it is, where the server knows: for a [`Quarantine`](crate::Quarantine).
    pub fn with_peer(mut self, address: Option<IpAddr>) -> Self {
        self.peer = address;
        self
    }
}

/// Verifies requests to one [`Endpoint`].
///
/// The rule is the reference's, exactly: one signature header of 64 lower-case hexadecimal characters
/// that equals the HMAC-SHA256 of the raw body under a live share secret. `Content-Type` is not checked
/// and `Content-Encoding` not decoded, since the signature is over the bytes.
///
/// ```
/// use bytes::Bytes;
/// use maac_webhook::{Endpoint, RejectionKind, RequestHead, ShareSecret, Signature, Verifier};
///
/// let secret = ShareSecret::new("d0c5c1a6")?;
/// let body = Bytes::from_static(br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "t", "data": {}}"#);
/// let signature = Signature::sign(&secret, &body).to_string();
///
/// let verifier = Verifier::new(Endpoint::new("crm", secret));
/// let head = RequestHead::new([signature.as_bytes()], [&b"key-1"[..]]);
/// let delivery = verifier.verify(head, body.clone()).expect("it was signed with the secret");
/// assert_eq!(delivery.body(), &body);
///
/// let changed = Bytes::from_static(br#"{"timestamp":"2025-11-28T10:00:00.000000+08:00","topic":"t","data":{}}"#);
/// let rejection = verifier.verify(head, changed).expect_err("re-serialised");
/// assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
/// # Ok::<(), maac_webhook::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    endpoint: Endpoint,
}

impl Verifier {
    /// A verifier of requests to this endpoint.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// The endpoint it verifies for.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Verifies a request whose body has been read already.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin), [`Verification::update`] and [`Verification::finish`].
    pub fn verify(&self, head: RequestHead<'_>, body: Bytes) -> Result<Delivery, Rejection> {
        let mut verification = self.begin(head)?;
        verification.whole = Some(body.len() as u64);
        verification.update(body)?;
        verification.finish()
    }

    /// Begins to verify a request whose body is still to come.
    ///
    /// # Errors
    ///
    /// What can be known before the body is read: a signature header that is missing, repeated or
    /// malformed; a declared length over the limit; no secret loaded, where there is no
    /// [quarantine](Endpoint::with_quarantine) to keep the event in.
    pub fn begin(&self, head: RequestHead<'_>) -> Result<Verification, Rejection> {
        let signature = match head.signature {
            Values::None => return Err(RejectionKind::MissingSignature.into()),
            Values::Several => return Err(RejectionKind::RepeatedSignature.into()),
            Values::One(value) => Signature::parse(value).ok_or_else(|| {
                let detail = format!("a header of {} bytes", value.len());
                Rejection::with_detail(RejectionKind::MalformedSignature, detail)
            })?,
        };
        if head.content_length.is_some_and(|bytes| bytes > self.endpoint.body_limit() as u64) {
            return Err(self.endpoint.too_large());
        }
        let live = self.endpoint.secrets().live();
        if live.current.is_none() && self.endpoint.quarantine().is_none() {
            return Err(RejectionKind::NoSecret.into());
        }
        Ok(Verification {
            endpoint: self.endpoint.clone(),
            live,
            signature,
            idempotency_key: usable_key(head.idempotency_key),
            peer: head.peer,
            held: None,
            whole: head.content_length,
            body: Body::Empty,
        })
    }
}

impl Endpoint {
    fn too_large(&self) -> Rejection {
        let detail = format!("the limit is {} bytes", self.body_limit());
        Rejection::with_detail(RejectionKind::BodyTooLarge, detail)
    }
}

/// The key, or why there is none that is of use. It never refuses a verified event: its body identifies it.
fn usable_key(values: Values<'_>) -> Result<IdempotencyKey, &'static str> {
    match values {
        Values::None => Err("there is no idempotency key"),
        Values::Several => Err("there is more than one idempotency key"),
        Values::One(value) => {
            IdempotencyKey::parse(value).ok_or("the idempotency key is not 1 to 255 visible ASCII characters")
        }
    }
}

/// A verification under way: the digest is fed as the body arrives, and the body is kept up to the
/// endpoint's limit.
#[must_use = "nothing is verified until it is finished"]
pub struct Verification {
    endpoint: Endpoint,
    live: Arc<LiveKeys>,
    signature: Signature,
    idempotency_key: Result<IdempotencyKey, &'static str>,
    peer: Option<IpAddr>,
    /// What it has of the budget, once its body comes in pieces.
    held: Option<Held>,
    /// The length that the request declares for its body.
    whole: Option<u64>,
    body: Body,
}

impl Verification {
    /// Takes the next bytes of the body.
    ///
    /// # Errors
    ///
    /// A body that grows over the endpoint's limit; bodies that hold more together than its
    /// [`BodyBudget`](crate::BodyBudget).
    pub fn update(&mut self, chunk: Bytes) -> Result<(), Rejection> {
        if chunk.len() > self.endpoint.body_limit() - self.body.len() {
            return Err(self.endpoint.too_large());
        }
        // One that comes whole is verified at once, and holds nothing that waits.
        if self.body.len() > 0 || self.whole != Some(chunk.len() as u64) {
            let held = self.held.get_or_insert_with(|| self.endpoint.body_budget().begin());
            if !held.take(chunk.len()) {
                return Err(RejectionKind::Overloaded.into());
            }
            // A piece is copied: a few bytes may hold on to the large buffer they were read into.
            if self.body.len() == 0 {
                self.body = Body::Many(Box::new(Pieces::begin(&self.live)));
            }
        }
        self.body.push(chunk, &self.live);
        Ok(())
    }

    /// The body has arrived in full: decides.
    ///
    /// # Errors
    ///
    /// A signature that is not the body's under any secret that is live now; no secret.
    pub fn finish(self) -> Result<Delivery, Rejection> {
        self.finish_at(Instant::now)
    }

    /// The clock is read only where a previous secret's end is to be looked at.
    fn finish_at(self, now: impl Fn() -> Instant) -> Result<Delivery, Rejection> {
        let (body, mut expected) = self.body.into_signed(&self.live);
        // The secrets may have changed while the body arrived. Those that are live now decide: the new one must not
        // lose its events, and the one that was set aside must not live on for as long as a body may take.
        let live = self.endpoint.secrets().live();
        if !Arc::ptr_eq(&live, &self.live) {
            expected = Expected::of(&live, &body);
        }
        let matched = expected.matching(&self.signature, now);
        let Some(matched) = matched else {
            return Err(self.endpoint.not_verified(live.current.is_some(), body.len(), || Unverified {
                endpoint: self.endpoint.shared_name().clone(),
                idempotency_key: self.idempotency_key.ok(),
                signature: self.signature,
                peer: self.peer,
                received_at: Timestamp::now(),
                // Not the buffer that it was read into, which is larger.
                body: Bytes::copy_from_slice(&body),
            }));
        };
        self.endpoint.count_verified(matched);
        // Only now: a forgery is one line of the log, not two.
        let idempotency_key = self.idempotency_key.inspect_err(|why| {
            tracing::warn!(endpoint = self.endpoint.name(), "{why}; the event is known by its body alone");
        });
        Ok(Delivery {
            matched,
            peer: self.peer,
            endpoint: self.endpoint.shared_name().clone(),
            idempotency_key: idempotency_key.ok(),
            signature: self.signature,
            received_at: Timestamp::now(),
            body,
        })
    }
}

impl std::fmt::Debug for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verification")
            .field("endpoint", &self.endpoint)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl ShareSecrets {
    /// Which of the secrets that are live now `signature` is the body's under.
    pub(crate) fn matching(&self, signature: &Signature, body: &[u8]) -> Option<SecretSlot> {
        Expected::of(&self.live(), body).matching(signature, Instant::now)
    }
}

/// The body's signature under each live secret.
struct Expected {
    current: Option<Signature>,
    previous: Option<(Signature, Instant)>,
}

impl Expected {
    fn of(live: &LiveKeys, body: &[u8]) -> Self {
        Self {
            current: live.current.as_ref().map(|key| key.signing.sign(body)),
            previous: live.previous.as_ref().map(|(key, until)| (key.signing.sign(body), *until)),
        }
    }

    /// Compares with every one, whichever matches: how long it takes does not tell which did.
    fn matching(self, signature: &Signature, now: impl Fn() -> Instant) -> Option<SecretSlot> {
        const NONE: u8 = 0;
        const CURRENT: u8 = 1;
        const PREVIOUS: u8 = 2;
        let mut slot = NONE;
        if let Some((expected, until)) = self.previous {
            let live = u8::from(now() < until).ct_eq(&1);
            slot.conditional_assign(&PREVIOUS, expected.ct_eq(signature) & live);
        }
        if let Some(expected) = self.current {
            slot.conditional_assign(&CURRENT, expected.ct_eq(signature));
        }
        match slot {
            CURRENT => Some(SecretSlot::Current),
            PREVIOUS => Some(SecretSlot::Previous),
            _ => None,
        }
    }
}

/// A body in pieces, and its running digest under each live secret.
struct Pieces {
    bytes: BytesMut,
    current: Option<Digest>,
    previous: Option<(Digest, Instant)>,
}

impl Pieces {
    fn begin(live: &LiveKeys) -> Self {
        Self {
            bytes: BytesMut::new(),
            current: live.current.as_ref().map(|key| key.signing.begin()),
            previous: live.previous.as_ref().map(|(key, until)| (key.signing.begin(), *until)),
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if let Some(digest) = &mut self.current {
            digest.update(chunk);
        }
        if let Some((digest, _)) = &mut self.previous {
            digest.update(chunk);
        }
    }

    fn into_signed(self) -> (Bytes, Expected) {
        let current = self.current.map(Digest::finish);
        let previous = self.previous.map(|(digest, until)| (digest.finish(), until));
        (self.bytes.freeze(), Expected { current, previous })
    }
}

/// The body as it arrived. Most come in one piece, which is neither copied nor digested in steps.
enum Body {
    Empty,
    One(Bytes),
    Many(Box<Pieces>),
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(pieces) => pieces.bytes.len(),
        }
    }

    fn push(&mut self, chunk: Bytes, live: &LiveKeys) {
        match self {
            Self::Empty => *self = Self::One(chunk),
            Self::One(first) => {
                let mut pieces = Box::new(Pieces::begin(live));
                pieces.push(first);
                pieces.push(&chunk);
                *self = Self::Many(pieces);
            }
            Self::Many(pieces) => pieces.push(&chunk),
        }
    }

    fn into_signed(self, live: &LiveKeys) -> (Bytes, Expected) {
        let bytes = match self {
            Self::Empty => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(pieces) => return pieces.into_signed(),
        };
        let expected = Expected::of(live, &bytes);
        (bytes, expected)
    }
}

#[cfg(test)]
mod tests;
