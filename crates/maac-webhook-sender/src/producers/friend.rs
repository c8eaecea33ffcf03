use serde::{Deserialize, Deserializer, Serialize};

use super::{ProducerError, ProducerErrorKind};

/// A friend of the LINE official account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Friend {
    /// The LINE user id: `U` and 32 lower-case hexadecimal characters.
    pub line_uid: String,
    /// The brand's own id, of a friend who is bound to a customer.
    #[serde(default, deserialize_with = "filled")]
    pub customer_id: Option<String>,
}

impl Friend {
    /// A friend who is bound to no customer.
    pub fn new(line_uid: impl Into<String>) -> Self {
        Self { line_uid: line_uid.into(), customer_id: None }
    }

    /// Whether events can be of this friend.
    ///
    /// # Errors
    ///
    /// A LINE user id that is none.
    pub fn check(&self) -> Result<(), ProducerError> {
        check_line_uid(&self.line_uid)
    }
}

pub(super) fn check_line_uid(line_uid: &str) -> Result<(), ProducerError> {
    let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    let is_one = line_uid.strip_prefix('U').is_some_and(|rest| rest.len() == 32 && rest.bytes().all(hex));
    if is_one { Ok(()) } else { Err(ProducerErrorKind::InvalidLineUid.into()) }
}

/// A text of a form: one that was left blank is none.
pub(super) fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}
