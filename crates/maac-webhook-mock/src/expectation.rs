use std::fmt;

use serde::{Deserialize, Serialize};

/// What is to become of each event that is sent.
///
/// In a file of a [`Scenario`](crate::Scenario): `"accepted"`, `{"rejected": 401}`, `"unanswered"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Expectation {
    /// Its last attempt was answered 200, which is what MAAC asks for.
    Accepted,
    /// Its last attempt was answered with this status, which is no success.
    Rejected(u16),
    /// No answer to its last attempt was heard.
    Unanswered,
}

impl Expectation {
    /// Whether it is met by the last attempt's status, if it had one.
    pub(crate) fn is_met_by(self, status: Option<u16>) -> bool {
        match (self, status) {
            (Self::Accepted, Some(status)) => status == 200,
            (Self::Rejected(expected), Some(status)) => status == expected,
            (Self::Unanswered, None) => true,
            (Self::Accepted | Self::Rejected(_), None) | (Self::Unanswered, Some(_)) => false,
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("answered 200"),
            Self::Rejected(status) => write!(f, "answered {status}"),
            Self::Unanswered => f.write_str("left unanswered"),
        }
    }
}
