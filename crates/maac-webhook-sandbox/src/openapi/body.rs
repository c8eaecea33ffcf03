use axum::{body::Bytes, extract::rejection::BytesRejection};
use serde::de::{DeserializeOwned, IgnoredAny};

/// A body, or why it could not be taken: it is too large, or broke off.
pub(super) type TakenBody = Result<Bytes, BytesRejection>;

/// What is wrong with a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InvalidBody {
    /// Where, as `data.phone_number`; empty for the whole.
    pub(crate) property: String,
    /// What is wrong there.
    pub(crate) message: String,
}

/// Reads a body as JSON, whatever its `Content-Type` says.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, InvalidBody> {
    let whole = |message: String| InvalidBody { property: String::new(), message };
    // For itself, so that what is no JSON is told before what stands in it.
    serde_json::from_slice::<IgnoredAny>(body)
        .map_err(|error| whole(format!("the body is not JSON: {error}")))?;
    // Of an array serde would take the fields by their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(whole("the body is not a JSON object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| of_data(&error.path().to_string(), error.inner()))
}

fn of_data(path: &str, error: &serde_json::Error) -> InvalidBody {
    let text = error.to_string();
    // The property says where it is.
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let path = if path == "." { "" } else { path };
    let missing = text.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match missing {
        Some(field) => {
            let dot = if path.is_empty() { "" } else { "." };
            InvalidBody { property: format!("{path}{dot}{field}"), message: "is required".to_owned() }
        }
        None => InvalidBody { property: path.to_owned(), message: text.to_owned() },
    }
}

impl InvalidBody {
    /// In one line.
    pub(crate) fn line(&self) -> String {
        let Self { property, message } = self;
        match (property.as_str(), message.as_str()) {
            ("", message) => message.to_owned(),
            (property, "is required") => format!("{property} is required"),
            (property, message) => format!("{property}: {message}"),
        }
    }
}
