use std::time::Duration;

use super::*;
use crate::{ShareSecret, ShareSecrets};

const BODY: &[u8] = br#"{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "t", "data": {}}"#;

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

fn sign(key: &str, body: &[u8]) -> String {
    Signature::sign(&secret(key), body).to_string()
}

fn verifier(key: &str) -> Verifier {
    Verifier::new(Endpoint::new("crm", secret(key)))
}

fn head<'a>(signature: &'a str, key: &'a str) -> RequestHead<'a> {
    RequestHead::new([signature.as_bytes()], [key.as_bytes()])
}

fn kind(result: Result<Delivery, Rejection>) -> RejectionKind {
    result.unwrap_err().kind()
}

#[test]
fn a_genuine_request_becomes_a_delivery_with_all_that_came() {
    let before = Timestamp::now();
    let signature = sign("one", BODY);
    let delivery = verifier("one").verify(head(&signature, "key-1"), Bytes::from_static(BODY)).unwrap();
    assert_eq!(delivery.endpoint(), "crm");
    assert_eq!(delivery.idempotency_key().unwrap().as_str(), "key-1");
    assert_eq!(delivery.signature().to_string(), signature);
    assert_eq!(delivery.matched(), SecretSlot::Current);
    assert_eq!(delivery.body(), BODY);
    assert!((before..=Timestamp::now()).contains(&delivery.received_at()));
}

#[test]
fn a_request_without_exactly_one_well_formed_signature_is_refused_before_its_body() {
    let good = sign("one", BODY);
    let none: [&[u8]; 0] = [];
    for (signatures, expected) in [
        (none.to_vec(), RejectionKind::MissingSignature),
        (vec![good.as_bytes(), good.as_bytes()], RejectionKind::RepeatedSignature),
        (vec![&b""[..]], RejectionKind::MalformedSignature),
        (vec![good.to_uppercase().as_bytes()], RejectionKind::MalformedSignature),
        (vec![&good.as_bytes()[..63]], RejectionKind::MalformedSignature),
    ] {
        let refused = verifier("one").begin(RequestHead::new(signatures, none)).unwrap_err();
        assert_eq!(refused.kind(), expected);
    }
}

#[test]
fn another_secrets_signature_and_a_changed_body_do_not_match() {
    let (ours, theirs) = (sign("one", BODY), sign("two", BODY));
    let changed = [BODY, b"\n"].concat();
    let verifier = verifier("one");
    let mismatch = RejectionKind::SignatureMismatch;
    assert_eq!(kind(verifier.verify(head(&theirs, "k"), Bytes::from_static(BODY))), mismatch);
    assert_eq!(kind(verifier.verify(head(&ours, "k"), changed.into())), mismatch);
    assert_eq!(kind(verifier.verify(head(&ours, "k"), Bytes::new())), mismatch);
}

#[test]
fn an_empty_body_verifies_by_its_own_signature() {
    let signature = sign("one", b"");
    assert_eq!(verifier("one").verify(head(&signature, "k"), Bytes::new()).unwrap().body(), "");
}

#[test]
fn an_unusable_idempotency_key_never_refuses_a_verified_event() {
    let signature = sign("one", BODY);
    let too_long = "k".repeat(256);
    let none: [&[u8]; 0] = [];
    for keys in [
        none.to_vec(),
        vec![&b""[..]],
        vec![too_long.as_bytes()],
        vec![&b"a"[..], &b"a"[..]],
        vec![&b"caf\xc3\xa9"[..]],
    ] {
        let head = RequestHead::new([signature.as_bytes()], keys);
        let delivery = verifier("one").verify(head, Bytes::from_static(BODY)).unwrap();
        assert_eq!(delivery.idempotency_key(), None);
    }
}

#[test]
fn a_body_is_refused_as_soon_as_it_is_over_the_limit() {
    let verifier = Verifier::new(Endpoint::new("crm", secret("one")).with_body_limit(4));
    let signature = sign("one", b"1234");
    let head = head(&signature, "k");

    assert!(verifier.begin(head.with_content_length(Some(4))).is_ok());
    let declared = verifier.begin(head.with_content_length(Some(5))).unwrap_err();
    assert_eq!(declared.kind(), RejectionKind::BodyTooLarge);
    assert_eq!(verifier.begin(head.with_content_length(Some(u64::MAX))).unwrap_err(), declared);

    let mut verification = verifier.begin(head).unwrap();
    verification.update(Bytes::from_static(b"123")).unwrap();
    assert_eq!(verification.update(Bytes::from_static(b"45")).unwrap_err(), declared);

    assert!(verifier.verify(head, Bytes::from_static(b"1234")).is_ok(), "the limit itself is allowed");
}

#[test]
fn a_body_in_pieces_is_put_together_as_it_came() {
    let signature = sign("one", BODY);
    for size in [1, 2, 7, BODY.len() - 1, BODY.len()] {
        let mut verification = verifier("one").begin(head(&signature, "k")).unwrap();
        for chunk in BODY.chunks(size) {
            verification.update(Bytes::from_static(chunk)).unwrap();
            verification.update(Bytes::new()).unwrap();
        }
        assert_eq!(verification.finish().unwrap().body(), BODY, "in chunks of {size}");
    }
}

