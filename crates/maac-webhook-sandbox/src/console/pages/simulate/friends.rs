//! The friends that forms offer.

use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use maac_webhook_sender::producers::{Friend, ProducerErrorKind};
use maud::{Markup, html};
use serde::Deserialize;

use super::{delete, note, refused};
use crate::{
    SandboxErrorKind,
    console::{
        Console,
        answer::{Answer, missing, see},
        errors,
        forms::{Faults, Form},
        layout::{self, Place},
        pages::webhooks::done_text,
        visit::{Fields, Posted, Visit},
    },
};

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    done: Option<String>,
    line_uid: Option<String>,
}

pub(in crate::console) async fn list(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let t = visit.t;
    let producers = console.sandbox().producers();
    let friends = &producers.setup().friends;
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        div class="title" {
            h1 { (t.friends) }
            a class="button" href="/simulate/friend" { (t.add_friend) }
        }
        (layout::done(done_text(t, shown.done.as_deref())))
        p { (t.friends_help) }
        @if friends.is_empty() { p { (t.no_friend) } }
        ul class="cards" {
            @for friend in friends {
                li class="card" {
                    p { code { (friend.line_uid) } }
                    p {
                        (t.customer_id) (visit.lang.colon())
                        @match &friend.customer_id { Some(id) => (id), None => (t.none) }
                    }
                    p class="links" {
                        a href={ "/simulate/friend?line_uid=" (friend.line_uid) } {
                            (t.change) span class="hidden" { (visit.lang.colon()) (friend.line_uid) }
                        }
                        (delete::link(&visit, delete::Kind::Friend, &friend.line_uid, &friend.line_uid))
                    }
                }
            }
        }
    };
    layout::page(&visit, Place::Simulate, t.friends, &main)
}

pub(in crate::console) async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Answer {
    let Some(line_uid) = shown.line_uid else {
        return Ok(form(&visit, &Fields::default(), &Faults::default()).into_response());
    };
    let producers = console.sandbox().producers();
    let known = producers.setup().friends.iter().find(|own| own.line_uid == line_uid);
    let known = known.ok_or_else(|| missing(&visit))?;
    let fields = Fields::default()
        .with("before", known.line_uid.clone())
        .with("line_uid", known.line_uid.clone())
        .with("customer_id", known.customer_id.clone().unwrap_or_default());
    Ok(form(&visit, &fields, &Faults::default()).into_response())
}

pub(in crate::console) async fn put(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let mut friend = Friend::new(fields.one("line_uid"));
    friend.customer_id = fields.filled("customer_id").map(ToOwned::to_owned);
    let before = fields.one("before").to_owned();
    let is_taken = before != friend.line_uid
        && console.sandbox().producers().setup().friends.iter().any(|own| own.line_uid == friend.line_uid);
    if is_taken {
        faults.add(Some("line_uid"), visit.t.friend_taken);
        return Ok(refused(&faults, form(&visit, &fields, &faults)));
    }
    let put = console.sandbox().change_setup(move |setup| {
        match setup.friends.iter_mut().find(|own| own.line_uid == before) {
            Some(own) => *own = friend,
            None => setup.put_friend(friend),
        }
        Ok(())
    });
    match put.await {
        Ok(()) => return Ok(see("/simulate/friends?done=saved")),
        Err(error) => match error.kind() {
            SandboxErrorKind::Producer(kind @ ProducerErrorKind::InvalidLineUid) => {
                faults.add(Some("line_uid"), errors::producer(visit.lang, kind));
            }
            _ => note(&visit, &mut faults, &error)?,
        },
    }
    Ok(refused(&faults, form(&visit, &fields, &faults)))
}

fn form(visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let main = html! {
        p class="crumbs" { a href="/simulate/friends" { (t.friends) } }
        h1 { (t.friend) }
        (form.summary())
        form method="post" action="/simulate/friend" class="stack" novalidate {
            (layout::csrf(visit))
            input type="hidden" name="before" value=(fields.raw("before"));
            (form.text("line_uid", t.line_uid, "text", Some(t.line_uid_form)))
            (form.text("customer_id", t.customer_id, "text", Some(t.may_be_empty)))
            div class="actions" { button { (t.save) } a class="button quiet" href="/simulate/friends" { (t.cancel) } }
        }
    };
    layout::page(visit, Place::Simulate, t.friend, &main)
}
