//! Each call, whose answers are held against the description as they come.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::support::{Calls, FRIEND};
use crate::Sandbox;

const ALL: [&str; 6] = [
    "receipt.receipt_validated",
    "form.surveycake_submitted",
    "pnp.status_updated",
    "pnp.profile_updated",
    "prize.points_added",
    "message.first_open",
];

fn friend() -> Value {
    json!({"line_uid": FRIEND, "customer_id": "C-1"})
}

/// The body that was delivered under this id.
async fn delivered(sandbox: &Sandbox, delivery: &Value) -> Value {
    let id = delivery.as_str().unwrap().parse().unwrap();
    let delivery = sandbox.delivery(id).await.unwrap().unwrap();
    serde_json::from_slice(delivery.body.as_bytes()).unwrap()
}

async fn purchase_and_endpoints(calls: &Calls) {
    let platform = calls.get("/api/platform").await;
    assert_eq!(platform["purchase"]["zones"], json!([1, 2]));
    let year = json!({"zones": [1, 2], "first_day": "2025-01-01", "last_day": "2025-12-31"});
    let bought = calls.expect(200, Method::PUT, "/api/purchase", Some(year)).await;
    assert_eq!(bought["purchase"]["until"], "2025-12-31T16:00:00Z");

    let id = calls.endpoint(&["message.first_open"]).await;
    let path = format!("/api/endpoints/{id}");
    let shown = calls.get(&path).await;
    assert_eq!((&shown["id"], &shown["status"]), (&json!(id), &json!("ongoing")));
    assert_eq!(calls.get("/api/endpoints").await, json!([shown]));
    assert_eq!(calls.change(200, &format!("{path}/stop")).await["status"], "stopped");
    assert_eq!(calls.change(200, &format!("{path}/resume")).await["status"], "ongoing");

    let secret = calls.change(200, &format!("{path}/share-secret/reveal")).await;
    let changed = calls.change(200, &format!("{path}/share-secret/change")).await;
    assert_ne!(secret, changed);
    assert_eq!(calls.change(200, &format!("{path}/share-secret/reveal")).await, changed);
    // Nowhere else is it told.
    for path in [&path[..], "/api/endpoints", "/api/platform", "/api/setup"] {
        let answer = calls.get(path).await.to_string();
        assert!(!answer.contains(changed["share_secret"].as_str().unwrap()), "{path}");
    }

    calls.expect(204, Method::DELETE, &path, None).await;
    assert_eq!(calls.get("/api/endpoints").await, json!([]));
}

async fn deliveries(calls: &Calls) {
    let id = calls.endpoint(&ALL).await;
    let test = format!("/api/endpoints/{id}/test");
    let accepted = calls.post(202, &test, json!({"topic": "prize.points_added"})).await;
    let over = calls.post(200, &test, json!({"topic": "message.first_open", "wait": true})).await;
    assert_eq!((&over["state"], &over["origin"]), (&json!("exhausted"), &json!("test")));
    assert_eq!(over["timeline"][0]["error"]["kind"], "refused");
    let path = format!("/api/deliveries/{}", over["id"].as_str().unwrap());
    assert_eq!(calls.get(&path).await, over);

    let again = calls.change(202, &format!("{path}/send-again")).await;
    let again = calls.get(&format!("/api/deliveries/{}", again["delivery"].as_str().unwrap())).await;
    assert_eq!((&again["replay_of"], &again["body"]), (&over["id"], &over["body"]));

    calls.sandbox.dispatcher().idle().await;
    let page = calls.get("/api/deliveries?limit=2").await;
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&again["id"], &over["id"]]);
    let next = calls.get(&format!("/api/deliveries?limit=2&before={}", page["next_before"])).await;
    assert_eq!((&next["items"][0]["id"], &next["next_before"]), (&accepted["delivery"], &Value::Null));
    let other = uuid::Uuid::new_v4();
    assert_eq!(calls.get(&format!("/api/deliveries?endpoint={other}")).await["items"], json!([]));
}

