use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use maac_webhook::event::{LinePushErrorCategory, MessageStatus, SmsErrorCategory};
use maac_webhook_sender::{
    payload::PnpStatusUpdated,
    producers::{PnpMessage, PnpPush, PnpSetting, Report},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{delete, note, number, refused};
use crate::{
    Setup,
    console::{
        Console,
        answer::{Answer, missing, see},
        forms::{Faults, Form},
        layout::{self, Place},
        pages::webhooks::done_text,
        visit::{Fields, Posted, Visit},
    },
};

/// How many messages the page has: the newest.
const MESSAGES: usize = 20;

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    done: Option<String>,
    event: Option<crate::EventId>,
}

/// The templates to choose from.
pub(super) fn templates(setup: &Setup) -> Vec<(String, String)> {
    let template = |own: &PnpSetting| (own.id.to_string(), format!("{} ({})", own.name, own.id));
    setup.pnp_settings.iter().map(template).collect()
}

pub(in crate::console) async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let fields = Fields::default().with("phone_number", "+886912345678").with("customized_id", "order-00042");
    form(&console, &visit, &fields, &Faults::default(), done_text(visit.t, shown.done.as_deref()))
}

pub(in crate::console) async fn push(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let setting: Option<u64> = number(&visit, &fields, "pnp_setting_id", &mut faults);
    let mut push = PnpPush::new(setting.unwrap_or_default(), fields.one("phone_number"));
    push.customized_id = fields.filled("customized_id").map(ToOwned::to_owned);
    if fields.filled("line_push_template_id").is_some() {
        push.line_push_template_id = number(&visit, &fields, "line_push_template_id", &mut faults);
    }
    if fields.filled("event_id").is_some() {
        push.event_id = number(&visit, &fields, "event_id", &mut faults);
    }
    if faults.is_empty() {
        match console.sandbox().push_pnp(push).await {
            Ok((message, event)) => {
                return Ok(see(&format!("/simulate/sms-plus/messages/{}?event={}", message.id(), event.id)));
            }
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, form(&console, &visit, &fields, &faults, None)))
}

fn form(console: &Console, visit: &Visit, fields: &Fields, faults: &Faults, done: Option<&str>) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let producers = console.sandbox().producers();
    let messages: Vec<_> = producers.sms_plus.messages().take(MESSAGES).collect();
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.sms_plus) }
        (layout::done(done))
        (form.summary())
        p { (t.sms_plus_help) }
        form method="post" action="/simulate/sms-plus" class="stack" novalidate {
            (layout::csrf(visit))
            (form.select("pnp_setting_id", t.template, &templates(producers.setup())))
            (form.text("phone_number", t.phone_number, "text", Some(t.phone_number_hint)))
            (form.text("line_push_template_id", t.line_push_template, "text", Some(t.line_push_template_hint)))
            (form.text("customized_id", t.customized_id, "text", Some(t.may_be_empty)))
            (form.text("event_id", t.event_id, "text", Some(t.may_be_empty)))
            button { (t.push) }
        }
        h2 id="templates" { (t.templates) }
        @if producers.setup().pnp_settings.is_empty() { p { (t.no_template) } }
        ul class="cards" {
            @for own in &producers.setup().pnp_settings {
                li class="card" {
                    h3 { (own.name) }
                    p {
                        (t.template_id) (visit.lang.colon()) code { (own.id) } " · "
                        @if own.sms { (t.with_sms) } @else { (t.without_sms) }
                    }
                    p class="links" {
                        a href={ "/simulate/sms-plus/template?id=" (own.id) } {
                            (t.change) span class="hidden" { (visit.lang.colon()) (own.name) }
                        }
                        (delete::link(visit, delete::Kind::Template, &own.id.to_string(), &own.name))
                    }
                }
            }
        }
        p { a class="button quiet" href="/simulate/sms-plus/template" { (t.add_template) } }
        h2 { (t.pnp_messages) }
        @if messages.is_empty() { p { (t.no_messages) } }
        ul class="cards" {
            @for message in messages {
                li class="card" {
                    h3 { a href={ "/simulate/sms-plus/messages/" (message.id()) } { (message.id()) } }
                    p { (message.event().pnp_setting_name) " · " (message.event().phone_number) }
                    p { code { (message.status()) } }
                }
            }
        }
    };
    layout::page(visit, Place::Simulate, t.sms_plus, &main)
}

fn message_of(console: &Console, id: u64) -> Option<PnpMessage> {
    console.sandbox().producers().sms_plus.message(id).ok().cloned()
}

pub(in crate::console) async fn message(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<u64>,
    Query(shown): Query<Shown>,
) -> Answer {
    let message = message_of(&console, id).ok_or_else(|| missing(&visit))?;
    Ok(message_page(&visit, &message, &Faults::default(), shown.event).into_response())
}

pub(in crate::console) async fn report(
    State(console): State<Console>,
    Path(id): Path<u64>,
    posted: Posted,
) -> Answer {
    let Posted { visit, fields } = posted;
    let status = MessageStatus::from(fields.one("status"));
    let mut report = Report::new(status.clone());
    if let Some(category) = fields.filled("category") {
        // Only that of the status's own channel is sent.
        if status.as_str().starts_with("line_push_") {
            report.line_push_error_category = Some(LinePushErrorCategory::from(category));
        } else {
            report.sms_error_category = Some(SmsErrorCategory::from(category));
        }
    }
    match console.sandbox().report_pnp(id, report).await {
        Ok((_, event)) => Ok(see(&format!("/simulate/sms-plus/messages/{id}?event={}", event.id))),
        Err(error) => {
            let mut faults = Faults::default();
            note(&visit, &mut faults, &error)?;
            let message = message_of(&console, id).ok_or_else(|| missing(&visit))?;
            Ok(refused(&faults, message_page(&visit, &message, &faults, None)))
        }
    }
}

