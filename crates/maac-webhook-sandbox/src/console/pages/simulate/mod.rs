//! Lets things happen on the platform, a form for each producer.

pub(in crate::console) mod delete;
pub(in crate::console) mod friends;
pub(in crate::console) mod messages;
pub(in crate::console) mod points;
pub(in crate::console) mod profile;
pub(in crate::console) mod receipt;
pub(in crate::console) mod sms_plus;
pub(in crate::console) mod survey;
mod survey_draft;
pub(in crate::console) mod survey_edit;

use axum::response::{IntoResponse, Response};
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    dispatch::DispatchErrorKind,
    payload::Payload,
    platform::topic_name,
    producers::{Friend, ProducerErrorKind},
};
use maud::{Markup, html};

use super::deliveries::fate;
use crate::{
    PublishedEvent, SandboxError, SandboxErrorKind, Setup,
    console::{
        Console,
        answer::{Failed, failed, see},
        errors,
        forms::{Faults, Form},
        layout::{self, Place},
        text::fill,
        visit::{Fields, Visit},
    },
};

pub(in crate::console) async fn home(visit: Visit) -> Markup {
    let t = visit.t;
    let forms = [
        ("receipt", t.receipt, t.receipt_help, Topic::ReceiptValidated),
        ("survey", t.survey, t.survey_help, Topic::SurveyCakeSubmitted),
        ("sms-plus", t.sms_plus, t.sms_plus_help, Topic::PnpStatusUpdated),
        ("profile", t.profile, t.profile_help, Topic::PnpProfileUpdated),
        ("points", t.points, t.points_help, Topic::PrizePointsAdded),
        ("messages", t.messages, t.messages_help, Topic::MessageFirstOpen),
    ];
    let main = html! {
        h1 { (t.simulate) }
        p { (t.simulate_help) }
        ul class="cards" {
            @for (path, name, help, topic) in forms {
                li class="card" {
                    h2 { a href={ "/simulate/" (path) } { (name) } }
                    p { (help) }
                    p class="hint" { (topic_name(&topic)) " " code { (topic) } }
                }
            }
        }
        h2 { (t.made_of) }
        p { (t.made_of_help) }
        ul class="choices" {
            li { a href="/simulate/friends" { (t.friends) } }
            li { a href="/simulate/receipt#campaigns" { (t.campaigns) } }
            li { a href="/simulate/survey" { (t.surveys) } }
            li { a href="/simulate/sms-plus#templates" { (t.templates) } }
        }
    };
    layout::page(&visit, Place::Simulate, t.simulate, &main)
}

/// Which friend: one that is known, or another.
fn friend_fields(form: &Form<'_>, setup: &Setup) -> Markup {
    let t = form.visit.t;
    html! {
        (form.select("friend", t.friend, &friend_options(setup, Some(t.another_friend))))
        details class="another" open[form.fields.filled("line_uid").is_some()] {
            summary { (t.another_friend) }
            (form.text("line_uid", t.line_uid, "text", Some(t.line_uid_hint)))
            (form.text("customer_id", t.customer_id, "text", None))
        }
    }
}

fn friend_options(setup: &Setup, another: Option<&str>) -> Vec<(String, String)> {
    let friend = |friend: &Friend| {
        let text = match &friend.customer_id {
            // What is short comes first: a phone has no room for both.
            Some(customer) => format!("{customer} · {}", friend.line_uid),
            None => friend.line_uid.clone(),
        };
        (friend.line_uid.clone(), text)
    };
    let another = another.map(|text| (String::new(), text.to_owned()));
    setup.friends.iter().map(friend).chain(another).collect()
}

/// The friend of a form. One that was written in is offered from then on.
async fn friend_of(console: &Console, fields: &Fields) -> Result<Friend, SandboxError> {
    let Some(line_uid) = fields.filled("line_uid") else {
        let chosen = fields.one("friend");
        let known =
            console.sandbox().producers().setup().friends.iter().find(|own| own.line_uid == chosen).cloned();
        return known.ok_or_else(|| SandboxErrorKind::Producer(ProducerErrorKind::InvalidLineUid).into());
    };
    let mut friend = Friend::new(line_uid);
    friend.customer_id = fields.filled("customer_id").map(ToOwned::to_owned);
    let offered = friend.clone();
    let put = console.sandbox().change_setup(move |setup| {
        setup.put_friend(offered);
        Ok(())
    });
    put.await.map(|()| friend)
}

