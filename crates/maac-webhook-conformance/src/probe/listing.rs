use bytes::Bytes;
use maac_webhook::Event;
use maac_webhook_mock::SentEvent;
use serde::{Deserialize, Deserializer};
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
    #[serde(default, deserialize_with = "told")]
    body_sha256: Told,
    #[serde(default, deserialize_with = "told")]
    natural_key: Told,
    #[serde(default, deserialize_with = "told")]
    idempotency_key: Told,
    #[serde(default = "once")]
    count: u64,
}

/// `None` where it is missing. A `null` is of an event that has none, as of one that came without a key, and matches nothing.
type Told = Option<Option<String>>;

fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Told, D::Error> {
    Option::deserialize(deserializer).map(Some)
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
        let is_of = |entry: &Entry, own: &Identity| match entry.known_by() {
            KnownBy::Body(digest) => digest.eq_ignore_ascii_case(&own.body_sha256),
            KnownBy::NaturalKey(key) => key == own.natural_key,
            KnownBy::Key(key) => own.idempotency_key.as_deref() == Some(key),
            KnownBy::Nothing => false,
        };
        let entries = self.handled.iter().filter(|entry| any_of.iter().any(|own| is_of(entry, own)));
        entries.fold(0, |sum, entry| sum.saturating_add(entry.count))
    }

    /// Whether it knows both of these by the natural key that they share, as one that has a row for each key.
    pub(crate) fn takes_for_one(&self, one: &Identity, other: &Identity) -> bool {
        let key =
            |entry: &Entry| matches!(entry.known_by(), KnownBy::NaturalKey(key) if key == one.natural_key);
        one.natural_key == other.natural_key && self.handled.iter().any(key)
    }
}

/// What an entry is known by: the first of these that it has.
enum KnownBy<'a> {
    Body(&'a str),
    NaturalKey(&'a str),
    Key(&'a str),
    Nothing,
}

impl Entry {
    fn known_by(&self) -> KnownBy<'_> {
        if let Some(Some(digest)) = &self.body_sha256 {
            KnownBy::Body(digest)
        } else if let Some(Some(key)) = &self.natural_key {
            KnownBy::NaturalKey(key)
        } else if let Some(Some(key)) = &self.idempotency_key {
            KnownBy::Key(key)
        } else {
            KnownBy::Nothing
        }
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
    fn a_null_is_of_an_event_that_has_none_and_matches_nothing() {
        let json =
            br#"{"handled": [{"idempotency_key": null}, {"body_sha256": null, "idempotency_key": "k-1"}]}"#;
        let listing = Listing::read(json).unwrap();
        let keyless = Identity::new(&Bytes::from_static(b"{}"), None);
        assert_eq!(listing.count(&[keyless]), 0);
        assert_eq!(listing.count(&[identity("{}", "k-1")]), 1);
    }

    #[test]
    fn two_events_of_one_natural_key_may_be_one_row_by_that_key_alone() {
        let status = |status: &str| {
            let body = format!(
                r#"{{"timestamp": "2025-11-28T09:00:00+08:00", "topic": "pnp.status_updated", "data": {{"pnp_setting_id": 1, "pnp_message_id": 7, "phone_number": "+886912345678", "status": "{status}"}}}}"#
            );
            Identity::new(&Bytes::from(body), Some(status))
        };
        let (one, other) = (status("pnp_preparing"), status("pnp_delivered"));
        assert_eq!(one.natural_key, other.natural_key);
        for (entry, for_one) in [("natural_key", true), ("body_sha256", false)] {
            let known = if for_one { &one.natural_key } else { &one.body_sha256 };
            let listing =
                Listing::read(format!(r#"{{"handled": [{{"{entry}": {known:?}}}]}}"#).as_bytes()).unwrap();
            assert_eq!(listing.takes_for_one(&one, &other), for_one);
            assert!(!listing.takes_for_one(&one, &identity("{}", "k-1")));
        }
    }

    #[test]
    fn an_entry_that_is_known_by_nothing_is_an_error() {
        assert!(Listing::read(br#"{"handled": [{"count": 1}]}"#).unwrap_err().contains("handled[0]"));
        assert!(Listing::read(b"[]").is_err());
        assert!(Listing::read(br#"{"handled": [{"body_sha256": "a", "count": -1}]}"#).is_err());
    }
}
