//! What can be sent to, beyond receivers that do as they should.

use axum::body::Body;
use http::{Request, Response};
use maac_webhook::{Endpoint, Event};
use maac_webhook_mock::{
    Expectation, MockEvent, UrlTarget,
    maac_webhook_sender::{HttpTransport, Target, TransportErrorKind, json::BodyStyle},
    samples, with_body,
};

use crate::receivers::{Handled, router, secrets, sender, serve};

#[tokio::test]
async fn a_url_is_a_text_a_target_or_one_with_its_transport() {
    let url = serve(router(Endpoint::new("crm", secrets()), Handled::default())).await;
    let target: Target = url.parse().unwrap();
    let event = || sender().event(samples::message_first_open());
    event().send_to(&url).await.assert_accepted();
    event().send_to(url.clone()).await.assert_accepted();
    event().send_to(url.as_str()).await.assert_accepted();
    event().send_to(&target).await.assert_accepted();
    event().send_to(target.clone()).await.assert_accepted();
    event().send_to(UrlTarget::new(target, HttpTransport::new())).await.assert_accepted();
}

#[tokio::test]
async fn nobody_at_a_url_is_told_by_its_true_cause() {
    let sent = sender().event(samples::message_first_open()).send_to("http://127.0.0.1:1/").await;
    sent.assert_unanswered();
    for attempt in &sent.events[0].attempts {
        assert_eq!(attempt.attempt.result.as_ref().unwrap_err().kind(), TransportErrorKind::Refused);
    }
}

#[tokio::test]
#[should_panic(
    expected = "the mock cannot send this: the target cannot be sent to: the URL cannot be delivered to"
)]
async fn a_url_that_is_none_panics() {
    sender().event(samples::message_first_open()).send_to("ftp://shop.example/").await;
}

#[tokio::test]
async fn a_service_that_fails_gives_no_answer() {
    let service = tower::service_fn(async |_: Request<Body>| {
        Err::<Response<Body>, _>(std::io::Error::other("disk full"))
    });
    let sent =
        sender().event(samples::message_first_open()).send_to(&mut with_body(service, Body::new)).await;
    sent.assert_unanswered().assert_attempts(4);
    assert!(sent.to_string().contains("no answer: closed: the service failed: disk full"), "{sent}");
}

#[actix_web::test]
async fn an_actix_app_is_lent_either_way_and_its_middleware_may_fail() {
    use actix_web::{App, HttpResponse, error, test::init_service, web};

    let handler = async |request: actix_web::HttpRequest, body: web::Bytes| {
        assert_eq!(request.headers().get("host").unwrap(), "localhost");
        HttpResponse::Accepted().insert_header(("X-Bytes", body.len())).body("taken")
    };
    let mut app = init_service(App::new().route("/webhooks/maac", web::post().to(handler))).await;
    let sent = sender().event(MockEvent::raw("12345")).send_to(&app).await;
    assert_eq!((sent.events[0].status(), sent.met(Expectation::Accepted)), (Some(202), false));
    let answered = sent.events[0].attempts[0].answered().unwrap();
    assert_eq!(answered.body.as_text(), Some("taken"));
    assert!(answered.headers.contains(&("X-Bytes".to_owned(), "5".to_owned())));
    sender().path("/elsewhere").event(MockEvent::raw("12345")).send_to(&mut app).await.assert_rejected(404);

    let refusing = App::new().wrap_fn(|_, _| async {
        Err::<actix_web::dev::ServiceResponse, _>(error::ErrorTooManyRequests("later"))
    });
    let app = init_service(refusing).await;
    sender().event(MockEvent::raw("12345")).send_to(&app).await.assert_rejected(429).assert_attempts(4);
}

#[tokio::test]
async fn the_path_is_the_test_s_own() {
    let handler = async |request: Request<Body>| request.uri().to_string();
    let mut app = axum::Router::new().route("/hooks/{brand}", axum::routing::post(handler));
    let sent = sender().path("/hooks/a?b=1").event(samples::message_first_open()).send_to(&mut app).await;
    sent.assert_accepted();
    let answered = sent.events[0].attempts[0].answered().unwrap();
    assert_eq!(answered.body.as_text(), Some("/hooks/a?b=1"));
    assert_eq!(sent.url, "http://localhost/hooks/a?b=1");

    sender().event(samples::message_first_open()).send_to(&mut app).await.assert_rejected(404);
}

#[tokio::test]
async fn a_receiver_gets_what_the_test_cares_about_in_each_style() {
    let samples: [MockEvent; 6] = [
        samples::receipt_validated().number("KX00000001").no_items().item("茶", 65.0, 3.0).into(),
        samples::surveycake_submitted().alias("newsletter", ["yes"]).alias("guests", [""; 0]).into(),
        samples::pnp_status_updated().pnp_message_id(7).event_id(9).into(),
        samples::pnp_profile_updated().phone_number("+886912345678").source("sms").into(),
        samples::prize_points_added().points_id("p-1").points_count(3).into(),
        samples::message_first_open().broadcast(999).line_uid("U1").into(),
    ];
    let styles =
        [BodyStyle::python(), BodyStyle::python().raw_utf8(), BodyStyle::python().compact().raw_utf8()];
    for style in styles {
        let handled = Handled::default();
        let mut app = router(Endpoint::new("crm", secrets()), handled.clone());
        sender().style(style).events(samples.clone()).send_to(&mut app).await.assert_accepted();
        let events: Vec<_> = handled.bodies().iter().map(Event::parse).collect();
        let [
            Event::ReceiptValidated(receipt),
            Event::SurveyCakeSubmitted(survey),
            Event::PnpStatusUpdated(status),
            Event::PnpProfileUpdated(profile),
            Event::PrizePointsAdded(points),
            Event::MessageFirstOpen(open),
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(
            (receipt.items.len(), receipt.items[0].amount.unwrap().to_string()),
            (1, "195.0".to_owned())
        );
        assert_eq!(survey.answer.alias.get("newsletter").unwrap(), ["yes"]);
        assert!(survey.answer.alias.get("guests").unwrap().is_empty());
        let question =
            survey.answer.result.iter().find(|question| question.alias.as_deref() == Some("newsletter"));
        assert_eq!(question.unwrap().answer, ["yes"]);
        assert_eq!(status.event_id.as_ref().unwrap().as_str(), "9");
        assert!(profile.phone_number.is("+886912345678"));
        assert_eq!(points.points_id.as_str(), "p-1");
        assert_eq!(open.event_id(), None);
    }
}

#[test]
fn a_sending_can_be_spawned_where_its_receiver_can() {
    fn is_send<T: Send>(_: &T) {}
    let mut app = router(Endpoint::new("crm", secrets()), Handled::default());
    is_send(&sender().event(samples::message_first_open()).send_to(&mut app));
    is_send(&sender().event(samples::message_first_open()).send_to("http://127.0.0.1:1/"));
}
