//! A receipt that a friend uploads, against the conditions of the campaigns.

use std::fmt;

use jiff::{Timestamp, ToSpan};
use maac_webhook::rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Field, Friend, ProducerError, ProducerErrorKind, field::required};
use crate::{
    payload::{ReceiptItem, ReceiptValidated},
    wire_time_in_seconds,
};

/// A receipt that a friend uploads.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ReceiptUpload {
    /// The friend.
    pub friend: Friend,
    /// The number of a Taiwan uniform invoice: two letters and eight digits.
    pub number: String,
    /// When the purchase was made.
    pub datetime: Timestamp,
    /// The invoice's random number: four digits.
    pub random_number: String,
    /// The shop.
    pub channel: String,
    /// What was bought.
    pub items: Vec<UploadedItem>,
}

/// An item of a receipt, in New Taiwan dollars.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct UploadedItem {
    /// What was bought.
    pub description: String,
    /// The price of one.
    pub unit_price: f64,
    /// How many.
    pub quantity: f64,
    /// The price of all of them; price times quantity where it is not given.
    #[serde(default)]
    pub amount: Option<f64>,
}

/// A campaign that receipts are uploaded for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// What a receipt must have.
    #[serde(default)]
    pub conditions: MatchConditions,
}

/// What a receipt must have to count for a campaign. MAAC's own conditions are not documented; these are ours. What is
/// left out is no condition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MatchConditions {
    /// The shop's name has one of these in it, in whichever case.
    pub channels: Vec<String>,
    /// An item counts if its description has one of these in it, in whichever case.
    pub keywords: Vec<String>,
    /// The items that count come to this amount at least.
    pub minimum_amount: Option<f64>,
}

/// What one campaign makes of a receipt.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CampaignResult {
    /// The campaign's name.
    pub campaign: String,
    /// The event, with the items that match alone; or why there is none.
    pub event: Result<ReceiptValidated, NoMatch>,
}

/// Why a receipt does not count for a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoMatch {
    /// It is of another shop.
    OtherChannel,
    /// No item has one of the keywords.
    NoMatchingItem,
    /// The items that match come to too little.
    #[non_exhaustive]
    TooLittle {
        /// What they come to.
        amount: Decimal,
        /// What they should come to.
        minimum: Decimal,
    },
}

impl NoMatch {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::OtherChannel => "other_channel",
            Self::NoMatchingItem => "no_matching_item",
            Self::TooLittle { .. } => "too_little",
        }
    }
}

/// The clock by which `upload_datetime` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UploadClock {
    /// A UTC clock labelled `+08:00`, as in MAAC's sample: eight hours before the time it was.
    #[default]
    UtcAsTaiwan,
    /// Taiwan's.
    Taiwan,
}

/// Makes `receipt.receipt_validated` of uploaded receipts.
///
/// **Only the items that match are sent**, one event for each campaign that matches (documented).
#[derive(Clone, Copy, Debug, Default)]
pub struct Receipts {
    upload_clock: UploadClock,
}

impl Receipts {
    /// With the sample's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock by which `upload_datetime` is written.
    #[must_use]
    pub fn with_upload_clock(mut self, clock: UploadClock) -> Self {
        self.upload_clock = clock;
        self
    }

    /// What each campaign makes of a receipt that is uploaded at `now`.
    ///
    /// # Errors
    ///
    /// A receipt that is not filled in as it should be.
    pub fn upload(
        &self,
        upload: &ReceiptUpload,
        campaigns: &[Campaign],
        now: Timestamp,
    ) -> Result<Vec<CampaignResult>, ProducerError> {
        let items = upload.check(now)?;
        for campaign in campaigns {
            campaign.check()?;
        }
        let result = |campaign: &Campaign| CampaignResult {
            campaign: campaign.name.clone(),
            event: campaign
                .conditions
                .matching(upload, &items)
                .map(|items| self.event(upload, Some(&campaign.name), items, now)),
        };
        Ok(campaigns.iter().map(result).collect())
    }

    /// The event of these items.
    pub(crate) fn event(
        &self,
        upload: &ReceiptUpload,
        campaign: Option<&str>,
        items: Vec<ReceiptItem>,
        now: Timestamp,
    ) -> ReceiptValidated {
        let uploaded_at = match self.upload_clock {
            UploadClock::UtcAsTaiwan => now.checked_sub(8.hours()).unwrap_or(now),
            UploadClock::Taiwan => now,
        };
        ReceiptValidated {
            line_uid: upload.friend.line_uid.clone(),
            customer_id: upload.friend.customer_id.clone(),
            campaign_name: campaign.map(str::to_owned),
            number: upload.number.clone(),
            datetime: wire_time_in_seconds(upload.datetime),
            upload_datetime: wire_time_in_seconds(uploaded_at),
            random_number: upload.random_number.clone(),
            channel: upload.channel.clone(),
            items,
        }
    }
}

