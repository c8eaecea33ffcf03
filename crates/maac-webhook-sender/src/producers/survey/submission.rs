use serde::Deserialize;

use crate::producers::Friend;

/// What a friend submits to a survey.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Submission {
    /// The friend.
    pub friend: Friend,
    /// The answers, in any order. A question that is not among them was not answered.
    #[serde(default)]
    pub answers: Vec<QuestionAnswers>,
    /// SurveyCake's id of the answer; drawn at random where it is not given.
    #[serde(default)]
    pub id: Option<u64>,
    /// Free-form data about the answer.
    #[serde(default)]
    pub meta: serde_json::Map<String, serde_json::Value>,
}

/// What was answered to one question.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct QuestionAnswers {
    /// The question's serial number.
    pub sn: u64,
    /// The answers. One that is blank is none, as a form's empty field is.
    pub answers: Vec<GivenAnswer>,
}

/// One answer: in JSON its text, or `{"text", "other"}`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Given")]
#[non_exhaustive]
pub struct GivenAnswer {
    /// What was answered: for a choice, its text.
    pub text: String,
    /// What was written beside a choice that takes a text; empty where nothing was.
    pub other: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Choice {
        text: String,
        #[serde(default)]
        other: String,
    },
}

impl From<Given> for GivenAnswer {
    fn from(given: Given) -> Self {
        match given {
            Given::Text(text) => text.into(),
            Given::Choice { text, other } => Self { text, other },
        }
    }
}

impl Submission {
    /// A submission without answers.
    #[must_use]
    pub fn new(friend: Friend) -> Self {
        Self { friend, answers: Vec::new(), id: None, meta: serde_json::Map::new() }
    }
}

impl QuestionAnswers {
    /// The answers to the question of this serial number.
    pub fn new<A: Into<GivenAnswer>>(sn: u64, answers: impl IntoIterator<Item = A>) -> Self {
        Self { sn, answers: answers.into_iter().map(Into::into).collect() }
    }
}

impl From<String> for GivenAnswer {
    fn from(text: String) -> Self {
        Self { text, other: String::new() }
    }
}

impl From<&str> for GivenAnswer {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
