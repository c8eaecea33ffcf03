use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use super::{AliasMap, AnswersError, MaacMember};
use crate::event::{
    AnswerId, CivilDateTime, CustomerId, LineUid, NaturalKey, OffsetDateTime, QuestionNumber, RawJson,
    SurveyId, Topic,
    lenient::{Object, list, opt, texts},
};

/// A SurveyCake form was submitted (`form.surveycake_submitted`).
///
/// [`answers`](Self::answers) reads the aliases into a struct of your own, [`member`](Self::member)
/// those that MAAC itself knows, and [`answer`](Self::answer) has every question.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SurveyCakeSubmitted {
    /// The envelope's time: when the event happened.
    pub timestamp: Option<OffsetDateTime>,
    /// The friend who answered.
    pub line_uid: Option<LineUid>,
    /// The brand's own id of the friend.
    pub customer_id: Option<CustomerId>,
    /// The survey's name in MAAC.
    pub survey_name: Option<String>,
    /// A hash of the answers' content, which helps to find SurveyCake's log. Sent since 2022-10-31.
    pub answer_hash: Option<String>,
    /// The answer to the survey.
    pub answer: SurveyAnswer,
    /// More answers. MAAC's table calls `answer` an array and its sample has one object: expect none.
    pub more_answers: Vec<SurveyAnswer>,
}

/// One answer to a survey (SurveyCake's webhook reference).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SurveyAnswer {
    /// The answer's id.
    pub id: AnswerId,
    /// The survey's id.
    pub svid: SurveyId,
    /// The survey's title.
    #[serde(default, deserialize_with = "opt")]
    pub title: Option<String>,
    /// The answer's status, as `FINISH`.
    #[serde(default, deserialize_with = "opt")]
    pub status: Option<String>,
    /// When it was submitted, by a wall clock: Taiwan's, most likely.
    #[serde(default, rename = "submitTime", deserialize_with = "opt")]
    pub submit_time: Option<CivilDateTime>,
    /// SurveyCake's `mbunq`.
    #[serde(default, deserialize_with = "opt")]
    pub mbunq: Option<String>,
    /// SurveyCake's `mbrid`.
    #[serde(default, deserialize_with = "opt")]
    pub mbrid: Option<String>,
    /// Free-form data about the answer.
    #[serde(default)]
    pub meta: Option<RawJson>,
    /// The typed view: alias → what was answered.
    #[serde(default)]
    pub alias: AliasMap,
    /// The full view: every question. Its order is not stable; go by `sn` or alias.
    #[serde(default, deserialize_with = "list")]
    pub result: Vec<Question>,
}

/// A question and what was answered to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Question {
    /// The question's text.
    #[serde(default, deserialize_with = "opt")]
    pub subject: Option<String>,
    /// The question's type.
    #[serde(default, rename = "type", deserialize_with = "opt")]
    pub question_type: Option<QuestionType>,
    /// Its serial number, which stays when the survey is edited.
    #[serde(default, deserialize_with = "opt")]
    pub sn: Option<QuestionNumber>,
    /// Its label.
    #[serde(default, deserialize_with = "opt")]
    pub label: Option<String>,
    /// The alias that the marketer gave it; `None` or empty when not set.
    #[serde(default, deserialize_with = "opt")]
    pub alias: Option<String>,
    /// What was answered.
    #[serde(default, deserialize_with = "texts")]
    pub answer: Vec<String>,
    /// The free text beside each answer, parallel to `answer`.
    #[serde(default, rename = "otherAnswer", deserialize_with = "texts")]
    pub other_answer: Vec<String>,
    /// The label of each answer, parallel to `answer`.
    #[serde(default, rename = "answerLabel", deserialize_with = "texts")]
    pub answer_label: Vec<String>,
    /// The alias of each answer, parallel to `answer`.
    #[serde(default, rename = "answerAlias", deserialize_with = "texts")]
    pub answer_alias: Vec<String>,
}

text_enum! {
    /// The type of a SurveyCake question.
    pub enum QuestionType {
        /// A short text.
        ShortText = "TXTSHORT",
        /// A long text.
        LongText = "TXTLONG",
        /// One choice.
        ChoiceOne = "CHOICEONE",
        /// Several choices.
        ChoiceMulti = "CHOICEMULTI",
        /// A group of questions.
        Nest = "NEST",
        /// A question of a group.
        NestChild = "NESTCHILD",
        /// A number, typed in.
        DigitInput = "DIGITINPUT",
        /// A number, on a slider.
        DigitSlide = "DIGITSLIDE",
        /// Items to be put in order.
        ItemSort = "ITEMSORT",
        /// A rating.
        RatingBar = "RATINGBAR",
        /// A choice out of a list.
        PickFrom = "PICKFROM",
        /// A quotation: no question.
        Quote = "QUOTE",
        /// A statement to agree to.
        Statement = "STATEMENT",
        /// A date.
        DatePicker = "DATEPICKER",
        /// A divider: no question.
        Divider = "DIVIDER",
    }
}

