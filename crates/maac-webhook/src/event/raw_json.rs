use std::fmt;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;

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
    /// JSON that does not fit the type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, RawJsonError> {
        let mut json = serde_json::Deserializer::from_str(self.as_str());
        serde_path_to_error::deserialize(&mut json).map_err(|error| RawJsonError {
            path: Some(error.path().to_string()).filter(|path| path != "."),
            detail: error.inner().to_string(),
        })
    }
}

/// Free-form JSON that does not fit the type it was read as. `Display` and `Debug` say where, and nothing of what was
/// sent.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJsonError {
    path: Option<String>,
    detail: String,
}

impl RawJsonError {
    /// Where in the JSON, where it is not the whole of it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What was expected and what was found. It may quote the JSON, and so personal data.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for RawJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the JSON does not fit the type")?;
        match &self.path {
            Some(path) => write!(f, ": at {}", path.escape_debug()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RawJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawJsonError").field("path", &self.path).finish_non_exhaustive()
    }
}

impl std::error::Error for RawJsonError {}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_and_quotes_nothing() {
        #[derive(Debug)]
        struct Phone;
        impl<'de> Deserialize<'de> for Phone {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Err(serde::de::Error::custom(format!("no phone number: {text}")))
            }
        }
        #[derive(Debug, Deserialize)]
        struct Meta {
            #[allow(dead_code, reason = "it fails to be read")]
            phone: Phone,
        }
        let raw: RawJson = serde_json::from_str(r#"{"phone": "0912345678"}"#).unwrap();
        let error = raw.read::<Meta>().unwrap_err();
        assert_eq!(error.to_string(), "the JSON does not fit the type: at phone");
        assert!(!format!("{error:?}").contains("0912"));
        assert!(error.detail().contains("no phone number: 0912345678"));
        let whole = raw.read::<u8>().unwrap_err();
        assert_eq!((whole.path(), whole.to_string().as_str()), (None, "the JSON does not fit the type"));
        assert_eq!(raw.read::<std::collections::HashMap<String, String>>().unwrap()["phone"], "0912345678");
    }
}
