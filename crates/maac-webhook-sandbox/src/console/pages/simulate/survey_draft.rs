//! A survey that is being edited: as it was typed, which may be none yet.

use maac_webhook::event::QuestionType;
use maac_webhook_sender::producers::{Choice, ProducerErrorKind, Survey, SurveyQuestion};

use crate::console::{
    errors,
    forms::Faults,
    visit::{Fields, Visit},
};

/// How many questions and choices together a form has at most.
const MOST: usize = 1_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) svid: String,
    pub(super) title: String,
    pub(super) name: String,
    pub(super) questions: Vec<DraftQuestion>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct DraftQuestion {
    pub(super) sn: String,
    pub(super) question_type: String,
    pub(super) subject: String,
    pub(super) alias: String,
    pub(super) label: String,
    pub(super) required: bool,
    pub(super) choices: Vec<DraftChoice>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct DraftChoice {
    pub(super) text: String,
    pub(super) alias: String,
    pub(super) label: String,
    pub(super) takes_text: bool,
}

/// What is done to the rows of the form before it is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowChange {
    AddQuestion,
    RemoveQuestion(usize),
    AddChoice(usize),
    RemoveChoice(usize, usize),
}

impl RowChange {
    /// What a button's value asks for; `None` of the one that saves.
    pub(super) fn of(value: &str) -> Option<Self> {
        let mut parts = value.split(' ');
        let what = parts.next()?;
        let (first, second) = (parts.next().map(str::parse), parts.next().map(str::parse));
        Some(match (what, first, second) {
            ("add-question", None, None) => Self::AddQuestion,
            ("remove-question", Some(Ok(question)), None) => Self::RemoveQuestion(question),
            ("add-choice", Some(Ok(question)), None) => Self::AddChoice(question),
            ("remove-choice", Some(Ok(question)), Some(Ok(choice))) => Self::RemoveChoice(question, choice),
            _ => return None,
        })
    }
}

pub(super) fn question_field(question: usize, name: &str) -> String {
    format!("q{question}-{name}")
}

pub(super) fn choice_field(question: usize, choice: usize, name: &str) -> String {
    format!("q{question}-c{choice}-{name}")
}

impl From<&Survey> for Draft {
    fn from(survey: &Survey) -> Self {
        let questions = survey.questions.iter().map(DraftQuestion::from).collect();
        let name = survey.name.clone().unwrap_or_default();
        Self { svid: survey.svid.clone(), title: survey.title.clone(), name, questions }
    }
}

impl From<&SurveyQuestion> for DraftQuestion {
    fn from(question: &SurveyQuestion) -> Self {
        let choice = |choice: &Choice| DraftChoice {
            text: choice.text.clone(),
            alias: choice.alias.clone(),
            label: choice.label.clone(),
            takes_text: choice.takes_text,
        };
        Self {
            sn: question.sn.to_string(),
            question_type: question.question_type.to_string(),
            subject: question.subject.clone(),
            alias: question.alias.clone(),
            label: question.label.clone(),
            required: question.required,
            choices: question.choices.iter().map(choice).collect(),
        }
    }
}

