//! What we are compared with.

use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use maac_webhook::headers;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::fixture::{self, Fixture};

/// The core's HMAC without the core: a keyed state is copied, fed and finalized.
#[derive(Clone)]
pub(crate) struct BareHmac(Hmac<Sha256>);

impl BareHmac {
    pub(crate) fn new(key: &[u8]) -> Result<Self, Box<dyn Error>> {
        Ok(Self(Hmac::new_from_slice(key)?))
    }

    /// Takes the body as verification does, so that handing it over is on both sides.
    pub(crate) fn digest(&self, body: Bytes) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&body);
        mac.finalize().into_bytes().into()
    }
}

/// What one would write by hand: the key schedule with each request, `hex`, `subtle`, a [`Value`].
/// The signature is the header's value: each framework has a header map of its own.
pub(crate) fn by_hand(key: &[u8], signature: &[u8], body: &[u8]) -> Option<Value> {
    let signature = hex::decode(signature).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    let genuine: bool = mac.finalize().into_bytes().as_slice().ct_eq(&signature).into();
    if genuine { serde_json::from_slice(body).ok() } else { None }
}

/// svix and standardwebhooks: the same scheme over `id.timestamp.payload`, in base64.
pub(crate) struct StandardRequest {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The secret as their users write it.
pub(crate) fn whsec(key: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(key))
}

impl StandardRequest {
    /// The fixture as a sender of that scheme would send it now: both check the timestamp.
    pub(crate) fn new(fixture: &Fixture) -> Result<Self, Box<dyn Error>> {
        let id = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";
        let seconds = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let signature =
            standardwebhooks::Webhook::new(&whsec(fixture::KEY))?.sign(id, seconds, &fixture.body)?;
        // The same further headers as ours, so that none has the smaller map to look into.
        let mut headers = fixture.head()?.headers;
        headers.remove(headers::SIGNATURE);
        headers.remove(headers::IDEMPOTENCY_KEY);
        headers.insert("webhook-id", id.parse()?);
        headers.insert("webhook-timestamp", seconds.into());
        headers.insert("webhook-signature", signature.parse()?);
        Ok(Self { headers, body: fixture.body.clone() })
    }

    /// The same for svix, under its own header names, which it looks for first.
    pub(crate) fn svix(mut self) -> Self {
        for (theirs, svix) in [
            ("webhook-id", "svix-id"),
            ("webhook-timestamp", "svix-timestamp"),
            ("webhook-signature", "svix-signature"),
        ] {
            if let Some(value) = self.headers.remove(theirs) {
                self.headers.insert(svix, value);
            }
        }
        self
    }

    pub(crate) fn with_body(&self, body: Bytes) -> Self {
        Self { headers: self.headers.clone(), body }
    }
}

pub(crate) fn svix(webhook: &svix::webhooks::Webhook, request: &StandardRequest) -> Option<Value> {
    webhook.verify(&request.body, &request.headers).ok()?;
    serde_json::from_slice(&request.body).ok()
}

pub(crate) fn standardwebhooks(
    webhook: &standardwebhooks::Webhook,
    request: &StandardRequest,
) -> Option<Value> {
    webhook.verify(&request.body, &request.headers).ok()?;
    serde_json::from_slice(&request.body).ok()
}
