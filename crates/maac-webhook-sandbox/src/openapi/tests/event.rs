use maac_webhook_sender::producers::{Friend, Messages};
use serde_json::json;

use super::{Calls, friend};

#[tokio::test]
async fn an_event_is_made_shown_and_listed() {
    let calls = Calls::new();
    assert_eq!(calls.get("/event/").await.json(200), json!([]));
    let made = calls.post("/event/", json!({"name": "出貨"})).await.json(201);
    let id = made["id"].as_u64().unwrap();
    assert_eq!(made, json!({"id": id, "name": "出貨"}));
    assert_eq!(calls.get(&format!("/event/{id}/")).await.json(200), made);
    let second = calls.event("到貨").await;
    assert_eq!(calls.get("/event/").await.json(200), json!([made, {"id": second, "name": "到貨"}]));
}

#[tokio::test]
async fn there_are_a_thousand_events_at_most() {
    let calls = Calls::new();
    for number in 0..Messages::DEFAULT_EVENT_LIMIT {
        calls.event(&format!("event {number}")).await;
    }
    let refused = calls.post("/event/", json!({"name": "one more"})).await.json(400);
    assert_eq!(
        refused,
        json!({"message": "The number of events has reached the limit of 1000.", "details": []})
    );
    assert_eq!(calls.get("/event/").await.json(200).as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn an_event_needs_a_name_and_one_that_is_not_there_is_404() {
    let calls = Calls::new();
    for body in [json!({}), json!({"name": " "})] {
        let refused = calls.post("/event/", body).await.json(400);
        assert_eq!(refused["details"][0]["property"], "name");
    }
    for path in
        ["/event/7/", "/event/none/", "/event/-1/", "/event/99999999999999999999/", "/event/7/report/"]
    {
        let refused = calls.get(path).await.json(404);
        assert!(refused["message"].is_string() && refused["details"] == json!([]), "{refused}");
    }
}

#[tokio::test]
async fn the_report_has_the_first_opens_of_the_days_asked_for() {
    let calls = Calls::new();
    let event_id = calls.event("opens").await;
    // 10:00 on the 28th in Taiwan, and a day later.
    for number in 0..3 {
        let push = json!({"template_id": 5, "event_id": event_id, "data": {"line_uid": friend(number)}});
        let id = calls.post("/direct_message/push/", push).await.json(200)["id"].as_u64().unwrap();
        let now = calls.sandbox.now();
        for _ in 0..2 {
            let opened = calls.sandbox.producers().messages.open(id, &Friend::new(friend(number)), now);
            opened.unwrap().ok();
        }
        if number == 0 {
            calls.after_seconds(24 * 60 * 60);
        }
    }
    let total = |opens: u64| {
        json!({
            "id": event_id,
            "report": {
                "total": {
                    "opens": opens, "clicks": 0, "unique_clicks": 0, "adds_to_cart": 0, "transactions": 0,
                    "transaction_revenue": 0,
                },
                "urls": [], "messages": [],
            },
        })
    };
    let path = format!("/event/{event_id}/report/");
    for (query, opens) in [
        ("", 3),
        ("?start_date=2025-11-28&end_date=2025-11-28", 1),
        ("?start_date=2025-11-29", 2),
        ("?end_date=2025-11-27", 0),
        ("?start_date=2025-11-28&end_date=2025-11-29", 3),
    ] {
        assert_eq!(calls.get(&format!("{path}{query}")).await.json(200), total(opens), "{query}");
    }
    for (query, property) in [
        ("?start_date=28.11.2025", "start_date"),
        ("?end_date=2025-02-30", "end_date"),
        ("?start_date=20251128", "start_date"),
        ("?start_date=2025-11-29&end_date=2025-11-28", "end_date"),
        ("?start_date=", "start_date"),
    ] {
        let refused = calls.get(&format!("{path}{query}")).await.json(400);
        assert_eq!(refused["details"][0]["property"], property, "{query}");
    }
}