/// A submitted survey with its aliases read into `T`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SurveyAnswers<T> {
    /// The aliases' answers.
    pub answers: T,
    /// The event they are from.
    pub survey: SurveyCakeSubmitted,
}

impl SurveyCakeSubmitted {
    /// Reads the alias map into a struct of your own: see [`AliasMap::read`] for what a field can be.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use maac_webhook::Event;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Signup {
    ///     #[serde(rename = "maac_member_name")]
    ///     name: String,
    ///     newsletter: Option<bool>,
    ///     colours: Vec<String>,
    /// }
    ///
    /// let body = Bytes::from(r#"{"topic": "form.surveycake_submitted", "data": {"answer":
    ///     {"id": 1, "svid": "a", "alias": {"maac_member_name": ["王小明"], "newsletter": [], "colours": ["red"]}}}}"#);
    /// let Event::SurveyCakeSubmitted(survey) = Event::parse(&body) else { unreachable!() };
    /// let signup: Signup = survey.answers()?;
    /// assert_eq!((signup.name.as_str(), signup.newsletter), ("王小明", None));
    /// # assert_eq!(signup.colours, ["red"]);
    /// # Ok::<(), maac_webhook::event::AnswersError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An alias that is missing or does not read as its field's type. And an event with
    /// [`more_answers`](Self::more_answers): read each of [`all_answers`](Self::all_answers) then.
    pub fn answers<'de, T: Deserialize<'de>>(&'de self) -> Result<T, AnswersError> {
        self.only()?.alias.read()
    }

    /// The aliases that MAAC itself knows, of the [`answer`](Self::answer).
    #[must_use]
    pub fn member(&self) -> MaacMember {
        MaacMember::from_aliases(&self.answer.alias)
    }

    /// Every answer of the event: one, as far as MAAC's sample shows.
    pub fn all_answers(&self) -> impl Iterator<Item = &SurveyAnswer> {
        std::iter::once(&self.answer).chain(&self.more_answers)
    }

    fn only(&self) -> Result<&SurveyAnswer, AnswersError> {
        if self.more_answers.is_empty() { Ok(&self.answer) } else { Err(AnswersError::several_surveys()) }
    }

    /// What a handler upserts by: `svid` and `id` of the answer, or of each where there are several.
    #[must_use]
    pub fn natural_key(&self) -> NaturalKey {
        let parts =
            self.all_answers().flat_map(|answer| [Some(answer.svid.as_str()), Some(answer.id.as_str())]);
        NaturalKey::new(&Topic::SurveyCakeSubmitted, parts)
    }
}

impl SurveyAnswer {
    /// The question with this serial number.
    #[must_use]
    pub fn question(&self, sn: &str) -> Option<&Question> {
        self.result.iter().find(|question| question.sn.as_ref().is_some_and(|own| own.as_str() == sn))
    }

    /// The question with this alias.
    #[must_use]
    pub fn question_by_alias(&self, alias: &str) -> Option<&Question> {
        self.result.iter().find(|question| question.alias.as_deref() == Some(alias))
    }
}

impl<'de> Deserialize<'de> for SurveyCakeSubmitted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Sent {
            #[serde(default, deserialize_with = "opt")]
            line_uid: Option<LineUid>,
            #[serde(default, deserialize_with = "opt")]
            customer_id: Option<CustomerId>,
            #[serde(default, deserialize_with = "opt")]
            survey_name: Option<String>,
            #[serde(default, deserialize_with = "opt")]
            answer_hash: Option<String>,
            answer: OneOrMore,
        }

        let Sent { line_uid, customer_id, survey_name, answer_hash, answer: OneOrMore(answer, more_answers) } =
            Sent::deserialize(deserializer)?;
        Ok(Self { timestamp: None, line_uid, customer_id, survey_name, answer_hash, answer, more_answers })
    }
}

/// An answer, or an array of at least one.
struct OneOrMore(SurveyAnswer, Vec<SurveyAnswer>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer or an array of at least one")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMore, A::Error> {
        let answer = SurveyAnswer::deserialize(MapAccessDeserializer::new(map))?;
        Ok(OneOrMore(answer, Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<OneOrMore, A::Error> {
        let answers: Vec<Object<_>> = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        let mut answers = answers.into_iter().map(|Object(answer)| answer);
        let first = answers.next().ok_or_else(|| A::Error::invalid_length(0, &self))?;
        Ok(OneOrMore(first, answers.collect()))
    }
}
