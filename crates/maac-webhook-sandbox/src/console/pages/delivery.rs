//! One delivery: its request to the byte, and what came of each attempt.

use maac_webhook_sender::{dispatch::Origin, platform::topic_name};
use maud::{Markup, html};

use crate::{
    AttemptResult, DeliveryDetails, DeliveryState, DeliverySummary, StoredAttempt,
    console::{
        curl, errors, hex,
        layout::{self, Place},
        text::fill,
        visit::Visit,
    },
};

/// How it stands: its state, and the last answer.
pub(super) fn verdict(visit: &Visit, summary: &DeliverySummary) -> Markup {
    html! {
        (layout::state(visit.lang, summary.state))
        @if let Some(status) = summary.status { " " (status_code(status)) }
        @if let Some(error) = &summary.error { " " span class="error" { (errors::transport(visit.lang, error)) } }
        @if let Some(because) = &summary.because {
            " " (fill(visit.t.not_delivered_because, &[&errors::reason(visit.lang, because)]))
        }
    }
}

fn status_code(status: u16) -> Markup {
    html! { code class={ "status s" (status / 100) } { (status) } }
}

/// What it waits for.
pub(super) fn waiting(visit: &Visit, delivery: &DeliveryDetails) -> Markup {
    let (t, summary) = (visit.t, &delivery.summary);
    html! {
        @if let Some(next) = summary.next_attempt_at {
            p class="waiting" {
                (fill(t.next_attempt, &[&(summary.attempts + 1).to_string()])) " " (layout::exact_time(next))
                " " span class="countdown" data-countdown=(next) data-text=(t.in_seconds) {}
            }
        } @else if let Some(began) = delivery.attempt_began_at {
            p class="waiting" {
                (fill(t.attempt_under_way, &[&(summary.attempts + 1).to_string()])) " " (layout::exact_time(began))
            }
        } @else if summary.state == DeliveryState::UnderWay {
            p class="waiting" { (t.waits_for_turn) }
        }
        @if summary.state == DeliveryState::UnderWay {
            noscript { p { a href="" { (t.reload) } } }
        }
    }
}

/// An answer as it came, or why there is none.
pub(super) fn response(visit: &Visit, attempt: &StoredAttempt) -> Markup {
    let t = visit.t;
    match &attempt.result {
        AttemptResult::Response(response) => {
            let body = response.body.as_bytes();
            html! {
                p { (t.status_code) (visit.lang.colon()) (status_code(response.status)) }
                p { (t.response_body) @if response.truncated { (visit.lang.in_brackets(t.cut_off)) } (visit.lang.colon()) }
                @if body.is_empty() {
                    p class="hint" { (t.empty) }
                } @else {
                    @match response.body.as_text() {
                        Some(text) => (layout::verbatim(t.response_body, text)),
                        None => (layout::verbatim(t.response_body, &hex::dump(body))),
                    }
                }
            }
        }
        AttemptResult::Error { kind, message } => html! {
            p class="error" { (errors::transport(visit.lang, kind)) }
            p class="hint" { code { (kind) } (visit.lang.colon()) (message) }
        },
    }
}

pub(super) fn page(visit: &Visit, delivery: &DeliveryDetails) -> Markup {
    let (t, summary) = (visit.t, &delivery.summary);
    let title = format!("{}{}{}", t.delivery, visit.lang.colon(), topic_name(&summary.topic));
    let origin = if summary.origin == Origin::Test { t.origin_test } else { t.origin_event };
    let main = html! {
        p class="crumbs" { a href="/deliveries" { (t.deliveries) } }
        div class="title" {
            h1 { (title) }
            form method="post" action={ "/deliveries/" (summary.id) "/again" } {
                (layout::csrf(visit))
                button { (t.send_again) }
            }
        }
        div id="now" data-live=(summary.id) {
            p role="status" { (verdict(visit, summary)) }
            (waiting(visit, delivery))
            (layout::facts(&[
                (t.endpoint, html! { a href={ "/webhooks/" (summary.endpoint) } { (summary.endpoint_name) } }),
                (t.origin, html! {
                    (origin)
                    @if let Some(before) = summary.replay_of {
                        " · " a href={ "/deliveries/" (before) } { (t.sent_again_of) }
                    }
                }),
                (t.idempotency_key, html! { code { (summary.idempotency_key) } }),
                (t.accepted_at, layout::exact_time(summary.accepted_at)),
            ]))
            h2 { (t.attempts) }
            @if delivery.timeline.is_empty() { p { (t.no_attempt_yet) } }
            ol class="timeline" {
                @for attempt in &delivery.timeline { li { (timeline(visit, attempt)) } }
            }
            h2 { (t.request) }
            (request(visit, delivery))
        }
    };
    layout::page(visit, Place::Deliveries, &title, &main)
}

fn timeline(visit: &Visit, attempt: &StoredAttempt) -> Markup {
    let t = visit.t;
    html! {
        h3 { (fill(t.attempt_number, &[&attempt.number.to_string()])) }
        p {
            (layout::exact_time(attempt.started_at)) " · "
            (fill(t.took, &[&format!("{:.1}", attempt.duration.as_secs_f64() * 1000.0)]))
            @if let Some(delay) = attempt.retry_after {
                " · " (fill(t.tried_again_after, &[&delay.as_secs_f64().to_string()]))
            }
        }
        (response(visit, attempt))
        @if let AttemptResult::Response(response) = &attempt.result {
            details {
                summary { (t.response_headers) }
                (layout::verbatim(t.response_headers, &headers(&response.headers)))
            }
        }
    }
}

fn request(visit: &Visit, delivery: &DeliveryDetails) -> Markup {
    let t = visit.t;
    let body = delivery.body.as_bytes();
    html! {
        @match &delivery.url {
            Some(url) => {
                p { code class="url" { "POST " (url) } }
                (layout::verbatim(t.request_headers, &headers(&delivery.headers)))
            }
            None => p class="hint" { (t.not_signed_yet) }
        }
        h3 { (t.request_body) }
        p class="hint" { (fill(t.signed_bytes, &[&body.len().to_string()])) }
        (layout::verbatim(t.request_body, delivery.body.as_text().unwrap_or_default()))
        details {
            summary { (t.as_hex) }
            (layout::verbatim(t.as_hex, &hex::dump(body)))
        }
        @if let Some(url) = &delivery.url {
            details {
                summary { (t.as_curl) }
                p class="hint" { (t.as_curl_hint) }
                (layout::verbatim(t.as_curl, &curl::command(url, &delivery.headers, body)))
            }
        }
    }
}

fn headers(headers: &[(String, String)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}
