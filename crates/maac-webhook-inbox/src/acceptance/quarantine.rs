//! The suite that every [`QuarantineStore`] passes.

use std::time::Duration;

use maac_webhook::{IdempotencyKey, Signature, Unverified, bytes::Bytes};

use super::time;
use crate::{
    QuarantineBounds, QuarantineId, QuarantineRequest, QuarantineStats, QuarantineStore, Quarantined,
};

/// Runs every case on a store of its own that `new_store` makes, empty.
pub async fn quarantine_suite<S: QuarantineStore>(new_store: impl AsyncFn() -> S) {
    a_request_is_kept_once_and_comes_back_as_it_was(&new_store().await).await;
    neither_its_body_nor_its_signature_alone_takes_a_genuine_ones_place(&new_store().await).await;
    what_is_kept_is_an_endpoints_own(&new_store().await).await;
    what_is_released_or_too_old_is_forgotten(&new_store().await).await;
    one_peer_displaces_its_own_alone(&new_store().await).await;
    whoever_is_not_proven_displaces_nobody_who_is(&new_store().await).await;
    many_small_requests_are_bounded_too(&new_store().await).await;
    there_is_one_rotation_window(&new_store().await).await;
}

const BOUNDS: QuarantineBounds = QuarantineBounds { bytes: 1024 * 1024, age: Duration::from_secs(3600) };

fn request(body: impl Into<Bytes>, signature: u8, peer: &str) -> Unverified {
    Unverified {
        endpoint: "crm".into(),
        idempotency_key: IdempotencyKey::parse(b"key-1"),
        signature: Signature::from_bytes([signature; 32]),
        peer: peer.parse().ok(),
        received_at: time(0),
        body: body.into(),
    }
}

async fn keep(store: &impl QuarantineStore, requests: Vec<Unverified>) -> Quarantined {
    keep_of(store, requests, false).await
}

async fn keep_of(
    store: &impl QuarantineStore,
    requests: Vec<Unverified>,
    from_proven_peer: bool,
) -> Quarantined {
    let request = |unverified| QuarantineRequest { unverified, from_proven_peer };
    store.quarantine(requests.into_iter().map(request).collect(), BOUNDS, time(0)).await.unwrap()
}

/// All that is kept for an endpoint, page by page.
async fn kept(store: &impl QuarantineStore, endpoint: &str) -> Vec<(QuarantineId, Unverified)> {
    let (mut all, mut after) = (Vec::new(), QuarantineId::FIRST);
    loop {
        let page = store.quarantined(endpoint.into(), after, 7).await.unwrap();
        assert!(page.len() <= 7);
        let Some((last, _)) = page.last() else { return all };
        after = *last;
        all.extend(page.into_iter().map(|(id, request)| (id, request.unwrap())));
        assert!(all.is_sorted_by_key(|(id, _)| *id));
    }
}

async fn a_request_is_kept_once_and_comes_back_as_it_was(store: &impl QuarantineStore) {
    let one = request(&b"\0\xff any bytes"[..], 1, "203.0.113.9");
    let other = Unverified { idempotency_key: None, peer: None, ..request("", 1, "") };
    let together = keep(store, vec![one.clone(), one.clone(), other.clone()]).await;
    assert_eq!(together, Quarantined { kept: 2, known: 1, displaced: 0 });
    let again = keep(store, vec![one.clone()]).await;
    assert_eq!(again, Quarantined { kept: 0, known: 1, displaced: 0 });

    let there = kept(store, "crm").await;
    for ((_, back), sent) in there.iter().zip([&one, &other]) {
        assert_eq!(
            (&back.body, &back.endpoint, &back.signature),
            (&sent.body, &sent.endpoint, &sent.signature)
        );
        assert_eq!(
            (&back.idempotency_key, back.peer, back.received_at),
            (&sent.idempotency_key, sent.peer, sent.received_at)
        );
    }
    let stats = QuarantineStats { requests: 2, bytes: 8 * 1024, oldest: Some(time(0)) };
    assert_eq!(store.quarantine_stats().await.unwrap(), stats);
}

async fn neither_its_body_nor_its_signature_alone_takes_a_genuine_ones_place(store: &impl QuarantineStore) {
    let genuine = request("genuine", 1, "203.0.113.9");
    let forged = vec![request("genuine", 2, "192.0.2.1"), request("forged", 1, "192.0.2.1")];
    assert_eq!(keep(store, forged).await.kept, 2);
    assert_eq!(keep(store, vec![genuine]).await.kept, 1);
}

