//! The middleware and the extractors, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{cell::Cell, rc::Rc};

use actix_web::{
    App, HttpResponse, Responder,
    dev::Service,
    http::StatusCode,
    test::init_service,
    web::{self, Bytes, Data, ServiceConfig},
};
use maac_webhook_actix::{
    VerifyWebhook, Webhook, WebhookRejection,
    maac_webhook::{
        Delivery, Endpoint, Event, Rejection, RejectionKind, ShareSecret, ShareSecrets,
        event::{MessageFirstOpen, PrizePointsAdded, SurveyAnswers},
    },
};
use maac_webhook_mock::{MockDelivery, MockEvent, MockSender, Tampering, maac_webhook_sender::RetrySchedule};

const OPEN: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi", "message_id": 999, "line_uid": "U1"}}"#;
const DRIFTED: &str = r#"{"topic": "message.first_open", "data": {"message_type": "openapi"}}"#;
const UNKNOWN: &str = r#"{"topic": "new.topic", "data": {}}"#;
const SURVEY: &str = r#"{"topic": "form.surveycake_submitted", "data": {"answer": {"id": 1, "svid": "a", "alias": {"guests": ["2"]}}}}"#;
const NOT_JSON: &str = "OK";

type Answer = (u16, Option<RejectionKind>, String);

fn secret() -> ShareSecret {
    ShareSecret::new("one").unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::new("crm", secret())
}

fn sender() -> MockSender {
    MockSender::new(secret()).path("/").schedule(RetrySchedule::new([]))
}

fn signed(body: &str) -> MockDelivery<'static> {
    sender().event(MockEvent::raw(body.to_owned()))
}

/// Sends it once and gives what was answered, with the rejection that no client sees.
async fn send(configure: impl FnOnce(&mut ServiceConfig), delivery: MockDelivery<'_>) -> Answer {
    let kind = Rc::new(Cell::new(None));
    let seen = kind.clone();
    let app = App::new().configure(configure).wrap_fn(move |request, app| {
        let (seen, answered) = (seen.clone(), app.call(request));
        async move {
            let answered = answered.await?;
            seen.set(answered.response().extensions().get::<Rejection>().map(Rejection::kind));
            Ok(answered)
        }
    });
    let sent = delivery.send_to(&init_service(app).await).await;
    let answer = sent.events[0].attempts[0].answered().unwrap();
    (answer.status, kind.get(), answer.body.as_text().unwrap().to_owned())
}

/// The middleware around a route.
fn wrapped(endpoint: Endpoint, route: actix_web::Route) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.service(web::resource("/").wrap(VerifyWebhook::new(endpoint)).route(route));
    }
}

/// The route alone, with the endpoint in the `app_data`.
fn bare(endpoint: Endpoint, route: actix_web::Route) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(endpoint).service(web::resource("/").route(route));
    }
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

async fn any(Webhook(event): Webhook<Event>) -> impl Responder {
    event.topic().map(|topic| topic.to_string()).unwrap_or_default()
}

async fn opened(Webhook(open): Webhook<MessageFirstOpen>) -> impl Responder {
    open.event_id().unwrap().to_string()
}

async fn signed_up(Webhook(survey): Webhook<SurveyAnswers<Signup>>) -> impl Responder {
    survey.answers.guests.to_string()
}

#[actix_web::test]
async fn an_event_is_extracted_whatever_was_verified() {
    for (body, topic) in [
        (OPEN, "message.first_open"),
        (DRIFTED, "message.first_open"),
        (UNKNOWN, "new.topic"),
        (NOT_JSON, ""),
    ] {
        assert_eq!(send(wrapped(endpoint(), web::post().to(any)), signed(body)).await, handled(topic));
        assert_eq!(send(bare(endpoint(), web::post().to(any)), signed(body)).await, handled(topic));
    }
}

#[actix_web::test]
async fn one_topic_is_extracted_and_another_comes_back() {
    let route = || web::post().to(opened);
    assert_eq!(send(wrapped(endpoint(), route()), signed(OPEN)).await, handled("999"));
    assert_eq!(send(bare(endpoint(), route()), signed(OPEN)).await, handled("999"));
    for (body, kind) in [
        (UNKNOWN, RejectionKind::UnexpectedTopic),
        (SURVEY, RejectionKind::UnexpectedTopic),
        (DRIFTED, RejectionKind::UnreadablePayload),
        (NOT_JSON, RejectionKind::UnreadablePayload),
    ] {
        assert_eq!(send(wrapped(endpoint(), route()), signed(body)).await, rejected(503, kind), "{body}");
        assert_eq!(send(bare(endpoint(), route()), signed(body)).await, rejected(503, kind), "{body}");
    }
}

