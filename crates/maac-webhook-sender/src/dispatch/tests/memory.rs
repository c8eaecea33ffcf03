use std::sync::Arc;

use bytes::Bytes;
use maac_webhook::event::Topic;
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{Attempt, RecordedBody, RequestRecord};

fn accepted(body: usize) -> DeliveryUpdate {
    let delivery = AcceptedDelivery {
        id: DeliveryId::random(),
        endpoint: EndpointId::random(),
        endpoint_name: "crm".to_owned(),
        origin: Origin::Event,
        replay_of: None,
        topic: Topic::PrizePointsAdded,
        idempotency_key: "k".to_owned(),
        body: RecordedBody::from(Bytes::from(vec![b' '; body])),
        accepted_at: start(),
    };
    DeliveryUpdate::Accepted { delivery: Arc::new(delivery) }
}

fn attempted(id: DeliveryId, answer: usize) -> DeliveryUpdate {
    let result = Ok(ResponseRecord::new(503, vec![b' '; answer]));
    let (duration, retry_after) = (Duration::ZERO, None);
    let attempt = Attempt { number: 1, started_at: start(), duration, result, retry_after };
    DeliveryUpdate::AttemptEnded { id, attempt: Arc::new(attempt), next_attempt_at: None }
}

/// What the bodies of what is kept have in bytes.
fn body_bytes(log: &MemoryLog) -> usize {
    let of = |delivery: &LoggedDelivery| {
        let answers = delivery.attempts.iter().flat_map(|attempt| &attempt.result);
        delivery.accepted.body.as_bytes().len()
            + answers.map(|answer| answer.body.as_bytes().len()).sum::<usize>()
    };
    log.newest(0, usize::MAX).iter().map(of).sum()
}

#[tokio::test]
async fn the_newest_are_kept_in_order_and_pages_of_them() {
    let log = MemoryLog::new().with_count_limit(5);
    let updates: Vec<_> = (0..8).map(|_| accepted(10)).collect();
    for update in &updates {
        log.record(update).await.unwrap();
    }
    let ids = |log: &MemoryLog, skip, limit| {
        log.newest(skip, limit).iter().map(|delivery| delivery.accepted.id).collect::<Vec<_>>()
    };
    let expected: Vec<_> = updates.iter().rev().take(5).map(DeliveryUpdate::id).collect();
    assert_eq!(ids(&log, 0, 10), expected);
    assert_eq!(ids(&log, 1, 2), expected[1..3]);
    assert!(ids(&log, 5, 2).is_empty());
    assert!(log.delivery(updates[0].id()).is_none());
    // An update of one that was forgotten changes nothing.
    let bytes = log.bytes();
    log.record(&attempted(updates[0].id(), 1000)).await.unwrap();
    assert_eq!((log.len(), log.bytes()), (5, bytes));
}

#[tokio::test]
async fn a_delivery_that_is_too_large_by_itself_is_not_kept() {
    let log = MemoryLog::new().with_byte_limit(10_000);
    assert!(log.is_empty());
    let small = accepted(100);
    log.record(&small).await.unwrap();
    log.record(&accepted(20_000)).await.unwrap();
    assert_eq!((log.len(), log.bytes()), (0, 0));
}

#[tokio::test]
async fn a_signed_request_counts_its_headers() {
    let log = MemoryLog::new();
    let update = accepted(100);
    log.record(&update).await.unwrap();
    let before = log.bytes();
    let headers = vec![("a".repeat(500), "b".repeat(700))];
    let request = RequestRecord { headers, body: RecordedBody::default() };
    let url = "https://shop.example/".to_owned();
    log.record(&DeliveryUpdate::Signed { id: update.id(), url, request: Arc::new(request) }).await.unwrap();
    assert!(log.bytes() >= before + 1200);
}

proptest! {
    #[test]
    fn neither_bound_is_ever_exceeded_and_the_count_of_bytes_is_never_too_low(
        steps in vec((any::<Option<prop::sample::Index>>(), 0usize..4000), 1..120),
        (count, bytes) in (0usize..20, 0usize..60_000),
    ) {
        let log = MemoryLog::new().with_count_limit(count).with_byte_limit(bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut ids = Vec::new();
        for (of, size) in steps {
            let update = match of {
                Some(index) if !ids.is_empty() => attempted(*index.get(&ids), size),
                _ => accepted(size),
            };
            ids.push(update.id());
            runtime.block_on(log.record(&update)).unwrap();
            prop_assert!(log.len() <= count && log.bytes() <= bytes);
            prop_assert!(body_bytes(&log) <= log.bytes());
        }
        while !log.is_empty() {
            // What is forgotten gives back all that it took.
            runtime.block_on(log.record(&accepted(bytes))).unwrap();
        }
        prop_assert_eq!(log.bytes(), 0);
    }
}
