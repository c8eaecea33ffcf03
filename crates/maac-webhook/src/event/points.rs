use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    CustomerId, LineUid, NaturalKey, OffsetDateTime, PointsId, Topic,
    lenient::{opt, opt_decimal},
};

/// Prize points that were added (`prize.points_added`). **Grant points once per
/// [`points_id`](Self::points_id).**
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PrizePointsAdded {
    /// The envelope's time: when the event happened.
    #[serde(skip)]
    pub timestamp: Option<OffsetDateTime>,
    /// The prize's name.
    #[serde(default, deserialize_with = "opt")]
    pub prize_name: Option<String>,
    /// Identifies the grant.
    pub points_id: PointsId,
    /// The points' category.
    #[serde(default, deserialize_with = "opt")]
    pub points_category: Option<String>,
    /// The friend who gets them.
    #[serde(default, deserialize_with = "opt")]
    pub line_uid: Option<LineUid>,
    /// The brand's own id of the friend; expect `None` for a friend who is not bound.
    #[serde(default, deserialize_with = "opt")]
    pub customer_id: Option<CustomerId>,
    /// The memo of the grant.
    #[serde(default, deserialize_with = "opt")]
    pub points_memo: Option<String>,
    /// How many points.
    #[serde(default, deserialize_with = "opt_decimal")]
    pub points_count: Option<Decimal>,
    /// When they expire.
    #[serde(default, deserialize_with = "opt")]
    pub points_expire_date: Option<OffsetDateTime>,
}

impl PrizePointsAdded {
    /// What a handler upserts by: the `points_id`.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        NaturalKey::new(&Topic::PrizePointsAdded, [Some(self.points_id.as_str())])
    }
}
