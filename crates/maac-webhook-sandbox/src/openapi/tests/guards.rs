use std::num::NonZeroU32;

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::json;
use tokio::time::{Duration, advance};

use super::{Calls, TOKEN, friend, settings};

const CALLS: [(&str, &str); 9] = [
    ("GET", "/event/"),
    ("POST", "/event/"),
    ("GET", "/event/1/"),
    ("GET", "/event/1/report/"),
    ("POST", "/direct_message/push/"),
    ("POST", "/direct_message/multicast/"),
    ("POST", "/direct_message/enhanced_multicast/"),
    ("GET", "/direct_message/1/"),
    ("GET", "/no/such/call/"),
];

const PNP_CALLS: [(&str, &str); 2] = [("POST", "/pnp/message/push/"), ("POST", "/pnp/message/multicast/")];

fn with_authorization(method: &str, path: &str, authorization: &[&str]) -> Request<Body> {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(format!("/openapi/v1{path}"));
    for value in authorization {
        request = request.header("Authorization", *value);
    }
    request.body(Body::from("{")).unwrap()
}

#[tokio::test]
async fn whoever_has_not_the_token_is_answered_401_before_anything_is_read() {
    let calls = Calls::new();
    let right = format!("Bearer {TOKEN}");
    let (shorter, longer) = (&right[..right.len() - 1], format!("{right}x"));
    for authorization in [&[][..], &[shorter], &[&longer], &["Bearer other"], &[TOKEN], &[&right, &right]] {
        for (method, path) in CALLS {
            let answer = calls.send(with_authorization(method, path, authorization)).await;
            assert!(answer.json(401)["message"].is_string(), "{method} {path}");
        }
        for (method, path) in PNP_CALLS {
            calls.send(with_authorization(method, path, authorization)).await.line(401);
        }
    }
    for (method, path) in CALLS.into_iter().chain(PNP_CALLS) {
        let answer = calls.send(with_authorization(method, path, &[&right])).await;
        assert_ne!(answer.status.as_u16(), 401, "{method} {path}");
    }
}

#[tokio::test]
async fn what_is_not_json_is_a_clear_400() {
    let calls = Calls::new();
    for (method, path) in CALLS.into_iter().filter(|(method, _)| *method == "POST") {
        for body in ["", "{", "{\"name\": \"x\"} x", "name=x", "\u{0}"] {
            let answer = calls.post_text(path, body).await.json(400);
            let message = answer["message"].as_str().unwrap();
            assert!(message.starts_with("the body is not JSON: "), "{method} {path} {body}: {message}");
        }
    }
    for (_, path) in PNP_CALLS {
        let answer = calls.post_text(path, "{").await;
        assert!(answer.line(400).starts_with("the body is not JSON: "));
    }
    for body in ["[\"name\"]", "null", "7"] {
        let answer = calls.post_text("/event/", body).await.json(400);
        assert_eq!(answer["message"], "the body is not a JSON object", "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_and_a_method_that_there_is_not_are_told_too() {
    let calls = Calls::new();
    let large = "x".repeat(3 << 20);
    assert!(calls.post_text("/event/", &large).await.json(413)["message"].is_string());
    calls.post_text("/pnp/message/push/", &large).await.line(413);
    assert!(calls.get("/direct_message/push/").await.json(405)["message"].is_string());
}

#[tokio::test]
async fn a_path_without_its_slash_is_told_so() {
    let calls = Calls::new();
    for path in ["/event", "/direct_message/push", "/pnp/message/push", "/pnp/nothing/", "/nothing/"] {
        let answer = calls.get(path).await.json(404);
        assert!(answer["message"].as_str().unwrap().contains("end with a slash"), "{path}");
    }
}

/// Calls until it is refused, and says how many were not.
async fn until_refused(calls: &Calls, path: &str) -> u32 {
    let mut admitted = 0;
    loop {
        let answer = calls.post(path, json!({})).await;
        if answer.status.as_u16() == 429 {
            return admitted;
        }
        assert_eq!(answer.status.as_u16(), 400);
        admitted += 1;
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_has_its_own_limit_in_a_second() {
    let calls = Calls::new();
    for (path, limit) in [
        ("/direct_message/push/", 170),
        ("/direct_message/enhanced_multicast/", 170),
        ("/pnp/message/push/", 170),
        ("/direct_message/multicast/", 10),
        ("/pnp/message/multicast/", 10),
    ] {
        assert_eq!(until_refused(&calls, path).await, limit, "{path}");
    }
    advance(Duration::from_millis(500)).await;
    assert_eq!(until_refused(&calls, "/direct_message/push/").await, 85);
    assert_eq!(until_refused(&calls, "/direct_message/multicast/").await, 5);
    calls.post("/direct_message/push/", json!({})).await.json(429);
    // The others are not limited.
    for _ in 0..500 {
        calls.get("/event/").await.json(200);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_settings() {
    let three = NonZeroU32::new(3).unwrap();
    let calls = Calls::with(&settings().with_push_rate(three).with_multicast_rate(NonZeroU32::MIN));
    assert_eq!(until_refused(&calls, "/direct_message/push/").await, 3);
    assert_eq!(until_refused(&calls, "/pnp/message/multicast/").await, 1);
    calls.post("/pnp/message/multicast/", json!({})).await.line(429);
}

#[tokio::test]
async fn an_account_without_sms_plus_is_answered_403_by_its_calls_alone() {
    let calls = Calls::with(&settings().with_sms_plus(false));
    for (_, path) in PNP_CALLS {
        assert!(calls.post(path, json!({})).await.line(403).starts_with("no permission"));
    }
    let push = json!({"template_id": 5, "data": {"line_uid": friend(1)}});
    calls.post("/direct_message/push/", push).await.json(200);
}
