use std::fmt;

/// Why a verified body is an [`Unknown`](super::Unknown) event and not one of the six topics.
///
/// It tells the kind of fault and where in the JSON it lies, never the payload's own values, so that it
/// may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    kind: EventErrorKind,
    path: Option<String>,
    message: Option<String>,
}

/// What stands in the way of a typed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventErrorKind {
    /// The body is not UTF-8 text.
    NotUtf8,
    /// The body is not JSON, or is JSON with something behind it.
    NotJson,
    /// The body is nested more than 127 deep.
    TooDeep,
    /// The body is JSON but not an envelope: an object with a text `topic` and a `data`.
    NotAnEnvelope,
    /// The topic is not one of the six.
    UnknownTopic,
    /// The topic is one of the six, but its `data` drifted beyond what can be read.
    UnreadableData,
}

impl EventError {
    pub(super) fn new(kind: EventErrorKind) -> Self {
        Self { kind, path: None, message: None }
    }

    pub(super) fn json(kind: EventErrorKind, path: Option<String>, error: &serde_json::Error) -> Self {
        let mut message = without_values(&error.to_string());
        // With a path, serde_json counts lines and columns from where `data` begins, which misleads.
        if path.is_some()
            && let Some(at) = message.rfind(" at line ")
        {
            message.truncate(at);
        }
        // serde_json has no category for its recursion limit.
        let kind = if message.starts_with("recursion limit") { EventErrorKind::TooDeep } else { kind };
        Self { kind, path: path.map(shortened), message: Some(message) }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> EventErrorKind {
        self.kind
    }

    /// Where in the body, as in `data.items[2].amount`, where that is known; shortened to 200 characters.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }
}

/// A path is made of a stranger's names.
fn shortened(path: String) -> String {
    const LONGEST: usize = 200;
    match path.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path,
    }
}

/// serde quotes what it found, as in `invalid type: string "0912345678", expected a map`. What it found
/// is payload: the kind of value stays, the value goes.
fn without_values(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let kind_of_value = found.find(['"', '`']).map_or(found, |quote| found[..quote].trim_end());
    format!("{kind_of_value}, expected {expected}")
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            EventErrorKind::NotUtf8 => "the body is not UTF-8",
            EventErrorKind::NotJson => "the body is not JSON",
            EventErrorKind::TooDeep => "the body is nested too deep",
            EventErrorKind::NotAnEnvelope => "the body is not an object with a topic and data",
            EventErrorKind::UnknownTopic => "the topic is not known",
            EventErrorKind::UnreadableData => "the topic's data cannot be read",
        })?;
        if let Some(path) = &self.path {
            write!(f, ": at {}", path.escape_debug())?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for EventError {}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn what_was_found_stays_out_of_the_message() {
        for (message, expected) in [
            (
                r#"invalid type: string "091, expected x", expected a map at line 1 column 9"#,
                "invalid type: string, expected a map at line 1 column 9",
            ),
            (
                "invalid type: integer `912345678`, expected a string",
                "invalid type: integer, expected a string",
            ),
            ("invalid type: map, expected a string", "invalid type: map, expected a string"),
            ("missing field `number`", "missing field `number`"),
        ] {
            assert_eq!(without_values(message), expected);
        }
    }
}