#[test]
fn without_a_secret_the_request_comes_back() {
    let secrets = ShareSecrets::empty();
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let signature = sign("one", BODY);
    let verify = || verifier.verify(head(&signature, "k"), Bytes::from_static(BODY));

    assert_eq!(kind(verify()), RejectionKind::NoSecret);
    secrets.set(secret("one"));
    assert!(verify().is_ok());
}

#[test]
fn a_set_secret_ends_the_one_before_at_once() {
    let secrets = ShareSecrets::new(secret("one"));
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let (old, new) = (sign("one", BODY), sign("two", BODY));
    secrets.set(secret("two"));
    let body = Bytes::from_static(BODY);
    assert_eq!(kind(verifier.verify(head(&old, "k"), body.clone())), RejectionKind::SignatureMismatch);
    assert_eq!(verifier.verify(head(&new, "k"), body).unwrap().matched(), SecretSlot::Current);
}

#[test]
fn a_rotated_secret_lives_on_until_its_overlap_ends() {
    let secrets = ShareSecrets::new(secret("one"));
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let (old, new) = (sign("one", BODY), sign("two", BODY));
    let overlap = Duration::from_secs(60);
    let now = Instant::now();
    secrets.rotate(secret("two"), overlap);

    let verify_at = |signature: &str, at: Instant| {
        let mut verification = verifier.begin(head(signature, "k")).unwrap();
        verification.update(Bytes::from_static(BODY)).unwrap();
        verification.finish_at(|| at).map(|delivery| delivery.matched()).map_err(|r| r.kind())
    };
    let after = secrets.live().previous.as_ref().unwrap().1;
    let within = after - Duration::from_nanos(1);
    assert!((now + overlap..=Instant::now() + overlap).contains(&after));
    assert_eq!(verify_at(&old, within), Ok(SecretSlot::Previous));
    assert_eq!(verify_at(&old, after), Err(RejectionKind::SignatureMismatch));
    for at in [within, after] {
        assert_eq!(verify_at(&new, at), Ok(SecretSlot::Current));
        assert_eq!(verify_at(&sign("three", BODY), at), Err(RejectionKind::SignatureMismatch));
    }
}

#[test]
fn a_secret_that_is_set_while_the_body_arrives_counts() {
    let secrets = ShareSecrets::new(secret("one"));
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let signature = sign("two", BODY);

    let mut verification = verifier.begin(head(&signature, "k")).unwrap();
    verification.update(Bytes::from_static(BODY)).unwrap();
    secrets.set(secret("two"));
    assert_eq!(verification.finish().unwrap().matched(), SecretSlot::Current);

    let mut verification = verifier.begin(head(&signature, "k")).unwrap();
    verification.update(Bytes::from_static(BODY)).unwrap();
    secrets.rotate(secret("three"), Duration::from_secs(60));
    assert_eq!(verification.finish().unwrap().matched(), SecretSlot::Previous);
}

#[test]
fn a_secret_that_is_set_aside_while_the_body_arrives_does_not_count() {
    let secrets = ShareSecrets::new(secret("leaked"));
    let verifier = Verifier::new(Endpoint::new("crm", secrets.clone()));
    let signature = sign("leaked", BODY);
    for pieces in [1, 2] {
        secrets.set(secret("leaked"));
        let mut verification = verifier.begin(head(&signature, "k")).unwrap();
        for piece in BODY.chunks(BODY.len().div_ceil(pieces)) {
            verification.update(Bytes::from_static(piece)).unwrap();
        }
        secrets.set(secret("new"));
        assert_eq!(kind(verification.finish()), RejectionKind::SignatureMismatch, "in {pieces} pieces");
    }
}

