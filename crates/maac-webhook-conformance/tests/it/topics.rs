//! A receiver that subscribed to some topics alone, and is right: what it answers to any other is 503, so that it comes back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use maac_webhook_conformance::{
    Report, Selection, Status, SuiteErrorKind, Verdict,
    maac_webhook::{Signature, event::Topic},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::support::{case, ids, secret, suite};

#[derive(Clone)]
struct Receiver {
    subscribed: Vec<Topic>,
    /// How often each body was handled.
    handled: Arc<Mutex<BTreeMap<String, u64>>>,
    /// The topics of all that was ever posted, forgeries as well.
    seen: Arc<Mutex<BTreeSet<String>>>,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let topic =
        serde_json::from_slice(&body).ok().and_then(|event: Value| Some(event["topic"].as_str()?.to_owned()));
    receiver.seen.lock().unwrap().extend(topic.clone());
    let given: Vec<_> = headers.get_all("cresclab-signature").iter().map(|given| given.as_bytes()).collect();
    if given != [Signature::sign(&secret(), &body).to_string().as_bytes()] {
        return StatusCode::UNAUTHORIZED;
    }
    if topic.is_some_and(|topic| !receiver.subscribed.contains(&Topic::from(topic.as_str()))) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let digest = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    receiver.handled.lock().unwrap().entry(digest).or_insert(1);
    StatusCode::OK
}

async fn list(State(receiver): State<Receiver>) -> Json<Value> {
    let handled = receiver.handled.lock().unwrap();
    let entry = |(digest, count)| json!({"body_sha256": digest, "count": count});
    Json(json!({"handled": handled.iter().map(entry).collect::<Vec<_>>()}))
}

/// Grades it, and gives the topics that it was posted too.
async fn grade(subscribed: &[Topic]) -> (Report, BTreeSet<String>) {
    let receiver =
        Receiver { subscribed: subscribed.to_vec(), handled: Arc::default(), seen: Arc::default() };
    let app =
        Router::new().route("/hooks", post(receive)).route("/probe", get(list)).with_state(receiver.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let suite = suite(&format!("{url}/hooks"), Some(&format!("{url}/probe")));
    let report = suite.with_topics(subscribed.iter().cloned()).run().await.unwrap();
    let seen = receiver.seen.lock().unwrap().clone();
    (report, seen)
}

fn names(topics: &[Topic]) -> BTreeSet<String> {
    topics.iter().map(|topic| topic.as_str().to_owned()).collect()
}

/// Nothing of another topic was sent, nothing failed, and these cases were skipped.
async fn assert_graded_for(topics: &[Topic], skipped: &[&str]) {
    let (report, seen) = grade(topics).await;
    assert_eq!(seen, names(topics));
    for case in &report.cases {
        let fine = matches!(case.status, Status::Pass | Status::NonStrict | Status::Skip);
        // It takes no faults.
        assert!(fine || case.unseen, "{case}\n{:#?}", case.exchanges);
    }
    assert_eq!(ids(&report, Status::Skip), skipped, "{topics:?}");
    assert_eq!(report.verdict(), Verdict::Passed);
    let alone = format!(
        "graded for events of {} alone",
        report.topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(", ")
    );
    assert!(report.summary().contains(&alone), "{}", report.summary());
    for text in [report.to_json(), report.to_html()] {
        assert!(topics.iter().all(|topic| text.contains(topic.as_str())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_first_opens_is_sent_nothing_else() {
    let skipped = [
        "MAAC-BODY-007",
        "MAAC-BODY-008",
        "MAAC-IDEM-014",
        "MAAC-IDEM-015",
        "MAAC-ROB-007",
        "MAAC-ROB-009",
        "MAAC-TOPIC-001",
        "MAAC-TOPIC-002",
        "MAAC-TOPIC-003",
        "MAAC-TOPIC-004",
        "MAAC-TOPIC-005",
    ];
    assert_graded_for(&[Topic::MessageFirstOpen], &skipped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_surveys_is_sent_nothing_else() {
    let skipped = [
        "MAAC-BODY-007",
        "MAAC-IDEM-014",
        "MAAC-IDEM-015",
        "MAAC-IDEM-016",
        "MAAC-ROB-007",
        "MAAC-ROB-009",
        "MAAC-TOPIC-001",
        "MAAC-TOPIC-003",
        "MAAC-TOPIC-004",
        "MAAC-TOPIC-005",
        "MAAC-TOPIC-006",
    ];
    assert_graded_for(&[Topic::SurveyCakeSubmitted], &skipped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_receipts_and_of_sms_plus_is_sent_nothing_else() {
    let skipped = ["MAAC-IDEM-016", "MAAC-ROB-007", "MAAC-TOPIC-002", "MAAC-TOPIC-005", "MAAC-TOPIC-006"];
    let topics = [Topic::PnpProfileUpdated, Topic::ReceiptValidated, Topic::PnpStatusUpdated];
    assert_graded_for(&topics, &skipped).await;
}

#[tokio::test]
async fn a_case_of_another_topic_says_why_it_is_skipped_and_alone_grades_nothing() {
    let (url, _) = crate::flawed::start(crate::flaw::Flaw::None).await;
    let suite = suite(&url, None).with_topics([Topic::PrizePointsAdded]);
    let report = suite.with_selection(Selection::all().case("MAAC-TOPIC-006")).run().await.unwrap();
    let skipped = case(&report, "MAAC-TOPIC-006");
    assert_eq!(
        skipped.actual,
        "it takes an event of message.first_open, and the receiver is graded for prize.points_added alone"
    );
    assert_eq!(report.verdict(), Verdict::Ungraded);
    assert!(
        skipped
            .repeat
            .ends_with("--topic prize.points_added --retry-delays 0.05,0.1,0.2 --attempt-timeout 20")
    );
}

#[tokio::test]
async fn a_topic_of_which_there_are_no_events_is_an_error() {
    for topics in [&[Topic::from("coupon.redeemed")][..], &[]] {
        let suite = suite("http://127.0.0.1:1/", None).with_topics(topics.iter().cloned());
        assert_eq!(suite.run().await.unwrap_err().kind(), SuiteErrorKind::UnknownTopic);
    }
}
