//! What was pushed before the sandbox was stopped, and goes on after it was started again.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use maac_webhook_sandbox::{
    DeliveryState, Sandbox, Settings,
    maac_webhook_sender::{
        RetrySchedule,
        maac_webhook::event::{MessageStatus, Topic},
        producers::{EnhancedMulticast, Friend, NoFirstOpen, PnpMessage, PnpPush, Push, Report, SendStatus},
    },
    openapi::{self, OpenApiSettings, OpenApiToken, SmsPlusProgress},
};
use maac_webhook_test_support::wire::exchange;
use tokio::net::TcpListener;

use crate::support::{Receiver, endpoint, friend, hurried, points};

fn open(file: &Path) -> Sandbox {
    Sandbox::open(hurried().with_file(file)).unwrap()
}

#[tokio::test]
async fn a_first_open_is_sent_once_for_each_friend_and_message_however_often_the_sandbox_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let receiver = Receiver::start().await;
    let sandbox = open(&file);
    endpoint(&sandbox, &receiver.url, &[Topic::MessageFirstOpen]).await;
    let (one, two) = (sandbox.producers().setup().friends[0].clone(), friend());
    let event = sandbox.create_openapi_event("會員日").await.unwrap();
    let push = |to: &str| Push::new(1001, Some(event.id()), to);
    let pushed = sandbox.push([push(&one.line_uid), push(&two.line_uid)]).await.unwrap();
    let [first, second] = [pushed[0].id(), pushed[1].id()];
    let untracked = EnhancedMulticast::new(1001, Some(event.id()), [&one.line_uid]);
    let untracked = sandbox.enhanced_multicast(untracked).await.unwrap();
    let broadcast = sandbox.broadcast().await.unwrap();
    sandbox.open_message(first, one.clone()).await.unwrap().unwrap();
    sandbox.open_broadcast(broadcast, one.clone()).await.unwrap().unwrap();
    sandbox.dispatcher().idle().await;
    drop(sandbox);

    let again = open(&file);
    let before = Err(NoFirstOpen::OpenedBefore);
    assert_eq!(again.open_message(first, one.clone()).await.unwrap().map(|_| ()), before);
    assert_eq!(again.open_broadcast(broadcast, one.clone()).await.unwrap().map(|_| ()), before);
    again.open_message(second, two.clone()).await.unwrap().unwrap();
    again.open_broadcast(broadcast, two).await.unwrap().unwrap();
    assert_eq!(again.producers().messages.event(event.id()).unwrap().report(None, None).opens, 2);
    again.dispatcher().idle().await;
    assert_eq!(again.deliveries(None, None, 10).await.unwrap().items.len(), 4);
    // Nothing new is taken for what there was.
    let later = again.push([push(&one.line_uid)]).await.unwrap()[0].id();
    assert!(later > broadcast);
    drop(again);

    let third = open(&file);
    let producers = third.producers();
    let kept: Vec<_> = producers.messages.messages().map(|message| message.id()).collect();
    assert_eq!(kept, [later, untracked.id(), second, first]);
    assert_eq!(producers.messages.broadcasts().collect::<Vec<_>>(), [(broadcast, 2)]);
    let event = producers.messages.event(event.id()).unwrap();
    assert_eq!((event.name(), event.report(None, None).opens), ("會員日", 2));
    let untracked = producers.messages.message(untracked.id()).unwrap();
    assert_eq!(untracked.status(untracked.sent_at()), SendStatus::Sent);
}

#[tokio::test]
async fn an_sms_plus_message_walks_on_from_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let sandbox = open(&file);
    let mut push = PnpPush::new(118, "+886912345678");
    push.line_push_template_id = Some(7);
    let id = sandbox.push_pnp(push).await.unwrap().0.id();
    sandbox.report_pnp(id, Report::new(MessageStatus::LinePushFailed)).await.unwrap();
    drop(sandbox);

    let receiver = Receiver::start().await;
    let again = open(&file);
    endpoint(&again, &receiver.url, &[Topic::PnpStatusUpdated]).await;
    let refused = again.report_pnp(id, Report::new(MessageStatus::SmsDelivered)).await.unwrap_err();
    assert!(refused.to_string().contains("after line_push_failed"), "{refused}");
    let (message, event) = again.report_pnp(id, Report::new(MessageStatus::PnpPreparing)).await.unwrap();
    assert_eq!(message.event().line_push_error_category.as_deref(), Some("member_not_found"));
    let refused = again.change_setup(|setup| setup.remove_pnp_setting(118)).await.unwrap_err();
    assert!(refused.to_string().contains("on their way: 1"), "{refused}");
    again.dispatcher().idle().await;
    let delivery = again.delivery(event.endpoints[0].delivery.unwrap()).await.unwrap().unwrap();
    assert_eq!(delivery.summary.state, DeliveryState::Delivered);
    assert!(delivery.body.as_text().unwrap().contains("\"line_push_status\": \"failed\""));
}

