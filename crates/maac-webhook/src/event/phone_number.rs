use std::fmt;

use serde::{Deserialize, Deserializer};

use super::lenient;

/// The phone number an SMS+ message went to: in whichever form the push gave it.
///
/// A number that was pushed hashed never comes with an `sms_*` status: MAAC accepts it only for
/// templates with SMS switched off.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhoneNumber {
    /// In E.164 form, as `+886912345678`.
    E164(String),
    /// The SHA-256 of the E.164 form, as 64 hexadecimal characters.
    Sha256(String),
    /// Neither, as it was sent.
    Other(String),
}

impl PhoneNumber {
    /// The number as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::E164(text) | Self::Sha256(text) | Self::Other(text) => text,
        }
    }

    /// Whether this is `e164`, plain or hashed.
    ///
    /// ```
    /// use maac_webhook::event::PhoneNumber;
    ///
    /// let plain = PhoneNumber::from("+886912345678");
    /// let hashed =
    ///     PhoneNumber::from("1315ec4a63ba3d2b8f5db63688770e89a402ee623ef33e4c8c2f36e48f271be0");
    /// assert!(plain.is("+886912345678"));
    /// assert!(hashed.is("+886912345678"));
    /// assert!(!hashed.is("+886912345679"));
    /// ```
    #[must_use]
    pub fn is(&self, e164: &str) -> bool {
        match self {
            Self::E164(text) | Self::Other(text) => text == e164,
            Self::Sha256(hex) => hex.eq_ignore_ascii_case(&crate::identity::sha256_hex(e164.as_bytes())),
        }
    }
}

impl From<String> for PhoneNumber {
    fn from(text: String) -> Self {
        let e164 = |digits: &str| {
            (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if text.strip_prefix('+').is_some_and(e164) {
            Self::E164(text)
        } else if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Self::Sha256(text)
        } else {
            Self::Other(text)
        }
    }
}

impl From<&str> for PhoneNumber {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::text(deserializer).map(Self::from)
    }
}
