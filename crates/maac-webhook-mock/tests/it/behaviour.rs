//! Each behaviour, and what a correct receiver of every kind makes of it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::post};
use maac_webhook::{Endpoint, ShareSecrets};
use maac_webhook_mock::{
    Behaviour, MockErrorKind, MockEvent, MockSender, Tampering, maac_webhook_sender::Outcome, samples,
};
use tokio::time::Instant;

use crate::receivers::{Handled, Kind, router, secret, secrets, send, sender};

fn endpoint() -> Endpoint {
    Endpoint::new("crm", secrets())
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_comes_again() {
    for kind in Kind::ALL {
        let delivery = sender().event(samples::prize_points_added()).behaviour(Behaviour::AnswerLost);
        let (sent, handled) = send(kind, endpoint(), delivery).await;
        sent.assert_accepted().assert_attempts(2);
        assert_eq!((handled.len(), handled[0] == handled[1]), (2, true), "{kind:?}");
        let first = &sent.events[0].attempts[0];
        assert_eq!((first.status(), first.answered().unwrap().status), (None, 200));
    }
}

#[tokio::test]
async fn two_copies_come_at_once() {
    for kind in Kind::ALL {
        let delivery = sender().event(samples::prize_points_added()).behaviour(Behaviour::TwoCopies);
        let (sent, handled) = send(kind, endpoint(), delivery).await;
        sent.assert_accepted().assert_attempts(1);
        assert_eq!((sent.events.len(), handled.len(), handled[0] == handled[1]), (2, 2, true), "{kind:?}");
        let [one, other] = [0, 1].map(|copy| &sent.events[copy].attempts[0].request.headers);
        assert_eq!(one, other);
    }
}

#[tokio::test]
async fn both_copies_are_there_before_either_is_answered() {
    let arrived = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let handler = async move || {
        arrived.wait().await;
        "OK"
    };
    let mut app = Router::new().route("/webhooks/maac", post(handler));
    let delivery = sender().event(samples::prize_points_added()).behaviour(Behaviour::TwoCopies);
    delivery.send_to(&mut app).await.assert_accepted();
}

#[tokio::test]
async fn events_out_of_order_come_last_one_first() {
    let style = Default::default();
    for kind in Kind::ALL {
        let events = [1, 2, 3].map(|id| MockEvent::from(samples::message_first_open().openapi(id)));
        let bodies: Vec<_> = events.iter().rev().map(|event| event.body(style).unwrap()).collect();
        let delivery = sender().events(events).behaviour(Behaviour::OutOfOrder);
        let (sent, handled) = send(kind, endpoint(), delivery).await;
        sent.assert_accepted();
        assert_eq!(handled, bodies, "{kind:?}");
    }
    let alone = sender().event(samples::message_first_open()).behaviour(Behaviour::OutOfOrder);
    let error = alone.try_send_to(&mut router(endpoint(), Handled::default())).await.unwrap_err();
    assert_eq!(error.kind(), MockErrorKind::NoOrder);
}

#[tokio::test]
async fn a_secret_that_changes_in_mid_retry_is_no_loss_to_a_receiver_that_is_told_in_time() {
    for kind in Kind::ALL {
        let secrets = secrets();
        let told = secrets.clone();
        let sender = sender().change_secret(secret("hush-2"));
        let delivery = sender.event(samples::receipt_validated()).behaviour(Behaviour::SecretChanged);
        let delivery = delivery.on_attempt(move |attempt| {
            if attempt.number == 1 {
                told.rotate(secret("hush-2"), ShareSecrets::DEFAULT_OVERLAP);
            }
        });
        let (sent, handled) = send(kind, Endpoint::new("crm", secrets), delivery).await;
        sent.assert_accepted().assert_attempts(2);
        assert_eq!(handled.len(), 2, "{kind:?}");
        let attempts = &sent.events[0].attempts;
        assert_eq!(attempts[0].unheard.as_ref().unwrap().status, 200);
        assert_ne!(attempts[0].request.headers, attempts[1].request.headers);
        assert_eq!(attempts[0].request.body, attempts[1].request.body);
    }
}

#[tokio::test]
async fn a_receiver_that_has_one_of_the_secrets_alone_loses_something() {
    let sender = sender().change_secret(secret("hush-2"));
    let delivery = || sender.event(samples::receipt_validated()).behaviour(Behaviour::SecretChanged);
    let (sent, handled) = send(Kind::Axum, endpoint(), delivery()).await;
    sent.assert_rejected(401);
    assert_eq!(handled.len(), 1);

    // A retry that is not signed anew needs the overlap.
    let delivery = sender.event(samples::receipt_validated()).tampering(Tampering::SignatureOfOldSecret);
    let overlapping = secrets();
    overlapping.rotate(secret("hush-2"), ShareSecrets::DEFAULT_OVERLAP);
    send(Kind::Axum, Endpoint::new("crm", overlapping), delivery).await.0.assert_accepted();
}

#[tokio::test]
async fn a_dripped_and_a_chunked_body_are_read_as_a_whole_one() {
    for kind in Kind::ALL {
        for behaviour in [Behaviour::Dripped { pause: Duration::ZERO }, Behaviour::Chunked] {
            let delivery = sender().event(samples::surveycake_submitted()).behaviour(behaviour);
            let (sent, handled) = send(kind, endpoint(), delivery).await;
            sent.assert_accepted().assert_attempts(1);
            let sent = &sent.events[0].attempts[0].request;
            assert_eq!(handled, [sent.body.as_bytes().clone()], "{kind:?}");
            let named = |name: &str| sent.headers.iter().any(|(own, _)| own == name);
            let chunked = behaviour == Behaviour::Chunked;
            assert_eq!((named("Content-Length"), named("Transfer-Encoding")), (!chunked, chunked));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_drip_that_takes_too_long_is_answered_408_and_comes_again() {
    for kind in [Kind::Tower, Kind::Axum, Kind::Actix] {
        let behaviour = Behaviour::Dripped { pause: Duration::from_millis(200) };
        let delivery =
            MockSender::new(secret("hush")).event(samples::receipt_validated()).behaviour(behaviour);
        let (sent, handled) = send(kind, endpoint(), delivery).await;
        sent.assert_rejected(408).assert_attempts(4);
        assert_eq!((sent.events[0].outcome, handled.len()), (Outcome::Exhausted, 0), "{kind:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_handled_and_its_retry_is() {
    for kind in Kind::ALL {
        let delivery = sender().event(samples::receipt_validated()).behaviour(Behaviour::Aborted);
        let (sent, handled) = send(kind, endpoint(), delivery).await;
        sent.assert_accepted().assert_attempts(2);
        let attempts = &sent.events[0].attempts;
        assert_eq!(handled, [attempts[1].request.body.as_bytes().clone()], "{kind:?}");
        let unheard = attempts[0].unheard.as_ref().map(|response| response.status);
        assert_eq!(unheard, (kind != Kind::Url).then_some(503), "{kind:?}");
    }
}

#[tokio::test]
async fn a_wrong_length_is_never_handled() {
    for kind in Kind::ALL {
        let small = sender().event(samples::receipt_validated()).behaviour(Behaviour::ContentLengthTooSmall);
        let (sent, handled) = send(kind, endpoint(), small).await;
        sent.assert_rejected(401).assert_attempts(1);
        assert!(handled.is_empty(), "{kind:?}");

        let large = sender().event(samples::receipt_validated()).behaviour(Behaviour::ContentLengthTooLarge);
        let (sent, handled) = send(kind, endpoint(), large).await;
        sent.assert_unanswered().assert_attempts(4);
        assert!(handled.is_empty(), "{kind:?}");
        let unheard = sent.events[0].attempts[3].unheard.as_ref().map(|response| response.status);
        assert_eq!(unheard, (kind != Kind::Url).then_some(503), "{kind:?}");
    }
}

/// A receiver that fails so often and then accepts.
fn failing(times: usize) -> Router {
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let handler = async move || match calls.fetch_add(1, Ordering::Relaxed) {
        call if call < times => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    Router::new().route("/webhooks/maac", post(handler))
}

#[tokio::test(start_paused = true)]
async fn the_retries_follow_after_1_2_and_4_seconds_of_a_clock_that_stands_still() {
    let began = Instant::now();
    let sender = MockSender::new(secret("hush"));
    let sent = sender.event(samples::receipt_validated()).send_to(&mut failing(3)).await;
    sent.assert_accepted().assert_attempts(4);
    assert_eq!(began.elapsed().as_secs(), 7);

    let sent = sender.event(samples::receipt_validated()).send_to(&mut failing(4)).await;
    sent.assert_rejected(503).assert_attempts(4);
    assert_eq!(sent.events[0].outcome, Outcome::Exhausted);
}

#[tokio::test]
async fn without_waiting_they_follow_at_once() {
    let hour = maac_webhook_mock::maac_webhook_sender::RetrySchedule::new([Duration::from_secs(3600)]);
    let sender = sender().schedule(hour);
    sender
        .event(samples::receipt_validated())
        .send_to(&mut failing(1))
        .await
        .assert_accepted()
        .assert_attempts(2);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_not_answered_in_time_is_dropped_and_tried_again() {
    let handler = async || std::future::pending::<StatusCode>().await;
    let mut app = Router::new().route("/webhooks/maac", post(handler));
    let began = Instant::now();
    let sent = MockSender::new(secret("hush")).event(samples::receipt_validated()).send_to(&mut app).await;
    sent.assert_unanswered().assert_attempts(4);
    assert_eq!(began.elapsed().as_secs(), 47);
}
