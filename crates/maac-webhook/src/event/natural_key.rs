use std::fmt;

use super::Topic;

/// What a handler upserts by, so that an event handled twice has the effect of one.
///
/// One text per thing that happened, unambiguous and printable ASCII: a JSON array of the topic and the
/// fields that identify it. It is scoped by nothing else: with several endpoints, put the endpoint's
/// name beside it.
///
/// | topic | made of |
/// | --- | --- |
/// | receipt validated | number, datetime, random number, campaign, friend |
/// | SurveyCake submitted | `svid` and answer `id` |
/// | SMS+ status updated | message id (the status is a value, ordered by `supersedes`) |
/// | SMS+ profile updated | setting, phone number, friend |
/// | points added | `points_id` |
/// | first open | message type, message id, friend |
/// | unknown | the SHA-256 of the body |
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NaturalKey(String);

impl NaturalKey {
    pub(super) fn new<'a>(topic: &Topic, parts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut key = String::from("[");
        push(&mut key, topic.as_str());
        for part in parts {
            key.push(',');
            match part {
                Some(text) => push(&mut key, text),
                None => key.push_str("null"),
            }
        }
        key.push(']');
        Self(key)
    }

    pub(super) fn unknown(digest: &str) -> Self {
        Self(format!(r#"["unknown","{digest}"]"#))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON string of printable ASCII: a stranger's `\u{0}` must not fail somebody's database.
fn push(key: &mut String, text: &str) {
    key.push('"');
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => key.extend(['\\', byte as char]),
            Ok(byte @ b' '..=b'~') => key.push(byte as char),
            _ => key.push_str(&format!("\\u{unit:04x}")),
        }
    }
    key.push('"');
}

impl fmt::Display for NaturalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_json_array_in_printable_ascii() {
        let parts = [Some("a\"b\\"), None, Some("\u{0}é😀"), Some("")];
        let key = NaturalKey::new(&Topic::PrizePointsAdded, parts);
        assert_eq!(key.as_str(), r#"["prize.points_added","a\"b\\",null,"\u0000\u00e9\ud83d\ude00",""]"#);
        let read: Vec<Option<String>> = serde_json::from_str(key.as_str()).unwrap();
        assert_eq!(read[1..].iter().map(Option::as_deref).collect::<Vec<_>>(), parts);
    }
}
