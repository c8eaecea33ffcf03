//! What pages have in common.

use jiff::Timestamp;
use maac_webhook_sender::{wire_time, wire_wall_clock};
use maud::{DOCTYPE, Markup, html};

use super::{assets, text::Lang, visit::Visit};
use crate::DeliveryState;

/// Where in the console a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Webhooks,
    Deliveries,
    Simulate,
    Log,
    OpenApi,
    Nowhere,
}

pub(super) fn page(visit: &Visit, place: Place, title: &str, main: &Markup) -> Markup {
    let t = visit.t;
    let places = [
        (Place::Webhooks, "/webhooks", t.webhooks),
        (Place::Simulate, "/simulate", t.simulate),
        (Place::Deliveries, "/deliveries", t.deliveries),
        (Place::Log, "/log", t.live_log),
        (Place::OpenApi, "/openapi", t.openapi),
    ];
    let places = places.into_iter().filter(|(own, ..)| *own != Place::OpenApi || visit.has_openapi);
    html! {
        (DOCTYPE)
        html lang=(visit.lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (t.product) }
                link rel="stylesheet" href={ "/assets/console.css?" (*assets::VERSION) };
                link rel="icon" href="data:,";
                script src={ "/assets/console.js?" (*assets::VERSION) } defer {}
            }
            body {
                a class="skip" href="#main" { (t.skip) }
                header class="top" {
                    p class="brand" { a href="/" { (t.product) } }
                    nav aria-label=(t.navigation) {
                        ul {
                            @for (own, path, name) in places {
                                li { a href=(path) aria-current=[(own == place).then_some("page")] { (name) } }
                            }
                        }
                    }
                    (languages(visit))
                    @if visit.logged_in {
                        form method="post" action="/logout" { (csrf(visit)) button class="quiet" { (t.log_out) } }
                    }
                }
                main id="main" tabindex="-1" {
                    (main)
                }
                footer { p { (t.footer) } }
            }
        }
    }
}

fn languages(visit: &Visit) -> Markup {
    let other = visit.lang.other();
    html! {
        form method="post" action="/language" {
            (csrf(visit))
            input type="hidden" name="next" value=(visit.at);
            button class="quiet" name="language" value=(other.tag()) lang=(other.tag()) { (other.own_name()) }
        }
    }
}

pub(super) fn csrf(visit: &Visit) -> Markup {
    html! { input type="hidden" name="csrf_token" value=(visit.csrf_token); }
}

/// A page that says one thing.
pub(super) fn notice(visit: &Visit, title: &str, text: &str) -> Markup {
    let main = html! {
        h1 { (title) }
        p role="alert" { (text) }
        p { a class="button" href="/webhooks" { (visit.t.back_to_webhooks) } }
    };
    page(visit, Place::Nowhere, title, &main)
}

/// What has just been done.
pub(super) fn done(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p class="done" role="status" { (text) } } }
}

/// A moment, by Taiwan's clock.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) title=(wire_time(at)) { (wire_wall_clock(at)) } }
}

/// The same to the millisecond.
pub(super) fn exact_time(at: Timestamp) -> Markup {
    let exact = wire_time(at);
    // 2025-11-28T10:00:00.123456+08:00
    let (day, clock) = (exact.get(..10).unwrap_or_default(), exact.get(11..23).unwrap_or_default());
    html! { time datetime=(at) title=(exact) { (day) " " (clock) } }
}

pub(super) fn state(lang: Lang, state: DeliveryState) -> Markup {
    let (t, class) = (lang.texts(), state.as_str());
    let text = match state {
        DeliveryState::UnderWay => t.state_under_way,
        DeliveryState::Delivered => t.state_delivered,
        DeliveryState::Refused => t.state_refused,
        DeliveryState::Exhausted => t.state_exhausted,
        DeliveryState::Cancelled => t.state_cancelled,
        DeliveryState::Interrupted => t.state_interrupted,
    };
    html! { span class={ "badge " (class) } { (text) } }
}

/// A list of names and what they are.
pub(super) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl class="facts" {
            @for (name, fact) in facts { div { dt { (name) } dd { (fact) } } }
        }
    }
}

/// A table or text that may be wider than the page: it scrolls by itself, and by the keyboard.
pub(super) fn wide(label: &str, inner: &Markup) -> Markup {
    html! { div class="wide" role="region" aria-label=(label) tabindex="0" { (inner) } }
}

/// Bytes or text as they are.
pub(super) fn verbatim(label: &str, text: &str) -> Markup {
    html! { pre class="wide" role="region" aria-label=(label) tabindex="0" { code { (text) } } }
}
