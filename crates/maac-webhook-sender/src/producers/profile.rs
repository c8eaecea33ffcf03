//! A phone number turns out to be a friend's.

use maac_webhook::event::{PhoneNumber, ProfileSource};
use serde::Deserialize;

use super::{Field, Friend, ProducerError, ProducerErrorKind, field::required, sms_plus::check_phone_number};
use crate::payload::PnpProfileUpdated;

/// A phone number that an SMS+ message found out to be a friend's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ProfileBinding {
    /// The SMS+ template of the message.
    pub pnp_setting_id: u64,
    /// The template's name.
    pub pnp_setting_name: String,
    /// The phone number: E.164, or the SHA-256 of it.
    pub phone_number: PhoneNumber,
    /// By which channel it was found out.
    pub source: ProfileSource,
    /// The friend.
    pub friend: Friend,
}

impl ProfileBinding {
    /// Makes `pnp.profile_updated`.
    ///
    /// # Errors
    ///
    /// What is not filled in as it should be, and a hashed number that an SMS went to: a hashed number is accepted only
    /// by templates with SMS switched off.
    pub fn event(&self) -> Result<PnpProfileUpdated, ProducerError> {
        required(&self.pnp_setting_name, Field::PnpSettingName)?;
        check_phone_number(&self.phone_number)?;
        self.friend.check()?;
        match (&self.source, &self.phone_number) {
            (ProfileSource::Sms, PhoneNumber::Sha256(_)) => {
                return Err(ProducerErrorKind::HashedPhoneNumberBySms.into());
            }
            (ProfileSource::Pnp | ProfileSource::Sms, _) => {}
            _ => return Err(ProducerErrorKind::UnknownProfileSource.into()),
        }
        Ok(PnpProfileUpdated {
            pnp_setting_id: self.pnp_setting_id,
            pnp_setting_name: self.pnp_setting_name.clone(),
            phone_number: self.phone_number.to_string(),
            source: self.source.to_string(),
            line_uid: self.friend.line_uid.clone(),
            customer_id: self.friend.customer_id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(phone_number: &str, source: &str) -> ProfileBinding {
        let form = serde_json::json!({
            "pnp_setting_id": 118, "pnp_setting_name": "出貨通知", "phone_number": phone_number,
            "source": source, "friend": {"line_uid": format!("U{}", "0".repeat(32)), "customer_id": ""},
        });
        serde_json::from_value(form).unwrap()
    }

    #[test]
    fn a_binding_is_of_a_documented_source_and_a_hashed_number_is_found_out_by_pnp_alone() {
        let (plain, hashed) = ("+886912345678", "a".repeat(64));
        let event = binding(plain, "sms").event().unwrap();
        assert_eq!((event.source.as_str(), event.customer_id), ("sms", None));
        assert_eq!(binding(&hashed, "pnp").event().unwrap().phone_number, hashed);
        let kind = |binding: ProfileBinding| binding.event().unwrap_err().kind().clone();
        assert_eq!(kind(binding(&hashed, "sms")), ProducerErrorKind::HashedPhoneNumberBySms);
        assert_eq!(kind(binding(plain, "rcs")), ProducerErrorKind::UnknownProfileSource);
        assert_eq!(kind(binding("0912345678", "pnp")), ProducerErrorKind::InvalidPhoneNumber);
    }
}