impl Draft {
    /// The survey of a form. Of one that is [too long](Self::is_too_long) only so much is read that this is known.
    pub(super) fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.one(name).to_owned();
        let mut draft =
            Self { svid: text("svid"), title: text("title"), name: text("name"), questions: Vec::new() };
        let mut rows = 0;
        for index in (0..).take_while(|index| fields.is_there(&question_field(*index, "sn"))) {
            let field = |name: &str| question_field(index, name);
            let mut question = DraftQuestion {
                sn: text(&field("sn")),
                question_type: text(&field("type")),
                subject: text(&field("subject")),
                alias: text(&field("alias")),
                label: text(&field("label")),
                required: fields.is_on(&field("required")),
                choices: Vec::new(),
            };
            rows += 1;
            for place in (0..).take_while(|place| fields.is_there(&choice_field(index, *place, "text"))) {
                let field = |name: &str| choice_field(index, place, name);
                question.choices.push(DraftChoice {
                    text: text(&field("text")),
                    alias: text(&field("alias")),
                    label: text(&field("label")),
                    takes_text: fields.is_on(&field("takes-text")),
                });
                rows += 1;
                if rows > MOST {
                    break;
                }
            }
            draft.questions.push(question);
            if rows > MOST {
                break;
            }
        }
        draft
    }

    /// Whether a form has no room for it. The API has.
    pub(super) fn is_too_long(&self) -> bool {
        self.questions.iter().map(|question| 1 + question.choices.len()).sum::<usize>() > MOST
    }

    /// The form's fields, filled in.
    pub(super) fn fields(&self) -> Fields {
        let on = |on: bool| if on { "on" } else { "" };
        let mut fields =
            Fields::default().with("svid", &*self.svid).with("title", &*self.title).with("name", &*self.name);
        for (index, question) in self.questions.iter().enumerate() {
            for (name, value) in [
                ("sn", &*question.sn),
                ("type", &question.question_type),
                ("subject", &question.subject),
                ("alias", &question.alias),
                ("label", &question.label),
                ("required", on(question.required)),
            ] {
                fields = fields.with(&question_field(index, name), value);
            }
            for (place, choice) in question.choices.iter().enumerate() {
                for (name, value) in [
                    ("text", &*choice.text),
                    ("alias", &choice.alias),
                    ("label", &choice.label),
                    ("takes-text", on(choice.takes_text)),
                ] {
                    fields = fields.with(&choice_field(index, place, name), value);
                }
            }
        }
        fields
    }

    /// Changes the rows. A row that there is not is left alone.
    pub(super) fn change(&mut self, change: RowChange) {
        match change {
            RowChange::AddQuestion => {
                let numbers = self.questions.iter().filter_map(|own| own.sn.parse::<u64>().ok());
                let sn = numbers.max().unwrap_or(0).saturating_add(1).to_string();
                let question_type = QuestionType::ShortText.to_string();
                self.questions.push(DraftQuestion { sn, question_type, ..DraftQuestion::default() });
            }
            RowChange::RemoveQuestion(question) => {
                if question < self.questions.len() {
                    self.questions.remove(question);
                }
            }
            RowChange::AddChoice(question) => {
                if let Some(question) = self.questions.get_mut(question) {
                    question.choices.push(DraftChoice::default());
                }
            }
            RowChange::RemoveChoice(question, choice) => {
                if let Some(question) = self.questions.get_mut(question)
                    && choice < question.choices.len()
                {
                    question.choices.remove(choice);
                }
            }
        }
    }

    /// The survey. What keeps it from being one is noted at its field.
    pub(super) fn survey(&self, visit: &Visit, faults: &mut Faults) -> Survey {
        let question = || SurveyQuestion::new(1, QuestionType::ShortText, "-");
        for (field, alone) in [
            ("svid", Survey::new(&*self.svid, "-", [question()])),
            ("title", Survey::new("-", &*self.title, [question()])),
        ] {
            if let Err(refused) = alone.check() {
                faults.add(Some(field), errors::producer(visit.lang, refused.kind()));
            }
        }
        let mut questions = Vec::with_capacity(self.questions.len());
        for (index, draft) in self.questions.iter().enumerate() {
            let Ok(sn) = draft.sn.parse::<u64>() else {
                faults.add_at(question_field(index, "sn"), visit.t.not_a_number);
                continue;
            };
            let question = draft.question(sn);
            // By itself, so that each question's own faults are told at once.
            let alone = Survey::new("-", "-", [question.clone()]);
            if let Err(refused) = alone.check() {
                let field = draft.field_of(index, refused.kind());
                faults.add_at(field, errors::producer(visit.lang, refused.kind()));
            }
            questions.push(question);
        }
        let mut survey = Survey::new(&*self.svid, &*self.title, questions);
        survey.name = Some(self.name.clone()).filter(|name| !name.is_empty());
        if faults.is_empty()
            && let Err(refused) = survey.check()
        {
            let text = errors::producer(visit.lang, refused.kind());
            match self.field_of(&survey, refused.kind()) {
                Some(field) => faults.add_at(field, text),
                None => faults.add(Some("questions"), text),
            }
        }
        survey
    }

    /// The field of what is wrong with two questions together: the later one's.
    fn field_of(&self, survey: &Survey, kind: &ProducerErrorKind) -> Option<String> {
        match kind {
            ProducerErrorKind::RepeatedQuestion { sn, .. } => {
                let last = survey.questions.iter().rposition(|own| own.sn == *sn)?;
                Some(question_field(last, "sn"))
            }
            ProducerErrorKind::RepeatedAlias { alias, .. } => {
                let last = self.questions.iter().rposition(|own| own.alias == *alias)?;
                Some(question_field(last, "alias"))
            }
            _ => None,
        }
    }
}

