//! Points that a friend is given.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Field, Friend, ProducerError, ProducerErrorKind, field::required, friend::filled};
use crate::{payload::PrizePointsAdded, wire_time};

/// Points that a friend is given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PointsGrant {
    /// The friend.
    pub friend: Friend,
    /// The prize's name.
    pub prize_name: String,
    /// The points' category.
    #[serde(default, deserialize_with = "filled")]
    pub points_category: Option<String>,
    /// The memo.
    #[serde(default)]
    pub points_memo: String,
    /// How many points.
    pub points_count: u64,
    /// When they expire.
    #[serde(default)]
    pub points_expire_date: Option<Timestamp>,
}

impl PointsGrant {
    /// Makes `prize.points_added` with a `points_id` of its own, a UUID: each call is another grant.
    ///
    /// # Errors
    ///
    /// What is not filled in as it should be, no points, and points that expired before `now`.
    pub fn event(&self, now: Timestamp) -> Result<PrizePointsAdded, ProducerError> {
        self.friend.check()?;
        required(&self.prize_name, Field::PrizeName)?;
        if self.points_count == 0 {
            return Err(ProducerErrorKind::NoPoints.into());
        }
        if self.points_expire_date.is_some_and(|expire| expire <= now) {
            return Err(ProducerErrorKind::PointsExpired.into());
        }
        Ok(PrizePointsAdded {
            prize_name: self.prize_name.clone(),
            points_id: Uuid::new_v4().to_string(),
            points_category: self.points_category.clone(),
            line_uid: self.friend.line_uid.clone(),
            customer_id: self.friend.customer_id.clone(),
            points_memo: self.points_memo.clone(),
            points_count: self.points_count,
            points_expire_date: self.points_expire_date.map(wire_time),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_has_an_id_of_its_own_and_points_that_are_not_yet_gone() {
        let now: Timestamp = "2025-11-28T02:00:00Z".parse().unwrap();
        let mut grant: PointsGrant = serde_json::from_value(serde_json::json!({
            "friend": {"line_uid": format!("U{}", "a".repeat(32)), "customer_id": "C-1"},
            "prize_name": "週年慶", "points_count": 5, "points_expire_date": "2026-01-01T00:00:00+08:00",
        }))
        .unwrap();
        let (one, other) = (grant.event(now).unwrap(), grant.event(now).unwrap());
        assert_ne!(one.points_id, other.points_id);
        assert!(one.points_id.parse::<Uuid>().is_ok());
        assert_eq!(one.points_expire_date.as_deref(), Some("2026-01-01T00:00:00.000000+08:00"));

        let kind = |grant: &PointsGrant| grant.event(now).unwrap_err().kind().clone();
        grant.points_expire_date = Some(now);
        assert_eq!(kind(&grant), ProducerErrorKind::PointsExpired);
        grant.points_count = 0;
        assert_eq!(kind(&grant), ProducerErrorKind::NoPoints);
        grant.prize_name.clear();
        assert_eq!(kind(&grant), ProducerErrorKind::Missing { field: Field::PrizeName });
        grant.friend.line_uid.push('0');
        assert_eq!(kind(&grant), ProducerErrorKind::InvalidLineUid);
    }
}
