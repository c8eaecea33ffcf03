use super::*;
use crate::{
    Outcome,
    platform::{EndpointStatus, NotDelivered},
};

/// Two failures, then success; `act` happens between the first and the second attempt.
async fn retried(
    retries: RetriesUnderWay,
    act: impl FnOnce(&mut Platform, EndpointId),
) -> (LoggedDelivery, usize) {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    receivers.answer("a.example", [503, 503, 200]);
    let dispatcher = dispatcher(&platform, &receivers).with_retries_under_way(retries);
    let delivery = publish_one(&dispatcher).await;
    sleep(Duration::from_millis(500)).await;
    act(&mut platform.lock().unwrap(), ids[0]);
    let delivered = delivery.finished().await.unwrap();
    (delivered, receivers.requests("a.example").len())
}

fn stop(platform: &mut Platform, id: EndpointId) {
    platform.stop(id, start()).unwrap();
}

fn delete(platform: &mut Platform, id: EndpointId) {
    platform.delete(id).unwrap();
}

fn expire(platform: &mut Platform, _: EndpointId) {
    platform.set_purchase(Purchase::new(Zone::ALL, start(), start() + 1.second()).unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_retries_of_an_endpoint_that_is_sent_nothing_any_more_are_cancelled_unless_set_otherwise() {
    let until = start() + 1.second();
    type Act = fn(&mut Platform, EndpointId);
    let cases: [(Act, NotDelivered); 3] = [
        (stop, NotDelivered::Stopped),
        (delete, NotDelivered::Deleted),
        (expire, NotDelivered::AfterPeriod { until }),
    ];
    for (act, why_not) in cases {
        let (delivered, requests) = retried(RetriesUnderWay::Cancelled, act).await;
        let ending = delivered.ending.clone().unwrap();
        assert_eq!((ending.outcome, requests), (Outcome::Cancelled, 1));
        assert_eq!((ending.because, ending.at), (Some(why_not), start() + 1.second()));
        assert_eq!(delivered.record().unwrap().outcome.as_str(), "cancelled");

        let (delivered, requests) = retried(RetriesUnderWay::Continued, act).await;
        assert_eq!((delivered.ending.unwrap().outcome, requests), (Outcome::Delivered, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_resumed_before_the_next_attempt_gets_it() {
    let (delivered, requests) = retried(RetriesUnderWay::Cancelled, |platform, id| {
        stop(platform, id);
        let resumed = platform.resume(id, start()).unwrap();
        assert_eq!(resumed.status(), EndpointStatus::Ongoing);
    })
    .await;
    assert_eq!((delivered.ending.unwrap().outcome, requests), (Outcome::Delivered, 3));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_whose_endpoint_is_stopped_while_it_waits_for_its_turn_is_never_sent() {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    receivers.take("a.example", Duration::from_secs(2));
    let dispatcher = dispatcher(&platform, &receivers)
        .with_concurrency(1)
        .with_retries_under_way(RetriesUnderWay::Continued);
    let first = publish_one(&dispatcher).await;
    let second = publish_one(&dispatcher).await;
    sleep(Duration::from_secs(1)).await;
    stop(&mut platform.lock().unwrap(), ids[0]);
    assert_eq!(first.finished().await.unwrap().ending.unwrap().outcome, Outcome::Delivered);
    let second = second.finished().await.unwrap();
    assert_eq!((second.sent.is_none(), second.attempts.len()), (true, 0));
    assert!(second.record().is_none());
    assert_eq!(second.ending.unwrap().because, Some(NotDelivered::Stopped));
    assert_eq!(receivers.requests("a.example").len(), 1);
}
