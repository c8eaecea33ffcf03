//! What is refused, by which code.

use axum::http::Method;
use serde_json::{Value, json};

use super::support::{Calls, FRIEND};

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;

const NONE: &str = "5b1f2b0e-8a34-4c61-9d0f-6f2a7c3e9b10";

fn form(url: &str, topics: Value) -> Option<Value> {
    Some(json!({"name": "crm", "url": url, "topics": topics}))
}

#[tokio::test]
async fn what_the_console_refuses_is_refused_by_a_code_and_its_words() {
    let calls = Calls::new();
    let opens = json!(["message.first_open"]);
    for (body, code) in [
        (Some(json!({"url": "https://shop.example/", "topics": opens})), "name_missing"),
        (form("http://shop.example/", opens.clone()), "not_https"),
        (form("shop.example", opens.clone()), "invalid_url"),
        (form("https://shop.example/", json!([])), "no_topic"),
        (form("https://shop.example/", json!(["no.topic"])), "unknown_topic"),
    ] {
        assert_eq!(calls.refused(422, POST, "/api/endpoints", body).await, code);
    }
    let answer = calls.expect(422, POST, "/api/endpoints", Some(json!({}))).await;
    assert_eq!(answer["message"], "Enter a name for the webhook endpoint.");

    let ids = [calls.endpoint(&["message.first_open"]).await, calls.endpoint(&["message.first_open"]).await];
    calls.endpoint(&["message.first_open"]).await;
    let fourth = calls.refused(409, POST, "/api/endpoints", form("https://shop.example/", opens)).await;
    assert_eq!(fourth, "too_many_working_endpoints");
    let path = format!("/api/endpoints/{}", ids[0]);
    assert_eq!(calls.refused(409, POST, &format!("{path}/resume"), None).await, "already_in_status");
    calls.change(200, &format!("{path}/stop")).await;
    assert_eq!(calls.refused(409, POST, &format!("{path}/stop"), None).await, "already_in_status");

    let test = format!("/api/endpoints/{}/test", ids[1]);
    let not_subscribed = Some(json!({"topic": "prize.points_added"}));
    assert_eq!(calls.refused(409, POST, &test, not_subscribed).await, "not_subscribed");
    let past = json!({"zones": [1, 2], "first_day": "2024-01-01", "last_day": "2024-12-31"});
    calls.expect(200, PUT, "/api/purchase", Some(past)).await;
    let over = Some(json!({"topic": "message.first_open"}));
    assert_eq!(calls.refused(409, POST, &test, over).await, "after_period");
    for (zones, last_day, status, code) in [
        (json!([]), "2025-12-31", 422, "no_zone"),
        (json!([1]), "2024-12-31", 422, "period_ends_before_it_begins"),
        (json!([3]), "2025-12-31", 400, "invalid_request"),
        (json!([1]), "2025-02-30", 400, "invalid_request"),
    ] {
        let purchase = json!({"zones": zones, "first_day": "2025-01-01", "last_day": last_day});
        assert_eq!(calls.refused(status, PUT, "/api/purchase", Some(purchase)).await, code);
    }
}

#[tokio::test]
async fn what_is_not_there_is_404_also_where_its_id_is_none() {
    let calls = Calls::new();
    for id in [NONE, "none", "%00"] {
        for (method, path) in [(GET, ""), (DELETE, ""), (POST, "/stop"), (POST, "/share-secret/reveal")] {
            let path = format!("/api/endpoints/{id}{path}");
            assert_eq!(calls.refused(404, method, &path, None).await, "no_such_endpoint");
        }
        let path = format!("/api/deliveries/{id}");
        assert_eq!(calls.refused(404, GET, &path, None).await, "no_such_delivery");
        assert_eq!(calls.refused(404, POST, &format!("{path}/send-again"), None).await, "no_such_delivery");
        assert_eq!(calls.refused(404, GET, &format!("/api/events/{id}"), None).await, "no_such_event");
    }
    for id in ["1", "+1", "none", "99999999999999999999999"] {
        let friend = || Some(json!({"line_uid": FRIEND}));
        for (path, body, code) in [
            ("messages/{}/opens", friend(), "no_such_message"),
            ("broadcasts/{}/opens", friend(), "no_such_broadcast"),
            ("sms-plus/messages/{}/reports", Some(json!({"status": "pnp_accepted"})), "no_such_pnp_message"),
        ] {
            let path = format!("/api/{}", path.replace("{}", id));
            assert_eq!(calls.refused(404, POST, &path, body).await, code, "{path}");
        }
        assert_eq!(calls.refused(404, GET, &format!("/api/messages/{id}"), None).await, "no_such_message");
        let path = format!("/api/sms-plus/messages/{id}");
        assert_eq!(calls.refused(404, GET, &path, None).await, "no_such_pnp_message");
    }
    let submission = Some(json!({"friend": {"line_uid": FRIEND}}));
    let code = calls.refused(404, POST, "/api/surveys/none/submissions", submission).await;
    assert_eq!(code, "no_such_survey");
}

