use serde::Deserialize;

use super::super::{
    CustomerId, LineUid, NaturalKey, OffsetDateTime, PhoneNumber, PnpSettingId, Topic, lenient::opt,
};

text_enum! {
    /// By which channel a phone number was bound to a friend.
    pub enum ProfileSource {
        /// LINE notification message.
        Pnp = "pnp",
        /// SMS.
        Sms = "sms",
    }
}

/// A phone number turned out to be a friend's (`pnp.profile_updated`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct PnpProfileUpdated {
    /// The envelope's time: when the event happened.
    #[serde(skip)]
    pub timestamp: Option<OffsetDateTime>,
    /// The SMS+ template.
    pub pnp_setting_id: PnpSettingId,
    /// The SMS+ template's name.
    #[serde(default, deserialize_with = "opt")]
    pub pnp_setting_name: Option<String>,
    /// The phone number, plain or hashed as the push gave it.
    pub phone_number: PhoneNumber,
    /// By which channel it was bound.
    #[serde(default, deserialize_with = "opt")]
    pub source: Option<ProfileSource>,
    /// The friend.
    pub line_uid: LineUid,
    /// The brand's own id of the friend.
    #[serde(default, deserialize_with = "opt")]
    pub customer_id: Option<CustomerId>,
}

impl PnpProfileUpdated {
    /// What a handler upserts by: setting, phone number, friend.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        let parts = [self.pnp_setting_id.as_str(), self.phone_number.as_str(), self.line_uid.as_str()];
        NaturalKey::new(&Topic::PnpProfileUpdated, parts.map(Some))
    }
}