/// A sandbox with the OpenAPI calls.
async fn served(settings: Settings, step: Duration) -> (Sandbox, std::net::SocketAddr) {
    let sandbox = Sandbox::open(settings).unwrap();
    let progress = SmsPlusProgress::by_itself(step, Some(MessageStatus::PnpDelivered));
    let settings = OpenApiSettings::new(OpenApiToken::new("t").unwrap()).with_progress(progress);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = openapi::router(sandbox.clone(), &settings);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (sandbox, address)
}

async fn push_by_call(address: std::net::SocketAddr) {
    let body = r#"{"pnp_setting_id":118,"data":{"phone_number":"+886912345678","pnp":{},"sms":{}}}"#;
    let request = format!(
        "POST /openapi/v1/pnp/message/push/ HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer t\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(exchange(address, request.as_bytes()).await.status, 200);
}

/// The file and its write-ahead log.
fn copy_as_after_a_crash(file: &Path, copy: &Path) {
    std::fs::copy(file, copy).unwrap();
    std::fs::copy(file.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
}

fn newest(sandbox: &Sandbox) -> PnpMessage {
    sandbox.producers().sms_plus.messages().next().unwrap().clone()
}

#[tokio::test]
async fn statuses_that_followed_by_themselves_follow_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("sandbox.db"), folder.path().join("copy.db"));
    let (sandbox, address) = served(hurried().with_file(&file), Duration::from_secs(3600)).await;
    push_by_call(address).await;
    assert_eq!(*newest(&sandbox).status(), MessageStatus::PnpPreparing);
    copy_as_after_a_crash(&file, &copy);
    // The hour that a step takes is made a moment.
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let sql = "UPDATE sandbox_pnp_messages SET following = json_set(following, '$.step_us', 1000)";
    assert_eq!(connection.execute(sql, []).unwrap(), 1);
    drop(connection);

    let (again, _) = served(hurried().with_file(&copy), Duration::from_secs(3600)).await;
    let mut updates = again.dispatcher().watch();
    let receiver = Receiver::start().await;
    endpoint(&again, &receiver.url, &[Topic::PnpStatusUpdated]).await;
    while *newest(&again).status() != MessageStatus::PnpDelivered {
        updates.next().await.unwrap().unwrap();
    }
    drop(updates);
}

