use axum::extract::State;
use maac_webhook_sender::producers::ProfileBinding;
use maud::{Markup, html};
use serde_json::json;

use super::{friend_fields, friend_of, note, publish, refused, sms_plus::templates};
use crate::console::{
    Console,
    answer::Answer,
    forms::{Faults, Form},
    layout::{self, Place},
    visit::{Fields, Posted, Visit},
};

pub(in crate::console) async fn show(State(console): State<Console>, visit: Visit) -> Markup {
    let fields = Fields::default().with("phone_number", "+886912345678").with("source", "pnp");
    form(&console, &visit, &fields, &Faults::default())
}

pub(in crate::console) async fn bind(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    match friend_of(&console, &fields).await {
        Ok(friend) => {
            let chosen = fields.one("pnp_setting_id");
            let setting = {
                let producers = console.sandbox().producers();
                producers.setup().pnp_settings.iter().find(|own| own.id.to_string() == chosen).cloned()
            };
            let binding = setting.and_then(|setting| {
                serde_json::from_value::<ProfileBinding>(json!({
                    "pnp_setting_id": setting.id,
                    "pnp_setting_name": setting.name,
                    "phone_number": fields.one("phone_number"),
                    "source": fields.one("source"),
                    "friend": friend,
                }))
                .ok()
            });
            match binding.map(|binding| binding.event()) {
                Some(Ok(event)) => {
                    if let Some(page) = publish(&console, &visit, &mut faults, event).await? {
                        return Ok(page);
                    }
                }
                Some(Err(error)) => note(&visit, &mut faults, &error.into())?,
                None => faults.add(Some("pnp_setting_id"), visit.t.choose_template),
            }
        }
        Err(error) => note(&visit, &mut faults, &error)?,
    }
    Ok(refused(&faults, form(&console, &visit, &fields, &faults)))
}

fn form(console: &Console, visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let setup = console.sandbox().producers().setup().clone();
    let sources = [("pnp".to_owned(), html! { (t.by_pnp) }), ("sms".to_owned(), html! { (t.by_sms) })];
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.profile) }
        (form.summary())
        p { (t.profile_help) }
        form method="post" action="/simulate/profile" class="stack" novalidate {
            (layout::csrf(visit))
            (form.select("pnp_setting_id", t.template, &templates(&setup)))
            (form.text("phone_number", t.phone_number, "text", Some(t.phone_number_hint)))
            (form.choices("source", t.source, "radio", &sources, None))
            (friend_fields(&form, &setup))
            button { (t.bind) }
        }
    };
    layout::page(visit, Place::Simulate, t.profile, &main)
}
