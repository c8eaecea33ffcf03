//! The extractors, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    future::ready,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{FromRef, State},
    middleware::map_response,
    response::Response,
    routing::post,
};
use maac_webhook_axum::{
    LayerVerifies, Verified, VerifyLayer, Webhook, WebhookRejection,
    maac_webhook::{
        Delivery, Endpoint, Event, Rejection, RejectionKind, ShareSecret,
        event::{MessageFirstOpen, PrizePointsAdded, SurveyAnswers},
    },
};
use maac_webhook_mock::{MockDelivery, MockEvent, MockSender, Tampering, maac_webhook_sender::RetrySchedule};

const OPEN: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi", "message_id": 999, "line_uid": "U1"}}"#;
const DRIFTED: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi"}}"#;
const UNKNOWN: &str = r#"{"topic": "new.topic", "data": {}}"#;
const SURVEY: &str = r#"{"topic": "form.surveycake_submitted", "data": {"answer": {"id": 1, "svid": "a", "alias": {"guests": ["2"]}}}}"#;
const NOT_JSON: &str = "OK";

fn secret() -> ShareSecret {
    ShareSecret::new("one").unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::new("crm", secret())
}

fn sender() -> MockSender {
    MockSender::new(secret()).path("/").schedule(RetrySchedule::new([]))
}

fn signed(body: &'static str) -> MockDelivery<'static> {
    sender().event(MockEvent::raw(body))
}

type Answer = (u16, Option<RejectionKind>, String);

/// Sends it once and gives what was answered, with the rejection that no client sees.
async fn send(app: &Router, delivery: MockDelivery<'_>) -> Answer {
    let kind = Arc::new(Mutex::new(None));
    let seen = kind.clone();
    let mut app = app.clone().layer(map_response(move |response: Response| {
        *seen.lock().unwrap() = response.extensions().get::<Rejection>().map(Rejection::kind);
        ready(response)
    }));
    let sent = delivery.send_to(&mut app).await;
    let answer = sent.events[0].attempts[0].answered().unwrap();
    let kind = *kind.lock().unwrap();
    (answer.status, kind, answer.body.as_text().unwrap().to_owned())
}

fn handled(text: &str) -> Answer {
    (200, None, text.to_owned())
}

fn rejected(status: u16, kind: RejectionKind) -> Answer {
    (status, Some(kind), String::new())
}

#[derive(serde::Deserialize)]
struct Signup {
    guests: u8,
}

async fn any(Webhook(event): Webhook<Event>) -> String {
    event.topic().map(|topic| topic.to_string()).unwrap_or_default()
}

async fn opened(Webhook(open): Webhook<MessageFirstOpen>) -> String {
    open.event_id().unwrap().to_string()
}

async fn signed_up(Webhook(survey): Webhook<SurveyAnswers<Signup>>) -> String {
    survey.answers.guests.to_string()
}

#[tokio::test]
async fn an_event_is_extracted_whatever_was_verified() {
    let app = Router::new().route("/", post(any)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(OPEN)).await, handled("message.first_open"));
    assert_eq!(send(&app, signed(DRIFTED)).await, handled("message.first_open"));
    assert_eq!(send(&app, signed(UNKNOWN)).await, handled("new.topic"));
    assert_eq!(send(&app, signed(NOT_JSON)).await, handled(""));
}

#[tokio::test]
async fn one_topic_is_extracted_and_another_comes_back() {
    let app = Router::new().route("/", post(opened)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(OPEN)).await, handled("999"));
    for other in [UNKNOWN, SURVEY] {
        assert_eq!(send(&app, signed(other)).await, rejected(503, RejectionKind::UnexpectedTopic));
    }
    for unreadable in [DRIFTED, NOT_JSON] {
        assert_eq!(send(&app, signed(unreadable)).await, rejected(503, RejectionKind::UnreadablePayload));
    }
}

#[tokio::test]
async fn other_topics_are_ignored_where_the_endpoint_says_so_but_nothing_unreadable_is() {
    let with_layer =
        Router::new().route("/", post(opened)).layer(VerifyLayer::new(endpoint().ignore_others()));
    let without = Router::<Endpoint>::new().route("/", post(opened)).with_state(endpoint().ignore_others());
    for app in [with_layer, without] {
        assert_eq!(send(&app, signed(OPEN)).await, handled("999"));
        assert_eq!(send(&app, signed(SURVEY)).await, handled(""));
        for unreadable in [DRIFTED, NOT_JSON] {
            assert_eq!(send(&app, signed(unreadable)).await, rejected(503, RejectionKind::UnreadablePayload));
        }
    }
}

#[tokio::test]
async fn a_surveys_aliases_are_extracted_into_a_struct() {
    let app = Router::new().route("/", post(signed_up)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(SURVEY)).await, handled("2"));
    assert_eq!(send(&app, signed(OPEN)).await, rejected(503, RejectionKind::UnexpectedTopic));
    let lacking = r#"{"topic": "form.surveycake_submitted", "data": {"answer": {"id": 1, "svid": "a"}}}"#;
    assert_eq!(send(&app, signed(lacking)).await, rejected(503, RejectionKind::UnreadablePayload));
}

#[tokio::test]
async fn options_and_pairs_are_extracted() {
    async fn handler(Webhook((delivery, points)): Webhook<(Delivery, Option<PrizePointsAdded>)>) -> String {
        format!("{} {}", delivery.body().len(), points.is_some())
    }
    let app = Router::new().route("/", post(handler)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(UNKNOWN)).await, handled(&format!("{} false", UNKNOWN.len())));
}

