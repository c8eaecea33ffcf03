use std::fmt;

use super::{ProducerError, ProducerErrorKind};

/// A field that must be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// A campaign's name.
    CampaignName,
    /// The shop.
    Channel,
    /// A survey's id, its `svid`.
    SurveyId,
    /// A survey's title.
    SurveyTitle,
    /// A question's text.
    QuestionSubject,
    /// An SMS+ template's name.
    PnpSettingName,
    /// A prize's name.
    PrizeName,
    /// The name of an OpenAPI event.
    EventName,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CampaignName => "the campaign's name",
            Self::Channel => "the shop",
            Self::SurveyId => "the survey's id",
            Self::SurveyTitle => "the survey's title",
            Self::QuestionSubject => "each question's text",
            Self::PnpSettingName => "the SMS+ template's name",
            Self::PrizeName => "the prize's name",
            Self::EventName => "the event's name",
        })
    }
}

pub(super) fn required(text: &str, field: Field) -> Result<(), ProducerError> {
    if text.trim().is_empty() { Err(ProducerErrorKind::Missing { field }.into()) } else { Ok(()) }
}