async fn what_is_kept_is_an_endpoints_own(store: &impl QuarantineStore) {
    let of = |endpoint: &str| Unverified { endpoint: endpoint.into(), ..request("body", 1, "203.0.113.9") };
    assert_eq!(keep(store, vec![of("crm"), of("shop"), of("sh\0p")]).await.kept, 3);
    assert_eq!((kept(store, "crm").await.len(), kept(store, "shop").await.len()), (1, 1));
    assert_eq!(kept(store, "other").await.len(), 0);
}

async fn what_is_released_or_too_old_is_forgotten(store: &impl QuarantineStore) {
    let old = Unverified { received_at: time(-3601), ..request("old", 1, "203.0.113.9") };
    keep(store, vec![old, request("new", 2, "203.0.113.9"), request("event", 3, "203.0.113.9")]).await;
    let event = kept(store, "crm").await[2].0;
    store.release(vec![event, QuarantineId::new(1_000_000)]).await.unwrap();
    assert_eq!(store.expire_quarantine(BOUNDS, time(0)).await.unwrap(), 1);
    let left = kept(store, "crm").await;
    assert_eq!(left.iter().map(|(_, request)| &request.body[..]).collect::<Vec<_>>(), [b"new"]);
}

async fn one_peer_displaces_its_own_alone(store: &impl QuarantineStore) {
    let of = |peer: &str, number: usize, bytes: usize| {
        let body = format!("{peer} {number} {}", "x".repeat(bytes));
        request(body, (number % 256) as u8, peer)
    };
    let genuine: Vec<_> = (0..50).map(|number| of("203.0.113.9", number, 2000)).collect();
    keep(store, genuine).await;
    let mut displaced = 0;
    for batch in 0..20 {
        let flood = (0..20).map(|number| of("192.0.2.1", batch * 20 + number, 20_000)).collect();
        displaced += keep(store, flood).await.displaced;
        assert!(store.quarantine_stats().await.unwrap().bytes <= BOUNDS.bytes);
    }
    let there = kept(store, "crm").await;
    let from = |peer: &str| there.iter().filter(|(_, request)| request.peer == peer.parse().ok()).count();
    assert_eq!((from("203.0.113.9"), displaced), (50, 400 - from("192.0.2.1") as u64));
    // The newest of the flood are there, and it has what the others leave.
    assert!(there.last().unwrap().1.body.starts_with(b"192.0.2.1 399 ") && from("192.0.2.1") > 20);
}

async fn whoever_is_not_proven_displaces_nobody_who_is(store: &impl QuarantineStore) {
    let of = |peer: &str, number: usize| request(format!("{peer} {number}"), (number % 256) as u8, peer);
    // More than half of what there is room for: more than an equal share of it.
    keep_of(store, (0..200).map(|number| of("203.0.113.9", number)).collect(), true).await;
    for batch in 0..20 {
        let peer = format!("192.0.2.{batch}");
        keep(store, (0..100).map(|number| of(&peer, number)).collect()).await;
    }
    let there = kept(store, "crm").await;
    let proven = there.iter().filter(|(_, request)| request.body.starts_with(b"203.0.113.9 "));
    assert_eq!((proven.count(), there.len() > 200), (200, true));
}

async fn many_small_requests_are_bounded_too(store: &impl QuarantineStore) {
    let small = |number: u32| request(number.to_string(), (number % 256) as u8, "192.0.2.1");
    for batch in 0..4 {
        keep(store, (0..100).map(|number| small(batch * 100 + number)).collect()).await;
    }
    let stats = store.quarantine_stats().await.unwrap();
    assert!(
        stats.requests <= BOUNDS.bytes / QuarantineBounds::LEAST_BYTES && stats.requests > 100,
        "{stats:?}"
    );
}

async fn there_is_one_rotation_window(store: &impl QuarantineStore) {
    assert_eq!(store.rotation().await.unwrap(), None);
    for until in [Some(time(60)), Some(time(30)), None, None, Some(time(90))] {
        store.set_rotation(until).await.unwrap();
        assert_eq!(store.rotation().await.unwrap(), until);
    }
}
