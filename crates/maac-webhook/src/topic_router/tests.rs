use std::{future::ready, sync::Mutex};

use bytes::Bytes;
use serde::Deserialize;

use super::*;
use crate::{
    Endpoint, RequestHead, ShareSecret, Signature, Verifier,
    event::{MessageFirstOpen, PrizePointsAdded, SurveyAnswers},
};

const OPEN: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi", "message_id": 9, "line_uid": "U1"}}"#;
const DRIFTED: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi"}}"#;
const POINTS: &str = r#"{"topic": "prize.points_added", "data": {"points_id": "p-1"}}"#;
const DRIFTED_POINTS: &str = r#"{"topic": "prize.points_added", "data": {}}"#;
const SURVEY: &str = r#"{"topic": "form.surveycake_submitted", "data": {"answer": {"id": 1, "svid": "a", "alias": {"guests": ["many"]}}}}"#;
const NEW: &str = r#"{"topic": "new.topic", "data": {}}"#;
const NOT_JSON: &str = "not JSON";

fn delivery(body: &'static str) -> Delivery {
    let secret = ShareSecret::new("one").unwrap();
    let signature = Signature::sign(&secret, body.as_bytes()).to_string();
    let head = RequestHead::new([signature.as_bytes()], []);
    Verifier::new(Endpoint::new("crm", secret)).verify(head, Bytes::from_static(body.as_bytes())).unwrap()
}

/// What was handled, in words.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<Vec<String>>>);

impl Handled {
    fn note(&self, what: impl Into<String>) -> Result<(), std::convert::Infallible> {
        self.0.lock().unwrap().push(what.into());
        Ok(())
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Deserialize)]
struct Signup {
    #[allow(dead_code, reason = "it is read, or fails to be")]
    guests: u8,
}

fn router(handled: &Handled) -> TopicRouter {
    let (opens, surveys) = (handled.clone(), handled.clone());
    TopicRouter::new()
        .on::<(MessageFirstOpen, Delivery)>(move |(open, delivery): (MessageFirstOpen, Delivery)| {
            ready(opens.note(format!("{} by {}", open.line_uid, delivery.endpoint())))
        })
        .on::<SurveyAnswers<Signup>>(move |_| ready(surveys.note("a survey")))
}

async fn kind(router: &TopicRouter, body: &'static str) -> Result<(), RejectionKind> {
    router.dispatch(delivery(body)).await.map_err(|rejection| rejection.kind())
}

#[tokio::test]
async fn a_delivery_goes_to_its_topics_handler() {
    let handled = Handled::default();
    assert_eq!(kind(&router(&handled), OPEN).await, Ok(()));
    assert_eq!(handled.take(), ["U1 by crm"]);
}

#[tokio::test]
async fn what_nobody_handles_is_refused_by_its_kind() {
    let handled = Handled::default();
    let router = router(&handled);
    for (body, expected) in [
        (POINTS, RejectionKind::UnexpectedTopic),
        (DRIFTED_POINTS, RejectionKind::UnexpectedTopic),
        (NEW, RejectionKind::UnexpectedTopic),
        (DRIFTED, RejectionKind::UnreadablePayload),
        (SURVEY, RejectionKind::UnreadablePayload),
        (NOT_JSON, RejectionKind::UnreadablePayload),
    ] {
        assert_eq!(kind(&router, body).await, Err(expected), "{body}");
        assert_eq!(expected.status(), 503);
    }
    assert_eq!(kind(&TopicRouter::new(), OPEN).await, Err(RejectionKind::UnexpectedTopic));
    assert!(handled.take().is_empty());
    let rejection = router.dispatch(delivery(NEW)).await.unwrap_err();
    assert_eq!(rejection.detail(), Some("new.topic has no handler"));
    assert!(format!("{rejection:?}").contains(r#"endpoint: Some("crm")"#), "{rejection:?}");
}

#[tokio::test]
async fn the_rest_and_the_unreadable_go_where_they_are_sent() {
    let handled = Handled::default();
    let (others, unreadable) = (handled.clone(), handled.clone());
    let router = router(&handled)
        .fallback(move |delivery: Delivery| {
            ready(others.note(format!("other: {:?}", delivery.event().topic().unwrap().as_str())))
        })
        .unreadable(move |delivery: Delivery| {
            ready(unreadable.note(format!("unreadable: {} bytes", delivery.body().len())))
        });
    for body in [OPEN, POINTS, DRIFTED_POINTS, NEW, DRIFTED, SURVEY, NOT_JSON] {
        assert_eq!(kind(&router, body).await, Ok(()), "{body}");
    }
    let unreadable = |body: &str| format!("unreadable: {} bytes", body.len());
    assert_eq!(
        handled.take(),
        [
            "U1 by crm",
            r#"other: "prize.points_added""#,
            r#"other: "prize.points_added""#,
            r#"other: "new.topic""#,
            &unreadable(DRIFTED),
            &unreadable(SURVEY),
            &unreadable(NOT_JSON),
        ]
    );
}

#[tokio::test]
async fn others_are_ignored_where_it_is_said_and_nothing_unreadable_is() {
    let handled = Handled::default();
    let router = router(&handled).ignore_others();
    for body in [OPEN, POINTS, DRIFTED_POINTS, NEW] {
        assert_eq!(kind(&router, body).await, Ok(()), "{body}");
    }
    for body in [DRIFTED, SURVEY, NOT_JSON] {
        assert_eq!(kind(&router, body).await, Err(RejectionKind::UnreadablePayload), "{body}");
    }
    assert_eq!(handled.take(), ["U1 by crm"]);
}

#[tokio::test]
async fn a_handlers_error_comes_back_with_its_causes_or_as_the_rejection_it_is() {
    #[derive(Debug)]
    struct Outage(std::num::ParseIntError);
    impl fmt::Display for Outage {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("no database")
        }
    }
    impl Error for Outage {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    let failing = TopicRouter::new()
        .on::<PrizePointsAdded>(async |_| Err(Outage("x".parse::<u8>().unwrap_err())))
        .on::<MessageFirstOpen>(async |_| Err(Rejection::new(RejectionKind::StoreUnavailable)));
    let failed = failing.dispatch(delivery(POINTS)).await.unwrap_err();
    assert_eq!((failed.kind(), failed.status()), (RejectionKind::HandlerFailed, 503));
    assert_eq!(failed.detail(), Some("no database: invalid digit found in string"));
    assert_eq!(kind(&failing, OPEN).await, Err(RejectionKind::StoreUnavailable));
}

#[tokio::test]
async fn it_is_a_service_of_deliveries() {
    let handled = Handled::default();
    let mut service = router(&handled);
    std::future::poll_fn(|context| service.poll_ready(context)).await.unwrap();
    service.call(delivery(OPEN)).await.unwrap();
    assert_eq!(handled.take(), ["U1 by crm"]);
}

#[test]
#[should_panic(expected = "prize.points_added has a handler already")]
fn a_topic_has_one_handler() {
    let handler = async |_: PrizePointsAdded| Ok::<_, Rejection>(());
    let _ = TopicRouter::new().on::<PrizePointsAdded>(handler).on::<PrizePointsAdded>(handler);
}
