use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::{Choice, GivenAnswer, Submission, Survey, SurveyQuestion, question::Takes};
use crate::{
    payload::Question,
    producers::{ProducerError, ProducerErrorKind},
};

/// The survey's questions with what was answered to each.
pub(super) fn answered(survey: &Survey, submission: &Submission) -> Result<Vec<Question>, ProducerError> {
    let mut given = HashMap::new();
    for answers in &submission.answers {
        let sn = answers.sn;
        if given.insert(sn, &answers.answers).is_some() {
            return Err(ProducerErrorKind::AnsweredTwice { sn }.into());
        }
        if !survey.questions.iter().any(|question| question.sn == sn) {
            return Err(ProducerErrorKind::NoSuchQuestion { sn }.into());
        }
    }
    let question = |question: &SurveyQuestion| {
        let given = given.get(&question.sn).map_or(&[][..], |answers| answers.as_slice());
        let given: Vec<_> = given.iter().filter(|answer| !answer.text.trim().is_empty()).collect();
        fits(question, &given)?;
        Ok(written(question, &given))
    };
    survey.questions.iter().map(question).collect()
}

fn fits(question: &SurveyQuestion, given: &[&GivenAnswer]) -> Result<(), ProducerErrorKind> {
    let sn = question.sn;
    let Some(takes) = question.takes().filter(|takes| *takes != Takes::Nothing) else {
        return if given.is_empty() { Ok(()) } else { Err(ProducerErrorKind::TakesNoAnswer { sn }) };
    };
    if given.is_empty() {
        return if question.required { Err(ProducerErrorKind::NotAnswered { sn }) } else { Ok(()) };
    }
    if given.len() > 1 && !matches!(takes, Takes::SomeChoices | Takes::AllChoices) {
        return Err(ProducerErrorKind::OneAnswerOnly { sn });
    }
    let chooses = matches!(takes, Takes::OneChoice | Takes::SomeChoices | Takes::AllChoices);
    for answer in given {
        let text = answer.text.as_str();
        let choice = choice(question, text);
        let takes_text = chooses && choice.is_some_and(|choice| choice.takes_text);
        if !takes_text && !answer.other.is_empty() {
            return Err(ProducerErrorKind::NoTextBeside { sn });
        }
        match takes {
            Takes::Number if !text.parse().is_ok_and(f64::is_finite) => {
                return Err(ProducerErrorKind::NotANumber { sn });
            }
            Takes::Date if !is_date(text) => return Err(ProducerErrorKind::NotADate { sn }),
            _ if chooses && choice.is_none() => return Err(ProducerErrorKind::NotAChoice { sn }),
            _ => {}
        }
    }
    let distinct: HashSet<_> = given.iter().map(|answer| &answer.text).collect();
    if distinct.len() < given.len() {
        return Err(ProducerErrorKind::ChosenTwice { sn });
    }
    if takes == Takes::AllChoices && given.len() < question.choices.len() {
        return Err(ProducerErrorKind::NotAllSorted { sn });
    }
    Ok(())
}

/// As SurveyCake's date picker writes it: `1992-07-14`.
fn is_date(text: &str) -> bool {
    text.parse::<Date>().is_ok_and(|date| date.to_string() == text)
}

fn choice<'a>(question: &'a SurveyQuestion, text: &str) -> Option<&'a Choice> {
    question.choices.iter().find(|choice| choice.text == text)
}

fn written(question: &SurveyQuestion, given: &[&GivenAnswer]) -> Question {
    let of_choice = |text: fn(&Choice) -> &String| {
        let answers = given.iter().map(|answer| choice(question, &answer.text));
        answers.map(|choice| choice.map_or_else(String::new, |choice| text(choice).clone())).collect()
    };
    Question {
        subject: question.subject.clone(),
        question_type: question.question_type.to_string(),
        sn: question.sn,
        label: question.label.clone(),
        alias: question.alias.clone(),
        answer: given.iter().map(|answer| answer.text.clone()).collect(),
        other_answer: given.iter().map(|answer| answer.other.clone()).collect(),
        answer_label: of_choice(|choice| &choice.label),
        answer_alias: of_choice(|choice| &choice.alias),
    }
}
