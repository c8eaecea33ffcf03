use serde_json::{Value, json};

use super::{Calls, friend};

async fn sent(calls: &Calls, id: &Value) -> Value {
    calls.get(&format!("/direct_message/{id}/")).await.json(200)
}

#[tokio::test]
async fn a_push_is_answered_with_both_spellings_of_its_event_and_is_sent_at_once() {
    let calls = Calls::new();
    let event_id = calls.event("出貨").await;
    let push = json!({
        "template_id": 5, "event_id": event_id, "data": {"line_uid": friend(1), "name": "林雅婷"},
    });
    let pushed = calls.post("/direct_message/push/", push).await.json(200);
    let id = &pushed["id"];
    assert_eq!(pushed, json!({"id": id, "event_id": event_id, "event": "出貨", "result": "success"}));
    assert_eq!(
        sent(&calls, id).await,
        json!({
            "id": id, "category": "push", "status": "sent", "event_id": event_id,
            "result": {
                "sent_time": "2025-11-28T10:00:00.000000+08:00", "to": {"line_ids": [friend(1)]},
                "total_count": 1, "fail_count": 0, "fail_info": [],
            },
        })
    );
}

#[tokio::test]
async fn a_push_without_an_event_has_none_and_one_to_nobody_is_an_error() {
    let calls = Calls::new();
    calls.sandbox.producers().messages.set_reachable(&friend(2), false);
    let push = json!({"template_id": 5, "event_id": null, "data": {"line_uid": friend(2)}});
    let pushed = calls.post("/direct_message/push/", push).await.json(200);
    let id = &pushed["id"];
    assert_eq!(pushed, json!({"id": id, "event_id": null, "event": null, "result": "error"}));
    let result = &sent(&calls, id).await["result"];
    assert_eq!(result["fail_count"], 1);
    let failure = json!({"line_uid": friend(2), "mark": "error", "response": "Failed to send messages"});
    assert_eq!(result["fail_info"], json!([failure]));
}

#[tokio::test]
async fn a_multicast_is_pending_then_sending_then_sent() {
    let calls = Calls::new();
    let event_id = calls.event("到貨").await;
    let to: Vec<_> = (0..150).map(|number| json!({"line_uid": friend(number), "n": number})).collect();
    let multicast = json!({"template_id": 5, "event_id": event_id, "data": to});
    let taken = calls.post("/direct_message/multicast/", multicast).await.json(200);
    let id = &taken["id"];
    assert_eq!(taken, json!({"id": id, "result": "pending"}));
    for status in ["pending", "sending"] {
        let expected = json!({"id": id, "category": "multicast", "status": status, "event_id": event_id});
        assert_eq!(sent(&calls, id).await, expected);
        calls.after_seconds(1);
    }
    let message = sent(&calls, id).await;
    assert_eq!((&message["status"], &message["result"]["total_count"]), (&json!("sent"), &json!(150)));
    assert_eq!(message["result"]["sent_time"], "2025-11-28T10:00:02.000000+08:00");
}

#[tokio::test]
async fn a_multicasts_event_stands_beside_its_data_or_in_each_entry() {
    let calls = Calls::new();
    let [beside, inside] = [calls.event("beside").await, calls.event("inside").await];
    let data = json!([{"line_uid": friend(1), "event_id": inside}, {"line_uid": friend(2)}]);
    let multicast = json!({"template_id": 5, "event_id": beside, "data": data});
    let id = calls.post("/direct_message/multicast/", multicast).await.json(200)["id"].as_u64().unwrap();
    let producers = calls.sandbox.producers();
    let of_each = producers.messages.message(id).unwrap().recipients().iter().map(|to| to.event_id);
    assert_eq!(of_each.collect::<Vec<_>>(), [Some(inside), Some(beside)]);
}

#[tokio::test]
async fn an_enhanced_multicast_is_for_five_hundred_at_most() {
    let calls = Calls::new();
    let to = |count: usize| (0..count).map(friend).collect::<Vec<_>>();
    let multicast = |count| json!({"template_id": 5, "line_uids": to(count), "data": {"name": "x"}});
    let taken = calls.post("/direct_message/enhanced_multicast/", multicast(500)).await.json(200);
    assert_eq!(taken, json!({"id": taken["id"], "result": "pending"}));
    assert_eq!(sent(&calls, &taken["id"]).await["category"], "enhanced_multicast");
    for count in [0, 501] {
        calls.post("/direct_message/enhanced_multicast/", multicast(count)).await.json(400);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_push_is_told_by_its_property() {
    let calls = Calls::new();
    let to = json!({"line_uid": friend(1)});
    let many = vec![to.clone(); 151];
    for (call, body, property) in [
        ("push", json!({"data": to}), "template_id"),
        ("push", json!({"template_id": 5}), "data"),
        ("push", json!({"template_id": 5, "data": {}}), "data.line_uid"),
        ("push", json!({"template_id": "five", "data": to}), "template_id"),
        ("push", json!({"template_id": 5, "data": {"line_uid": "Uabc"}}), "line_uid"),
        ("push", json!({"template_id": 5, "event_id": 7, "data": to}), "event_id"),
        ("multicast", json!({"template_id": 5, "data": [to, {}]}), "data[1].line_uid"),
        ("multicast", json!({"template_id": 5, "data": to}), "data"),
        ("enhanced_multicast", json!({"template_id": 5, "line_uids": [7]}), "line_uids[0]"),
    ] {
        let refused = calls.post(&format!("/direct_message/{call}/"), body).await.json(400);
        let told = refused["details"][0]["property"].as_str().unwrap_or_default();
        assert_eq!(told, property, "{refused}");
        assert!(!refused["details"][0]["message"].as_str().unwrap().is_empty(), "{refused}");
    }
    let refused = calls.post("/direct_message/multicast/", json!({"template_id": 5, "data": many})).await;
    assert_eq!(refused.json(400)["message"], "A message takes 150 recipients at most.");
    calls.get("/direct_message/7/").await.json(404);
}
