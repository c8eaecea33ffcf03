//! The committed table of requests and what becomes of each.

use std::time::Duration;

use maac_webhook::{Endpoint, ShareSecret, ShareSecrets, headers};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub name: String,
    secrets: Secrets,
    body_limit: Option<usize>,
    signatures: Vec<String>,
    idempotency_keys: Vec<String>,
    body: Option<String>,
    body_hex: Option<String>,
    /// Why it is rejected; `None` where it is accepted.
    pub rejection: Option<String>,
    #[serde(default)]
    pub idempotency_key: Option<String>,
    #[serde(default)]
    pub topic: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    current: Option<String>,
    previous: Option<String>,
}

/// Every vector.
#[must_use]
pub fn all() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors/requests.json")).unwrap()
}

impl Vector {
    /// What the endpoint is made of: vectors alike in it may share one.
    #[must_use]
    pub fn settings(&self) -> (Secrets, Option<usize>) {
        (self.secrets.clone(), self.body_limit)
    }

    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        let secret = |text: &String| ShareSecret::new(text).unwrap();
        let secrets = ShareSecrets::empty();
        let Secrets { current, previous } = &self.secrets;
        for text in [previous, current].into_iter().flatten() {
            secrets.rotate(secret(text), ShareSecrets::DEFAULT_OVERLAP);
        }
        // No request here is about the time-out, and any machine may be slow.
        let endpoint = Endpoint::new("vectors", secrets).with_body_timeout(Duration::from_secs(60));
        match self.body_limit {
            Some(limit) => endpoint.with_body_limit(limit),
            None => endpoint,
        }
    }

    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        match (&self.body, &self.body_hex) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            _ => panic!("{}: one of body and body_hex", self.name),
        }
    }

    #[must_use]
    pub fn signature_values(&self) -> Vec<Vec<u8>> {
        self.signatures.iter().map(|text| latin1(text)).collect()
    }

    #[must_use]
    pub fn key_values(&self) -> Vec<Vec<u8>> {
        self.idempotency_keys.iter().map(|text| latin1(text)).collect()
    }

    /// The two headers, with every value.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, Vec<u8>)> {
        let signatures = self.signature_values().into_iter().map(|value| (headers::SIGNATURE, value));
        signatures
            .chain(self.key_values().into_iter().map(|value| (headers::IDEMPOTENCY_KEY, value)))
            .collect()
    }

    /// What must appear in no log.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let Secrets { current, previous } = &self.secrets;
        [current, previous].into_iter().flatten().map(String::as_str)
    }
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}
