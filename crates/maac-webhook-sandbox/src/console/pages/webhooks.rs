//! The list of webhook endpoints, and what is done with one.

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    dispatch::DeliveryId,
    platform::{
        EndpointForm, EndpointId, EndpointStatus, Platform, PlatformErrorKind, WebhookEndpoint, Zone,
        topic_name,
    },
};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::time::{Duration, timeout};

use super::{purchase::days, webhook};
use crate::console::{
    Console,
    answer::{Answer, Failed, OrFail, missing, see},
    errors,
    forms::{Faults, Form},
    layout::{self, Place},
    text::{Texts, fill},
    visit::{Fields, Posted, Visit},
};

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    done: Option<String>,
    test: Option<DeliveryId>,
}

pub(in crate::console) async fn home() -> Response {
    see("/webhooks")
}

pub(in crate::console) async fn list(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let platform = console.sandbox().platform();
    let done = done_text(visit.t, shown.done.as_deref());
    if platform.endpoints().len() == 0 {
        welcome(&visit, &platform, done)
    } else {
        table(&visit, &platform, done)
    }
}

/// What was done, by the name that an address has of it.
pub(in crate::console) fn done_text(t: &'static Texts, done: Option<&str>) -> Option<&'static str> {
    Some(match done? {
        "created" => t.done_created,
        "stopped" => t.done_stopped,
        "resumed" => t.done_resumed,
        "deleted" => t.done_deleted,
        "secret" => t.done_secret,
        "purchase" => t.done_purchase,
        "saved" => t.done_saved,
        "removed" => t.done_removed,
        _ => return None,
    })
}

fn welcome(visit: &Visit, platform: &Platform, done: Option<&str>) -> Markup {
    let t = visit.t;
    let main = html! {
        h1 { (t.welcome) }
        (layout::done(done))
        p class="lead" { (t.welcome_text) }
        ol class="steps" {
            li { (t.welcome_step_receiver) }
            li { (t.welcome_step_create) }
            li { (t.welcome_step_secret) }
            li { (t.welcome_step_test) }
        }
        p { a class="button" href="/webhooks/new" { (t.create_webhook) } }
        (validity(visit, platform))
    };
    layout::page(visit, Place::Webhooks, t.welcome, &main)
}

/// Above the list: until when the purchase is valid, and how many subscriptions there are.
fn validity(visit: &Visit, platform: &Platform) -> Markup {
    let (t, purchase) = (visit.t, platform.purchase());
    let (first, last) = days(purchase);
    let zones: Vec<_> = purchase.zones().map(|zone| zone.number().to_string()).collect();
    html! {
        div class="validity" {
            p {
                strong { (t.purchase_valid_until) (visit.lang.colon()) }
                time datetime=(first) { (first) } " - " time datetime=(last) { (last) }
                " · " (fill(t.zones_bought, &[&visit.lang.list(&zones)]))
            }
            p {
                (fill(t.subscriptions, &[&platform.endpoints().len().to_string()])) " · "
                (fill(t.working_of, &[&platform.working().to_string(), &platform.working_limit().to_string()]))
            }
            p { a href="/purchase" { (t.change_purchase) } }
        }
    }
}

fn table(visit: &Visit, platform: &Platform, done: Option<&str>) -> Markup {
    let t = visit.t;
    let main = html! {
        div class="title" {
            h1 { (t.webhooks) }
            a class="button" href="/webhooks/new" { (t.create_webhook) }
        }
        (layout::done(done))
        (validity(visit, platform))
        ul class="cards" {
            @for endpoint in platform.endpoints() {
                li class="card" {
                    h2 { a href={ "/webhooks/" (endpoint.id()) } { (endpoint.name()) } }
                    p { (status(visit, endpoint.status())) " " span class="url" { (endpoint.url()) } }
                    ul class="topics" aria-label=(t.subscribed_events) {
                        @for topic in endpoint.topics() { li { (topic_name(topic)) } }
                    }
                    div class="actions" {
                        a class="button" href={ "/webhooks/" (endpoint.id()) } {
                            (t.details) span class="hidden" { (visit.lang.colon()) (endpoint.name()) }
                        }
                        details class="menu" {
                            summary { (t.menu) span class="hidden" { (visit.lang.colon()) (endpoint.name()) } }
                            div { (stop_or_resume(visit, endpoint)) (delete_link(visit, endpoint)) }
                        }
                    }
                }
            }
        }
    };
    layout::page(visit, Place::Webhooks, t.webhooks, &main)
}

pub(super) fn status(visit: &Visit, status: EndpointStatus) -> Markup {
    match status {
        EndpointStatus::Ongoing => html! { span class="badge ongoing" { (visit.t.ongoing) } },
        _ => html! { span class="badge stopped" { (visit.t.stopped) } },
    }
}

pub(super) fn stop_or_resume(visit: &Visit, endpoint: &WebhookEndpoint) -> Markup {
    let (path, text) = match endpoint.status() {
        EndpointStatus::Ongoing => ("stop", visit.t.stop),
        _ => ("resume", visit.t.resume),
    };
    html! {
        form method="post" action={ "/webhooks/" (endpoint.id()) "/" (path) } {
            (layout::csrf(visit))
            button class="quiet" { (text) }
        }
    }
}

pub(super) fn delete_link(visit: &Visit, endpoint: &WebhookEndpoint) -> Markup {
    html! { a class="button quiet danger" href={ "/webhooks/" (endpoint.id()) "/delete" } { (visit.t.delete) } }
}

pub(in crate::console) async fn new(State(console): State<Console>, visit: Visit) -> Markup {
    create_form(&visit, &console.sandbox().platform(), &Fields::default(), &Faults::default())
}

pub(in crate::console) async fn create(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let topics: Vec<_> = fields.all("topics").map(Topic::from).collect();
    let form = EndpointForm::new(fields.one("name"), fields.one("url"), topics);
    let mut faults = Faults::default();
    for kind in console.sandbox().platform().faults(&form) {
        faults.add(field_of(&kind), errors::platform(visit.lang, &kind));
    }
    if faults.is_empty() {
        let create = move |platform: &mut Platform, now| platform.create(form, now).map(WebhookEndpoint::id);
        match console.sandbox().change_platform(create).await {
            Ok(id) => return Ok(see(&format!("/webhooks/{id}?done=created"))),
            Err(refused) => faults.add(None, errors::sandbox(visit.lang, refused.kind())),
        }
    }
    let page = create_form(&visit, &console.sandbox().platform(), &fields, &faults);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn field_of(kind: &PlatformErrorKind) -> Option<&'static str> {
    use PlatformErrorKind as Kind;

    match kind {
        Kind::NameMissing | Kind::NameTooLong { .. } | Kind::NameNotPrintable => Some("name"),
        Kind::InvalidUrl { .. } | Kind::NotHttps { .. } => Some("url"),
        Kind::NoTopic | Kind::UnknownTopic { .. } | Kind::ZoneNotBought { .. } => Some("topics"),
        _ => None,
    }
}

fn create_form(visit: &Visit, platform: &Platform, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let bought = |topic: &&Topic| Zone::of(topic).is_some_and(|zone| platform.purchase().has(zone));
    let topics: Vec<_> = Topic::DOCUMENTED
        .iter()
        .filter(bought)
        .map(|topic| (topic.as_str().to_owned(), html! { (topic_name(topic)) " " code { (topic) } }))
        .collect();
    let main = html! {
        h1 { (t.create_webhook) }
        (form.summary())
        form method="post" action="/webhooks/new" class="stack" novalidate {
            (layout::csrf(visit))
            (form.text("name", t.endpoint_name, "text", None))
            (form.text("url", t.endpoint_url, "url", Some(t.endpoint_url_hint)))
            (form.choices("topics", t.select_event, "checkbox", &topics, Some(t.select_event_hint)))
            div class="actions" {
                button { (t.create) }
                a class="button quiet" href="/webhooks" { (t.cancel) }
            }
        }
    };
    layout::page(visit, Place::Webhooks, t.create_webhook, &main)
}

/// The endpoint of an address, as it is now.
fn endpoint(console: &Console, visit: &Visit, id: EndpointId) -> Result<WebhookEndpoint, Failed> {
    console.sandbox().platform().endpoint(id).cloned().map_err(|_| missing(visit))
}

pub(in crate::console) async fn details(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<EndpointId>,
    Query(shown): Query<Shown>,
) -> Answer {
    let endpoint = endpoint(&console, &visit, id)?;
    let test = match shown.test {
        Some(test) => console.sandbox().delivery(test).await.or_fail(&visit)?,
        None => None,
    };
    let test = test.filter(|test| test.summary.endpoint == id);
    let done = done_text(visit.t, shown.done.as_deref());
    Ok(webhook::details(&visit, &endpoint, webhook::Secret::Hidden, test.as_ref(), done).into_response())
}

pub(in crate::console) async fn uncover(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let endpoint = endpoint(&console, &posted.visit, id)?;
    let visit = Visit { at: format!("/webhooks/{id}"), ..posted.visit };
    Ok(webhook::details(&visit, &endpoint, webhook::Secret::Uncovered, None, None).into_response())
}

pub(in crate::console) async fn confirm_change(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<EndpointId>,
) -> Answer {
    Ok(webhook::confirm_change(&visit, &endpoint(&console, &visit, id)?).into_response())
}

pub(in crate::console) async fn change_secret(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let change = move |platform: &mut Platform, now| platform.change_share_secret(id, now).map(|_| ());
    console.sandbox().change_platform(change).await.or_fail(&posted.visit)?;
    Ok(see(&format!("/webhooks/{id}?done=secret")))
}

/// How long a test's result is waited for before the page is shown, on which it then comes by itself.
const AT_ONCE: Duration = Duration::from_millis(800);

pub(in crate::console) async fn send_test(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let topic = Topic::from(posted.fields.one("topic"));
    let sent = console.sandbox().send_test(id, &topic).await.or_fail(&posted.visit)?;
    let test = sent.id();
    let _ = timeout(AT_ONCE, sent.finished()).await;
    Ok(see(&format!("/webhooks/{id}?test={test}#test")))
}

pub(in crate::console) async fn stop(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let stop = move |platform: &mut Platform, now| platform.stop(id, now).map(|_| ());
    console.sandbox().change_platform(stop).await.or_fail(&posted.visit)?;
    Ok(see("/webhooks?done=stopped"))
}

pub(in crate::console) async fn resume(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let resume = move |platform: &mut Platform, now| platform.resume(id, now).map(|_| ());
    console.sandbox().change_platform(resume).await.or_fail(&posted.visit)?;
    Ok(see("/webhooks?done=resumed"))
}

pub(in crate::console) async fn confirm_delete(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<EndpointId>,
) -> Answer {
    Ok(webhook::confirm_delete(&visit, &endpoint(&console, &visit, id)?).into_response())
}

pub(in crate::console) async fn delete(
    State(console): State<Console>,
    Path(id): Path<EndpointId>,
    posted: Posted,
) -> Answer {
    let delete = move |platform: &mut Platform, _| platform.delete(id).map(|_| ());
    console.sandbox().change_platform(delete).await.or_fail(&posted.visit)?;
    Ok(see("/webhooks?done=deleted"))
}