#[tokio::test]
async fn several_extractors_share_one_delivery() {
    async fn handler(
        Verified(one): Verified,
        Verified(two): Verified,
        Webhook(three): Webhook<Delivery>,
    ) -> String {
        assert_eq!(one.received_at(), two.received_at());
        assert_eq!(one.received_at(), three.received_at());
        assert_eq!(one.body().as_ptr(), three.body().as_ptr());
        "one".to_owned()
    }
    let app = Router::new().route("/", post(handler)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(OPEN)).await, handled("one"));
}

#[tokio::test]
async fn a_body_extractor_of_ones_own_stands_beside_the_proof() {
    async fn handler(Verified(delivery): Verified, body: String) -> String {
        assert_eq!(delivery.body(), body.as_bytes());
        body
    }
    let app = Router::new().route("/", post(handler)).layer(VerifyLayer::new(endpoint()));
    assert_eq!(send(&app, signed(OPEN)).await, handled(OPEN));
}

#[tokio::test]
async fn without_configuration_the_handler_never_runs() {
    async fn verified(_: Verified) -> String {
        unreachable!()
    }
    let extractor = Router::new().route("/", post(any));
    let parts = Router::new().route("/", post(verified));
    for app in [extractor, parts] {
        assert_eq!(send(&app, signed(OPEN)).await, rejected(503, RejectionKind::NotConfigured));
    }
}

#[derive(Clone)]
struct AppState {
    endpoint: Endpoint,
}

impl FromRef<AppState> for Endpoint {
    fn from_ref(state: &AppState) -> Self {
        state.endpoint.clone()
    }
}

#[tokio::test]
async fn without_a_layer_the_extractor_verifies_with_the_endpoint_of_the_state() {
    async fn handler(State(state): State<AppState>, Webhook(event): Webhook<Event>) -> String {
        assert_eq!(state.endpoint.name(), "crm");
        event.topic().unwrap().to_string()
    }
    let state = AppState { endpoint: endpoint().with_body_limit(UNKNOWN.len()) };
    let app = Router::new().route("/", post(handler)).with_state(state);
    assert_eq!(send(&app, signed(UNKNOWN)).await, handled("new.topic"));
    assert_eq!(send(&app, signed(OPEN)).await, rejected(413, RejectionKind::BodyTooLarge));

    let unsigned = signed(UNKNOWN).tampering(Tampering::SignatureMissing);
    assert_eq!(send(&app, unsigned).await, rejected(401, RejectionKind::MissingSignature));
    let forged = signed(UNKNOWN).tampering(Tampering::BodyByteFlipped);
    assert_eq!(send(&app, forged).await, rejected(401, RejectionKind::SignatureMismatch));
}

#[tokio::test]
async fn the_layers_delivery_is_taken_before_the_states_endpoint() {
    let app = Router::<AppState>::new()
        .route("/", post(any))
        .layer(VerifyLayer::new(endpoint()))
        .with_state(AppState { endpoint: Endpoint::new("crm", ShareSecret::new("two").unwrap()) });
    assert_eq!(send(&app, signed(OPEN)).await, handled("message.first_open"));
}

#[tokio::test]
async fn a_state_without_an_endpoint_leaves_it_to_the_layer() {
    #[derive(Clone)]
    struct Database;
    impl LayerVerifies for Database {}

    async fn handler(State(Database): State<Database>, Webhook(event): Webhook<Event>) -> String {
        event.topic().unwrap().to_string()
    }
    let routes = Router::new().route("/", post(handler));
    let app = routes.clone().layer(VerifyLayer::new(endpoint())).with_state(Database);
    assert_eq!(send(&app, signed(OPEN)).await, handled("message.first_open"));
    let shared = Router::<std::sync::Arc<Database>>::new()
        .route("/", post(any))
        .layer(VerifyLayer::new(endpoint()))
        .with_state(std::sync::Arc::new(Database));
    assert_eq!(send(&shared, signed(OPEN)).await, handled("message.first_open"));
    let unprotected = routes.with_state(Database);
    assert_eq!(send(&unprotected, signed(OPEN)).await, rejected(503, RejectionKind::NotConfigured));
}

#[tokio::test]
async fn a_handler_may_look_at_a_rejection_itself() {
    async fn handler(verified: Result<Verified, WebhookRejection>) -> String {
        verified.map_or_else(
            |rejection| rejection.to_string(),
            |Verified(delivery)| delivery.endpoint().to_owned(),
        )
    }
    let routes = Router::new().route("/", post(handler));
    assert_eq!(send(&routes.clone().layer(VerifyLayer::new(endpoint())), signed(OPEN)).await, handled("crm"));
    assert!(send(&routes, signed(OPEN)).await.2.starts_with("not configured"));
}

#[tokio::test]
async fn each_endpoint_has_a_secret_and_a_path_of_its_own() {
    let other = Endpoint::new("shop", ShareSecret::new("two").unwrap());
    let crm = Router::new().route("/", post(any)).layer(VerifyLayer::new(endpoint()));
    let shop = Router::new().route("/shop", post(any)).layer(VerifyLayer::new(other));
    let app = crm.merge(shop);
    assert_eq!(send(&app, signed(OPEN)).await, handled("message.first_open"));
    let misdirected = sender().path("/shop").event(MockEvent::raw(OPEN));
    assert_eq!(send(&app, misdirected).await, rejected(401, RejectionKind::SignatureMismatch));
}

#[tokio::test]
async fn a_layer_of_another_endpoint_does_not_verify_for_the_states() {
    let app = |layers: &str| {
        let layer = VerifyLayer::new(Endpoint::new(layers.to_owned(), secret()));
        Router::new().route("/", post(any)).layer(layer).with_state(endpoint())
    };
    assert_eq!(send(&app("crm"), signed(OPEN)).await, handled("message.first_open"));
    assert_eq!(send(&app("shop"), signed(OPEN)).await, rejected(503, RejectionKind::OtherEndpoint));
}