fn message_page(
    visit: &Visit,
    message: &PnpMessage,
    faults: &Faults,
    event: Option<crate::EventId>,
) -> Markup {
    let (t, own) = (visit.t, message.event());
    let fields = Fields::default();
    let form = Form { visit, fields: &fields, faults };
    let status =
        |status: &Option<String>| html! { @match status { Some(text) => code { (text) }, None => "–" } };
    let title = format!("{} {}", t.pnp_message, message.id());
    let main = html! {
        p class="crumbs" { a href="/simulate/sms-plus" { (t.sms_plus) } }
        h1 { (title) }
        (form.summary())
        @if let Some(event) = event {
            p class="done" role="status" { (t.event_happened) " " a href={ "/events/" (event) } { (t.what_became_of_it) } }
        }
        (layout::facts(&[
            (t.status, html! { code { (message.status()) } }),
            (t.template, html! { (own.pnp_setting_name) " (" (own.pnp_setting_id) ")" }),
            (t.phone_number, html! { code { (own.phone_number) } }),
            (t.line_push, status(&own.line_push_status)),
            ("PNP", status(&own.pnp_status)),
            (t.template_sms, status(&own.sms_status)),
        ]))
        h2 { (t.next_status) }
        @if message.next().is_empty() { p { (t.message_ended) } }
        ul class="cards" {
            @for next in message.next() {
                li class="card" {
                    form method="post" action={ "/simulate/sms-plus/messages/" (message.id()) } class="row" {
                        (layout::csrf(visit))
                        input type="hidden" name="status" value=(next);
                        (categories(visit, next))
                        button { (next) }
                    }
                }
            }
        }
    };
    layout::page(visit, Place::Simulate, &title, &main)
}

/// The error categories of a status that has one.
fn categories(visit: &Visit, status: &MessageStatus) -> Markup {
    if !PnpStatusUpdated::has_error_category(status) {
        return html! {};
    }
    let names: Vec<_> = if status.as_str().starts_with("line_push_") {
        LinePushErrorCategory::DOCUMENTED.iter().map(LinePushErrorCategory::as_str).collect()
    } else {
        SmsErrorCategory::DOCUMENTED.iter().map(SmsErrorCategory::as_str).collect()
    };
    let id = format!("category-{status}");
    html! {
        div class="field" {
            label for=(id) { (visit.t.error_category) }
            select id=(id) name="category" { @for name in names { option value=(name) { (name) } } }
        }
    }
}

#[derive(Deserialize)]
pub(in crate::console) struct Template {
    id: Option<u64>,
}

pub(in crate::console) async fn template(
    State(console): State<Console>,
    visit: Visit,
    Query(Template { id }): Query<Template>,
) -> Answer {
    let Some(id) = id else {
        let fields = Fields::default().with("sms", "on");
        return Ok(template_form(&visit, &fields, &Faults::default()).into_response());
    };
    let producers = console.sandbox().producers();
    let known = producers.setup().pnp_settings.iter().find(|own| own.id == id);
    let known = known.ok_or_else(|| missing(&visit))?;
    let fields = Fields::default()
        .with("before", id.to_string())
        .with("id", id.to_string())
        .with("name", known.name.clone())
        .with("sms", if known.sms { "on" } else { "" });
    Ok(template_form(&visit, &fields, &Faults::default()).into_response())
}

pub(in crate::console) async fn put_template(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let id = number::<u64>(&visit, &fields, "id", &mut faults);
    let is_taken = |id: &u64| {
        fields.one("before") != id.to_string() && console.sandbox().producers().setup().has_pnp_setting(*id)
    };
    if id.as_ref().is_some_and(is_taken) {
        faults.add(Some("id"), visit.t.template_taken);
    }
    if let Some(id) = id.filter(|_| faults.is_empty()) {
        let setting = PnpSetting::new(id, fields.one("name"), fields.has("sms", "on"));
        let put = console.sandbox().change_setup(move |setup| {
            setup.put_pnp_setting(setting);
            Ok(())
        });
        match put.await {
            Ok(()) => return Ok(see("/simulate/sms-plus?done=saved")),
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, template_form(&visit, &fields, &faults)))
}

fn template_form(visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let sms = [("on".to_owned(), html! { (t.template_sms) })];
    let before = fields.one("before");
    let main = html! {
        p class="crumbs" { a href="/simulate/sms-plus" { (t.sms_plus) } }
        h1 { (t.template) }
        (form.summary())
        form method="post" action="/simulate/sms-plus/template" class="stack" novalidate {
            (layout::csrf(visit))
            @if before.is_empty() {
                (form.text("id", t.template_id, "text", None))
            } @else {
                // Messages refer to it, so it stays.
                input type="hidden" name="before" value=(before);
                input type="hidden" name="id" value=(before);
                p { (t.template_id) (visit.lang.colon()) code { (before) } }
            }
            (form.text("name", t.name, "text", None))
            (form.choices("sms", t.channels_of_template, "checkbox", &sms, Some(t.template_sms_hint)))
            div class="actions" { button { (t.save) } a class="button quiet" href="/simulate/sms-plus" { (t.cancel) } }
        }
    };
    layout::page(visit, Place::Simulate, t.template, &main)
}