#[tokio::test]
async fn an_event_that_waits_for_room_when_the_program_ends_is_published_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (folder.path().join("sandbox.db"), folder.path().join("copy.db"));
    let receiver = Receiver::start().await;
    receiver.answer_always(503);
    let schedule = RetrySchedule::new([Duration::from_secs(3600)]);
    let settings = Settings::new().with_schedule(schedule).with_file(&file);
    let (sandbox, address) = served(settings, Duration::ZERO).await;
    let id = endpoint(&sandbox, &receiver.url, Topic::DOCUMENTED).await;
    while sandbox.send_test(id, &Topic::PrizePointsAdded).await.is_ok() {}
    push_by_call(address).await;
    copy_as_after_a_crash(&file, &copy);
    let statuses = async |sandbox: &Sandbox| {
        let all = sandbox.deliveries(None, None, 10_000).await.unwrap().items.into_iter().rev();
        let mut statuses = Vec::new();
        for delivery in all.filter(|delivery| delivery.topic == Topic::PnpStatusUpdated) {
            let body = sandbox.delivery(delivery.id).await.unwrap().unwrap().body;
            let body: serde_json::Value = serde_json::from_slice(body.as_bytes()).unwrap();
            statuses.push(body["data"]["status"].as_str().unwrap().to_owned());
        }
        statuses
    };
    assert!(statuses(&sandbox).await.is_empty());

    let (again, _) = served(hurried().with_file(&copy), Duration::ZERO).await;
    let mut updates = again.dispatcher().watch();
    while statuses(&again).await.len() < 3 {
        updates.next().await.unwrap().unwrap();
    }
    assert_eq!(statuses(&again).await, ["pnp_preparing", "pnp_accepted", "pnp_delivered"]);
    again.dispatcher().idle().await;

    // And once: nothing is left to be done at the next start.
    let third = folder.path().join("third.db");
    copy_as_after_a_crash(&copy, &third);
    let connection = rusqlite::Connection::open(&third).unwrap();
    let sql = "SELECT count(*) FROM sandbox_pnp_messages WHERE following IS NOT NULL";
    assert_eq!(connection.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_opened_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let receiver = Receiver::start().await;
    let sandbox = open(&file);
    let id = endpoint(&sandbox, &receiver.url, Topic::DOCUMENTED).await;
    let event = sandbox.publish(points()).await.unwrap();
    sandbox.dispatcher().idle().await;
    drop(sandbox);
    // As the first version left it.
    let connection = rusqlite::Connection::open(&file).unwrap();
    let tables = ["sandbox_opens", "sandbox_messages", "sandbox_openapi_events", "sandbox_pnp_messages"];
    for table in tables {
        connection.execute_batch(&format!("DROP TABLE {table}")).unwrap();
    }
    assert_eq!(connection.execute("DELETE FROM sandbox_version WHERE version > 1", []).unwrap(), 1);
    let first = rusqlite::Connection::open_in_memory().unwrap();
    first.execute_batch(include_str!("../../src/store/schema/1_log.sql")).unwrap();
    let schema = |connection: &rusqlite::Connection| -> String {
        let sql = "SELECT group_concat(sql ORDER BY name) FROM sqlite_schema
            WHERE name LIKE 'sandbox_%' AND name <> 'sandbox_version'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(schema(&connection), schema(&first));
    drop(connection);

    let again = open(&file);
    assert_eq!(again.platform().endpoint(id).unwrap().name(), "crm");
    let kept = again.event(event.id).await.unwrap().unwrap();
    let delivery = again.delivery(kept.endpoints[0].delivery.unwrap()).await.unwrap().unwrap();
    assert_eq!(delivery.summary.state, DeliveryState::Delivered);
    let broadcast = again.broadcast().await.unwrap();
    again.open_broadcast(broadcast, friend()).await.unwrap().unwrap();
    again.dispatcher().idle().await;
    drop(again);
    assert_eq!(open(&file).producers().messages.broadcasts().collect::<Vec<_>>(), [(broadcast, 1)]);
}

#[tokio::test]
async fn what_was_pushed_and_cannot_be_read_is_told_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let sandbox = open(&file);
    sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
    drop(sandbox);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute("UPDATE sandbox_pnp_messages SET message = '{}'", []).unwrap();
    drop(connection);
    let refused = Sandbox::open(Settings::new().with_file(&file)).unwrap_err();
    assert_eq!(refused.kind(), maac_webhook_sandbox::StoreErrorKind::Corrupt);
}

/// A push and an open take no longer beside ten thousand messages than beside a hundred, but for what a busy machine makes of
/// it.
#[tokio::test]
async fn ten_thousand_messages_do_not_slow_the_next_one() {
    let sandbox = Sandbox::open(hurried()).unwrap();
    let broadcast = sandbox.broadcast().await.unwrap();
    let mut opened = 0_u32;
    let mut quickest = async || {
        let mut quickest = Duration::MAX;
        for _ in 0..20 {
            let began = Instant::now();
            sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
            opened += 1;
            let friend = Friend::new(format!("U{opened:032x}"));
            sandbox.open_broadcast(broadcast, friend).await.unwrap().unwrap();
            quickest = quickest.min(began.elapsed());
        }
        quickest
    };
    let before = quickest().await;
    for _ in 0..9_980 {
        sandbox.push_pnp(PnpPush::new(118, "+886912345678")).await.unwrap();
    }
    let after = quickest().await;
    assert_eq!(sandbox.producers().sms_plus.messages().len(), 10_000);
    assert!(after < before * 4, "{before:?} became {after:?}");
}