#[actix_web::test]
async fn other_topics_are_ignored_where_the_endpoint_says_so_but_nothing_unreadable_is() {
    let ignoring = || endpoint().ignore_others();
    let route = || web::post().to(opened);
    assert_eq!(send(wrapped(ignoring(), route()), signed(SURVEY)).await, handled(""));
    assert_eq!(send(bare(ignoring(), route()), signed(SURVEY)).await, handled(""));
    for unreadable in [DRIFTED, NOT_JSON] {
        let answer = rejected(503, RejectionKind::UnreadablePayload);
        assert_eq!(send(wrapped(ignoring(), route()), signed(unreadable)).await, answer);
        assert_eq!(send(bare(ignoring(), route()), signed(unreadable)).await, answer);
    }
}

#[actix_web::test]
async fn a_surveys_aliases_are_extracted_into_a_struct() {
    assert_eq!(send(wrapped(endpoint(), web::post().to(signed_up)), signed(SURVEY)).await, handled("2"));
}

#[actix_web::test]
async fn several_extractors_share_one_delivery() {
    async fn handler(
        Webhook(one): Webhook<Delivery>,
        Webhook((two, points)): Webhook<(Delivery, Option<PrizePointsAdded>)>,
        Webhook(event): Webhook<Event>,
    ) -> impl Responder {
        assert_eq!(one.received_at(), two.received_at());
        assert_eq!(one.body().as_ptr(), two.body().as_ptr());
        assert_eq!(points, None);
        event.topic().unwrap().to_string()
    }
    assert_eq!(
        send(wrapped(endpoint(), web::post().to(handler)), signed(UNKNOWN)).await,
        handled("new.topic")
    );
    assert_eq!(send(bare(endpoint(), web::post().to(handler)), signed(UNKNOWN)).await, handled("new.topic"));
    let forged = signed(UNKNOWN).tampering(Tampering::BodyByteFlipped);
    let mismatch = rejected(401, RejectionKind::SignatureMismatch);
    assert_eq!(send(bare(endpoint(), web::post().to(handler)), forged).await, mismatch);
}

#[actix_web::test]
async fn the_endpoint_may_stand_in_a_data() {
    let configure = |config: &mut ServiceConfig| {
        config.app_data(Data::new(endpoint())).service(web::resource("/").route(web::post().to(any)));
    };
    assert_eq!(send(configure, signed(OPEN)).await, handled("message.first_open"));
}

#[actix_web::test]
async fn without_configuration_the_handler_never_runs() {
    let configure = |config: &mut ServiceConfig| {
        config.service(web::resource("/").route(web::post().to(any)));
    };
    assert_eq!(send(configure, signed(OPEN)).await, rejected(503, RejectionKind::NotConfigured));
}

