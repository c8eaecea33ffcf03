use std::fmt;

use serde::{Serialize, Serializer};

use crate::case::written;

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The receiver does as it is to.
    Pass,
    /// It does not.
    Fail,
    /// It does what is demanded, and not quite as it had better.
    NonStrict,
    /// The case does not apply to this receiver.
    Skip,
    /// It cannot be told: there is no probe that shows it, or what was seen says nothing.
    Inconclusive,
    /// The suite or the probe failed, and not the receiver.
    EngineError,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Pass, Self::Fail, Self::NonStrict, Self::Skip, Self::Inconclusive, Self::EngineError];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NonStrict => "non-strict",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::EngineError => "engine error",
        }
    }

    /// Whether the receiver was seen to be right or wrong.
    #[must_use]
    pub const fn is_conclusive(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::NonStrict)
    }
}

written!(Status);

/// How a case's check ends.
pub(crate) type Graded = Result<Pass, Halt>;

/// The receiver does what is demanded.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) actual: String,
    pub(crate) strict: bool,
}

/// Why a check went no further.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The receiver is wrong: what it did.
    Fail(String),
    /// What was seen says nothing.
    Inconclusive(String),
    /// It cannot be seen from outside.
    Unseen(String),
    /// The case does not apply.
    Skip(String),
    /// The suite or the probe failed.
    Error(String),
}

impl Halt {
    /// What there is to be said.
    pub(crate) fn told(&self) -> &str {
        match self {
            Self::Fail(told)
            | Self::Inconclusive(told)
            | Self::Unseen(told)
            | Self::Skip(told)
            | Self::Error(told) => told,
        }
    }
}

/// As it is to be.
pub(crate) fn pass(actual: impl fmt::Display) -> Graded {
    Ok(Pass { actual: actual.to_string(), strict: true })
}

/// What is demanded, and not as it had better be.
pub(crate) fn non_strict(actual: impl fmt::Display) -> Graded {
    Ok(Pass { actual: actual.to_string(), strict: false })
}

pub(crate) fn fail<T>(actual: impl fmt::Display) -> Result<T, Halt> {
    Err(Halt::Fail(actual.to_string()))
}

pub(crate) fn inconclusive<T>(why: impl fmt::Display) -> Result<T, Halt> {
    Err(Halt::Inconclusive(why.to_string()))
}

pub(crate) fn skip<T>(why: impl fmt::Display) -> Result<T, Halt> {
    Err(Halt::Skip(why.to_string()))
}

/// The same with each part of a case, of which the least good counts and all that is worth saying is said.
pub(crate) fn all(parts: impl IntoIterator<Item = Pass>) -> Graded {
    let (mut actual, mut strict) = (Vec::new(), true);
    for part in parts {
        strict &= part.strict;
        if !actual.contains(&part.actual) {
            actual.push(part.actual);
        }
    }
    Ok(Pass { actual: actual.join("; "), strict })
}