/// A field's number.
fn number<T: std::str::FromStr>(
    visit: &Visit,
    fields: &Fields,
    name: &'static str,
    faults: &mut Faults,
) -> Option<T> {
    let number = fields.one(name).parse().ok();
    if number.is_none() {
        faults.add(Some(name), visit.t.not_a_number);
    }
    number
}

/// A field's time by Taiwan's clock, as a browser writes it: `2025-11-28T10:00` or with seconds.
fn taiwan_time(text: &str) -> Option<jiff::Timestamp> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    civil
        .to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// The same, written.
fn taiwan_text(at: jiff::Timestamp) -> String {
    let zoned = at.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    zoned.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Notes what a producer refuses, beside the field that it is about. Where there is no room for the event, the form is to be
/// sent again: nothing has happened.
fn note(visit: &Visit, faults: &mut Faults, error: &SandboxError) -> Result<(), Failed> {
    use ProducerErrorKind as Kind;

    let kind = match error.kind() {
        SandboxErrorKind::Producer(kind) => kind,
        SandboxErrorKind::Dispatch(kind @ DispatchErrorKind::QueueFull { .. }) => {
            faults.later(
                visit.lang.sentences(&[&errors::dispatch(visit.lang, kind), visit.t.nothing_happened]),
            );
            return Ok(());
        }
        _ => return Err(failed(visit, error)),
    };

    let field = match kind {
        Kind::InvalidLineUid | Kind::NotARecipient => Some("friend"),
        Kind::InvalidInvoiceNumber => Some("number"),
        Kind::InvalidRandomNumber => Some("random_number"),
        Kind::PurchaseInFuture => Some("datetime"),
        Kind::InvalidPhoneNumber | Kind::HashedPhoneNumberWithSms | Kind::HashedPhoneNumberBySms => {
            Some("phone_number")
        }
        Kind::NoPoints => Some("points_count"),
        Kind::PointsExpired => Some("points_expire_date"),
        Kind::InvalidMinimumAmount { .. } => Some("minimum_amount"),
        Kind::Missing { field, .. } => match field {
            maac_webhook_sender::producers::Field::CampaignName
            | maac_webhook_sender::producers::Field::PnpSettingName
            | maac_webhook_sender::producers::Field::EventName => Some("name"),
            maac_webhook_sender::producers::Field::Channel => Some("channel"),
            maac_webhook_sender::producers::Field::PrizeName => Some("prize_name"),
            _ => None,
        },
        _ => None,
    };
    faults.add(field, errors::producer(visit.lang, kind));
    Ok(())
}

/// As a part of a query.
fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric().then(|| char::from(byte).to_string());
    text.bytes().map(|byte| plain(byte).unwrap_or_else(|| format!("%{byte:02X}"))).collect()
}

fn refused(faults: &Faults, page: Markup) -> Response {
    (faults.status(), page).into_response()
}

/// Lets one event happen, and leads to what became of it; `None` where there is no room for it, which is noted.
async fn publish(
    console: &Console,
    visit: &Visit,
    faults: &mut Faults,
    payload: impl Into<Payload>,
) -> Result<Option<Response>, Failed> {
    match console.sandbox().publish(payload).await {
        Ok(event) => Ok(Some(see_event(&event))),
        Err(error) => note(visit, faults, &error).map(|()| None),
    }
}

/// Leads to what became of an event.
fn see_event(event: &PublishedEvent) -> Response {
    see(&format!("/events/{}", event.id))
}

/// What one of several came to: an event, or why there is none.
struct Outcome {
    label: String,
    event: Result<Option<PublishedEvent>, String>,
}

fn outcomes(visit: &Visit, title: &str, back: &str, outcomes: &[Outcome]) -> Markup {
    let t = visit.t;
    let main = html! {
        h1 { (title) }
        @if outcomes.is_empty() { p { (t.no_campaign) } }
        ul class="cards" {
            @for outcome in outcomes {
                li class="card" {
                    h2 { (outcome.label) }
                    @match &outcome.event {
                        Ok(None) => {}
                        Ok(Some(event)) => {
                            p { a href={ "/events/" (event.id) } { (topic_name(&event.topic)) } }
                            @if event.endpoints.is_empty() { p { (t.no_endpoint) } }
                            @for verdict in &event.endpoints {
                                h3 { (verdict.endpoint_name) }
                                (fate(visit, verdict, None))
                            }
                        }
                        Err(why) => p class="not-delivered" { (fill(t.no_event_because, &[why])) },
                    }
                }
            }
        }
        p { a class="button" href=(back) { (t.back) } }
    };
    layout::page(visit, Place::Simulate, title, &main)
}
