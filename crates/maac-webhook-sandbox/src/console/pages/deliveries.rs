//! The log: deliveries, events and each step.

use axum::{
    extract::{Path, Query, State},
    response::IntoResponse,
};
use maac_webhook_sender::{
    dispatch::{DeliveryId, Origin},
    platform::{EndpointId, topic_name},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::delivery;
use crate::{
    DeliverySummary, EventId, Page, Verdict,
    console::{
        Console,
        answer::{Answer, OrFail, missing, see},
        errors,
        history::{Line, Step},
        layout::{self, Place},
        text::fill,
        visit::{Posted, Visit},
    },
};

/// How many deliveries a page has.
const PAGE: usize = 50;

#[derive(Deserialize)]
pub(in crate::console) struct Which {
    before: Option<u64>,
    endpoint: Option<EndpointId>,
}

pub(in crate::console) async fn list(
    State(console): State<Console>,
    visit: Visit,
    Query(which): Query<Which>,
) -> Answer {
    let page = console.sandbox().deliveries(which.endpoint, which.before, PAGE).await.or_fail(&visit)?;
    let t = visit.t;
    let endpoint = which.endpoint.map(|id| format!("endpoint={id}&")).unwrap_or_default();
    let main = html! {
        h1 { (t.deliveries) }
        @if which.endpoint.is_some() { p { a href="/deliveries" { (t.all_deliveries) } } }
        div id="list" data-live="all" { (table(&visit, &page)) }
        nav class="pages" aria-label=(t.pages) {
            @if which.before.is_some() { a href={ "/deliveries?" (endpoint) } { (t.newest) } }
            @if let Some(before) = page.next_before {
                a href={ "/deliveries?" (endpoint) "before=" (before) } rel="next" { (t.older) }
            }
        }
    };
    Ok(layout::page(&visit, Place::Deliveries, t.deliveries, &main).into_response())
}

fn table(visit: &Visit, page: &Page<DeliverySummary>) -> Markup {
    let t = visit.t;
    if page.items.is_empty() {
        return html! { p { (t.no_deliveries) " " a href="/simulate" { (t.simulate_one) } } };
    }
    let table = html! {
        // Its roles are told, since a phone shows its rows as something else.
        table class="list" role="table" {
            caption class="hidden" { (t.deliveries) }
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { (t.time) }
                    th scope="col" role="columnheader" { (t.event) }
                    th scope="col" role="columnheader" { (t.result) }
                    th scope="col" role="columnheader" { (t.endpoint) }
                    th scope="col" role="columnheader" { (t.attempts) }
                }
            }
            tbody role="rowgroup" {
                @for delivery in &page.items {
                    tr role="row" {
                        td role="cell" { (layout::time(delivery.accepted_at)) }
                        td role="cell" {
                            a href={ "/deliveries/" (delivery.id) } { (topic_name(&delivery.topic)) }
                            @if delivery.origin == Origin::Test { " " span class="badge" { (t.origin_test) } }
                            @if delivery.replay_of.is_some() { " " span class="badge" { (t.repeated) } }
                        }
                        td role="cell" { (delivery::verdict(visit, delivery)) }
                        td role="cell" { (delivery.endpoint_name) }
                        td role="cell" {
                            span class="narrow" { (t.attempts) (visit.lang.colon()) } (delivery.attempts)
                        }
                    }
                }
            }
        }
    };
    layout::wide(t.deliveries, &table)
}

pub(in crate::console) async fn details(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<DeliveryId>,
) -> Answer {
    let delivery = console.sandbox().delivery(id).await.or_fail(&visit)?.ok_or_else(|| missing(&visit))?;
    Ok(delivery::page(&visit, &delivery).into_response())
}

pub(in crate::console) async fn send_again(
    State(console): State<Console>,
    Path(id): Path<DeliveryId>,
    posted: Posted,
) -> Answer {
    let again = console.sandbox().send_again(id).await.or_fail(&posted.visit)?;
    Ok(see(&format!("/deliveries/{}", again.id())))
}

