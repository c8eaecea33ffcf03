use std::time::Instant;

use maac_webhook_sandbox::{
    AttemptResult, DeliveryState, Sandbox,
    maac_webhook_sender::{dispatch::Origin, maac_webhook::event::Topic, platform::NotDelivered},
};

use crate::support::{Receiver, endpoint, hurried, points};

#[tokio::test]
async fn each_attempt_is_kept_with_what_was_sent_and_answered() {
    let receiver = Receiver::start().await;
    receiver.answer(503, "busy");
    let sandbox = Sandbox::open(hurried()).unwrap();
    endpoint(&sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let event = sandbox.publish(points()).await.unwrap();
    sandbox.dispatcher().idle().await;

    let id = event.endpoints[0].delivery.unwrap();
    let delivery = sandbox.delivery(id).await.unwrap().unwrap();
    assert_eq!((delivery.summary.state, delivery.summary.status), (DeliveryState::Delivered, Some(200)));
    assert_eq!(delivery.url.as_deref(), Some(receiver.url.as_str()));
    assert!(delivery.headers.iter().any(|(name, value)| name == "CrescLab-Signature" && value.len() == 64));
    let answers: Vec<_> = delivery
        .timeline
        .iter()
        .map(|attempt| match &attempt.result {
            AttemptResult::Response(response) => {
                (response.status, response.body.as_text().unwrap().to_owned())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers, [(503, "busy".to_owned()), (200, "OK".to_owned())]);

    let again = sandbox.send_again(id).await.unwrap().id();
    sandbox.dispatcher().idle().await;
    let repeated = sandbox.delivery(again).await.unwrap().unwrap();
    assert_eq!((repeated.summary.replay_of, repeated.summary.origin), (Some(id), Origin::Event));
    assert_eq!(repeated.body, delivery.body);
    assert_eq!(repeated.summary.idempotency_key, delivery.summary.idempotency_key);
}

#[tokio::test]
async fn an_answer_that_never_came_is_kept_by_name_and_what_is_not_delivered_with_its_reason() {
    let sandbox = Sandbox::open(hurried()).unwrap();
    // Nobody listens at a port that was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/");
    let listening = endpoint(&sandbox, &url, &[Topic::PrizePointsAdded]).await;
    endpoint(&sandbox, &url, &[Topic::ReceiptValidated]).await;
    let event = sandbox.publish(points()).await.unwrap();
    sandbox.dispatcher().idle().await;

    let kept = sandbox.event(event.id).await.unwrap().unwrap();
    assert_eq!(kept.endpoints.len(), 2);
    assert_eq!(kept.endpoints[1].not_delivered, Some(NotDelivered::NotSubscribed));
    assert_eq!((kept.topic, kept.endpoints[0].endpoint), (Topic::PrizePointsAdded, listening));
    let delivery = sandbox.delivery(kept.endpoints[0].delivery.unwrap()).await.unwrap().unwrap();
    assert_eq!(delivery.summary.state, DeliveryState::Exhausted);
    assert_eq!((delivery.summary.attempts, delivery.summary.error.as_deref()), (4, Some("refused")));
    let AttemptResult::Error { kind, .. } = &delivery.timeline[3].result else { panic!() };
    assert_eq!(kind, "refused");
}

#[tokio::test]
async fn an_endpoint_that_is_stopped_before_a_retry_leaves_a_cancelled_delivery_and_why() {
    let receiver = Receiver::start().await;
    receiver.answer(503, "");
    let schedule =
        maac_webhook_sandbox::maac_webhook_sender::RetrySchedule::new([std::time::Duration::from_millis(50)]);
    let sandbox = Sandbox::open(hurried().with_schedule(schedule)).unwrap();
    let id = endpoint(&sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let mut updates = sandbox.dispatcher().watch();
    let event = sandbox.publish(points()).await.unwrap();
    while !format!("{:?}", updates.next().await.unwrap().unwrap()).contains("AttemptEnded") {}
    sandbox.change_platform(move |platform, now| platform.stop(id, now).map(|_| ())).await.unwrap();
    sandbox.dispatcher().idle().await;
    let delivery = sandbox.delivery(event.endpoints[0].delivery.unwrap()).await.unwrap().unwrap();
    assert_eq!(delivery.summary.state, DeliveryState::Cancelled);
    assert_eq!(delivery.summary.because, Some(NotDelivered::Stopped));
}

/// A page of a log with ten thousand deliveries takes no longer than one of a log with a hundred, but for what a busy machine
/// makes of it.
#[tokio::test]
async fn ten_thousand_deliveries_do_not_slow_a_page() {
    let receiver = Receiver::start().await;
    let sandbox = Sandbox::open(hurried()).unwrap();
    let id = endpoint(&sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let send = async |number: usize| {
        for batch in 0..number / 100 {
            for _ in 0..100 {
                sandbox.publish(points()).await.unwrap();
            }
            sandbox.dispatcher().idle().await;
            let _ = batch;
        }
    };
    let page = async || {
        let mut quickest = None;
        for _ in 0..20 {
            let began = Instant::now();
            let newest = sandbox.deliveries(None, None, 50).await.unwrap();
            let own = sandbox.deliveries(Some(id), newest.next_before, 50).await.unwrap();
            let took = began.elapsed();
            assert_eq!((newest.items.len(), own.items.len()), (50, 50));
            quickest = Some(quickest.map_or(took, |quickest: std::time::Duration| quickest.min(took)));
        }
        quickest.unwrap()
    };
    send(200).await;
    let before = page().await;
    send(9_800).await;
    let after = page().await;
    assert!(after < before * 4, "{before:?} became {after:?}");

    let (mut seen, mut at) = (0, None);
    loop {
        let page = sandbox.deliveries(None, at, 1_000).await.unwrap();
        assert!(page.items.windows(2).all(|two| two[0].seq > two[1].seq));
        seen += page.items.len();
        at = page.next_before;
        if at.is_none() {
            break;
        }
    }
    assert_eq!(seen, 10_000);
}

#[tokio::test]
async fn the_log_keeps_as_many_as_it_is_told_to() {
    let receiver = Receiver::start().await;
    let sandbox = Sandbox::open(hurried().with_retention(3)).unwrap();
    endpoint(&sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(sandbox.publish(points()).await.unwrap());
        sandbox.dispatcher().idle().await;
    }
    let kept = sandbox.deliveries(None, None, 100).await.unwrap();
    assert_eq!((kept.items.len(), kept.next_before), (3, None));
    assert!(sandbox.event(events[0].id).await.unwrap().is_none());
    assert!(sandbox.event(events[4].id).await.unwrap().is_some());
    let gone = events[0].endpoints[0].delivery.unwrap();
    let refused = sandbox.send_again(gone).await.unwrap_err();
    assert!(refused.to_string().contains("no such delivery"), "{refused}");
}