#[tokio::test]
async fn what_is_used_or_not_there_is_not_deleted() {
    let calls = Calls::new();
    for (path, code) in [
        ("friends/U1", "no_such_friend"),
        ("campaigns/%E8%8C%B6", "no_such_campaign"),
        ("surveys/none", "no_such_survey"),
        ("pnp-settings/1", "no_such_pnp_setting"),
        ("pnp-settings/one", "no_such_pnp_setting"),
    ] {
        assert_eq!(calls.refused(404, DELETE, &format!("/api/setup/{path}"), None).await, code);
    }
    let push = json!({"pnp_setting_id": 118, "phone_number": "+886912345678"});
    let pushed = calls.post(201, "/api/sms-plus/messages", push).await;
    let template = "/api/setup/pnp-settings/118";
    assert_eq!(calls.refused(409, DELETE, template, None).await, "pnp_setting_in_use");
    assert_eq!(calls.get("/api/setup").await["pnp_settings"][0]["id"], 118);
    let reports = format!("/api/sms-plus/messages/{}/reports", pushed["message"]["id"]);
    for status in ["pnp_accepted", "pnp_delivered"] {
        calls.post(200, &reports, json!({"status": status})).await;
    }
    calls.expect(204, DELETE, template, None).await;
    let push = json!({"pnp_setting_id": 118, "phone_number": "+886912345678"});
    assert_eq!(calls.refused(422, POST, "/api/sms-plus/messages", Some(push)).await, "no_such_pnp_setting");
}

#[tokio::test]
async fn what_a_producer_refuses_is_refused_by_its_code() {
    let calls = Calls::new();
    let message = calls
        .post(201, "/api/sms-plus/messages", json!({"pnp_setting_id": 118, "phone_number": "+886912345678"}))
        .await;
    let reports = format!("/api/sms-plus/messages/{}/reports", message["message"]["id"]);
    let friend = || json!({"line_uid": FRIEND});
    for (status, path, body, code) in [
        (409, &reports[..], json!({"status": "sms_delivered"}), "status_not_next"),
        (422, &reports, json!({"status": "pnp_failed", "sms_error_category": "others"}), "no_error_category"),
        (
            422,
            "/api/sms-plus/messages",
            json!({"pnp_setting_id": 118, "phone_number": "0912"}),
            "invalid_phone_number",
        ),
        (
            422,
            "/api/sms-plus/messages",
            json!({"pnp_setting_id": 1, "phone_number": "+8869"}),
            "no_such_pnp_setting",
        ),
        (
            422,
            "/api/sms-plus/messages",
            json!({"pnp_setting_id": 118, "phone_number": "+8869", "progress": {"ending": "sent"}}),
            "unknown_status",
        ),
        (422, "/api/messages", json!({"template_id": 5, "event_id": 7, "data": friend()}), "no_such_event"),
        (422, "/api/messages", json!({"template_id": 5, "data": {"line_uid": "U1"}}), "invalid_line_uid"),
        (422, "/api/openapi-events", json!({"name": ""}), "missing"),
        (422, "/api/points", json!({"friend": friend(), "prize_name": "x", "points_count": 0}), "no_points"),
        (422, "/api/surveys/x7QpL/submissions", json!({"friend": friend()}), "not_answered"),
        (422, "/api/setup/campaigns", json!({"name": " "}), "missing"),
        (422, "/api/setup/friends", json!({"line_uid": "U"}), "invalid_line_uid"),
        (422, "/api/setup/surveys", json!({"svid": "x", "title": "x", "questions": []}), "no_question"),
        (422, "/api/setup/pnp-settings", json!({"id": 1, "name": "", "sms": true}), "missing"),
    ] {
        assert_eq!(calls.refused(status, POST, path, Some(body)).await, code, "{path}");
    }
    // What was refused was not kept.
    let setup = calls.get("/api/setup").await;
    assert!(setup["surveys"].as_array().unwrap().iter().all(|survey| survey["svid"] != "x"));

    let multicast = serde_json::from_value(json!({"template_id": 5, "data": [friend()]})).unwrap();
    let now = calls.sandbox.now();
    let id = calls.sandbox.producers().messages.multicast(&multicast, now).unwrap().id();
    let opens = format!("/api/messages/{id}/opens");
    assert_eq!(calls.refused(409, POST, &opens, Some(friend())).await, "not_sent_yet");
    calls.after_seconds(2);
    calls.post(200, &opens, friend()).await;
    let stranger = json!({"line_uid": format!("U{}", "0".repeat(32))});
    assert_eq!(calls.refused(422, POST, &opens, Some(stranger)).await, "not_a_recipient");
}
