//! What identifies an event: its body. The idempotency key is a hint that nobody signed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::event::Envelope;

/// The identity of an event within its endpoint: SHA-256 over the endpoint's name and the raw body.
///
/// Bodies carry the event's time in microseconds, so two events with one body are one event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity([u8; 32]);

impl Identity {
    pub(crate) fn of(endpoint: &str, body: &[u8]) -> Self {
        Self(scoped(endpoint, &[body]))
    }

    /// The 32 bytes, as a store keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// An identity given back by a store, as [`as_bytes`](Self::as_bytes) gave it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// What an event says, its timestamp left out: SHA-256 over the endpoint and every other member of the body, as it was
/// sent.
///
/// A retry that the sender built anew has another body and so another [`Identity`], but the same key
/// and the same content. An unreadable body has no content digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    pub(crate) fn of(endpoint: &str, body: &[u8]) -> Option<Self> {
        Envelope::read(body).ok()?;
        let Members(members) = serde_json::from_slice(body).ok()?;
        let parts = members.iter().filter(|(name, _)| name != "timestamp");
        let parts: Vec<&[u8]> =
            parts.flat_map(|(name, value)| [name.as_bytes(), value.get().as_bytes()]).collect();
        Some(Self(scoped(endpoint, &parts)))
    }

    /// The 32 bytes, as a store keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest given back by a store, as [`as_bytes`](Self::as_bytes) gave it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

macro_rules! hexadecimal {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut hex = [0; 64];
                f.write_str(base16ct::lower::encode_str(&self.0, &mut hex).map_err(|_| fmt::Error)?)
            }
        }
    )+};
}

hexadecimal!(Identity, ContentDigest);

/// The members of a body, in the order in which they were sent.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Each part is preceded by its length, so that no two lists of parts are hashed alike.
fn scoped(endpoint: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(endpoint.as_bytes()).chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Identity(Sha256::digest(bytes).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_was_given_it_gives_back() {
        let body = br#"{"timestamp": "t", "topic": "t", "data": {"a": 1}}"#;
        let (identity, content) = (Identity::of("crm", body), ContentDigest::of("crm", body).unwrap());
        assert_eq!(Identity::from_bytes(*identity.as_bytes()), identity);
        assert_eq!(ContentDigest::from_bytes(*content.as_bytes()), content);
    }

    #[test]
    fn the_timestamp_alone_is_no_part_of_what_an_event_says() {
        let content = |endpoint, body: &str| ContentDigest::of(endpoint, body.as_bytes());
        let first = content("crm", r#"{"timestamp": "1", "topic": "t", "data": {"a": 1}}"#);
        assert!(first.is_some());
        assert_eq!(first, content("crm", r#"{"timestamp": "2", "topic": "t", "data": {"a": 1}}"#));
        for (endpoint, other) in [
            ("shop", r#"{"timestamp": "1", "topic": "t", "data": {"a": 1}}"#),
            ("crm", r#"{"timestamp": "1", "topic": "u", "data": {"a": 1}}"#),
            ("crm", r#"{"timestamp": "1", "topic": "t", "data": {"a": 2}}"#),
            ("crm", r#"{"timestamp": "1", "topic": "t", "data": {"a": 1}, "more": 1}"#),
        ] {
            assert_ne!(first, content(endpoint, other), "{other}");
        }
        assert_eq!(content("crm", "no event"), None);
    }

    #[test]
    fn an_identity_is_of_the_endpoint_and_the_body_and_neither_runs_into_the_other() {
        let first = Identity::of("crm", b"body");
        assert_ne!(first, Identity::of("crm2", b"body"));
        assert_ne!(first, Identity::of("crm", b"body2"));
        assert_ne!(Identity::of("ab", b"c"), Identity::of("a", b"bc"));
        assert_eq!(first.to_string().len(), 64);
        assert_eq!(format!("{first:?}"), format!("Identity({first})"));
    }
}
