use std::time::Duration;

use maac_webhook::event::{MessageStatus, Topic};
use maac_webhook_sender::producers::{PnpSetting, Report, SmsPlus};
use serde_json::{Value, json};

use super::{Calls, SmsPlusProgress, by_hand, settings};

/// A request of the sandbox's own templates: 118 falls back to SMS, 119 does not.
fn push(setting: u64, phone_number: &str) -> Value {
    json!({
        "pnp_setting_id": setting,
        "data": {"phone_number": phone_number, "pnp": {}, "sms": {}, "customized_id": "order-1"},
    })
}

fn with(mut push: Value, field: &str, value: Value) -> Value {
    push["data"][field] = value;
    push
}

fn without(mut push: Value, field: &str) -> Value {
    push["data"].as_object_mut().unwrap().remove(field);
    push
}

const NUMBER: &str = "+886912345678";

#[tokio::test(start_paused = true)]
async fn a_push_is_answered_with_the_events_id_and_its_statuses_follow_by_themselves() {
    let calls = Calls::new();
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let mut request = push(118, NUMBER);
    request["event_id"] = json!(7);
    let pushed = calls.post("/pnp/message/push/", request).await.json(200);
    let id = &pushed["id"];
    assert_eq!(pushed, json!({"id": id, "result": "success"}));
    for status in ["pnp_preparing", "pnp_accepted", "pnp_delivered"] {
        let event = watched.next().await;
        assert_eq!((&event["pnp_message_id"], &event["status"]), (id, &json!(status)));
        assert_eq!((&event["event_id"], &event["customized_id"]), (&json!(7), &json!("order-1")));
        assert_eq!(event["phone_number"], NUMBER);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_may_walk_from_line_push_to_sms_and_its_push_says_that_it_will() {
    let ending = SmsPlusProgress::by_itself(Duration::from_secs(30), Some(MessageStatus::SmsDelivered));
    let calls = Calls::with(&settings().with_progress(ending));
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let request = with(push(118, NUMBER), "line_push_template_id", json!(5));
    let pushed = calls.post("/pnp/message/push/", with(request, "line_push", json!({}))).await.json(200);
    assert!(pushed["result"].as_str().unwrap().contains("fallback_period"), "{pushed}");
    let began = tokio::time::Instant::now();
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(watched.next().await["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        statuses,
        [
            "line_push_preparing",
            "line_push_failed",
            "pnp_preparing",
            "pnp_failed",
            "sms_preparing",
            "sms_accepted",
            "sms_delivered",
        ]
    );
    assert_eq!(began.elapsed().as_secs(), 6 * 30);
}

#[tokio::test(start_paused = true)]
async fn what_is_reported_by_hand_stops_what_follows_by_itself() {
    let calls = Calls::new();
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let id = calls.post("/pnp/message/push/", push(118, NUMBER)).await.json(200)["id"].as_u64().unwrap();
    assert_eq!(watched.next().await["status"], "pnp_preparing");
    let now = calls.sandbox.now();
    let by_hand = Report::new(MessageStatus::PnpFailed);
    calls.sandbox.producers().sms_plus.report(id, &by_hand, now).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let producers = calls.sandbox.producers();
    assert_eq!(producers.sms_plus.message(id).unwrap().status(), &MessageStatus::PnpFailed);
}

#[tokio::test(start_paused = true)]
async fn it_stops_also_where_the_next_status_would_do_after_the_one_by_hand() {
    let ending = SmsPlusProgress::by_itself(Duration::from_secs(30), Some(MessageStatus::SmsDelivered));
    let calls = Calls::with(&settings().with_progress(ending));
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let id = calls.post("/pnp/message/push/", push(118, NUMBER)).await.json(200)["id"].as_u64().unwrap();
    while watched.next().await["status"] != "sms_accepted" {}
    let now = calls.sandbox.now();
    let by_hand = Report::new(MessageStatus::SmsTemporaryError);
    calls.sandbox.producers().sms_plus.report(id, &by_hand, now).unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let producers = calls.sandbox.producers();
    assert_eq!(producers.sms_plus.message(id).unwrap().status(), &MessageStatus::SmsTemporaryError);
}

#[tokio::test(start_paused = true)]
async fn by_hand_nothing_follows_by_itself() {
    let calls = Calls::with(&by_hand());
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let id = calls.post("/pnp/message/push/", push(118, NUMBER)).await.json(200)["id"].as_u64().unwrap();
    assert_eq!(watched.next().await["status"], "pnp_preparing");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let producers = calls.sandbox.producers();
    assert_eq!(producers.sms_plus.message(id).unwrap().status(), &MessageStatus::PnpPreparing);
}

#[tokio::test]
async fn a_multicast_is_answered_for_each_message_and_takes_no_line_push() {
    let calls = Calls::with(&by_hand());
    let mut watched = calls.watch(Topic::PnpStatusUpdated).await;
    let data = |count: usize| vec![json!({"phone_number": NUMBER, "pnp": {}, "sms": {}}); count];
    let multicast = |data: Vec<Value>| json!({"pnp_setting_id": 118, "data": data});
    let pushed = calls.post("/pnp/message/multicast/", multicast(data(150))).await.json(200);
    let pushed = pushed.as_array().unwrap();
    assert_eq!(pushed.len(), 150);
    assert!(pushed.iter().all(|message| message["result"] == "pending" && message["id"].is_u64()));
    let mut ids: Vec<_> = pushed.iter().map(|message| message["id"].as_u64().unwrap()).collect();
    let mut sent = Vec::new();
    for _ in 0..150 {
        sent.push(watched.next().await["pnp_message_id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    sent.sort_unstable();
    assert_eq!(sent, ids);

    for (data, line) in [
        (data(151), "A message takes 150 recipients at most."),
        (data(0), "The message has no recipient."),
        (
            vec![json!({"phone_number": NUMBER, "pnp": {}, "sms": {}, "line_push_template_id": 5})],
            "no LINE push",
        ),
        (vec![json!({"phone_number": NUMBER, "pnp": {}})], "data[0].sms is required"),
    ] {
        let refused = calls.post("/pnp/message/multicast/", multicast(data)).await;
        assert!(refused.line(400).contains(line), "{}", refused.body);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_push_is_told_in_one_line() {
    let calls = Calls::with(&by_hand());
    for (request, line) in [
        (push(7, NUMBER), "pnp setting 7 not found"),
        (json!({"data": {}}), "data.phone_number is required"),
        (json!({"data": {"phone_number": NUMBER, "pnp": {}}}), "pnp_setting_id is required"),
        (json!({"pnp_setting_id": 118}), "data is required"),
        (without(push(118, NUMBER), "phone_number"), "data.phone_number is required"),
        (without(push(118, NUMBER), "pnp"), "data.pnp is required"),
        (without(push(118, NUMBER), "sms"), "data.sms is required"),
        (with(push(118, NUMBER), "line_push", json!({})), "data.line_push_template_id is required"),
        (with(push(118, NUMBER), "pnp", json!("text")), "data.pnp: invalid type"),
        (push(118, "0912345678"), "phone_number does not match the pattern"),
        (push(118, &"a".repeat(64)), "only by a template with SMS switched off"),
    ] {
        let refused = calls.post("/pnp/message/push/", request).await;
        assert!(refused.line(400).contains(line), "{}", refused.body);
    }
    // Without SMS there is nothing to fill in of it, and a hashed number will do.
    let pushed = calls.post("/pnp/message/push/", without(push(119, &"a".repeat(64)), "sms")).await;
    assert_eq!(pushed.json(200)["result"], "success");
}

#[tokio::test]
async fn points_run_out() {
    let calls = Calls::with(&by_hand());
    let mut sms_plus = SmsPlus::new().with_points(1);
    sms_plus.add_setting(PnpSetting::new(118, "出貨通知", true)).unwrap();
    calls.sandbox.producers().sms_plus = sms_plus;
    calls.post("/pnp/message/push/", push(118, NUMBER)).await.json(200);
    assert_eq!(calls.post("/pnp/message/push/", push(118, NUMBER)).await.line(400), "points insufficient");
}

#[tokio::test(start_paused = true)]
async fn more_messages_on_their_way_than_there_are_places_for_are_to_be_tried_again() {
    let slow = SmsPlusProgress::by_itself(Duration::from_secs(3600), None);
    let calls = Calls::with(&settings().with_progress(slow));
    let data = vec![json!({"phone_number": NUMBER, "pnp": {}, "sms": {}}); 125];
    let multicast = json!({"pnp_setting_id": 118, "data": data});
    for round in 0..80 {
        if round % 10 == 0 {
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        calls.post("/pnp/message/multicast/", multicast.clone()).await.json(200);
    }
    let refused = calls.post("/pnp/message/push/", push(118, NUMBER)).await;
    assert_eq!(refused.line(503), "failed to emit messages, try again");
}
