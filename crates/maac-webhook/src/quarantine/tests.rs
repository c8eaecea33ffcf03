use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use jiff::ToSpan;

use super::*;
use crate::{RejectionKind, RequestHead, ShareSecret, ShareSecrets, Verifier};

#[derive(Clone, Debug, Default)]
struct Kept(Arc<(Mutex<Vec<Unverified>>, AtomicBool)>);

impl Kept {
    fn take(&self) -> Vec<Unverified> {
        self.0.0.lock().unwrap().drain(..).collect()
    }

    fn rotate(&self, rotating: bool) {
        self.0.1.store(rotating, Ordering::Relaxed);
    }
}

impl Quarantine for Kept {
    fn keep(&self, unverified: Unverified) {
        self.0.0.lock().unwrap().push(unverified);
    }

    fn is_rotating(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }
}

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

fn body(sent: Timestamp) -> Bytes {
    format!(r#"{{"timestamp": "{sent}", "topic": "t", "data": {{}}}}"#).into()
}

fn send(endpoint: &Endpoint, body: &Bytes, signed_with: &str) -> Result<Delivery, RejectionKind> {
    let signature = Signature::sign(&secret(signed_with), body).to_string();
    let peer = Some("203.0.113.9".parse().unwrap());
    let head = RequestHead::new([signature.as_bytes()], [&b"key-1"[..]]).with_peer(peer);
    Verifier::new(endpoint.clone()).verify(head, body.clone()).map_err(|rejection| rejection.kind())
}

#[test]
fn what_no_live_secret_verifies_is_kept_until_one_does() {
    let kept = Kept::default();
    let secrets = ShareSecrets::new(secret("old"));
    let endpoint = Endpoint::new("crm", secrets.clone()).with_quarantine(kept.clone());
    let sent = body(Timestamp::now());
    assert_eq!(send(&endpoint, &sent, "new").unwrap_err(), RejectionKind::SignatureMismatch);
    send(&endpoint, &sent, "old").unwrap();

    let [unverified] = kept.take().try_into().unwrap();
    assert_eq!(unverified.peer, Some("203.0.113.9".parse().unwrap()));
    assert!(unverified.verify(&endpoint).is_none());
    let before = secrets.revision();
    secrets.rotate(secret("new"), Duration::ZERO);
    assert_eq!(secrets.revision(), before + 1);
    let delivery = unverified.verify(&endpoint).expect("it is genuine");
    assert_eq!(
        (delivery.endpoint(), delivery.body(), delivery.received_at(), delivery.matched()),
        ("crm", &sent, unverified.received_at, SecretSlot::Current)
    );
    assert_eq!(delivery.idempotency_key().unwrap().as_str(), "key-1");
}

#[test]
fn it_is_the_endpoints_it_was_sent_to_and_no_others() {
    let kept = Kept::default();
    send(&Endpoint::new("crm", secret("old")).with_quarantine(kept.clone()), &body(Timestamp::now()), "new")
        .unwrap_err();
    let [unverified] = kept.take().try_into().unwrap();
    assert!(unverified.verify(&Endpoint::new("shop", secret("new"))).is_none());
    assert!(unverified.verify(&Endpoint::new("crm", secret("new"))).is_some());
}

#[test]
fn while_the_secret_is_being_changed_it_comes_back_and_else_it_is_told_the_truth() {
    let kept = Kept::default();
    let endpoint = Endpoint::new("crm", secret("old")).with_quarantine(kept.clone());
    let send = |signed_with| send(&endpoint, &body(Timestamp::now()), signed_with).unwrap_err();
    assert_eq!(send("new").status(), 401);
    kept.rotate(true);
    assert_eq!((send("new"), send("new").status()), (RejectionKind::SecretRotating, 503));
    let unsigned = RequestHead::new([], []);
    let unsigned = Verifier::new(endpoint.clone()).verify(unsigned, Bytes::new()).unwrap_err();
    assert_eq!(unsigned.status(), 401, "no secret would verify what has no signature");
    kept.rotate(false);
    assert_eq!(send("new").status(), 401);
}

#[test]
fn without_a_secret_what_looks_like_an_event_is_kept_and_comes_back() {
    let kept = Kept::default();
    let secrets = ShareSecrets::empty();
    let endpoint = Endpoint::new("crm", secrets.clone()).with_quarantine(kept.clone());
    kept.rotate(true);
    assert_eq!(send(&endpoint, &body(Timestamp::now()), "first").unwrap_err(), RejectionKind::NoSecret);
    secrets.set(secret("first"));
    assert!(kept.take()[0].verify(&endpoint).is_some());
}

#[test]
fn only_what_looks_like_an_event_of_now_is_kept() {
    let kept = Kept::default();
    let endpoint = Endpoint::new("crm", secret("old")).with_quarantine(kept.clone());
    let is_kept = |body: Bytes| {
        send(&endpoint, &body, "new").unwrap_err();
        kept.take().len() == 1
    };
    let now = Timestamp::now();
    for minutes in [-14, 0, 14] {
        assert!(is_kept(body(now + minutes.minutes())), "{minutes}");
    }
    for minutes in [-16, 16, -60 * 24 * 365 * 100] {
        assert!(!is_kept(body(now + minutes.minutes())), "{minutes}");
    }
    let padded = |length: usize| {
        let text = String::from_utf8(body(now).to_vec()).unwrap();
        let padding = " ".repeat(length - text.len());
        Bytes::from(format!("{text}{padding}"))
    };
    assert!(is_kept(padded(Unverified::BODY_LIMIT)));
    assert!(!is_kept(padded(Unverified::BODY_LIMIT + 1)));
    for other in [
        "",
        "{}",
        "[1]",
        r#"{"topic": "t", "data": {}}"#,
        r#"{"timestamp": "soon", "topic": "t", "data": {}}"#,
    ] {
        assert!(!is_kept(Bytes::from_static(other.as_bytes())), "{other}");
    }
}

#[test]
fn it_shows_no_payload_and_no_signature() {
    let unverified = Unverified {
        endpoint: "crm".into(),
        idempotency_key: None,
        signature: Signature::from_bytes([0xab; 32]),
        peer: None,
        received_at: Timestamp::UNIX_EPOCH,
        body: Bytes::from_static(b"personal"),
    };
    let shown = format!("{unverified:?}");
    assert!(
        !shown.contains("personal") && !shown.contains("abab") && shown.contains("body_bytes: 8"),
        "{shown}"
    );
}
