//! A SurveyCake survey with aliases, and what is submitted to it (SurveyCake's webhook reference).

mod answering;
mod question;
mod submission;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use question::{Choice, SurveyQuestion};
pub use submission::{GivenAnswer, QuestionAnswers, Submission};

use super::{Field, ProducerError, ProducerErrorKind, field::required, friend::filled};
use crate::{
    draw::draw,
    payload::{Members, Question, SurveyAnswer, SurveyCakeSubmitted},
    wire_wall_clock,
};

/// A survey, as it was made in SurveyCake.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// SurveyCake's id of it, its `svid`.
    pub svid: String,
    /// Its title in SurveyCake.
    pub title: String,
    /// Its name in MAAC.
    #[serde(default, deserialize_with = "filled")]
    pub name: Option<String>,
    /// Its questions.
    pub questions: Vec<SurveyQuestion>,
}

impl Survey {
    /// A survey of these questions, without a name in MAAC.
    pub fn new(
        svid: impl Into<String>,
        title: impl Into<String>,
        questions: impl IntoIterator<Item = SurveyQuestion>,
    ) -> Self {
        let (svid, title, questions) = (svid.into(), title.into(), questions.into_iter().collect());
        Self { svid, title, name: None, questions }
    }

    /// Whether it is a survey that can be answered.
    ///
    /// # Errors
    ///
    /// What is not filled in; no question, two of one serial number or alias, and a question that lacks choices or is of
    /// an unknown type.
    pub fn check(&self) -> Result<(), ProducerError> {
        required(&self.svid, Field::SurveyId)?;
        required(&self.title, Field::SurveyTitle)?;
        if self.questions.is_empty() {
            return Err(ProducerErrorKind::NoQuestion.into());
        }
        let (mut numbers, mut aliases) = (HashSet::new(), HashSet::new());
        for question in &self.questions {
            question.check()?;
            if !numbers.insert(question.sn) {
                return Err(ProducerErrorKind::RepeatedQuestion { sn: question.sn }.into());
            }
            let alias = &question.alias;
            if !alias.is_empty() && !aliases.insert(alias) {
                return Err(ProducerErrorKind::RepeatedAlias { alias: alias.clone() }.into());
            }
        }
        Ok(())
    }
}

/// Makes `form.surveycake_submitted` of submissions.
///
/// The alias map has each question's alias, with the answer's own alias where an answer has one, and an empty array for
/// a question that was not answered. `submitTime` is by Taiwan's wall clock. The `answer_hash` is the SHA-256, in
/// hexadecimal, of what was answered to each question.
#[derive(Clone, Copy, Debug)]
pub struct SurveyCake {
    answer_hash: bool,
}

impl SurveyCake {
    /// With an `answer_hash`, as MAAC sends it since 2022-10-31.
    #[must_use]
    pub fn new() -> Self {
        Self { answer_hash: true }
    }

    /// Sets whether there is an `answer_hash`: MAAC's sample has none.
    #[must_use]
    pub fn with_answer_hash(mut self, answer_hash: bool) -> Self {
        self.answer_hash = answer_hash;
        self
    }

    /// The event of a submission at `now`.
    ///
    /// # Errors
    ///
    /// A survey that [cannot be answered](Survey::check), and an answer that does not fit its question.
    pub fn submit(
        &self,
        survey: &Survey,
        submission: &Submission,
        now: Timestamp,
    ) -> Result<SurveyCakeSubmitted, ProducerError> {
        survey.check()?;
        submission.friend.check()?;
        let result = answering::answered(survey, submission)?;
        Ok(self.event(survey, submission, result, now))
    }

    fn event(
        &self,
        survey: &Survey,
        submission: &Submission,
        result: Vec<Question>,
        now: Timestamp,
    ) -> SurveyCakeSubmitted {
        SurveyCakeSubmitted {
            line_uid: submission.friend.line_uid.clone(),
            customer_id: submission.friend.customer_id.clone(),
            survey_name: survey.name.clone(),
            answer_hash: self.answer_hash.then(|| hash(&result)),
            answer: SurveyAnswer {
                id: submission.id.unwrap_or_else(|| 1_000_000_000 + draw(1_000_000_000_000)),
                svid: survey.svid.clone(),
                title: survey.title.clone(),
                status: "FINISH".to_owned(),
                submit_time: wire_wall_clock(now),
                mbunq: None,
                mbrid: None,
                meta: submission.meta.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
                alias: Members::of_aliases(&result),
                result,
            },
        }
    }
}

impl Default for SurveyCake {
    fn default() -> Self {
        Self::new()
    }
}

fn hash(questions: &[Question]) -> String {
    let mut hash = Sha256::new();
    for question in questions {
        let texts = question.answer.iter().zip(&question.other_answer);
        hash.update(question.sn.to_be_bytes());
        hash.update((question.answer.len() as u64).to_be_bytes());
        for text in texts.flat_map(|(answer, other)| [answer, other]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
