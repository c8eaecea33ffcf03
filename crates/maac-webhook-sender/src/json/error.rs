use std::error::Error;
use std::fmt;

/// A body that could not be written.
///
/// It says what is wrong and where, and never quotes the data: a payload has no place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    kind: EncodeErrorKind,
    position: Option<(usize, usize)>,
}

/// Why a body could not be written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EncodeErrorKind {
    /// The text is not JSON, or not UTF-8.
    NotJson,
    /// A float is not a number or infinite, for which JSON has no notation.
    NotFinite,
    /// A string holds half of a surrogate pair, which UTF-8 cannot carry.
    LoneSurrogate,
    /// Arrays and objects are nested deeper than 127 levels.
    TooDeep,
    /// The value's `Serialize` failed, or it has a map with a key that is not a string.
    NotSerializable,
}

impl EncodeError {
    pub(super) fn at(kind: EncodeErrorKind, line: usize, column: usize) -> Self {
        Self { kind, position: Some((line, column)) }
    }

    /// Why the body could not be written.
    #[must_use]
    pub fn kind(&self) -> EncodeErrorKind {
        self.kind
    }

    /// The line and the column of the fault in the text that was read. Lines count from 1, columns
    /// in bytes. `None` where there was no text, but a value.
    #[must_use]
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }
}

impl From<EncodeErrorKind> for EncodeError {
    fn from(kind: EncodeErrorKind) -> Self {
        Self { kind, position: None }
    }
}

impl fmt::Display for EncodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "the text is not JSON in UTF-8",
            Self::NotFinite => "a float is not finite, which JSON cannot express",
            Self::LoneSurrogate => "a string holds a lone surrogate, which UTF-8 cannot express",
            Self::TooDeep => "arrays and objects are nested too deeply",
            Self::NotSerializable => "the value cannot be serialized as JSON",
        })
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match self.position {
            Some((line, column)) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

impl Error for EncodeError {}
