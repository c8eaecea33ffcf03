use bytes::Bytes;
use maac_webhook::Event;
use maac_webhook_mock::SentEvent;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What the receiver says it handled.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Listing {
    handled: Vec<Entry>,
    #[serde(default)]
    pub(crate) faults: Vec<String>,
}

/// An event that was handled so many times: known by its body, or else by its natural key, or else by its idempotency key.
#[derive(Clone, Debug, Deserialize)]
struct Entry {
    body_sha256: Option<String>,
    natural_key: Option<String>,
    idempotency_key: Option<String>,
    #[serde(default = "once")]
    count: u64,
}

fn once() -> u64 {
    1
}

/// All that an event that was sent may be known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    body_sha256: String,
    natural_key: String,
    idempotency_key: Option<String>,
}

impl Identity {
    pub(crate) fn new(body: &Bytes, idempotency_key: Option<&str>) -> Self {
        let digest = Sha256::digest(body);
        Self {
            body_sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            natural_key: Event::parse(body).natural_key().as_str().to_owned(),
            idempotency_key: idempotency_key.map(str::to_owned),
        }
    }

    /// As its last attempt had it.
    pub(crate) fn of(sent: &SentEvent) -> Option<Self> {
        let request = &sent.attempts.last()?.request;
        let named = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case(maac_webhook::headers::IDEMPOTENCY_KEY).then(|| value.clone())
        };
        let key = request.headers.iter().find_map(named);
        Some(Self::new(request.body.as_bytes(), key.as_deref()))
    }
}

impl Listing {
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let listing: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let nameless = |entry: &Entry| {
            entry.body_sha256.is_none() && entry.natural_key.is_none() && entry.idempotency_key.is_none()
        };
        match listing.handled.iter().position(nameless) {
            Some(index) => {
                Err(format!("handled[{index}] has neither body_sha256 nor natural_key nor idempotency_key"))
            }
            None => Ok(listing),
        }
    }

    /// How often one of these was handled.
    pub(crate) fn count(&self, any_of: &[Identity]) -> u64 {
        let is_of = |entry: &Entry, own: &Identity| {
            if let Some(digest) = &entry.body_sha256 {
                digest.eq_ignore_ascii_case(&own.body_sha256)
            } else if let Some(key) = &entry.natural_key {
                *key == own.natural_key
            } else {
                entry.idempotency_key == own.idempotency_key
            }
        };
        let entries = self.handled.iter().filter(|entry| any_of.iter().any(|own| is_of(entry, own)));
        entries.fold(0, |sum, entry| sum.saturating_add(entry.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(body: &'static str, key: &str) -> Identity {
        Identity::new(&Bytes::from_static(body.as_bytes()), Some(key))
    }

    #[test]
    fn an_entry_counts_for_what_it_is_known_by_best() {
        let (one, other) = (identity("{}", "k-1"), identity("{ }", "k-1"));
        let json = format!(
            r#"{{"handled": [{{"body_sha256": "{}", "idempotency_key": "k-1"}}, {{"idempotency_key": "k-1", "count": 2}}, {{"natural_key": {:?}, "more": 1}}]}}"#,
            one.body_sha256.to_uppercase(),
            other.natural_key,
        );
        let listing = Listing::read(json.as_bytes()).unwrap();
        assert_eq!(listing.count(std::slice::from_ref(&one)), 3);
        assert_eq!(listing.count(std::slice::from_ref(&other)), 3);
        assert_eq!(listing.count(&[one, other]), 4, "none is counted twice");
        assert_eq!(listing.count(&[identity("[]", "k-2")]), 0);
    }

    #[test]
    fn an_entry_that_is_known_by_nothing_is_an_error() {
        assert!(Listing::read(br#"{"handled": [{"count": 1}]}"#).unwrap_err().contains("handled[0]"));
        assert!(Listing::read(b"[]").is_err());
        assert!(Listing::read(br#"{"handled": [{"body_sha256": "a", "count": -1}]}"#).is_err());
    }
}
