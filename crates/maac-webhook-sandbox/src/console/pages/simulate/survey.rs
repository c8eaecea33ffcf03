use axum::extract::{Query, State};
use maac_webhook::event::QuestionType;
use maac_webhook_sender::producers::{
    Choice, GivenAnswer, QuestionAnswers, Submission, Survey, SurveyQuestion,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{delete, encode, friend_fields, friend_of, note, publish, refused};
use crate::console::{
    Console,
    answer::Answer,
    forms::{Faults, Form},
    layout::{self, Place},
    pages::webhooks::done_text,
    visit::{Fields, Posted, Visit},
};

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    svid: Option<String>,
    done: Option<String>,
}

/// The survey of this id; the first one where there is none.
fn survey_of(console: &Console, svid: Option<&str>) -> Option<Survey> {
    let producers = console.sandbox().producers();
    let surveys = &producers.setup().surveys;
    surveys.iter().find(|own| Some(own.svid.as_str()) == svid).or(surveys.first()).cloned()
}

pub(in crate::console) async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let survey = survey_of(&console, shown.svid.as_deref());
    let done = done_text(visit.t, shown.done.as_deref());
    form(&console, &visit, survey.as_ref(), &Fields::default(), &Faults::default(), done)
}

pub(in crate::console) async fn submit(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let survey = survey_of(&console, Some(fields.one("svid")));
    if let Some(survey) = &survey {
        match friend_of(&console, &fields).await {
            Ok(friend) => {
                let mut submission = Submission::new(friend);
                submission.answers =
                    survey.questions.iter().map(|question| answers(question, &fields)).collect();
                let now = console.sandbox().now();
                let submitted = console.sandbox().producers().survey_cake.submit(survey, &submission, now);
                match submitted {
                    Ok(event) => {
                        if let Some(page) = publish(&console, &visit, &mut faults, event).await? {
                            return Ok(page);
                        }
                    }
                    Err(error) => note(&visit, &mut faults, &error.into())?,
                }
            }
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, form(&console, &visit, survey.as_ref(), &fields, &faults, None)))
}

/// How a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    NotAtAll,
    Line(&'static str),
    Text,
    One,
    Some,
    Order,
}

fn asked(question: &SurveyQuestion) -> Asked {
    match question.question_type {
        QuestionType::Nest | QuestionType::Quote | QuestionType::Divider => Asked::NotAtAll,
        QuestionType::LongText | QuestionType::Statement => Asked::Text,
        QuestionType::DatePicker => Asked::Line("date"),
        QuestionType::ChoiceOne | QuestionType::PickFrom | QuestionType::NestChild => Asked::One,
        QuestionType::ChoiceMulti => Asked::Some,
        QuestionType::ItemSort => Asked::Order,
        // Numbers too, since what is not one is to be told.
        _ => Asked::Line("text"),
    }
}

fn answers(question: &SurveyQuestion, fields: &Fields) -> QuestionAnswers {
    let name = format!("q{}", question.sn);
    let given: Vec<GivenAnswer> = match asked(question) {
        Asked::NotAtAll => Vec::new(),
        Asked::Line(_) | Asked::Text => fields.filled(&name).map(GivenAnswer::from).into_iter().collect(),
        Asked::One | Asked::Some => {
            fields.all(&name).map(|text| chosen(question, &name, text, fields)).collect()
        }
        Asked::Order => {
            let places = 1..=question.choices.len();
            places
                .filter_map(|place| fields.filled(&format!("{name}-{place}")).map(GivenAnswer::from))
                .collect()
        }
    };
    QuestionAnswers::new(question.sn, given)
}

fn chosen(question: &SurveyQuestion, name: &str, text: &str, fields: &Fields) -> GivenAnswer {
    let mut answer = GivenAnswer::from(text);
    let place = question.choices.iter().position(|choice| choice.text == text && choice.takes_text);
    if let Some(place) = place {
        fields.one(&format!("{name}-other-{place}")).clone_into(&mut answer.other);
    }
    answer
}

