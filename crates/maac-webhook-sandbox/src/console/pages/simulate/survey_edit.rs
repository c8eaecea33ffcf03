//! A survey's form: its questions, and the choices of each.

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maac_webhook::event::QuestionType;
use maac_webhook_sender::producers::Survey;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    encode, note, refused,
    survey_draft::{Draft, DraftQuestion, RowChange, choice_field, question_field},
};
use crate::console::{
    Console,
    answer::{Answer, missing, see},
    forms::{Faults, Form},
    layout::{self, Place},
    text::{Texts, fill},
    visit::{Posted, Visit},
};

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    svid: Option<String>,
}

pub(in crate::console) async fn edit(
    State(console): State<Console>,
    visit: Visit,
    Query(Shown { svid }): Query<Shown>,
) -> Answer {
    let draft = match &svid {
        Some(svid) => {
            let producers = console.sandbox().producers();
            let survey = producers.setup().surveys.iter().find(|own| own.svid == *svid);
            survey.map(Draft::from).ok_or_else(|| missing(&visit))?
        }
        None => {
            let svid = format!("S{:x}", console.sandbox().now().as_millisecond());
            let mut draft = Draft { svid, ..Draft::default() };
            draft.change(RowChange::AddQuestion);
            draft
        }
    };
    let before = svid.unwrap_or_default();
    if draft.is_too_long() {
        return Ok(too_long(&visit));
    }
    Ok(page(&visit, &draft, &before, &Faults::default()).into_response())
}

pub(in crate::console) async fn put(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let (mut draft, before) = (Draft::read(&fields), fields.raw("before").to_owned());
    let mut faults = Faults::default();
    let change = RowChange::of(fields.raw("action"));
    let changed = change.is_some();
    if let Some(change) = change {
        draft.change(change);
    }
    if draft.is_too_long() {
        return Ok(too_long(&visit));
    }
    if changed {
        return Ok(page(&visit, &draft, &before, &faults).into_response());
    }
    let survey = draft.survey(&visit, &mut faults);
    let is_taken = survey.svid != before
        && console.sandbox().producers().setup().surveys.iter().any(|own| own.svid == survey.svid);
    if is_taken {
        faults.add(Some("svid"), visit.t.survey_taken);
    }
    if faults.is_empty() {
        let path = format!("/simulate/survey?svid={}&done=saved", encode(&survey.svid));
        match console.sandbox().change_setup(put_in_place(before.clone(), survey)).await {
            Ok(()) => return Ok(see(&path)),
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, page(&visit, &draft, &before, &faults)))
}

fn too_long(visit: &Visit) -> Response {
    let notice = layout::notice(visit, visit.t.not_possible, visit.t.survey_too_long);
    (StatusCode::UNPROCESSABLE_ENTITY, notice).into_response()
}

/// In the place of the survey that was edited, also under another `svid`.
fn put_in_place(
    before: String,
    survey: Survey,
) -> impl FnOnce(&mut crate::Setup) -> Result<(), maac_webhook_sender::producers::ProducerError> {
    move |setup| {
        match setup.surveys.iter_mut().find(|own| own.svid == before) {
            Some(own) => *own = survey,
            None => setup.put_survey(survey),
        }
        Ok(())
    }
}

const ACTION: &str = "/simulate/survey/edit";

fn page(visit: &Visit, draft: &Draft, before: &str, faults: &Faults) -> Markup {
    let t = visit.t;
    let fields = draft.fields();
    let form = Form { visit, fields: &fields, faults };
    let title = if before.is_empty() { t.add_survey } else { t.edit_survey };
    let main = html! {
        p class="crumbs" { a href="/simulate/survey" { (t.survey) } }
        h1 { (title) }
        p { (t.edit_survey_help) }
        (form.summary())
        form method="post" action=(ACTION) class="stack wider" novalidate {
            (layout::csrf(visit))
            input type="hidden" name="before" value=(before);
            // The first button is the one that the enter key presses.
            button class="hidden" name="action" value="save" tabindex="-1" aria-hidden="true" { (t.save) }
            div class="columns" {
                (form.text("svid", t.survey_id, "text", Some(t.survey_id_hint)))
                (form.text("title", t.survey_title, "text", Some(t.survey_title_hint)))
                (form.text("name", t.survey_name, "text", Some(t.may_be_empty)))
            }
            div id="questions" tabindex="-1" class="stack wider" {
                (form.fault("questions"))
                @for (index, own) in draft.questions.iter().enumerate() { (question(&form, index, own)) }
            }
            div class="actions" {
                button class="quiet" name="action" value="add-question"
                    formaction={ (ACTION) "#" (question_field(draft.questions.len(), "subject")) } { (t.add_question) }
            }
            div class="actions" {
                button name="action" value="save" { (t.save) }
                a class="button quiet" href="/simulate/survey" { (t.cancel) }
            }
        }
    };
    layout::page(visit, Place::Simulate, title, &main)
}