async fn setup_and_what_friends_do(calls: &Calls) {
    calls.post(200, "/api/setup/friends", json!({"line_uid": format!("U{}", "0".repeat(32))})).await;
    let campaign = json!({"name": "茶", "conditions": {"keywords": ["茶"]}});
    calls.post(200, "/api/setup/campaigns", campaign).await;
    let survey = json!({
        "svid": "abc", "title": "問卷",
        "questions": [{"sn": 1, "type": "CHOICEONE", "subject": "性別", "alias": "maac_member_gender",
                       "choices": [{"text": "女", "alias": "female"}]}],
    });
    calls.post(200, "/api/setup/surveys", survey).await;
    calls.post(200, "/api/setup/pnp-settings", json!({"id": 7, "name": "通知", "sms": true})).await;
    let setup = calls.get("/api/setup").await;
    assert_eq!(setup["surveys"].as_array().unwrap().last().unwrap()["svid"], "abc");

    let item = |description: &str| json!({"description": description, "unit_price": 65, "quantity": 2});
    let receipt = json!({
        "friend": friend(), "number": "KX12345678", "datetime": "2025-11-28T09:00:00+08:00",
        "random_number": "0427", "channel": "台北店", "items": [item("烏龍茶"), item("可頌")],
    });
    let uploaded = calls.post(200, "/api/receipts", receipt).await;
    let of = |name: &str| {
        let results = uploaded["campaigns"].as_array().unwrap();
        results.iter().find(|result| result["campaign"] == name).unwrap()
    };
    assert_eq!(of("秋季咖啡滿額抽獎")["no_event"]["reason"], "no_matching_item");
    let event = &of("茶")["event"];
    let body = delivered(&calls.sandbox, &event["endpoints"][0]["delivery"]).await;
    // Only the items that match, as it is documented.
    assert_eq!(body["data"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(calls.get(&format!("/api/events/{}", event["id"].as_str().unwrap())).await, *event);

    let submission = json!({"friend": friend(), "answers": [{"sn": 1, "answers": ["女"]}]});
    let submitted = calls.post(200, "/api/surveys/abc/submissions", submission).await;
    let body = delivered(&calls.sandbox, &submitted["endpoints"][0]["delivery"]).await;
    assert_eq!(body["data"]["answer"]["alias"], json!({"maac_member_gender": ["female"]}));

    let binding = json!({
        "pnp_setting_id": 7, "pnp_setting_name": "通知", "phone_number": "+886912345678", "source": "sms",
        "friend": friend(),
    });
    assert_eq!(calls.post(200, "/api/profiles", binding).await["topic"], "pnp.profile_updated");
    let grant = json!({"friend": friend(), "prize_name": "週年慶", "points_count": 5});
    assert_eq!(calls.post(200, "/api/points", grant).await["topic"], "prize.points_added");
}

async fn deletions(calls: &Calls) {
    let line_uid = format!("U{}", "0".repeat(32));
    // A name may have anything in it.
    calls.post(200, "/api/setup/campaigns", json!({"name": "茶/咖啡?"})).await;
    for path in [
        &format!("friends/{line_uid}"),
        "campaigns/%E8%8C%B6",
        "campaigns/%E8%8C%B6%2F%E5%92%96%E5%95%A1%3F",
        "surveys/abc",
        "pnp-settings/119",
    ] {
        calls.expect(204, Method::DELETE, &format!("/api/setup/{path}"), None).await;
    }
    let setup = calls.get("/api/setup").await;
    let names = |kind: &str, name: &str| -> Vec<Value> {
        setup[kind].as_array().unwrap().iter().map(|own| own[name].clone()).collect()
    };
    assert!(!names("friends", "line_uid").contains(&json!(line_uid)));
    assert_eq!(names("campaigns", "name"), ["秋季咖啡滿額抽獎"]);
    assert_eq!(names("surveys", "svid"), ["x7QpL"]);
    assert!(!names("pnp_settings", "id").contains(&json!(119)));
}

async fn sms_plus(calls: &Calls) {
    let push = json!({"pnp_setting_id": 118, "phone_number": "+886912345678"});
    let pushed = calls.post(201, "/api/sms-plus/messages", push.clone()).await;
    assert_eq!(pushed["event"]["topic"], "pnp.status_updated");
    let message = &pushed["message"];
    let path = format!("/api/sms-plus/messages/{}", message["id"]);
    assert_eq!(calls.get(&path).await, *message);
    for status in message["next"].as_array().unwrap().iter().take(1) {
        let reported = calls.post(200, &format!("{path}/reports"), json!({"status": status})).await;
        assert_eq!(&reported["message"]["status"], status);
    }

    let mut by_itself = push;
    by_itself["progress"] = json!({"step_ms": 0, "ending": "sms_delivered"});
    let pushed = calls.post(201, "/api/sms-plus/messages", by_itself).await;
    let path = format!("/api/sms-plus/messages/{}", pushed["message"]["id"]);
    let mut updates = calls.sandbox.dispatcher().watch();
    while calls.get(&path).await["status"] != "sms_delivered" {
        updates.next().await.unwrap().unwrap();
    }
    let listed = calls.get("/api/sms-plus/messages?limit=1").await;
    assert_eq!(listed[0]["id"], pushed["message"]["id"]);
}

async fn messages(calls: &Calls) {
    let event = calls.post(201, "/api/openapi-events", json!({"name": "出貨"})).await;
    let push =
        |event_id: &Value| json!({"template_id": 5, "event_id": event_id, "data": {"line_uid": FRIEND}});
    let pushed = calls.post(201, "/api/messages", push(&event["id"])).await;
    let path = format!("/api/messages/{}", pushed["id"]);
    let first = calls.post(200, &format!("{path}/opens"), friend()).await;
    let body = delivered(&calls.sandbox, &first["event"]["endpoints"][0]["delivery"]).await;
    let data = json!({
        "message_type": "openapi", "message_id": event["id"], "line_uid": FRIEND, "customer_id": "C-1",
    });
    assert_eq!(body["data"], data);
    let second = calls.post(200, &format!("{path}/opens"), friend()).await;
    assert_eq!(second["no_event"]["reason"], "opened_before");
    assert_eq!(calls.get(&path).await["opens"], 1);
    assert_eq!(calls.get("/api/openapi-events").await[0]["opens"], 1);

    let without = calls.post(201, "/api/messages", push(&Value::Null)).await;
    let opened = calls.post(200, &format!("/api/messages/{}/opens", without["id"]), friend()).await;
    assert_eq!(opened["no_event"]["reason"], "no_event_id");
    assert_eq!(calls.get("/api/messages?limit=1").await[0]["id"], without["id"]);

    let broadcast = calls.change(201, "/api/broadcasts").await;
    let opened = calls.post(200, &format!("/api/broadcasts/{}/opens", broadcast["id"]), friend()).await;
    let body = delivered(&calls.sandbox, &opened["event"]["endpoints"][0]["delivery"]).await;
    assert_eq!(body["data"]["message_type"], "broadcast");
    assert_eq!(calls.get("/api/broadcasts").await, json!([{"id": broadcast["id"], "opens": 1}]));
}

#[tokio::test]
async fn each_call_does_what_it_is_for_and_answers_as_it_is_described() {
    let calls = Calls::new();
    calls.get("/api/openapi.json").await;
    purchase_and_endpoints(&calls).await;
    deliveries(&calls).await;
    setup_and_what_friends_do(&calls).await;
    sms_plus(&calls).await;
    messages(&calls).await;
    deletions(&calls).await;

    // The stream, whose answer is no JSON, has its own test.
    let described: BTreeSet<_> = calls
        .description
        .operations()
        .filter(|(path, ..)| *path != "/api/updates")
        .flat_map(|(path, method, operation)| {
            let name = format!("{} {path}", method.to_uppercase());
            let statuses = operation["responses"].as_object().unwrap().keys();
            let statuses = statuses.filter(|status| status.starts_with('2'));
            statuses.map(move |status| (name.clone(), status.parse::<u16>().unwrap())).collect::<Vec<_>>()
        })
        .collect();
    let answered = calls.answered();
    let missed: Vec<_> = described.difference(&answered).collect();
    assert!(missed.is_empty(), "described and never answered: {missed:?}");
}
