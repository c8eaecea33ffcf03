use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use maac_webhook::{Event, event::MessageStatus, jiff::Timestamp};
use maac_webhook_mock::{Behaviour, MockEvent, Tampering, maac_webhook_sender::json::BodyStyle, samples};
use maac_webhook_test_support::PATIENCE;
use rusqlite::{Connection, types::Value};

use crate::example::Example;

/// Runs an example that upserts, and kills it: then there is a row for each event, however often and in which order it
/// came, and for nothing else.
///
/// # Panics
///
/// Where it is not so.
#[tokio::main(flavor = "current_thread")]
pub async fn has_one_row_per_event(binary: &str) {
    upserts(binary, false).await;
}

/// The same for one that answers once an event is in its inbox, and upserts it after.
///
/// # Panics
///
/// Where it is not so.
#[tokio::main(flavor = "current_thread")]
pub async fn has_one_row_per_event_after_its_inbox(binary: &str) {
    upserts(binary, true).await;
}

async fn upserts(binary: &str, has_inbox: bool) {
    let folder = tempfile::tempdir().unwrap();
    let [path, inbox] = ["events.db", "inbox.db"].map(|name| folder.path().join(name));
    let example = Example::start(Command::new(binary).env("DATABASE", &path).env("INBOX", &inbox));
    let inbox = has_inbox.then_some(inbox.as_path());
    let expected = [
        ("receipts", receipts(&example).await),
        ("survey_answers", survey_answers(&example).await),
        ("messages", messages(&example).await),
        ("phone_numbers", phone_numbers(&example).await),
        ("grants", grants(&example, &path, inbox).await),
        ("first_opens", first_opens(&example).await),
        ("other_events", other_events(&example).await),
    ];
    example.forge().await;
    if let Some(inbox) = inbox {
        until_none(inbox, "SELECT count(*) FROM maac_inbox_events WHERE state <> 'done'");
    }
    assert_eq!(example.kill(), [""; 0]);
    let database = Connection::open(&path).unwrap();
    for (table, rows) in expected {
        let mut rows = rows;
        rows.sort_by_key(|row| format!("{:?}", row[0]));
        assert_eq!(self::rows(&database, table), rows, "{table}");
    }
}

/// Waits until this counts nothing.
fn until_none(database: &Path, count: &str) {
    let (database, begun) = (Connection::open(database).unwrap(), Instant::now());
    while database.query_row(count, [], |row| row.get::<_, usize>(0)).unwrap() > 0 {
        assert!(begun.elapsed() < PATIENCE, "{count}");
        thread::sleep(Duration::from_millis(5));
    }
}

type Row = Vec<Value>;

