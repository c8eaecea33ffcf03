use serde_json::json;
use tokio::net::TcpListener;

use super::support::{Calls, FRIEND};

/// What a first open gives an event of does not happen again, so the event must not be lost for want of room.
#[tokio::test(start_paused = true)]
async fn an_event_waits_for_room_among_the_deliveries() {
    let calls = Calls::new();
    // It never answers, so that each attempt takes its ten seconds.
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", receiver.local_addr().unwrap());
    let form = json!({"name": "slow", "url": url, "topics": ["message.first_open"]});
    let id = calls.post(201, "/api/endpoints", form).await["id"].as_str().unwrap().to_owned();
    let broadcast = calls.change(201, "/api/broadcasts").await["id"].clone();
    let (endpoint, topic) = (id.parse().unwrap(), "message.first_open".into());
    while calls.sandbox.send_test(endpoint, &topic).await.is_ok() {}
    assert_eq!(calls.sandbox.dispatcher().in_flight(), 1024);

    let opens = format!("/api/broadcasts/{broadcast}/opens");
    let opened = calls.post(200, &opens, json!({"line_uid": FRIEND})).await;
    assert!(opened["event"]["endpoints"][0]["delivery"].is_string(), "{opened}");
}
