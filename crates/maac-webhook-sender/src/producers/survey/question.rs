use std::collections::HashSet;

use maac_webhook::event::QuestionType;
use serde::{Deserialize, Serialize, Serializer};

use crate::producers::{Field, ProducerError, ProducerErrorKind, field::required};

/// A question of a survey.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SurveyQuestion {
    /// Its serial number, which stays when the survey is edited.
    pub sn: u64,
    /// Its type.
    #[serde(rename = "type", serialize_with = "as_text")]
    pub question_type: QuestionType,
    /// Its text.
    pub subject: String,
    /// Its label.
    #[serde(default)]
    pub label: String,
    /// Its alias ("Alias and Default" in SurveyCake); empty where it has none.
    #[serde(default)]
    pub alias: String,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// What there is to choose from.
    #[serde(default)]
    pub choices: Vec<Choice>,
}

/// What there is to choose.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Choice {
    /// Its text, which is the answer.
    pub text: String,
    /// Its label.
    #[serde(default)]
    pub label: String,
    /// Its alias, which stands in the alias map in place of its text; empty where it has none.
    #[serde(default)]
    pub alias: String,
    /// Whether a text can be written beside it, as to "other".
    #[serde(default)]
    pub takes_text: bool,
}

/// What a question takes as its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// It is no question.
    Nothing,
    Text,
    Number,
    Date,
    OneChoice,
    SomeChoices,
    /// Every choice, in an order.
    AllChoices,
}

impl SurveyQuestion {
    /// A question without an alias, which may be left out.
    pub fn new(sn: u64, question_type: QuestionType, subject: impl Into<String>) -> Self {
        let (subject, label, alias) = (subject.into(), String::new(), String::new());
        Self { sn, question_type, subject, label, alias, required: false, choices: Vec::new() }
    }

    /// `None` for a type that is not documented.
    pub(super) fn takes(&self) -> Option<Takes> {
        Some(match self.question_type {
            QuestionType::Nest | QuestionType::Quote | QuestionType::Divider => Takes::Nothing,
            QuestionType::ShortText | QuestionType::LongText | QuestionType::Statement => Takes::Text,
            QuestionType::DigitInput | QuestionType::DigitSlide | QuestionType::RatingBar => Takes::Number,
            QuestionType::DatePicker => Takes::Date,
            QuestionType::ChoiceOne | QuestionType::PickFrom | QuestionType::NestChild => Takes::OneChoice,
            QuestionType::ChoiceMulti => Takes::SomeChoices,
            QuestionType::ItemSort => Takes::AllChoices,
            _ => return None,
        })
    }

    pub(super) fn check(&self) -> Result<(), ProducerError> {
        let sn = self.sn;
        let question_type = self.question_type.clone();
        let takes = self.takes().ok_or(ProducerErrorKind::UnknownQuestionType { sn, question_type })?;
        required(&self.subject, Field::QuestionSubject)?;
        let chooses = matches!(takes, Takes::OneChoice | Takes::SomeChoices | Takes::AllChoices);
        if chooses && self.choices.is_empty() {
            return Err(ProducerErrorKind::NoChoice { sn }.into());
        }
        let mut texts = HashSet::new();
        for choice in &self.choices {
            if choice.text.trim().is_empty() || !texts.insert(&choice.text) {
                return Err(ProducerErrorKind::IndistinctChoices { sn }.into());
            }
        }
        Ok(())
    }
}

fn as_text<S: Serializer>(question_type: &QuestionType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(question_type.as_str())
}

impl Choice {
    /// A choice of this text with this alias, which may be empty.
    pub fn new(text: impl Into<String>, alias: impl Into<String>) -> Self {
        Self { text: text.into(), label: String::new(), alias: alias.into(), takes_text: false }
    }
}
