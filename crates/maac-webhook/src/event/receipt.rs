use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    CustomerId, LineUid, NaturalKey, OffsetDateTime, Topic,
    lenient::{list, nullable_text, opt, opt_decimal, text},
};

/// A receipt that matched a campaign (`receipt.receipt_validated`).
///
/// One receipt can give two events, one per campaign. **Only the items that match the campaign's
/// conditions are sent**, not the whole receipt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ReceiptValidated {
    /// The envelope's time: when the event happened.
    #[serde(skip)]
    pub timestamp: Option<OffsetDateTime>,
    /// The friend who uploaded the receipt.
    pub line_uid: LineUid,
    /// The brand's own id of the friend.
    #[serde(default, deserialize_with = "opt")]
    pub customer_id: Option<CustomerId>,
    /// The campaign's name.
    #[serde(default, deserialize_with = "nullable_text")]
    pub campaign_name: Option<String>,
    /// The number of a Taiwan uniform invoice: two letters and eight digits. Numbers recur over the
    /// years.
    #[serde(deserialize_with = "text")]
    pub number: String,
    /// When the purchase was made.
    pub datetime: OffsetDateTime,
    /// When the receipt was uploaded. MAAC's sample has a UTC clock labelled `+08:00`; it is as it was
    /// sent.
    #[serde(default, deserialize_with = "opt")]
    pub upload_datetime: Option<OffsetDateTime>,
    /// The invoice's random number: four digits, leading zeros included.
    #[serde(deserialize_with = "text")]
    pub random_number: String,
    /// The shop.
    #[serde(default, deserialize_with = "opt")]
    pub channel: Option<String>,
    /// The items that match the campaign's conditions.
    #[serde(default, deserialize_with = "list")]
    pub items: Vec<ReceiptItem>,
}

/// A matching item of a receipt. Amounts are in the receipt's currency (New Taiwan dollars), exactly as
/// they were written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ReceiptItem {
    /// What was bought.
    #[serde(default, deserialize_with = "opt")]
    pub description: Option<String>,
    /// The price of one.
    #[serde(default, deserialize_with = "opt_decimal")]
    pub unit_price: Option<Decimal>,
    /// How many.
    #[serde(default, deserialize_with = "opt_decimal")]
    pub quantity: Option<Decimal>,
    /// The price of all of them.
    #[serde(default, deserialize_with = "opt_decimal")]
    pub amount: Option<Decimal>,
}

impl ReceiptValidated {
    /// What a handler upserts by: number, time and random number of the invoice, campaign, friend.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        NaturalKey::new(
            &Topic::ReceiptValidated,
            [
                Some(self.number.as_str()),
                Some(self.datetime.as_str()),
                Some(self.random_number.as_str()),
                self.campaign_name.as_deref(),
                Some(self.line_uid.as_str()),
            ],
        )
    }
}
