//! Date-times as MAAC writes them: kept as text, read when asked.
//!
//! Reading is a step of its own so that an odd clock never loses an event, and so that nothing is
//! "corrected": MAAC's own sample has a UTC clock labelled `+08:00`.

use std::fmt;

use jiff::{Timestamp, civil, fmt::temporal::Pieces, tz::Offset};

/// A date-time with an offset (RFC 3339), as `2025-11-28T10:00:00.000000+08:00`.
///
/// ```
/// use maac_webhook::event::OffsetDateTime;
///
/// let time = OffsetDateTime::new("2025-11-28T10:00:00.000000+08:00");
/// assert_eq!(time.timestamp()?.to_string(), "2025-11-28T02:00:00Z");
/// assert_eq!(time.offset()?.seconds(), 8 * 60 * 60);
/// assert_eq!(time.as_str(), "2025-11-28T10:00:00.000000+08:00");
/// assert!(OffsetDateTime::new("2025-11-28 10:00:00").timestamp().is_err(), "no offset");
/// # Ok::<(), maac_webhook::event::DateTimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OffsetDateTime(String);

/// A wall clock's date-time without a zone, as `2025-11-28 10:00:00`. SurveyCake's is most likely
/// Taiwan's, which is not documented.
///
/// ```
/// use maac_webhook::event::CivilDateTime;
///
/// let time = CivilDateTime::new("2025-11-28 10:00:00");
/// assert_eq!(time.civil()?.hour(), 10);
/// assert!(CivilDateTime::new("2025-11-28T10:00:00+08:00").civil().is_err(), "it has an offset");
/// # Ok::<(), maac_webhook::event::DateTimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CivilDateTime(String);

/// A date-time that cannot be read as what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateTimeError {
    expected: &'static str,
}

impl OffsetDateTime {
    /// A date-time of this text, not read yet.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment it names.
    ///
    /// # Errors
    ///
    /// A text that is no date-time with an offset.
    pub fn timestamp(&self) -> Result<Timestamp, DateTimeError> {
        self.0.parse().map_err(|_| WITH_OFFSET)
    }

    /// The offset it is written with, which a [`Timestamp`] forgets.
    ///
    /// # Errors
    ///
    /// A text that is no date-time with an offset.
    pub fn offset(&self) -> Result<Offset, DateTimeError> {
        // Pieces alone would take a date without a time.
        self.timestamp()?;
        let pieces = Pieces::parse(&self.0).map_err(|_| WITH_OFFSET)?;
        pieces.to_numeric_offset().ok_or(WITH_OFFSET)
    }
}

impl CivilDateTime {
    /// A date-time of this text, not read yet.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The date-time on the wall clock.
    ///
    /// # Errors
    ///
    /// A text that is no date-time, or one with an offset or zone, which a civil date-time would drop.
    pub fn civil(&self) -> Result<civil::DateTime, DateTimeError> {
        const CIVIL: DateTimeError = DateTimeError { expected: "a date and time without an offset" };
        let pieces = Pieces::parse(&self.0).map_err(|_| CIVIL)?;
        let zoned = pieces.offset().is_some() || pieces.time_zone_annotation().is_some();
        match pieces.time() {
            Some(time) if !zoned => Ok(pieces.date().to_datetime(time)),
            _ => Err(CIVIL),
        }
    }
}

const WITH_OFFSET: DateTimeError = DateTimeError { expected: "an RFC 3339 date-time with an offset" };

impl fmt::Display for DateTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not {}", self.expected)
    }
}

impl std::error::Error for DateTimeError {}

macro_rules! text_date_time {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::lenient::text(deserializer).map(Self)
            }
        }
    )+};
}

text_date_time!(OffsetDateTime, CivilDateTime);