impl ReceiptUpload {
    fn check(&self, now: Timestamp) -> Result<Vec<ReceiptItem>, ProducerError> {
        self.friend.check()?;
        let (letters, digits) = self.number.split_at_checked(2).unwrap_or_default();
        let is_number = letters.bytes().all(|byte| byte.is_ascii_uppercase()) && is_digits(digits, 8);
        if !is_number {
            return Err(ProducerErrorKind::InvalidInvoiceNumber.into());
        }
        if !is_digits(&self.random_number, 4) {
            return Err(ProducerErrorKind::InvalidRandomNumber.into());
        }
        if self.datetime > now {
            return Err(ProducerErrorKind::PurchaseInFuture.into());
        }
        required(&self.channel, Field::Channel)?;
        if self.items.is_empty() {
            return Err(ProducerErrorKind::NoItem.into());
        }
        let item = |(index, item): (usize, &UploadedItem)| {
            item.check().ok_or_else(|| ProducerErrorKind::InvalidItem { item: index + 1 }.into())
        };
        self.items.iter().enumerate().map(item).collect()
    }
}

impl Campaign {
    /// A campaign without conditions.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), conditions: MatchConditions::default() }
    }

    /// Whether receipts can be uploaded for it.
    ///
    /// # Errors
    ///
    /// No name, or a minimum amount that is none.
    pub fn check(&self) -> Result<(), ProducerError> {
        required(&self.name, Field::CampaignName)?;
        match self.conditions.minimum_amount {
            Some(minimum) if decimal(minimum).is_none() => {
                Err(ProducerErrorKind::InvalidMinimumAmount { campaign: self.name.clone() }.into())
            }
            _ => Ok(()),
        }
    }
}

impl UploadedItem {
    /// `None` where a number is negative or beyond what money is, or there is no description.
    fn check(&self) -> Option<ReceiptItem> {
        let Self { unit_price, quantity, .. } = *self;
        let amount = match self.amount {
            Some(amount) => amount,
            // Not as floats: three times 0.1 is 0.3.
            None => decimal(unit_price)?.checked_mul(decimal(quantity)?)?.try_into().ok()?,
        };
        [unit_price, quantity, amount].into_iter().try_for_each(|number| decimal(number).map(|_| ()))?;
        let described = !self.description.trim().is_empty();
        let description = self.description.clone();
        described.then_some(ReceiptItem { description, unit_price, quantity, amount })
    }
}

impl MatchConditions {
    fn matching(&self, upload: &ReceiptUpload, items: &[ReceiptItem]) -> Result<Vec<ReceiptItem>, NoMatch> {
        if !has_one_of(&upload.channel, &self.channels) {
            return Err(NoMatch::OtherChannel);
        }
        let matches = |item: &&ReceiptItem| has_one_of(&item.description, &self.keywords);
        let items: Vec<_> = items.iter().filter(matches).cloned().collect();
        if items.is_empty() {
            return Err(NoMatch::NoMatchingItem);
        }
        if let Some(minimum) = self.minimum_amount.and_then(decimal) {
            let amount = items.iter().filter_map(|item| decimal(item.amount)).sum();
            if amount < minimum {
                return Err(NoMatch::TooLittle { amount, minimum });
            }
        }
        Ok(items)
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The decimal that a float is the nearest one of; `None` for one that is no amount.
fn decimal(float: f64) -> Option<Decimal> {
    // Far beyond any receipt, and so that a sum of them stays within what a decimal holds.
    const LIMIT: f64 = 1e15;
    (0.0..=LIMIT).contains(&float).then(|| Decimal::try_from(float).ok()).flatten()
}

/// Whether a text has one of these in it; any text where there are none.
fn has_one_of(text: &str, wanted: &[String]) -> bool {
    let text = text.to_lowercase();
    let mut wanted = wanted.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).peekable();
    wanted.peek().is_none() || wanted.any(|word| text.contains(&word.to_lowercase()))
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherChannel => f.write_str("the receipt is of another shop"),
            Self::NoMatchingItem => f.write_str("no item matches the campaign's keywords"),
            Self::TooLittle { amount, minimum } => {
                write!(f, "the items that match come to {amount}, and the campaign asks for {minimum}")
            }
        }
    }
}

#[cfg(test)]
mod tests;
