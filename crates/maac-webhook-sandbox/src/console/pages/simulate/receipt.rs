use axum::{
    extract::{Query, State},
    response::IntoResponse,
};
use jiff::ToSpan;
use maac_webhook_sender::producers::{Campaign, ReceiptUpload};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::{
    Outcome, delete, encode, friend_fields, friend_of, note, outcomes, refused, taiwan_text, taiwan_time,
};
use crate::console::{
    Console,
    answer::{Answer, missing, see},
    errors,
    forms::{Faults, Form},
    layout::{self, Place},
    pages::webhooks::done_text,
    visit::{Fields, Posted, Visit},
};

/// How many items the form has room for.
const ITEMS: usize = 5;

#[derive(Deserialize)]
pub(in crate::console) struct Shown {
    done: Option<String>,
    name: Option<String>,
}

pub(in crate::console) async fn show(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Markup {
    let bought_at = console.sandbox().now().checked_sub(2.hours()).unwrap_or_default();
    let fields = [
        ("number", "AB12345678"),
        ("random_number", "0042"),
        ("channel", "全家便利商店"),
        ("description_1", "冰拿鐵大杯"),
        ("unit_price_1", "65"),
        ("quantity_1", "2"),
        ("description_2", "茶葉蛋"),
        ("unit_price_2", "13"),
        ("quantity_2", "1"),
    ];
    let fields = fields.into_iter().fold(Fields::default(), |fields, (name, value)| fields.with(name, value));
    let fields = fields.with("datetime", taiwan_text(bought_at));
    form(&console, &visit, &fields, &Faults::default(), done_text(visit.t, shown.done.as_deref()))
}

pub(in crate::console) async fn upload(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let upload = read(&console, &visit, &fields, &mut faults).await?;
    let results = match upload.filter(|_| faults.is_empty()) {
        Some(upload) => {
            let now = console.sandbox().now();
            let producers = console.sandbox().producers();
            producers.receipts.upload(&upload, &producers.setup().campaigns, now)
        }
        None => return Ok(refused(&faults, form(&console, &visit, &fields, &faults, None))),
    };
    let results = match results {
        Ok(results) => results,
        Err(error) => {
            note(&visit, &mut faults, &error.into())?;
            return Ok(refused(&faults, form(&console, &visit, &fields, &faults, None)));
        }
    };
    // All of the receipt's events, or none.
    let events: Vec<_> = results.iter().filter_map(|result| result.event.clone().ok()).collect();
    let mut published = match console.sandbox().publish_all(events).await {
        Ok(published) => published.into_iter(),
        Err(error) => {
            note(&visit, &mut faults, &error)?;
            return Ok(refused(&faults, form(&console, &visit, &fields, &faults, None)));
        }
    };
    let told = results.into_iter().map(|result| Outcome {
        label: result.campaign,
        event: result.event.map(|_| published.next()).map_err(|why| errors::no_match(visit.lang, &why)),
    });
    let told: Vec<_> = told.collect();
    Ok(outcomes(&visit, visit.t.receipt, "/simulate/receipt", &told).into_response())
}

async fn read(
    console: &Console,
    visit: &Visit,
    fields: &Fields,
    faults: &mut Faults,
) -> Result<Option<ReceiptUpload>, crate::console::answer::Failed> {
    let friend = match friend_of(console, fields).await {
        Ok(friend) => Some(friend),
        Err(error) => {
            note(visit, faults, &error)?;
            None
        }
    };
    let datetime = taiwan_time(fields.one("datetime"));
    if datetime.is_none() {
        faults.add(Some("datetime"), visit.t.not_a_time);
    }
    let mut items = Vec::new();
    for index in 1..=ITEMS {
        let field = |name: &str| fields.one(&format!("{name}_{index}")).to_owned();
        let (description, price, quantity) = (field("description"), field("unit_price"), field("quantity"));
        if [&description, &price, &quantity].into_iter().all(String::is_empty) {
            continue;
        }
        match (price.parse::<f64>(), quantity.parse::<f64>()) {
            (Ok(unit_price), Ok(quantity)) if unit_price.is_finite() && quantity.is_finite() => {
                items.push(
                    json!({"description": description, "unit_price": unit_price, "quantity": quantity}),
                );
            }
            _ => faults
                .add(Some("items"), crate::console::text::fill(visit.t.item_numbers, &[&index.to_string()])),
        }
    }
    let (Some(friend), Some(datetime)) = (friend, datetime) else { return Ok(None) };
    let upload = json!({
        "friend": friend,
        "number": fields.one("number"),
        "datetime": datetime,
        "random_number": fields.one("random_number"),
        "channel": fields.one("channel"),
        "items": items,
    });
    Ok(serde_json::from_value(upload).ok())
}

fn form(console: &Console, visit: &Visit, fields: &Fields, faults: &Faults, done: Option<&str>) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let setup = console.sandbox().producers().setup().clone();
    let main = html! {
        p class="crumbs" { a href="/simulate" { (t.simulate) } }
        h1 { (t.receipt) }
        (layout::done(done))
        (form.summary())
        p { (t.receipt_help) }
        section aria-labelledby="campaigns" {
            h2 id="campaigns" { (t.campaigns) }
            ul class="cards" {
                @for campaign in &setup.campaigns { li class="card" { (campaign_card(visit, campaign)) } }
            }
            p { a class="button quiet" href="/simulate/campaign" { (t.add_campaign) } }
        }
        form method="post" action="/simulate/receipt" class="stack" novalidate {
            (layout::csrf(visit))
            (friend_fields(&form, &setup))
            (form.text("number", t.invoice_number, "text", Some(t.invoice_number_hint)))
            (form.text("random_number", t.random_number, "text", None))
            (form.text("datetime", t.bought_at, "datetime-local", Some(t.taiwan_time)))
            (form.text("channel", t.channel, "text", None))
            fieldset id="items" tabindex="-1" {
                legend { (t.items) }
                p class="hint" { (t.items_hint) }
                @for index in 1..=ITEMS {
                    fieldset class="item" {
                        legend { (crate::console::text::fill(t.item_number, &[&index.to_string()])) }
                        (form.text(&format!("description_{index}"), t.description, "text", None))
                        (form.text(&format!("unit_price_{index}"), t.unit_price, "text", None))
                        (form.text(&format!("quantity_{index}"), t.quantity, "text", None))
                    }
                }
            }
            button { (t.upload) }
        }
    };
    layout::page(visit, Place::Simulate, t.receipt, &main)
}