fn rows(database: &Connection, table: &str) -> Vec<Row> {
    let mut all = database.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
    let columns = all.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
    all.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn body(event: &MockEvent) -> Vec<u8> {
    event.body(BodyStyle::python()).unwrap().to_vec()
}

fn natural_key(event: &MockEvent) -> Value {
    text(Event::parse(&body(event).into()).natural_key().as_str())
}

/// Sends an event, and then its replay under a fresh key.
async fn twice(example: &Example, event: &MockEvent) {
    let event = example.event(event.clone()).tampering(Tampering::KeyFresh);
    let sent = event.send_to(&example.url).await;
    assert_eq!(sent.assert_accepted().assert_attempts(1).events.len(), 2);
}

async fn receipts(example: &Example) -> Vec<Row> {
    let sample = samples::receipt_validated().no_items().item("拿鐵咖啡", 65.0, 2.0).item("可頌", 45.5, 1.0);
    let event = sample.clone().into();
    twice(example, &event).await;
    let data = sample.data();
    vec![vec![
        natural_key(&event),
        text(&data.line_uid),
        data.campaign_name.clone().into(),
        text(&data.number),
        text(&data.datetime),
        text("175.5"),
    ]]
}

async fn survey_answers(example: &Example) -> Vec<Row> {
    let sample = samples::surveycake_submitted()
        .alias("maac_member_name", ["林雅婷"])
        .alias("maac_member_birthday", ["1992-07-14"]);
    let event = sample.clone().into();
    twice(example, &event).await;
    let data = sample.data();
    let aliases: serde_json::Map<_, _> =
        data.answer.alias.iter().map(|(alias, answers)| (alias.to_owned(), answers.clone().into())).collect();
    vec![vec![
        natural_key(&event),
        text(&data.line_uid),
        text("林雅婷"),
        text("1992-07-14"),
        text(serde_json::Value::Object(aliases).to_string()),
    ]]
}

/// Of several statuses the one that supersedes the others is kept, in whichever order they came.
async fn messages(example: &Example) -> Vec<Row> {
    let mut rows = Vec::new();
    for out_of_order in [false, true] {
        let sample = samples::pnp_status_updated();
        let statuses = [
            MessageStatus::PnpAccepted,
            MessageStatus::PnpFailed,
            MessageStatus::SmsAccepted,
            MessageStatus::SmsDelivered,
        ];
        let events = statuses.map(|status| MockEvent::from(sample.clone().status(status)));
        let mut delivery = example.events(events.clone());
        if out_of_order {
            delivery = delivery.behaviour(Behaviour::OutOfOrder);
        }
        delivery.send_to(&example.url).await.assert_accepted().assert_attempts(1);
        let last = &events[events.len() - 1];
        twice(example, last).await;
        let phone_number = text(&sample.data().phone_number);
        rows.push(vec![natural_key(last), phone_number, text("sms_delivered"), Value::Blob(body(last))]);
    }
    rows
}

async fn phone_numbers(example: &Example) -> Vec<Row> {
    let sample = samples::pnp_profile_updated().customer_id("C-00001");
    let event = sample.clone().into();
    twice(example, &event).await;
    let data = sample.data();
    vec![vec![natural_key(&event), text(&data.phone_number), text(&data.line_uid), text("C-00001")]]
}

/// A grant that is built anew is the same grant, and one that cannot be written comes back.
async fn grants(example: &Example, path: &Path, inbox: Option<&Path>) -> Vec<Row> {
    let sample = samples::prize_points_added().points_count(100);
    let event = sample.clone().into();
    twice(example, &event).await;
    twice(example, &sample.clone().at(Timestamp::now() + Duration::from_secs(1)).into()).await;

    let down = Connection::open(path).unwrap();
    down.execute_batch(
        "CREATE TRIGGER down BEFORE INSERT ON grants BEGIN SELECT RAISE(ABORT, 'the store is down'); END",
    )
    .unwrap();
    let other = samples::prize_points_added().points_count(5);
    let other_event = MockEvent::from(other.clone());
    let retried = example.event(other_event.clone()).on_attempt(move |_| {
        if let Some(inbox) = inbox {
            until_none(inbox, "SELECT NOT EXISTS (SELECT 1 FROM maac_inbox_failures)");
        }
        down.execute_batch("DROP TRIGGER IF EXISTS down").unwrap();
    });
    let sent = retried.send_to(&example.url).await;
    sent.assert_accepted().assert_attempts(if inbox.is_some() { 1 } else { 2 });
    assert_eq!(sent.events[0].attempts[0].status(), Some(if inbox.is_some() { 200 } else { 503 }));
    vec![
        vec![natural_key(&event), text(&sample.data().line_uid), text("100")],
        vec![natural_key(&other_event), text(&other.data().line_uid), text("5")],
    ]
}

async fn first_opens(example: &Example) -> Vec<Row> {
    let mut rows = Vec::new();
    // A broadcast and an event of one number are two things.
    for (kind, sample) in [
        ("broadcast", samples::message_first_open().broadcast(999)),
        ("openapi", samples::message_first_open().openapi(999)),
    ] {
        let event = sample.clone().into();
        twice(example, &event).await;
        rows.push(vec![natural_key(&event), text(&sample.data().line_uid), text(kind), text("999")]);
    }
    rows
}

/// What is new, drifted or no event is kept as it came.
async fn other_events(example: &Example) -> Vec<Row> {
    let mut rows = Vec::new();
    for (topic, event) in [
        (
            text("coupon.redeemed"),
            MockEvent::from_json("coupon.redeemed", r#"{"coupon": "免費咖啡"}"#).unwrap(),
        ),
        (
            text("message.first_open"),
            MockEvent::from_json("message.first_open", r#"{"message_type": "openapi"}"#).unwrap(),
        ),
        (Value::Null, MockEvent::raw("OK")),
    ] {
        twice(example, &event).await;
        rows.push(vec![natural_key(&event), topic, Value::Blob(body(&event))]);
    }
    rows
}
