use axum::extract::State;
use jiff::ToSpan;
use maac_webhook_sender::producers::PointsGrant;
use maud::{Markup, html};
use serde_json::json;

use super::{friend_fields, friend_of, note, number, publish, refused, taiwan_text, taiwan_time};
use crate::console::{
    Console,
    answer::Answer,
    forms::{Faults, Form},
    layout::{self, Place},
    visit::{Fields, Posted, Visit},
};

pub(in crate::console) async fn show(State(console): State<Console>, visit: Visit) -> Markup {
    let expire = console.sandbox().now().checked_add((24 * 365).hours()).unwrap_or_default();
    let fields = Fields::default()
        .with("prize_name", "週年慶加碼點數")
        .with("points_memo", "滿千送百")
        .with("points_count", "100")
        .with("points_expire_date", taiwan_text(expire));
    form(&console, &visit, &fields, &Faults::default())
}

pub(in crate::console) async fn grant(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let count: Option<u64> = number(&visit, &fields, "points_count", &mut faults);
    let expire = fields.filled("points_expire_date").map(taiwan_time);
    if expire == Some(None) {
        faults.add(Some("points_expire_date"), visit.t.not_a_time);
    }
    match friend_of(&console, &fields).await {
        Ok(friend) if faults.is_empty() => {
            let grant = serde_json::from_value::<PointsGrant>(json!({
                "friend": friend,
                "prize_name": fields.one("prize_name"),
                "points_category": fields.filled("points_category"),
                "points_memo": fields.one("points_memo"),
                "points_count": count,
                "points_expire_date": expire.flatten(),
            }));
            if let Ok(grant) = grant {
                match grant.event(console.sandbox().now()) {
                    Ok(event) => {
                        if let Some(page) = publish(&console, &visit, &mut faults, event).await? {
                            return Ok(page);
                        }
                    }
                    Err(error) => note(&visit, &mut faults, &error.into())?,
                }
            }
        }
        Ok(_) => {}
        Err(error) => note(&visit, &mut faults, &error)?,
    }
    Ok(refused(&faults, form(&console, &visit, &fields, &faults)))
}

fn form(console: &Console, visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let setup = console.sandbox().producers().setup().clone();
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.points) }
        (form.summary())
        p { (t.points_help) }
        form method="post" action="/simulate/points" class="stack" novalidate {
            (layout::csrf(visit))
            (friend_fields(&form, &setup))
            (form.text("prize_name", t.prize_name, "text", None))
            (form.text("points_category", t.points_category, "text", Some(t.may_be_empty)))
            (form.text("points_memo", t.points_memo, "text", None))
            (form.text("points_count", t.points_count, "text", None))
            (form.text("points_expire_date", t.points_expire, "datetime-local", Some(t.taiwan_time_or_empty)))
            button { (t.grant) }
        }
    };
    layout::page(visit, Place::Simulate, t.points, &main)
}
