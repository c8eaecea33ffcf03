use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{NotDelivered, PlatformError, PlatformErrorKind, Zone};
use crate::body::TAIWAN;

/// What a platform has bought of the webhook add-on: zones, and a period. Webhooks work in that period alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    zones: BTreeSet<Zone>,
    from: Timestamp,
    until: Timestamp,
}

impl Purchase {
    /// These zones from one moment until another, which is the first one outside.
    ///
    /// # Errors
    ///
    /// No zone, or a period that ends before it begins.
    pub fn new(
        zones: impl IntoIterator<Item = Zone>,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, PlatformError> {
        let zones: BTreeSet<_> = zones.into_iter().collect();
        if zones.is_empty() {
            return Err(PlatformErrorKind::NoZone.into());
        }
        if until <= from {
            return Err(PlatformErrorKind::PeriodEndsBeforeItBegins.into());
        }
        Ok(Self { zones, from, until })
    }

    /// The same by days, the last one included, as the console shows them. Days are Taiwan's.
    ///
    /// ```
    /// use maac_webhook_sender::{maac_webhook::jiff::civil::date, platform::{Purchase, Zone}};
    ///
    /// let year = Purchase::of_days(Zone::ALL, date(2025, 1, 1), date(2025, 12, 31))?;
    /// assert_eq!(year.from().to_string(), "2024-12-31T16:00:00Z");
    /// assert_eq!(year.until().to_string(), "2025-12-31T16:00:00Z");
    /// # Ok::<(), maac_webhook_sender::platform::PlatformError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// No zone, a period that ends before it begins, or a day beyond the calendar's years.
    pub fn of_days(
        zones: impl IntoIterator<Item = Zone>,
        first: Date,
        last: Date,
    ) -> Result<Self, PlatformError> {
        let beyond = |_| PlatformErrorKind::DayOutOfRange;
        let midnight =
            |day: Date| day.to_zoned_datetime(TimeZone::fixed(TAIWAN)).map(|zoned| zoned.timestamp());
        let from = midnight(first).map_err(beyond)?;
        let until = last.checked_add(1.day()).and_then(midnight).map_err(beyond)?;
        Self::new(zones, from, until)
    }

    /// The zones.
    pub fn zones(&self) -> impl Iterator<Item = Zone> {
        self.zones.iter().copied()
    }

    /// When the period begins.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// When it ends: the first moment outside.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether a zone is bought.
    #[must_use]
    pub fn has(&self, zone: Zone) -> bool {
        self.zones.contains(&zone)
    }

    /// Whether `now` is in the period, or on which side of it.
    ///
    /// # Errors
    ///
    /// [`NotDelivered::BeforePeriod`] or [`NotDelivered::AfterPeriod`].
    pub fn covers(&self, now: Timestamp) -> Result<(), NotDelivered> {
        if now < self.from {
            Err(NotDelivered::BeforePeriod { from: self.from })
        } else if now >= self.until {
            Err(NotDelivered::AfterPeriod { until: self.until })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_period_has_its_first_moment_and_not_its_last() {
        let [from, until] = ["2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"].map(|t| t.parse().unwrap());
        let purchase = Purchase::new([Zone::One], from, until).unwrap();
        let moment = 1.nanosecond();
        assert_eq!(purchase.covers(from), Ok(()));
        assert_eq!(purchase.covers(until - moment), Ok(()));
        assert_eq!(purchase.covers(from - moment), Err(NotDelivered::BeforePeriod { from }));
        assert_eq!(purchase.covers(until), Err(NotDelivered::AfterPeriod { until }));
        assert!(purchase.has(Zone::One) && !purchase.has(Zone::Two));
    }

    #[test]
    fn nothing_bought_and_no_time_at_all_are_refused() {
        let now: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let kind = |result: Result<Purchase, PlatformError>| result.unwrap_err().kind().clone();
        assert_eq!(kind(Purchase::new([], now, now + 1.second())), PlatformErrorKind::NoZone);
        let ends_first = PlatformErrorKind::PeriodEndsBeforeItBegins;
        assert_eq!(kind(Purchase::new([Zone::One], now, now)), ends_first);
        let days = Purchase::of_days([Zone::One], date(2025, 1, 2), date(2025, 1, 1));
        assert_eq!(kind(days), ends_first);
        assert!(Purchase::of_days([Zone::One], date(2025, 1, 1), date(2025, 1, 1)).is_ok());
        assert_eq!(
            kind(Purchase::of_days([Zone::One], date(2025, 1, 1), Date::MAX)),
            PlatformErrorKind::DayOutOfRange
        );
    }
}