#[test]
fn nothing_secret_and_nothing_of_the_payload_is_in_debug() {
    let signature = sign("hush-hush", BODY);
    let verifier = verifier("hush-hush");
    let mut verification = verifier.begin(head(&signature, "k")).unwrap();
    verification.update(Bytes::from_static(BODY)).unwrap();
    let mut shown = format!("{verifier:?} {verification:?}");
    assert!(shown.contains(&format!("body_bytes: {}", BODY.len())), "{shown}");
    let delivery = verification.finish().unwrap();
    shown += &format!("{delivery:?} {:?} {:?}", delivery.event(), delivery.identity());
    for hidden in ["hush-hush", signature.as_str(), "2025-11-28T10"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn an_identity_is_of_the_endpoint_and_the_exact_bytes() {
    let identity = |name: &str, body: &[u8]| {
        let verifier = Verifier::new(Endpoint::new(name, secret("one")));
        let signature = sign("one", body);
        let delivery = verifier.verify(head(&signature, "k"), Bytes::copy_from_slice(body)).unwrap();
        (delivery.identity(), delivery.content_digest())
    };
    let later = String::from_utf8_lossy(BODY).replace("10:00:00", "10:00:01");
    assert_eq!(identity("crm", BODY), identity("crm", BODY));
    assert_ne!(identity("crm", BODY).0, identity("shop", BODY).0);
    assert_ne!(identity("crm", BODY).1, identity("shop", BODY).1);
    assert_ne!(identity("crm", BODY).0, identity("crm", later.as_bytes()).0);
    assert_eq!(identity("crm", BODY).1, identity("crm", later.as_bytes()).1, "all but the timestamp");
    assert_eq!(identity("crm", b"not json").1, None);
}

#[test]
fn unverified_bodies_hold_no_more_than_their_budget_together() {
    let budget = crate::BodyBudget::new(BODY.len() + 10);
    let verifier = Verifier::new(Endpoint::new("crm", secret("one")).with_body_budget(budget.clone()));
    let signature = sign("one", BODY);
    let head = head(&signature, "key-1");

    let in_pieces = || {
        let mut verification = verifier.begin(head)?;
        verification.update(Bytes::from_static(&BODY[..3]))?;
        verification.update(Bytes::from_static(&BODY[3..]))?;
        verification.finish()
    };
    let mut stranger = verifier.begin(head).unwrap();
    stranger.update(Bytes::from_static(&BODY[..11])).unwrap();
    assert_eq!(kind(in_pieces()), RejectionKind::Overloaded);
    assert_eq!(budget.held(), 11, "a refused request holds nothing");
    assert!(verifier.verify(head, Bytes::from_static(BODY)).is_ok(), "one that is whole waits for nothing");

    drop(stranger);
    let delivery = in_pieces().unwrap();
    assert_eq!(
        (budget.held(), delivery.body()),
        (0, &Bytes::from_static(BODY)),
        "what is verified is not counted"
    );
}

#[test]
fn a_store_gives_back_the_delivery_it_was_given() {
    let signature = sign("one", BODY);
    let delivery = verifier("one").verify(head(&signature, "key-1"), Bytes::from_static(BODY)).unwrap();
    let back = Delivery::dangerous_from_verified_store(delivery.clone().into_stored());
    assert_eq!(back.identity(), crate::Identity::from_bytes(*delivery.identity().as_bytes()));
    assert_eq!(format!("{back:?}"), format!("{delivery:?}"));
    let stored = format!("{:?}", delivery.into_stored());
    assert!(
        stored.starts_with("StoredDelivery(Delivery { endpoint: \"crm\"") && !stored.contains("topic"),
        "{stored}"
    );
}

#[test]
fn a_whole_body_is_not_copied_and_a_piece_holds_on_to_no_larger_buffer() {
    let (verifier, signature) = (verifier("one"), sign("one", BODY));
    let buffer = Bytes::copy_from_slice(BODY);
    for length in [None, Some(BODY.len() as u64)] {
        let mut verification = verifier.begin(head(&signature, "k").with_content_length(length)).unwrap();
        verification.update(buffer.clone()).unwrap();
        let body = verification.finish().unwrap().body().clone();
        assert_eq!(body.as_ptr() == buffer.as_ptr(), length.is_some());
    }
    let delivery = verifier.verify(head(&signature, "k"), buffer.clone()).unwrap();
    assert_eq!(delivery.body().as_ptr(), buffer.as_ptr());
}

#[test]
fn a_retry_that_was_built_anew_says_the_same_and_another_member_says_more() {
    let content = |body: &'static str| {
        let signature = sign("one", body.as_bytes());
        let delivery = verifier("one").verify(head(&signature, "k"), Bytes::from_static(body.as_bytes()));
        delivery.unwrap().content_digest()
    };
    let first = content(r#"{"timestamp": "1", "topic": "t", "data": {"a": 1}}"#);
    assert!(first.is_some());
    assert_eq!(first, content(r#"{"timestamp": "2", "topic": "t", "data": {"a": 1}}"#));
    for other in [
        r#"{"timestamp": "1", "topic": "u", "data": {"a": 1}}"#,
        r#"{"timestamp": "1", "topic": "t", "data": {"a": 2}}"#,
        r#"{"timestamp": "1", "topic": "t", "data": {"a": 1}, "part": 2}"#,
    ] {
        assert_ne!(first, content(other), "{other}");
    }
    assert_eq!(content("no JSON"), None);
}

#[test]
fn a_later_piece_is_counted_however_long_the_body_was_said_to_be() {
    let budget = crate::BodyBudget::new(100);
    let verifier = Verifier::new(Endpoint::new("crm", secret("one")).with_body_budget(budget.clone()));
    let signature = sign("one", BODY);
    let mut verification = verifier.begin(head(&signature, "k").with_content_length(Some(4))).unwrap();
    verification.update(Bytes::from_static(b"ab")).unwrap();
    verification.update(Bytes::from_static(b"cdef")).unwrap();
    assert_eq!(budget.held(), 6);
}