fn question(form: &Form<'_>, index: usize, question: &DraftQuestion) -> Markup {
    let t = form.visit.t;
    let field = |name: &str| question_field(index, name);
    let number = (index + 1).to_string();
    let legend = fill(t.question_number, &[&number]);
    let types: Vec<_> = QuestionType::DOCUMENTED
        .iter()
        .map(|own| (own.to_string(), format!("{} – {own}", type_name(t, own))))
        .collect();
    let chooses = chooses(&question.question_type) || !question.choices.is_empty();
    html! {
        fieldset class="question" {
            legend { (legend) }
            div class="columns narrow-first" {
                (form.text(&field("sn"), t.serial_number, "text", None))
                (form.text(&field("subject"), t.subject, "text", None))
            }
            div class="columns wide-first" {
                (form.select(&field("type"), t.question_type, &types))
                (form.text(&field("alias"), t.alias, "text", None))
                (form.text(&field("label"), t.label, "text", None))
            }
            (form.check(&field("required"), t.must_be_answered))
            @if chooses {
                fieldset class="choices-of" id=(field("choices")) tabindex="-1" {
                    legend { (t.choices) }
                    (form.fault(&field("choices")))
                    @for place in 0..question.choices.len() { (choice(form, index, place)) }
                    div class="actions" {
                        button class="quiet small" name="action" value={ "add-choice " (index) }
                            formaction={ (ACTION) "#" (choice_field(index, question.choices.len(), "text")) } {
                            (t.add_choice) span class="hidden" { (form.visit.lang.colon()) (legend) }
                        }
                    }
                }
            }
            div class="actions" {
                @if !chooses {
                    button class="quiet small" name="action" value={ "add-choice " (index) }
                        formaction={ (ACTION) "#" (choice_field(index, 0, "text")) } {
                        (t.add_choice) span class="hidden" { (form.visit.lang.colon()) (legend) }
                    }
                }
                button class="quiet danger small" name="action" value={ "remove-question " (index) }
                    formaction={ (ACTION) "#questions" } {
                    (t.remove_question) span class="hidden" { (form.visit.lang.colon()) (legend) }
                }
            }
        }
    }
}

fn choice(form: &Form<'_>, question: usize, place: usize) -> Markup {
    let t = form.visit.t;
    let field = |name: &str| choice_field(question, place, name);
    let legend = fill(t.choice_number, &[&(place + 1).to_string()]);
    html! {
        fieldset class="choice-row" {
            legend { (legend) }
            (form.text(&field("text"), t.choice_text, "text", None))
            (form.text(&field("alias"), t.answer_alias, "text", None))
            (form.text(&field("label"), t.label, "text", None))
            (form.check(&field("takes-text"), t.takes_text))
            button class="quiet danger small" name="action" value={ "remove-choice " (question) " " (place) }
                formaction={ (ACTION) "#" (question_field(question, "choices")) } {
                (t.remove) span class="hidden" { (form.visit.lang.colon()) (legend) }
            }
        }
    }
}

/// Whether a question of this type needs something to choose from.
fn chooses(question_type: &str) -> bool {
    matches!(
        QuestionType::from(question_type),
        QuestionType::ChoiceOne
            | QuestionType::ChoiceMulti
            | QuestionType::PickFrom
            | QuestionType::NestChild
            | QuestionType::ItemSort
    )
}

fn type_name(t: &'static Texts, question_type: &QuestionType) -> &'static str {
    match question_type {
        QuestionType::ShortText => t.type_short_text,
        QuestionType::LongText => t.type_long_text,
        QuestionType::ChoiceOne => t.type_choice_one,
        QuestionType::ChoiceMulti => t.type_choice_multi,
        QuestionType::Nest => t.type_nest,
        QuestionType::NestChild => t.type_nest_child,
        QuestionType::DigitInput => t.type_digit_input,
        QuestionType::DigitSlide => t.type_digit_slide,
        QuestionType::ItemSort => t.type_item_sort,
        QuestionType::RatingBar => t.type_rating_bar,
        QuestionType::PickFrom => t.type_pick_from,
        QuestionType::Quote => t.type_quote,
        QuestionType::Statement => t.type_statement,
        QuestionType::DatePicker => t.type_date_picker,
        QuestionType::Divider => t.type_divider,
        _ => t.question_type,
    }
}
