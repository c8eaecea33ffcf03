use std::{fmt, io, path::PathBuf};

/// Why a share secret could not be had. It never contains the secret.
pub struct SecretError {
    kind: SecretErrorKind,
    origin: Origin,
    source: Option<io::Error>,
}

/// What is wrong with a share secret; each is the configuration's fault, never the sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// The secret is the empty string.
    Empty,
    /// The secret begins or ends with white space: most likely a slip of copying.
    SurroundingWhitespace,
    /// The environment variable is not set.
    NotSet,
    /// The environment variable or file is not UTF-8.
    NotUnicode,
    /// The file cannot be read.
    UnreadableFile,
    /// `reload` was called on secrets that did not come from a file.
    NotFromFile,
}

#[derive(Debug, Clone)]
pub(super) enum Origin {
    Value,
    Environment(String),
    File(PathBuf),
}

impl SecretError {
    pub(super) fn new(kind: SecretErrorKind, origin: Origin) -> Self {
        Self { kind, origin, source: None }
    }

    pub(super) fn unreadable(path: PathBuf, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::InvalidData => SecretErrorKind::NotUnicode,
            _ => SecretErrorKind::UnreadableFile,
        };
        Self { kind, origin: Origin::File(path), source: Some(source) }
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> SecretErrorKind {
        self.kind
    }
}

/// What a `main` that returns it prints: its text, and not its parts.
impl fmt::Debug for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretError({:?}: {self}", self.kind)?;
        match &self.source {
            Some(source) => write!(f, ": {source})"),
            None => f.write_str(")"),
        }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the share secret ")?;
        match &self.origin {
            Origin::Value => {}
            Origin::Environment(name) => write!(f, "in the environment variable {name} ")?,
            Origin::File(path) => write!(f, "in the file {} ", path.display())?,
        }
        f.write_str(match self.kind {
            SecretErrorKind::Empty => "is empty",
            SecretErrorKind::SurroundingWhitespace => {
                "begins or ends with white space; copy it again from the console, without it"
            }
            SecretErrorKind::NotSet => "is not set",
            SecretErrorKind::NotUnicode => "is not UTF-8 text",
            SecretErrorKind::UnreadableFile => "cannot be read",
            SecretErrorKind::NotFromFile => "did not come from a file, so it cannot be reloaded",
        })
    }
}

impl std::error::Error for SecretError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
