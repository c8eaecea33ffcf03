use axum::{
    body::Body,
    http::{Request, header::CONTENT_TYPE},
};
use futures_util::StreamExt;
use maac_webhook_test_support::PATIENCE;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::support::Calls;

#[tokio::test]
async fn each_step_of_a_delivery_is_streamed_as_it_happens() {
    let calls = Calls::new();
    let id = calls.endpoint(&["message.first_open"]).await;
    let response = calls.send(Request::get("/api/updates").body(Body::empty()).unwrap()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()[CONTENT_TYPE]),
        (200, &"text/event-stream".parse().unwrap())
    );
    let test = json!({"topic": "message.first_open"});
    let accepted = calls.post(202, &format!("/api/endpoints/{id}/test"), test).await;

    let mut stream = response.into_body().into_data_stream();
    let (mut text, mut steps) = (String::new(), Vec::new());
    while steps.last().is_none_or(|step: &Value| step["update"] != "finished") {
        let piece = timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let data = event.strip_prefix("event: update\ndata: ").unwrap();
            steps.push(serde_json::from_str(data).unwrap());
            text = rest.to_owned();
        }
    }
    let names: Vec<_> = steps.iter().map(|step| step["update"].as_str().unwrap()).collect();
    assert_eq!(names, ["accepted", "signed", "attempt_began", "attempt_ended", "finished"]);
    assert_eq!(steps[0]["delivery"]["id"], accepted["delivery"]);
    assert!(steps[1..].iter().all(|step| step["id"] == accepted["delivery"]));
    assert_eq!(steps[3]["attempt"]["error"]["kind"], "refused");

    let secret = calls.change(200, &format!("/api/endpoints/{id}/share-secret/reveal")).await;
    assert!(!format!("{steps:?}").contains(secret["share_secret"].as_str().unwrap()));
}

#[tokio::test]
async fn whoever_is_too_slow_is_told_how_much_was_missed() {
    let calls = Calls::new();
    let id = calls.endpoint(&["message.first_open"]).await;
    let response = calls.send(Request::get("/api/updates").body(Body::empty()).unwrap()).await;
    // Five steps each, of which 1,024 are kept.
    for _ in 0..250 {
        let test = json!({"topic": "message.first_open", "wait": true});
        calls.post(200, &format!("/api/endpoints/{id}/test"), test).await;
    }
    let mut stream = response.into_body().into_data_stream();
    let first = timeout(PATIENCE, stream.next()).await.unwrap().unwrap().unwrap();
    let text = std::str::from_utf8(&first).unwrap();
    assert_eq!(text, "event: missed\ndata: {\"count\":226}\n\n");
}
