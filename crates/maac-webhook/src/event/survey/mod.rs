//! SurveyCake forms (`form.surveycake_submitted`).

mod aliases;
mod member;
mod submitted;

pub use aliases::{AliasMap, AnswersError, AnswersErrorKind};
pub use member::{Gender, MaacMember};
pub use submitted::{Question, QuestionType, SurveyAnswer, SurveyAnswers, SurveyCakeSubmitted};
