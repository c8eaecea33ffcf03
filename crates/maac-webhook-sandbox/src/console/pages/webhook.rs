//! One webhook endpoint: its details, its secret and its tests.

use maac_webhook_sender::platform::{WebhookEndpoint, topic_name};
use maud::{Markup, html};

use super::{
    delivery,
    webhooks::{delete_link, status, stop_or_resume},
};
use crate::{
    DeliveryDetails,
    console::{
        layout::{self, Place},
        text::fill,
        visit::Visit,
    },
};

/// Whether the share secret can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    Hidden,
    Uncovered,
}

pub(super) fn details(
    visit: &Visit,
    endpoint: &WebhookEndpoint,
    secret: Secret,
    test: Option<&DeliveryDetails>,
    done: Option<&str>,
) -> Markup {
    let (t, id) = (visit.t, endpoint.id());
    let main = html! {
        p class="crumbs" { a href="/webhooks" { (t.webhooks) } }
        div class="title" {
            h1 { (endpoint.name()) }
            div class="actions" { (stop_or_resume(visit, endpoint)) (delete_link(visit, endpoint)) }
        }
        (layout::done(done))
        (layout::facts(&[
            (t.create_time, layout::time(endpoint.created_at())),
            (t.update_time, layout::time(endpoint.updated_at())),
            (t.status, status(visit, endpoint.status())),
            (t.url, html! { span class="url" { (endpoint.url()) } }),
            (t.share_secret, share_secret(visit, endpoint, secret)),
            (t.subscribed_events, html! {
                ul class="topics" { @for topic in endpoint.topics() { li { (topic_name(topic)) " " code { (topic) } } } }
            }),
        ]))
        section aria-labelledby="test" {
            h2 id="test" { (t.send_test) }
            form method="post" action={ "/webhooks/" (id) "/test" } class="row" {
                (layout::csrf(visit))
                div class="field" {
                    label for="topic" { (t.event_type) }
                    select id="topic" name="topic" {
                        @for topic in endpoint.topics() {
                            @let last = test.is_some_and(|test| test.summary.topic == *topic);
                            option value=(topic) selected[last] { (topic_name(topic)) }
                        }
                    }
                }
                button { (t.send_test) }
            }
            @if let Some(test) = test { (result(visit, test)) }
        }
        p { a href={ "/deliveries?endpoint=" (id) } { (t.deliveries_of_endpoint) } }
    };
    layout::page(visit, Place::Webhooks, endpoint.name(), &main)
}

fn share_secret(visit: &Visit, endpoint: &WebhookEndpoint, secret: Secret) -> Markup {
    let (t, id) = (visit.t, endpoint.id());
    html! {
        div class="secret" {
            @match secret {
                Secret::Hidden => {
                    span class="covered" aria-label=(t.secret_hidden) role="img" { "••••••••••••••••" }
                    form method="post" action={ "/webhooks/" (id) "/secret" } {
                        (layout::csrf(visit))
                        button class="quiet" { (eye()) " " (t.show_secret) }
                    }
                }
                Secret::Uncovered => {
                    code class="uncovered" { (endpoint.share_secret().expose_secret()) }
                    a class="button quiet" href={ "/webhooks/" (id) } { (eye()) " " (t.hide_secret) }
                }
            }
            a class="button quiet" href={ "/webhooks/" (id) "/secret/change" } { (t.change_secret) }
        }
    }
}

pub(super) fn eye() -> Markup {
    html! {
        svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
            path d="M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7-10-7-10-7z" {}
            circle cx="12" cy="12" r="3" {}
        }
    }
}

/// What was sent and what came of it, as they are.
fn result(visit: &Visit, test: &DeliveryDetails) -> Markup {
    let t = visit.t;
    html! {
        div id="result" data-live=(test.summary.id) class="result" {
            p role="status" {
                strong { (t.result) (visit.lang.colon()) } (delivery::verdict(visit, &test.summary))
            }
            (delivery::waiting(visit, test))
            h3 { (t.request_json) }
            (layout::verbatim(t.request_json, test.body.as_text().unwrap_or_default()))
            @if let Some(attempt) = test.timeline.last() {
                h3 { (t.response) }
                (delivery::response(visit, attempt))
            }
            p { a href={ "/deliveries/" (test.summary.id) } { (t.all_of_delivery) } }
        }
    }
}

pub(super) fn confirm_change(visit: &Visit, endpoint: &WebhookEndpoint) -> Markup {
    let (t, id) = (visit.t, endpoint.id());
    let main = html! {
        h1 { (t.change_secret) }
        p { (fill(t.change_secret_of, &[endpoint.name()])) }
        ul {
            li { (t.change_secret_at_once) }
            li { (t.change_secret_lost) }
            li { (t.change_secret_retries) }
        }
        p { (t.change_secret_advice) }
        form method="post" action={ "/webhooks/" (id) "/secret/change" } class="actions" {
            (layout::csrf(visit))
            button class="danger" { (t.change_secret) }
            a class="button quiet" href={ "/webhooks/" (id) } { (t.cancel) }
        }
    };
    layout::page(visit, Place::Webhooks, t.change_secret, &main)
}

pub(super) fn confirm_delete(visit: &Visit, endpoint: &WebhookEndpoint) -> Markup {
    let (t, id) = (visit.t, endpoint.id());
    let main = html! {
        h1 { (t.delete_webhook) }
        p { (fill(t.delete_of, &[endpoint.name()])) }
        p { (t.delete_consequence) }
        form method="post" action={ "/webhooks/" (id) "/delete" } class="actions" {
            (layout::csrf(visit))
            button class="danger" { (t.delete) }
            a class="button quiet" href="/webhooks" { (t.cancel) }
        }
    };
    layout::page(visit, Place::Webhooks, t.delete_webhook, &main)
}