fn campaign_card(visit: &Visit, campaign: &Campaign) -> Markup {
    let (t, conditions) = (visit.t, &campaign.conditions);
    let all = |texts: &[String]| if texts.is_empty() { t.any.to_owned() } else { visit.lang.list(texts) };
    let path = format!("/simulate/campaign?name={}", encode(&campaign.name));
    html! {
        h3 { (campaign.name) }
        (layout::facts(&[
            (t.channels, html! { (all(&conditions.channels)) }),
            (t.keywords, html! { (all(&conditions.keywords)) }),
            (t.minimum_amount, html! { @match conditions.minimum_amount { Some(amount) => (amount), None => (t.none) } }),
        ]))
        p class="links" {
            a href=(path) { (t.change) span class="hidden" { (visit.lang.colon()) (campaign.name) } }
            (delete::link(visit, delete::Kind::Campaign, &campaign.name, &campaign.name))
        }
    }
}

pub(in crate::console) async fn campaign(
    State(console): State<Console>,
    visit: Visit,
    Query(shown): Query<Shown>,
) -> Answer {
    let Some(name) = shown.name else {
        return Ok(campaign_form(&visit, &Fields::default(), &Faults::default()).into_response());
    };
    let producers = console.sandbox().producers();
    let known = producers.setup().campaigns.iter().find(|own| own.name == name);
    let known = known.ok_or_else(|| missing(&visit))?;
    let amount = known.conditions.minimum_amount.map(|amount| amount.to_string()).unwrap_or_default();
    let fields = Fields::default()
        .with("before", known.name.clone())
        .with("name", known.name.clone())
        .with("channels", known.conditions.channels.join("\n"))
        .with("keywords", known.conditions.keywords.join("\n"))
        .with("minimum_amount", amount);
    Ok(campaign_form(&visit, &fields, &Faults::default()).into_response())
}

pub(in crate::console) async fn put_campaign(State(console): State<Console>, posted: Posted) -> Answer {
    let Posted { visit, fields } = posted;
    let mut faults = Faults::default();
    let lines = |name: &str| -> Vec<String> {
        fields
            .one(name)
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    };
    let mut campaign = Campaign::new(fields.one("name"));
    campaign.conditions.channels = lines("channels");
    campaign.conditions.keywords = lines("keywords");
    campaign.conditions.minimum_amount = match fields.filled("minimum_amount") {
        Some(_) => super::number(&visit, &fields, "minimum_amount", &mut faults),
        None => None,
    };
    let before = fields.raw("before").to_owned();
    let is_taken = campaign.name != before
        && console.sandbox().producers().setup().campaigns.iter().any(|own| own.name == campaign.name);
    if is_taken {
        faults.add(Some("name"), visit.t.campaign_taken);
    }
    if faults.is_empty() {
        let put = console.sandbox().change_setup(move |setup| {
            // Also under another name it stays in its place.
            match setup.campaigns.iter_mut().find(|own| own.name == before) {
                Some(own) => *own = campaign,
                None => setup.put_campaign(campaign),
            }
            Ok(())
        });
        match put.await {
            Ok(()) => return Ok(see("/simulate/receipt?done=saved")),
            Err(error) => note(&visit, &mut faults, &error)?,
        }
    }
    Ok(refused(&faults, campaign_form(&visit, &fields, &faults)))
}

fn campaign_form(visit: &Visit, fields: &Fields, faults: &Faults) -> Markup {
    let t = visit.t;
    let form = Form { visit, fields, faults };
    let main = html! {
        p class="crumbs" { a href="/simulate/receipt" { (t.receipt) } }
        h1 { (t.campaign) }
        p { (t.campaign_help) }
        (form.summary())
        form method="post" action="/simulate/campaign" class="stack" novalidate {
            (layout::csrf(visit))
            input type="hidden" name="before" value=(fields.raw("before"));
            (form.text("name", t.name, "text", None))
            (form.area("channels", t.channels, 3, Some(t.one_a_line)))
            (form.area("keywords", t.keywords, 3, Some(t.keywords_hint)))
            (form.text("minimum_amount", t.minimum_amount, "text", None))
            div class="actions" { button { (t.save) } a class="button quiet" href="/simulate/receipt" { (t.cancel) } }
        }
    };
    layout::page(visit, Place::Simulate, t.campaign, &main)
}
