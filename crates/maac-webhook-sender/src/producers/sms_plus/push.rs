use maac_webhook::event::PhoneNumber;
use serde::{Deserialize, Serialize};

use crate::producers::{ProducerError, ProducerErrorKind, friend::filled};

/// An SMS+ template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct PnpSetting {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Whether it falls back to SMS.
    pub sms: bool,
}

impl PnpSetting {
    /// A template, with SMS switched on or off.
    pub fn new(id: u64, name: impl Into<String>, sms: bool) -> Self {
        Self { id, name: name.into(), sms }
    }
}

/// A message that is pushed, as `POST /pnp/message/push/` of the OpenAPI does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PnpPush {
    /// The template.
    pub pnp_setting_id: u64,
    /// The phone number: E.164, or the SHA-256 of it.
    pub phone_number: PhoneNumber,
    /// The OpenAPI event it is pushed under.
    #[serde(default)]
    pub event_id: Option<u64>,
    /// The brand's own id of the message.
    #[serde(default, deserialize_with = "filled")]
    pub customized_id: Option<String>,
    /// The LINE push template that is tried first. Without one, a LINE notification message is.
    #[serde(default)]
    pub line_push_template_id: Option<u64>,
}

impl PnpPush {
    /// A message of this template to this number, without a LINE push.
    pub fn new(pnp_setting_id: u64, phone_number: impl Into<PhoneNumber>) -> Self {
        let phone_number = phone_number.into();
        Self {
            pnp_setting_id,
            phone_number,
            event_id: None,
            customized_id: None,
            line_push_template_id: None,
        }
    }
}

pub(in crate::producers) fn check_phone_number(number: &PhoneNumber) -> Result<(), ProducerError> {
    match number {
        PhoneNumber::E164(_) | PhoneNumber::Sha256(_) => Ok(()),
        _ => Err(ProducerErrorKind::InvalidPhoneNumber.into()),
    }
}
