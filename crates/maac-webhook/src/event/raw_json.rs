use std::fmt;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{EventError, EventErrorKind};

/// Free-form JSON, kept as the text that was sent.
///
/// `Debug` leaves the text out.
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads it into a type of your own, or a `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// JSON that does not fit the type: the error says where, and quotes no value.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, EventError> {
        let mut json = serde_json::Deserializer::from_str(self.as_str());
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = Some(error.path().to_string()).filter(|path| path != ".");
            EventError::json(EventErrorKind::UnreadableData, path, error.inner())
        })
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({} bytes)", self.as_str().len())
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(Self)
    }
}