fn form(
    console: &Console,
    visit: &Visit,
    survey: Option<&Survey>,
    fields: &Fields,
    faults: &Faults,
    done: Option<&str>,
) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let setup = console.sandbox().producers().setup().clone();
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.survey) }
        (layout::done(done))
        (form.summary())
        p { (t.survey_help) }
        nav aria-label=(t.surveys) {
            ul class="choices" {
                @for own in &setup.surveys {
                    @let current = survey.is_some_and(|survey| survey.svid == own.svid);
                    li {
                        a href={ "/simulate/survey?svid=" (encode(&own.svid)) } aria-current=[current.then_some("true")] {
                            (own.title)
                        }
                    }
                }
                li { a href="/simulate/survey/edit" { (t.add_survey) } }
            }
        }
        @if setup.surveys.is_empty() { p { (t.no_survey) } }
        @if let Some(survey) = survey {
            h2 { (survey.title) }
            p class="links" {
                a href={ "/simulate/survey/edit?svid=" (encode(&survey.svid)) } { (t.edit_survey) }
                (delete::link(visit, delete::Kind::Survey, &survey.svid, &survey.title))
            }
            form method="post" action="/simulate/survey" class="stack" novalidate {
                (layout::csrf(visit))
                input type="hidden" name="svid" value=(survey.svid);
                (friend_fields(&form, &setup))
                @for question in &survey.questions { (ask(&form, question)) }
                button { (t.submit) }
            }
        }
    };
    layout::page(visit, Place::Simulate, t.survey, &main)
}

fn ask(form: &Form<'_>, question: &SurveyQuestion) -> Markup {
    let t = form.visit.t;
    let (name, label) = (format!("q{}", question.sn), &question.subject);
    let required = if question.required { t.required } else { "" };
    let alias = if question.alias.is_empty() {
        String::new()
    } else {
        format!("alias{}{}", form.visit.lang.colon(), question.alias)
    };
    let hint: Vec<_> = [question.question_type.as_str(), &alias, required]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let hint = hint.join(" · ");
    let options = || -> Vec<_> {
        question.choices.iter().map(|choice| (choice.text.clone(), choice_text(choice))).collect()
    };
    match asked(question) {
        Asked::NotAtAll => html! { p { (label) } p class="hint" { (question.question_type) } },
        Asked::Line(kind) => form.text(&name, label, kind, Some(&hint)),
        Asked::Text => form.area(&name, label, 3, Some(&hint)),
        Asked::One => html! {
            (form.choices(&name, label, "radio", &options(), Some(&hint))) (others(form, question, &name))
        },
        Asked::Some => html! {
            (form.choices(&name, label, "checkbox", &options(), Some(&hint))) (others(form, question, &name))
        },
        Asked::Order => html! {
            fieldset {
                legend { (label) }
                p class="hint" { (hint) }
                @for place in 1..=question.choices.len() {
                    @let items: Vec<_> = [(String::new(), "–".to_owned())].into_iter()
                        .chain(question.choices.iter().map(|choice| (choice.text.clone(), choice.text.clone()))).collect();
                    (form.select(&format!("{name}-{place}"), &place.to_string(), &items))
                }
            }
        },
    }
}

fn choice_text(choice: &Choice) -> Markup {
    html! { (choice.text) @if !choice.alias.is_empty() { " " code { (choice.alias) } } }
}

/// The texts that may be written beside a choice.
fn others(form: &Form<'_>, question: &SurveyQuestion, name: &str) -> Markup {
    html! {
        @for (place, choice) in question.choices.iter().enumerate() {
            @if choice.takes_text {
                (form.text(&format!("{name}-other-{place}"), &format!("{} {}", form.visit.t.text_beside, choice.text), "text", None))
            }
        }
    }
}
