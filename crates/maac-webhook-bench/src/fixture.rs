//! The events that are measured with: the core's committed fixtures.

use std::error::Error;

use bytes::{BufMut, Bytes, BytesMut};
use http::{Request, request::Parts};
use maac_webhook::{ShareSecret, Signature, headers};

macro_rules! fixtures {
    ($($name:literal),+) => {
        [$(($name, include_bytes!(concat!("../../maac-webhook/tests/fixtures/", $name, ".json")))),+]
    };
}

const SECRET: &str = "3f8a5c0e9d7b4261a0f6e5d4c3b2a190";
pub(crate) const IDEMPOTENCY_KEY: &str = "0c9a7d1e5b3f4826a1d2c3b4e5f60718";
pub(crate) const KEY: &[u8] = SECRET.as_bytes();
pub(crate) const PATH: &str = "/webhooks/maac";

/// An event and its signature.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) name: &'static str,
    pub(crate) body: Bytes,
    pub(crate) signature: String,
}

pub(crate) fn share_secret() -> Result<ShareSecret, Box<dyn Error>> {
    Ok(ShareSecret::new(SECRET)?)
}

/// The 2 KiB survey, then one event per topic.
pub(crate) fn all() -> Result<Vec<Fixture>, Box<dyn Error>> {
    let files: [(&'static str, &'static [u8]); 7] = fixtures![
        "survey-2-kib",
        "form.surveycake_submitted",
        "receipt.receipt_validated",
        "pnp.status_updated",
        "pnp.profile_updated",
        "prize.points_added",
        "message.first_open"
    ];
    let secret = share_secret()?;
    let signed = |(name, body)| Fixture {
        name,
        signature: Signature::sign(&secret, body).to_string(),
        body: Bytes::from_static(body),
    };
    Ok(files.map(signed).into())
}

impl Fixture {
    /// The same with one character of the body changed: no longer genuine, still JSON.
    pub(crate) fn forged(&self) -> Self {
        let mut body = BytesMut::from(&self.body[..]);
        if let Some(digit) = body.iter_mut().find(|byte| byte.is_ascii_digit()) {
            *digit = if *digit == b'0' { b'1' } else { b'0' };
        }
        Self { body: body.freeze(), ..self.clone() }
    }

    /// The request's head as MAAC sends it.
    pub(crate) fn head(&self) -> Result<Parts, Box<dyn Error>> {
        self.head_under(IDEMPOTENCY_KEY)
    }

    fn head_under(&self, key: &str) -> Result<Parts, Box<dyn Error>> {
        let request = Request::post(PATH)
            .header("host", "localhost")
            .header("user-agent", "python-requests/2.32.3")
            .header("accept-encoding", "gzip, deflate")
            .header("accept", "*/*")
            .header("connection", "keep-alive")
            .header("content-type", "application/json; charset=utf-8")
            .header("content-length", self.body.len())
            .header(headers::SIGNATURE, &self.signature)
            .header(headers::IDEMPOTENCY_KEY, key)
            .body(())?;
        Ok(request.into_parts().0)
    }

    /// The whole request as it goes over the wire.
    pub(crate) fn wire(&self) -> Result<Bytes, Box<dyn Error>> {
        self.wire_under(IDEMPOTENCY_KEY)
    }

    /// The same under another idempotency key.
    pub(crate) fn wire_under(&self, key: &str) -> Result<Bytes, Box<dyn Error>> {
        let head = self.head_under(key)?;
        let mut wire = BytesMut::from(format!("POST {PATH} HTTP/1.1\r\n").as_bytes());
        for (name, value) in &head.headers {
            wire.put_slice(name.as_str().as_bytes());
            wire.put_slice(b": ");
            wire.put_slice(value.as_bytes());
            wire.put_slice(b"\r\n");
        }
        wire.put_slice(b"\r\n");
        wire.put_slice(&self.body);
        Ok(wire.freeze())
    }
}