impl DraftQuestion {
    fn question(&self, sn: u64) -> SurveyQuestion {
        let question_type = QuestionType::from(self.question_type.as_str());
        let mut question = SurveyQuestion::new(sn, question_type, &*self.subject);
        question.alias.clone_from(&self.alias);
        question.label.clone_from(&self.label);
        question.required = self.required;
        question.choices = self
            .choices
            .iter()
            .map(|draft| {
                let mut choice = Choice::new(&*draft.text, &*draft.alias);
                choice.label.clone_from(&draft.label);
                choice.takes_text = draft.takes_text;
                choice
            })
            .collect();
        question
    }

    fn field_of(&self, index: usize, kind: &ProducerErrorKind) -> String {
        match kind {
            ProducerErrorKind::UnknownQuestionType { .. } => question_field(index, "type"),
            ProducerErrorKind::NoChoice { .. } => question_field(index, "choices"),
            ProducerErrorKind::IndistinctChoices { .. } => {
                let is_distinct = |(place, choice): (usize, &DraftChoice)| {
                    !choice.text.is_empty()
                        && self.choices[..place].iter().all(|other| other.text != choice.text)
                };
                let place = self.choices.iter().enumerate().position(|choice| !is_distinct(choice));
                choice_field(index, place.unwrap_or(0), "text")
            }
            _ => question_field(index, "subject"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Setup;

    #[test]
    fn a_survey_comes_back_from_its_form_as_it_was() {
        let mut survey = Setup::sample().surveys.remove(0);
        survey.questions[1].choices[0].takes_text = true;
        survey.questions[1].choices[0].label = "F".to_owned();
        survey.questions[2].label = "生日".to_owned();
        let visit = Visit::of_tests();
        let mut faults = Faults::default();
        let back = Draft::read(&Draft::from(&survey).fields()).survey(&visit, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(back, survey);
    }

    #[test]
    fn a_survey_that_a_form_has_no_room_for_is_known_by_it_and_nothing_of_it_is_left_out_silently() {
        let choices = (0..MOST).map(|place| Choice::new(place.to_string(), ""));
        let mut question = SurveyQuestion::new(1, QuestionType::ChoiceOne, "a");
        question.choices = choices.take(MOST - 1).collect();
        let mut survey = Survey::new("x", "x", [question]);
        let read = |survey: &Survey| Draft::read(&Draft::from(survey).fields());
        assert!(!read(&survey).is_too_long());
        assert_eq!(read(&survey).questions[0].choices.len(), MOST - 1);
        survey.questions.push(SurveyQuestion::new(2, QuestionType::ShortText, "b"));
        assert!(read(&survey).is_too_long() && Draft::from(&survey).is_too_long());
    }

    #[test]
    fn rows_are_added_and_removed_and_what_is_not_there_is_left_alone() {
        let mut draft = Draft::default();
        for change in ["add-question", "add-question", "add-choice 1", "add-choice 1", "add-choice 9"] {
            draft.change(RowChange::of(change).unwrap());
        }
        let rows = |draft: &Draft| -> Vec<(String, usize)> {
            draft.questions.iter().map(|own| (own.sn.clone(), own.choices.len())).collect()
        };
        assert_eq!(rows(&draft), [("1".to_owned(), 0), ("2".to_owned(), 2)]);
        draft.questions[1].choices[1].text = "second".to_owned();
        for change in ["remove-choice 1 0", "remove-choice 1 9", "remove-question 0", "remove-question 9"] {
            draft.change(RowChange::of(change).unwrap());
        }
        assert_eq!(rows(&draft), [("2".to_owned(), 1)]);
        assert_eq!(draft.questions[0].choices[0].text, "second");
        assert_eq!(RowChange::of("remove-choice 1 2"), Some(RowChange::RemoveChoice(1, 2)));
        for value in ["save", "", "add-question 1", "remove-question", "remove-question x", "add-choice -1"] {
            assert_eq!(RowChange::of(value), None, "{value}");
        }
    }
}