pub(in crate::console) async fn event(
    State(console): State<Console>,
    visit: Visit,
    Path(id): Path<EventId>,
) -> Answer {
    let event = console.sandbox().event(id).await.or_fail(&visit)?.ok_or_else(|| missing(&visit))?;
    let t = visit.t;
    let mut summaries = Vec::new();
    for verdict in &event.endpoints {
        let delivery = match verdict.delivery {
            Some(id) => console.sandbox().delivery(id).await.or_fail(&visit)?,
            None => None,
        };
        summaries.push(delivery.map(|delivery| delivery.summary));
    }
    let title = format!("{}{}{}", t.event, visit.lang.colon(), topic_name(&event.topic));
    let main = html! {
        h1 { (title) }
        (layout::facts(&[(t.time, layout::exact_time(event.happened_at)), (t.topic, html! { code { (event.topic) } })]))
        h2 { (t.at_each_endpoint) }
        div id="event" data-live="all" {
            @if event.endpoints.is_empty() {
                p { (t.no_endpoint) " " a href="/webhooks/new" { (t.create_webhook) } }
            }
            ul class="cards" {
                @for (verdict, summary) in event.endpoints.iter().zip(&summaries) {
                    li class="card" {
                        h3 { a href={ "/webhooks/" (verdict.endpoint) } { (verdict.endpoint_name) } }
                        (fate(&visit, verdict, summary.as_ref()))
                    }
                }
            }
        }
        p { a class="button" href="/simulate" { (t.simulate_another) } }
    };
    Ok(layout::page(&visit, Place::Simulate, &title, &main).into_response())
}

/// What became of an event at an endpoint.
pub(super) fn fate(visit: &Visit, verdict: &Verdict, summary: Option<&DeliverySummary>) -> Markup {
    let t = visit.t;
    html! {
        @if let Some(why_not) = &verdict.not_delivered {
            p class="not-delivered" { (fill(t.not_delivered_because, &[&errors::reason(visit.lang, why_not)])) }
        }
        @if let Some(summary) = summary { p { (delivery::verdict(visit, summary)) } }
        @if let Some(id) = verdict.delivery { p { a href={ "/deliveries/" (id) } { (t.all_of_delivery) } } }
    }
}

pub(in crate::console) async fn log(State(console): State<Console>, visit: Visit) -> Markup {
    let t = visit.t;
    let lines = console.history().lines();
    let main = html! {
        h1 { (t.live_log) }
        p class="hint" { (t.live_log_hint) }
        noscript { p { a href="" { (t.reload) } } }
        div id="log" data-live="all" {
            @if lines.is_empty() { p { (t.no_steps) } }
            ol class="log" { @for line in &lines { li { (step(&visit, line)) } } }
        }
    };
    layout::page(&visit, Place::Log, t.live_log, &main)
}

fn step(visit: &Visit, line: &Line) -> Markup {
    let t = visit.t;
    let again = |at: &Option<jiff::Timestamp>| {
        html! {
            @if let Some(at) = at { " · " (t.next_at) " " (layout::exact_time(*at)) }
        }
    };
    html! {
        @if let Some(at) = line.at { (layout::exact_time(at)) " " }
        strong { (line.endpoint) } " "
        @if let (Some(topic), Some(id)) = (&line.topic, line.delivery) {
            a href={ "/deliveries/" (id) } { (topic) } " "
        } @else if let Some(id) = line.delivery {
            a href={ "/deliveries/" (id) } { (t.delivery) } " "
        }
        @match &line.step {
            Step::Accepted => (t.step_accepted),
            Step::AttemptBegan { number } => (fill(t.step_began, &[&number.to_string()])),
            Step::Answered { number, status, next_attempt_at } => {
                (fill(t.step_answered, &[&number.to_string(), &status.to_string()])) (again(next_attempt_at))
            }
            Step::NotAnswered { number, error, next_attempt_at } => {
                (fill(t.step_not_answered, &[&number.to_string(), errors::transport(visit.lang, error)]))
                (again(next_attempt_at))
            }
            Step::Ended { state, because } => {
                (layout::state(visit.lang, *state))
                @if let Some(because) = because {
                    " " (fill(t.not_delivered_because, &[&errors::reason(visit.lang, because)]))
                }
            }
            Step::Missed { count } => (fill(t.step_missed, &[&count.to_string()])),
        }
    }
}
