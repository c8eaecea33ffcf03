//! What is refused of every call alike.

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header::CONTENT_TYPE},
};
use serde_json::{Value, json};

use super::support::Calls;

async fn error(calls: &Calls, request: Request<Body>) -> (StatusCode, String) {
    let response = calls.send(request).await;
    let status = response.status();
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    let schema = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}});
    calls.description.holds(&schema, &answer, "an error");
    (status, answer["code"].as_str().unwrap().to_owned())
}

/// What a web page elsewhere can send without asking: a form, or a text.
#[tokio::test]
async fn what_a_web_page_elsewhere_can_send_changes_nothing() {
    let calls = Calls::new();
    let changes: Vec<_> = calls
        .description
        .operations()
        .filter(|(_, method, _)| *method != "get")
        .map(|(path, method, _)| {
            (path.replace("{id}", "1").replace("{svid}", "x7QpL"), method.to_uppercase())
        })
        .collect();
    assert!(changes.len() > 20);
    let body =
        json!({"name": "crm", "url": "https://127.0.0.1:1/", "topics": ["message.first_open"]}).to_string();
    for (path, method) in &changes {
        for content_type in [
            &[][..],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=application/json"],
            &["text/plain; application/json"],
            &["application/jsonp"],
            &["text/plain", "application/json"],
        ] {
            let mut request = Request::builder().method(method.as_str()).uri(path);
            for value in content_type {
                request = request.header(CONTENT_TYPE, *value);
            }
            let refused = error(&calls, request.body(Body::from(body.clone())).unwrap()).await;
            let expected = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "json_required".to_owned());
            assert_eq!(refused, expected, "{method} {path} {content_type:?}");
        }
    }
    assert_eq!(calls.get("/api/endpoints").await, json!([]));
    assert_eq!(calls.get("/api/broadcasts").await, json!([]));
}

#[tokio::test]
async fn a_web_page_elsewhere_that_asks_is_not_allowed() {
    let calls = Calls::new();
    let asks = Request::builder()
        .method(Method::OPTIONS)
        .uri("/api/endpoints")
        .header("Origin", "https://elsewhere.example")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type");
    let response = calls.send(asks.body(Body::empty()).unwrap()).await;
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn nothing_may_be_kept_by_a_cache() {
    let calls = Calls::new();
    for (method, path) in [("GET", "/api/endpoints"), ("POST", "/api/endpoints"), ("GET", "/api/nothing")] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = calls.send(request).await;
        assert_eq!(response.headers()["cache-control"], "no-store", "{method} {path}");
    }
}

#[tokio::test]
async fn what_there_is_not_is_an_error_of_the_same_form() {
    let calls = Calls::new();
    for path in ["/api/", "/api/nothing", "/api/endpoints/", "/api/endpoints/1/2/3"] {
        let refused = error(&calls, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(refused, (StatusCode::NOT_FOUND, "no_such_call".to_owned()), "{path}");
    }
    let patch = Request::patch("/api/endpoints").header(CONTENT_TYPE, "application/json");
    let refused = error(&calls, patch.body(Body::empty()).unwrap()).await;
    assert_eq!(refused, (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn a_body_or_query_that_is_not_as_described_is_told_by_its_property() {
    let calls = Calls::new();
    let post = |body: String| {
        let request = Request::post("/api/receipts").header(CONTENT_TYPE, "application/json; charset=utf-8");
        request.body(Body::from(body)).unwrap()
    };
    for body in ["", "{", "[]", "null", "{} {}"] {
        let refused = error(&calls, post(body.to_owned())).await;
        assert_eq!(refused, (StatusCode::BAD_REQUEST, "invalid_request".to_owned()), "{body}");
    }
    let refused = error(&calls, post("x".repeat(3 << 20))).await;
    assert_eq!(refused, (StatusCode::PAYLOAD_TOO_LARGE, "too_large".to_owned()));

    let mut receipt = json!({
        "friend": {"line_uid": "U"}, "number": "x", "datetime": "2025-11-28T09:00:00+08:00", "random_number": "1",
        "channel": "x", "items": [{"description": "x", "unit_price": 1, "quantity": "two"}],
    });
    let (_, answer) = calls.call(Method::POST, "/api/receipts", Some(receipt.clone())).await;
    assert_eq!(answer["property"], "items[0].quantity", "{answer}");
    receipt["items"] = json!([{"description": "x", "unit_price": 1}]);
    let (_, answer) = calls.call(Method::POST, "/api/receipts", Some(receipt)).await;
    assert_eq!(
        (&answer["property"], &answer["message"]),
        (&json!("items[0].quantity"), &json!("items[0].quantity is required"),)
    );

    for query in
        ["limit=x", "limit=0", "limit=201", "before=-1", "limit=1&limit=2", "limit=18446744073709551616"]
    {
        let (status, answer) = calls.call(Method::GET, &format!("/api/deliveries?{query}"), None).await;
        assert_eq!((status.as_u16(), &answer["code"]), (400, &json!("invalid_request")), "{query}");
    }
    for limit in ["1", "200"] {
        calls.get(&format!("/api/deliveries?limit={limit}")).await;
    }
}
