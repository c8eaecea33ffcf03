use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use maac_webhook_sender::platform::{PlatformErrorKind, Purchase, Zone, topic_name};
use maud::{Markup, html};

use crate::{
    SandboxErrorKind,
    console::{
        Console,
        answer::{Answer, failed, see},
        errors,
        forms::{Faults, Form},
        layout::{self, Place},
        visit::{Fields, Posted, Visit},
    },
};

/// The period's first and last day, by Taiwan's calendar.
pub(in crate::console) fn days(purchase: &Purchase) -> (Date, Date) {
    let taiwan = TimeZone::fixed(jiff::tz::offset(8));
    let day = |at: jiff::Timestamp| at.to_zoned_datetime(taiwan.clone()).date();
    // `until` is the first moment outside.
    let last = purchase.until().checked_sub(1.nanosecond()).unwrap_or(purchase.until());
    (day(purchase.from()), day(last))
}

pub(in crate::console) async fn show(State(console): State<Console>, visit: Visit) -> Markup {
    let fields = {
        let platform = console.sandbox().platform();
        let (first, last) = days(platform.purchase());
        let fields = Fields::default().with("first", first.to_string()).with("last", last.to_string());
        platform
            .purchase()
            .zones()
            .fold(fields, |fields, zone| fields.with("zones", zone.number().to_string()))
    };
    form(&visit, &fields, &Faults::default())
}

pub(in crate::console) async fn set(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let day = |name: &'static str, faults: &mut Faults| match fields.one(name).parse::<Date>() {
        Ok(day) => day,
        Err(_) => {
            faults.add(Some(name), visit.t.not_a_day);
            Date::default()
        }
    };
    let (first, last) = (day("first", &mut faults), day("last", &mut faults));
    let zones = Zone::ALL.into_iter().filter(|zone| fields.has("zones", &zone.number().to_string()));
    if faults.is_empty() {
        match Purchase::of_days(zones, first, last) {
            Ok(purchase) => {
                let set = console.sandbox().change_platform(move |platform, _| {
                    platform.set_purchase(purchase);
                    Ok(())
                });
                set.await.map_err(|error| failed(&visit, &error))?;
                return Ok(see("/webhooks?done=purchase"));
            }
            Err(refused) => {
                let field = match refused.kind() {
                    PlatformErrorKind::NoZone => "zones",
                    _ => "last",
                };
                let kind = SandboxErrorKind::Platform(refused.kind().clone());
                faults.add(Some(field), errors::sandbox(visit.lang, &kind));
            }
        }
    }
    let page: Response = (StatusCode::UNPROCESSABLE_ENTITY, form(&visit, &fields, &faults)).into_response();
    Ok(page)
}

fn form(visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let zones = Zone::ALL.map(|zone| {
        let topics: Vec<_> = zone.topics().map(topic_name).collect();
        (
            zone.number().to_string(),
            html! { "Webhook zone " (zone.number()) span class="hint" { (visit.lang.list(&topics)) } },
        )
    });
    let main = html! {
        h1 { (t.purchase) }
        p { (t.purchase_help) }
        (form.summary())
        form method="post" action="/purchase" class="stack" {
            (layout::csrf(visit))
            (form.choices("zones", t.zones, "checkbox", &zones, None))
            (form.text("first", t.first_day, "date", None))
            (form.text("last", t.last_day, "date", Some(t.last_day_hint)))
            div class="actions" {
                button { (t.save) }
                a class="button quiet" href="/webhooks" { (t.cancel) }
            }
        }
    };
    layout::page(visit, Place::Webhooks, t.purchase, &main)
}
