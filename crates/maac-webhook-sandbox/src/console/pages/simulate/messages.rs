use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use maac_webhook_sender::producers::{
    EnhancedMulticast, MessageKind, Multicast, NoFirstOpen, Push, PushedMessage,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{friend_options, note, number, refused, see_event};
use crate::console::{
    Console,
    answer::{Answer, OrFail, see},
    errors,
    forms::{Faults, Form},
    layout::{self, Place},
    pages::webhooks::done_text,
    text::fill,
    visit::{Fields, Posted, Visit},
};

/// How many of each the page has: the newest.
const SHOWN: usize = 20;

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    done: Option<String>,
}

pub(in crate::console) async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let done = done_text(visit.t, shown.done.as_deref());
    let fields = Fields::default().with("template_id", "1001").with("kind", "push");
    page(&console, &visit, &fields, &Faults::default(), done)
}

pub(in crate::console) async fn broadcast(State(console): State<Console>, posted: Posted) -> Answer {
    console.sandbox().broadcast().await.or_fail(&posted.visit)?;
    Ok(see("/simulate/messages?done=saved"))
}

pub(in crate::console) async fn create_event(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    match console.sandbox().create_openapi_event(fields.one("name")).await {
        Ok(_) => Ok(see("/simulate/messages?done=saved")),
        Err(error) => {
            let mut faults = Faults::default();
            note(&visit, &mut faults, &error)?;
            Ok(refused(&faults, page(&console, &visit, &fields, &faults, None)))
        }
    }
}

pub(in crate::console) async fn push(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let template = number::<u64>(&visit, &fields, "template_id", &mut faults);
    let event_id = match fields.filled("event_id") {
        Some(_) => number::<u64>(&visit, &fields, "event_id", &mut faults),
        None => None,
    };
    let to: Vec<String> = fields.all("to").map(ToOwned::to_owned).collect();
    if let Some(template) = template.filter(|_| faults.is_empty()) {
        let sandbox = console.sandbox();
        let pushed = match fields.one("kind") {
            _ if to.is_empty() => Ok(()),
            "multicast" => sandbox.multicast(Multicast::new(template, event_id, &to)).await.map(drop),
            "enhanced" => {
                sandbox.enhanced_multicast(EnhancedMulticast::new(template, event_id, &to)).await.map(drop)
            }
            // A push is to one friend: to several it is several.
            _ => sandbox.push(to.iter().map(|to| Push::new(template, event_id, to))).await.map(drop),
        };
        match pushed {
            Ok(()) if to.is_empty() => faults.add(Some("to"), visit.t.choose_friend),
            Ok(()) => return Ok(see("/simulate/messages?done=saved")),
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, page(&console, &visit, &fields, &faults, None)))
}

pub(in crate::console) async fn open(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let friend = {
        let producers = console.sandbox().producers();
        producers.setup().friends.iter().find(|own| own.line_uid == fields.one("friend")).cloned()
    };
    let opened = match (friend, fields.one("message").parse::<u64>().ok()) {
        (Some(friend), Some(id)) if fields.one("kind") == "broadcast" => {
            Some(console.sandbox().open_broadcast(id, friend).await)
        }
        (Some(friend), Some(id)) => Some(console.sandbox().open_message(id, friend).await),
        _ => None,
    };
    match opened {
        Some(Ok(Ok(event))) => return Ok(see_event(&event)),
        Some(Ok(Err(why))) => return Ok(no_event(&visit, why).into_response()),
        Some(Err(error)) => note(&visit, &mut faults, &error)?,
        None => faults.add(None, visit.t.choose_friend),
    }
    Ok(refused(&faults, page(&console, &visit, &fields, &faults, None)))
}

/// An open that gives no event is no error, and worth knowing.
fn no_event(visit: &Visit, why: NoFirstOpen) -> Markup {
    let t = visit.t;
    let main = html! {
        h1 { (t.opened) }
        p role="status" class="not-delivered" { (fill(t.no_event_because, &[&errors::no_first_open(visit.lang, why)])) }
        p { a class="button" href="/simulate/messages" { (t.back) } }
    };
    layout::page(visit, Place::Simulate, t.opened, &main)
}