#[actix_web::test]
async fn the_bytes_are_there_for_another_extractor_however_many_they_are() {
    async fn handler(Webhook(delivery): Webhook<Delivery>, bytes: Bytes) -> impl Responder {
        assert_eq!(delivery.body(), &bytes);
        bytes.len().to_string()
    }
    // actix-web's own limit is 256 KiB unless told otherwise.
    for length in [0, 1, 256 * 1024 + 1, 1024 * 1024] {
        let body = "x".repeat(length);
        let answer = send(wrapped(endpoint(), web::post().to(handler)), signed(&body)).await;
        assert_eq!(answer, handled(&length.to_string()));
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_request_is_answered_as_the_table_says() {
    let unsigned = || signed(OPEN).tampering(Tampering::SignatureMissing);
    let small = || endpoint().with_body_limit(OPEN.len() - 1);
    let unloaded = || Endpoint::new("crm", ShareSecrets::empty());
    for (endpoint, request, status, kind) in [
        (endpoint as fn() -> Endpoint, unsigned as fn() -> _, 401, RejectionKind::MissingSignature),
        (small, || signed(OPEN), 413, RejectionKind::BodyTooLarge),
        (unloaded, || signed(OPEN), 503, RejectionKind::NoSecret),
    ] {
        let answer = rejected(status, kind);
        assert_eq!(send(wrapped(endpoint(), web::post().to(any)), request()).await, answer, "{kind:?}");
        assert_eq!(send(bare(endpoint(), web::post().to(any)), request()).await, answer, "{kind:?}");
    }
}

async fn answering(status: u16) -> impl Responder {
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).insert_header(("location", "/")).body("inner")
}

#[actix_web::test]
async fn an_answer_that_would_lose_a_genuine_event_becomes_503() {
    for status in [301, 302, 400, 401, 403, 404, 409, 413, 415, 422] {
        let route = web::post().to(move || answering(status));
        let refused = rejected(503, RejectionKind::HandlerRefused);
        assert_eq!(send(wrapped(endpoint(), route), signed(OPEN)).await, refused, "{status}");
    }
    // A method that the resource does not take, and an extractor of another kind that refuses.
    let refused = rejected(503, RejectionKind::HandlerRefused);
    assert_eq!(send(wrapped(endpoint(), web::get().to(any)), signed(OPEN)).await, refused);
    let json = web::post().to(async |_: web::Json<u8>| "never");
    assert_eq!(send(wrapped(endpoint(), json), signed(OPEN)).await, refused);
}

#[actix_web::test]
async fn another_success_becomes_200_and_what_comes_back_stays() {
    for (status, expected) in
        [(200, 200), (201, 200), (202, 200), (408, 408), (429, 429), (500, 500), (503, 503)]
    {
        let route = web::post().to(move || answering(status));
        let (answered, kind, _) = send(wrapped(endpoint(), route), signed(OPEN)).await;
        assert_eq!((answered, kind), (expected, None), "{status}");
    }
    let route = web::post().to(|| answering(404));
    let preserved = send(wrapped(endpoint().preserve_inner_status(), route), signed(OPEN)).await;
    assert_eq!(preserved, (404, None, "inner".to_owned()));
}

#[actix_web::test]
async fn a_handler_may_answer_by_the_table_itself() {
    async fn handler(_: Webhook<Event>) -> Result<HttpResponse, WebhookRejection> {
        Err(Rejection::new(RejectionKind::StoreUnavailable).into())
    }
    let answer = send(wrapped(endpoint(), web::post().to(handler)), signed(OPEN)).await;
    assert_eq!(answer, rejected(503, RejectionKind::StoreUnavailable));
}

#[actix_web::test]
async fn each_endpoint_has_a_secret_and_a_path_of_its_own() {
    let configure = |config: &mut ServiceConfig| {
        let shop = Endpoint::new("shop", ShareSecret::new("two").unwrap());
        let resource = |path: &str, endpoint| {
            web::resource(path).wrap(VerifyWebhook::new(endpoint)).route(web::post().to(any))
        };
        config.service(resource("/", endpoint())).service(resource("/shop", shop));
    };
    assert_eq!(send(configure, signed(OPEN)).await, handled("message.first_open"));
    let misdirected = sender().path("/shop").event(MockEvent::raw(OPEN));
    assert_eq!(send(configure, misdirected).await, rejected(401, RejectionKind::SignatureMismatch));
}

#[actix_web::test]
async fn a_secret_that_is_set_at_run_time_is_in_force_at_once() {
    let secrets = ShareSecrets::from_value("before").unwrap();
    let crm = || Endpoint::new("crm", secrets.clone());
    let mismatch = rejected(401, RejectionKind::SignatureMismatch);
    assert_eq!(send(wrapped(crm(), web::post().to(any)), signed(OPEN)).await, mismatch);
    secrets.set(secret());
    assert_eq!(send(wrapped(crm(), web::post().to(any)), signed(OPEN)).await, handled("message.first_open"));
}

#[actix_web::test]
async fn a_middleware_of_another_endpoint_does_not_verify_for_the_apps() {
    let app = |wrapped: &'static str| {
        move |config: &mut ServiceConfig| {
            let middleware = VerifyWebhook::new(Endpoint::new(wrapped, secret()));
            let route = web::post().to(async |Webhook(_): Webhook<Event>| "OK");
            config.app_data(endpoint()).service(web::resource("/").wrap(middleware).route(route));
        }
    };
    assert_eq!(send(app("crm"), signed(OPEN)).await, handled("OK"));
    assert_eq!(send(app("shop"), signed(OPEN)).await, rejected(503, RejectionKind::OtherEndpoint));
}

#[actix_web::test]
async fn extractors_of_the_body_get_it_after_the_webhook_and_are_told_before_it() {
    let after = || web::post().to(async |(Webhook(_), body): (Webhook<Event>, Bytes)| body.len().to_string());
    let before =
        || web::post().to(async |(body, Webhook(_)): (Bytes, Webhook<Event>)| body.len().to_string());
    let whole = handled(&OPEN.len().to_string());
    assert_eq!(send(wrapped(endpoint(), after()), signed(OPEN)).await, whole);
    assert_eq!(send(wrapped(endpoint(), before()), signed(OPEN)).await, whole);
    assert_eq!(send(bare(endpoint(), after()), signed(OPEN)).await, whole);
    // A genuine event must not be lost to the order of a handler's arguments.
    assert_eq!(
        send(bare(endpoint(), before()), signed(OPEN)).await,
        rejected(503, RejectionKind::NotConfigured)
    );
    let forged = signed(OPEN).tampering(Tampering::BodyByteFlipped);
    assert_eq!(
        send(bare(endpoint(), after()), forged).await,
        rejected(401, RejectionKind::SignatureMismatch)
    );
}

#[actix_web::test]
async fn a_middleware_outside_may_keep_the_request() {
    use actix_web::dev::Service;

    let configure = |config: &mut ServiceConfig| {
        let resource = web::resource("/")
            .route(web::post().to(any))
            .wrap(VerifyWebhook::new(endpoint()))
            .wrap_fn(|request, inner| {
                let kept = request.request().clone();
                let answered = inner.call(request);
                async move {
                    drop(kept);
                    answered.await
                }
            });
        config.service(resource);
    };
    assert_eq!(send(configure, signed(OPEN)).await, handled("message.first_open"));
}
