use std::fmt;
use std::sync::Arc;

/// The value of a `CrescLab-Idempotency-Key` header: 1 to 255 visible ASCII characters.
///
/// **The signature does not cover it.** Whoever captured a request can send it again under any key, so
/// it is a hint; the body is the identity.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The longest key that is of use.
    pub const MAX_BYTES: usize = 255;

    /// Reads the header's value; `None` where it is empty, too long or has a character outside visible
    /// ASCII.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        // Without a branch per byte: most keys are usable, and all of each is looked at.
        let graphic = value.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
        let usable = graphic && (1..=Self::MAX_BYTES).contains(&value.len());
        let text = std::str::from_utf8(value).ok().filter(|_| usable)?;
        Some(Self(text.into()))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_opaque_visible_ascii_of_1_to_255_characters() {
        let longest = "k".repeat(255);
        for usable in ["a", "0123456789abcdef0123456789abcdeg", "~!{}", longest.as_str()] {
            assert_eq!(IdempotencyKey::parse(usable.as_bytes()).unwrap().as_str(), usable);
        }
    }

    #[test]
    fn an_unusable_key_is_none() {
        let too_long = "k".repeat(256);
        for unusable in ["", " ", "a b", "a\t", "\u{7f}", "é", too_long.as_str()] {
            assert_eq!(IdempotencyKey::parse(unusable.as_bytes()), None, "{unusable:?}");
        }
        assert_eq!(IdempotencyKey::parse(&[0xff]), None);
    }
}