fn page(console: &Console, visit: &Visit, fields: &Fields, faults: &Faults, done: Option<&str>) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let now = console.sandbox().now();
    let producers = console.sandbox().producers();
    let (setup, messages) = (producers.setup(), &producers.messages);
    let friends = friend_options(setup, None);
    let to: Vec<_> = friends.iter().map(|(value, text)| (value.clone(), html! { (text) })).collect();
    let events: Vec<_> = std::iter::once((String::new(), t.no_event_id.to_owned()))
        .chain(
            messages
                .events()
                .map(|event| (event.id().to_string(), format!("{} ({})", event.name(), event.id()))),
        )
        .collect();
    let kinds = [("push", t.kind_push), ("multicast", t.kind_multicast), ("enhanced", t.kind_enhanced)];
    let kinds = kinds.map(|(value, text)| (value.to_owned(), html! { (text) }));
    let open = |kind: &str, id: u64| {
        html! {
            form method="post" action="/simulate/messages/open" class="row" {
                (layout::csrf(visit))
                input type="hidden" name="kind" value=(kind);
                input type="hidden" name="message" value=(id);
                div class="field" {
                    label for={ "friend-" (id) } { (t.friend) }
                    select id={ "friend-" (id) } name="friend" { @for (value, text) in &friends { option value=(value) { (text) } } }
                }
                button { (t.open) }
            }
        }
    };
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.messages) }
        (layout::done(done))
        (form.summary())
        p { (t.messages_help) }
        section aria-labelledby="push" {
            h2 id="push" { (t.push_message) }
            form method="post" action="/simulate/messages/push" class="stack" novalidate {
                (layout::csrf(visit))
                (form.choices("kind", t.kind, "radio", &kinds, None))
                (form.text("template_id", t.message_template, "text", None))
                (form.select("event_id", t.event_id, &events))
                (form.choices("to", t.recipients, "checkbox", &to, None))
                button { (t.push) }
            }
        }
        section aria-labelledby="broadcasting" {
            h2 id="broadcasting" { (t.broadcast) }
            form method="post" action="/simulate/messages/broadcast" { (layout::csrf(visit)) button { (t.send_broadcast) } }
        }
        section aria-labelledby="events" {
            h2 id="events" { (t.create_event) }
            form method="post" action="/simulate/messages/event" class="row" novalidate {
                (layout::csrf(visit))
                (form.text("name", t.event_name, "text", None))
                button { (t.create) }
            }
        }
        section aria-labelledby="sent" {
            h2 id="sent" { (t.sent_messages) }
            @if messages.messages().len() + messages.broadcasts().len() == 0 { p { (t.no_messages) } }
            ul class="cards" {
                @for (id, opens) in messages.broadcasts().take(SHOWN) {
                    li class="card" {
                        h3 { (t.broadcast) " " (id) }
                        p { (fill(t.opened_by, &[&opens.to_string()])) }
                        (open("broadcast", id))
                    }
                }
                @for message in messages.messages().take(SHOWN) {
                    li class="card" {
                        h3 { (kind(visit, message)) " " (message.id()) }
                        p {
                            @match message.event_id() { Some(id) => { "event_id " (id) }, None => (t.no_event_id) }
                            " · " (fill(t.opened_by, &[&message.opens().to_string()]))
                        }
                        @if message.sent_at() > now { p { (t.sent_at) " " (layout::exact_time(message.sent_at())) } }
                        (open("push", message.id()))
                    }
                }
            }
        }
    };
    layout::page(visit, Place::Simulate, t.messages, &main)
}

fn kind(visit: &Visit, message: &PushedMessage) -> &'static str {
    match message.kind() {
        MessageKind::Multicast => visit.t.kind_multicast,
        MessageKind::EnhancedMulticast => visit.t.kind_enhanced,
        _ => visit.t.kind_push,
    }
}
