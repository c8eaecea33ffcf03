use maac_webhook::{Endpoint, Event, RequestHead, ShareSecret, Verifier, event::Topic};

use super::*;
use crate::{Outcome, json::BodyStyle, platform::NotDelivered};

fn key(request: &Request<Bytes>) -> String {
    request.headers()["cresclab-idempotency-key"].to_str().unwrap().to_owned()
}

fn signature(request: &Request<Bytes>) -> Vec<u8> {
    request.headers()["cresclab-signature"].as_bytes().to_vec()
}

fn verify(request: &Request<Bytes>, secret: ShareSecret) -> Event {
    let (signature, key) = (signature(request), key(request));
    let head = RequestHead::new([&signature[..]], [key.as_bytes()]);
    Verifier::new(Endpoint::new("crm", secret)).verify(head, request.body().clone()).unwrap().event()
}

fn secret(platform: &Mutex<Platform>, id: EndpointId) -> ShareSecret {
    platform.lock().unwrap().endpoint(id).unwrap().share_secret().clone()
}

#[tokio::test(start_paused = true)]
async fn an_event_goes_signed_to_each_endpoint_that_is_to_get_it_and_of_the_others_it_is_said_why_not() {
    let (platform, ids) = platform(&["a.example", "b.example", "c.example"]);
    platform.lock().unwrap().stop(ids[1], start()).unwrap();
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers);
    let published = dispatcher.publish(&event()).await.unwrap();
    assert_eq!(published.iter().map(|published| published.endpoint).collect::<Vec<_>>(), ids);
    assert_eq!(*published[1].delivery.as_ref().unwrap_err(), NotDelivered::Stopped);
    dispatcher.idle().await;

    let [a, c] = ["a.example", "c.example"].map(|host| receivers.requests(host).remove(0));
    assert!(receivers.requests("b.example").is_empty());
    for (request, id) in [(&a, ids[0]), (&c, ids[2])] {
        let event = verify(request, secret(&platform, id));
        assert_eq!(event.topic(), Some(Topic::PrizePointsAdded));
        assert!(
            request.body().starts_with(br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "#)
        );
    }
    assert_eq!((a.body(), key(&a)), (c.body(), key(&c)));
    assert_ne!(signature(&a), signature(&c));
    assert_eq!(dispatcher.log().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_for_each_endpoint_and_another_style_are_settings() {
    let (platform, _) = platform(&["a.example", "b.example"]);
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers)
        .with_key_per_endpoint(true)
        .with_style(BodyStyle::python().compact().raw_utf8());
    publish(&dispatcher).await;
    dispatcher.idle().await;
    let [a, b] = ["a.example", "b.example"].map(|host| receivers.requests(host).remove(0));
    assert_ne!(key(&a), key(&b));
    assert!(a.body().starts_with(br#"{"timestamp":"#) && !a.body().is_ascii());
}

#[tokio::test(start_paused = true)]
async fn the_secret_in_force_when_its_turn_comes_signs_and_retries_keep_that_signature() {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    receivers.take("a.example", Duration::from_secs(1));
    let dispatcher = dispatcher(&platform, &receivers).with_concurrency(1);
    let before = secret(&platform, ids[0]);
    let change =
        || platform.lock().unwrap().change_share_secret(ids[0], start()).unwrap().share_secret().clone();

    receivers.answer("a.example", [503, 200]);
    let first = publish_one(&dispatcher).await;
    let second = publish_one(&dispatcher).await;
    sleep(Duration::from_millis(500)).await;
    let after = change();
    let [first, second] = [first, second].map(DeliveryHandle::finished);
    assert_eq!(first.await.unwrap().attempts.len(), 2);
    assert_eq!(second.await.unwrap().attempts.len(), 1);
    let requests = receivers.requests("a.example");
    assert_eq!(signature(&requests[0]), signature(&requests[1]));
    verify(&requests[1], before);
    verify(&requests[2], after);
}

#[tokio::test(start_paused = true)]
async fn a_test_is_sent_to_a_stopped_endpoint_and_tells_what_came_of_it() {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers);
    platform.lock().unwrap().stop(ids[0], start()).unwrap();
    receivers.answer("a.example", [401]);
    let delivered = dispatcher.send_test(ids[0], &event()).await.unwrap().finished().await.unwrap();
    assert_eq!((delivered.accepted.origin, delivered.status()), (Origin::Test, Some(401)));
    assert_eq!(delivered.ending.unwrap().outcome, Outcome::Refused);
    let refused = dispatcher.send_test(EndpointId::random(), &event()).await.unwrap_err();
    assert_eq!(*refused.kind(), DispatchErrorKind::NotDelivered { reason: NotDelivered::Deleted });
    assert_eq!(refused.to_string(), "Not delivered because the webhook endpoint was deleted.");
    let new = EventBody::from_json(start(), "new.topic", "{}").unwrap();
    assert!(dispatcher.send_test(ids[0], &new).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_has_the_same_body_and_key_and_the_signature_of_today() {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers);
    let first = publish_one(&dispatcher).await.finished().await.unwrap();
    let after = platform.lock().unwrap().change_share_secret(ids[0], start()).unwrap().share_secret().clone();
    let again = dispatcher.send_again(&first.accepted).await.unwrap().finished().await.unwrap();
    assert_eq!(again.accepted.replay_of, Some(first.accepted.id));
    assert_ne!(again.accepted.id, first.accepted.id);
    let [one, other] = receivers.requests("a.example").try_into().unwrap();
    assert_eq!((one.body(), key(&one)), (other.body(), key(&other)));
    verify(&other, after);

    platform.lock().unwrap().stop(ids[0], start()).unwrap();
    let refused = dispatcher.send_again(&first.accepted).await.unwrap_err();
    assert_eq!(*refused.kind(), DispatchErrorKind::NotDelivered { reason: NotDelivered::Stopped });
    assert_eq!(receivers.requests("a.example").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_no_header_carries_is_not_sent() {
    let (platform, _) = platform(&["a.example"]);
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers);
    let first = publish_one(&dispatcher).await.finished().await.unwrap();
    let odd = AcceptedDelivery { idempotency_key: "女".to_owned(), ..(*first.accepted).clone() };
    let ended = dispatcher.send_again(&odd).await.unwrap().finished().await.unwrap();
    assert_eq!(ended.ending.unwrap().because, Some(NotDelivered::FailedSelfCheck));
    assert_eq!((ended.sent.is_none(), receivers.requests("a.example").len()), (true, 1));
}
