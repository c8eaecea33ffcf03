//! Each tampering, and what a correct receiver of every kind makes of it.

use maac_webhook::{Endpoint, Event};
use maac_webhook_mock::{
    Behaviour, Expectation, MockErrorKind, MockEvent, Step, Tampering,
    maac_webhook_sender::{RequestRecord, json::BodyStyle},
    samples,
};

use crate::receivers::{Kind, secret, secrets, send, sender};

#[tokio::test]
async fn a_correct_receiver_rejects_what_is_forged_and_accepts_what_has_only_a_bad_key() {
    for kind in Kind::ALL {
        for tampering in Tampering::ALL {
            let sender = sender().change_secret(secret("hush-2"));
            let endpoint = Endpoint::new("crm", secret("hush-2"));
            let delivery = sender.event(samples::receipt_validated()).tampering(tampering);
            assert_eq!(delivery.expectation(), tampering.expectation());
            let (sent, handled) = send(kind, endpoint, delivery).await;
            sent.assert(tampering.expectation()).assert_attempts(1);
            let times = match tampering {
                Tampering::KeyReused | Tampering::KeyFresh => 2,
                Tampering::KeyMissing => 1,
                _ => 0,
            };
            assert_eq!((handled.len(), sent.events.len()), (times, times.max(1)), "{kind:?}: {sent}");
        }
    }
}

#[tokio::test]
async fn each_tampering_sends_what_it_says() {
    let sender = sender().change_secret(secret("hush-2"));
    for tampering in Tampering::ALL {
        let endpoint = Endpoint::new("crm", secret("hush-2"));
        let event = MockEvent::from(samples::message_first_open()).idempotency_key("own-key");
        let signed = event.body(BodyStyle::python()).unwrap();
        let (sent, _) = send(Kind::Tower, endpoint, sender.event(event).tampering(tampering)).await;
        let last = &sent.events.last().unwrap().attempts[0].request;
        let values = |request: &RequestRecord, name: &str| {
            let named = request.headers.iter().filter(|(own, _)| own == name);
            named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
        };
        let signatures = values(last, "CrescLab-Signature");
        let keys = values(last, "CrescLab-Idempotency-Key");
        let genuine = maac_webhook::Signature::sign(&secret("hush-2"), &signed).to_string();
        let of = |text: &str| maac_webhook::Signature::sign(&secret(text), &signed).to_string();
        let body = last.body.as_bytes();
        match tampering {
            Tampering::BodyByteFlipped => {
                let differ = body.iter().zip(&signed).filter(|(one, other)| one != other).count();
                assert_eq!((body.len(), differ, signatures), (signed.len(), 1, vec![genuine]));
                continue;
            }
            Tampering::BodyReserialised => {
                assert!(body.len() < signed.len());
                let json = |text| serde_json::from_slice::<serde_json::Value>(text).unwrap();
                assert_eq!((json(body), signatures), (json(&signed), vec![genuine]));
                continue;
            }
            Tampering::BodyTooLarge => {
                // The record has the event without what follows it.
                let mut large = signed.to_vec();
                large.resize(64 * 1024 * 1024, b' ');
                let genuine = maac_webhook::Signature::sign(&secret("hush-2"), &large).to_string();
                assert_eq!(
                    (signatures, values(last, "Content-Length")),
                    (vec![genuine], vec!["67108864".to_owned()])
                );
            }
            Tampering::SignatureMissing => assert_eq!(signatures, [""; 0]),
            Tampering::SignatureEmpty => assert_eq!(signatures, [""]),
            Tampering::SignatureCutOff => assert_eq!(signatures, [&genuine[..32]]),
            Tampering::SignatureLastDigitChanged => {
                assert_eq!(signatures.len(), 1);
                assert_eq!(signatures[0][..63], genuine[..63]);
                assert!(signatures[0] != genuine && signatures[0].len() == 64);
            }
            Tampering::SignatureDoubled => assert_eq!(signatures, [genuine.clone(), genuine]),
            Tampering::SignatureUpperCase => assert_eq!(signatures, [genuine.to_uppercase()]),
            Tampering::SignatureOfAnotherSecret => assert_ne!(signatures, [genuine]),
            Tampering::SignatureOfOldSecret => assert_eq!(signatures, [of("hush")]),
            Tampering::SignatureOfEmptySecret => {
                assert_eq!(signatures, [of("\0")]);
                // As any other HMAC has it of the empty key.
                let known = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
                assert_eq!(maac_webhook::Signature::sign(&secret("\0"), b"").to_string(), known);
            }
            Tampering::UnsignedText | Tampering::UnsignedForm => {
                let form = tampering == Tampering::UnsignedForm;
                let expected = if form { "application/x-www-form-urlencoded" } else { "text/plain" };
                assert_eq!((signatures.len(), values(last, "Content-Type")), (0, vec![expected.to_owned()]));
            }
            Tampering::KeyMissing => assert_eq!((signatures, keys.len()), (vec![genuine], 0)),
            Tampering::KeyReused | Tampering::KeyFresh => {
                let before = &sent.events[0].attempts[0].request;
                let same_key = values(before, "CrescLab-Idempotency-Key") == keys;
                let same_body = before.body.as_bytes() == body;
                let reused = tampering == Tampering::KeyReused;
                assert_eq!((same_key, same_body), (reused, !reused));
                assert_eq!(values(before, "CrescLab-Idempotency-Key"), ["own-key"]);
            }
            _ => unreachable!(),
        }
        assert_eq!(body, &signed, "{tampering}");
    }
}

#[tokio::test]
async fn a_tampering_holds_for_each_attempt_and_with_each_behaviour() {
    for (behaviour, attempts) in [
        (Behaviour::AnswerLost, 2),
        (Behaviour::Aborted, 2),
        (Behaviour::Chunked, 1),
        (Behaviour::TwoCopies, 1),
    ] {
        let forged = sender().event(samples::receipt_validated());
        let forged = forged.tampering(Tampering::BodyByteFlipped).behaviour(behaviour);
        assert_eq!(forged.expectation(), Expectation::Rejected(401));
        let (sent, handled) = send(Kind::Axum, Endpoint::new("crm", secrets()), forged).await;
        sent.assert_rejected(401).assert_attempts(attempts);
        assert!(handled.is_empty());
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_while_most_of_it_is_unread() {
    for kind in Kind::ALL {
        for behaviour in [None, Some(Behaviour::Chunked)] {
            let large = sender().event(samples::receipt_validated()).tampering(Tampering::BodyTooLarge);
            let large = match behaviour {
                Some(behaviour) => large.behaviour(behaviour),
                None => large,
            };
            assert_eq!(large.expectation(), Expectation::Rejected(413));
            let (sent, handled) = send(kind, Endpoint::new("crm", secrets()), large).await;
            sent.assert_rejected(413).assert_attempts(1);
            let attempt = &sent.events[0].attempts[0];
            let declared = attempt.request.headers.iter().any(|(name, _)| name == "Content-Length");
            assert_eq!((declared, attempt.body_length), (behaviour.is_none(), 64 * 1024 * 1024));
            assert!(attempt.body_read.is_none_or(|read| read < attempt.body_length / 2), "{kind:?}: {sent}");
            assert!(handled.is_empty(), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_body_of_any_bytes_can_be_tampered_with_but_for_its_json() {
    for body in ["", "OK", "\u{feff}{}"] {
        let endpoint = Endpoint::new("crm", secrets());
        let delivery = sender().event(MockEvent::raw(body)).tampering(Tampering::BodyByteFlipped);
        send(Kind::Axum, endpoint, delivery).await.0.assert_rejected(401);

        let delivery = sender().event(MockEvent::raw(body)).tampering(Tampering::BodyReserialised);
        let error = delivery.try_send_to("http://127.0.0.1:1/").await.unwrap_err();
        assert_eq!(error.kind(), MockErrorKind::NotJson);
    }
    for body in ["{}", "[]", "1", "\"OK\""] {
        let delivery = sender().event(MockEvent::raw(body)).tampering(Tampering::BodyReserialised);
        let error = delivery.try_send_to("http://127.0.0.1:1/").await.unwrap_err();
        assert_eq!(error.kind(), MockErrorKind::OneStyle, "{body}");
    }
}

#[test]
#[should_panic(expected = "a second tampering: one at a time")]
fn a_second_tampering_is_none() {
    let once = sender().event(samples::message_first_open()).tampering(Tampering::KeyMissing);
    let _ = once.tampering(Tampering::KeyFresh);
}

#[test]
#[should_panic(expected = "a second behaviour: one at a time")]
fn a_second_behaviour_of_a_step_is_none() {
    let once = Step::event(samples::message_first_open()).behaviour(Behaviour::Chunked);
    let _ = once.behaviour(Behaviour::AnswerLost);
}

#[tokio::test]
async fn a_body_is_reserialised_from_any_style() {
    let python = BodyStyle::python();
    for style in [python, python.raw_utf8(), python.compact(), python.compact().raw_utf8()] {
        let endpoint = Endpoint::new("crm", secrets());
        let delivery = sender().style(style).event(samples::receipt_validated());
        let delivery = delivery.tampering(Tampering::BodyReserialised);
        send(Kind::Axum, endpoint, delivery).await.0.assert_rejected(401);
    }
}

#[tokio::test]
async fn what_is_to_be_handled_of_each_key_is_told() {
    for (tampering, events, distinct) in
        [(Tampering::KeyMissing, 1, 1), (Tampering::KeyReused, 2, 2), (Tampering::KeyFresh, 2, 1)]
    {
        let delivery = sender().event(samples::receipt_validated()).tampering(tampering);
        let (sent, handled) = send(Kind::Axum, Endpoint::new("crm", secrets()), delivery).await;
        assert!(sent.bodies().eq(&handled), "{tampering}");
        assert_eq!((sent.events.len(), sent.natural_keys().len()), (events, distinct), "{tampering}");
        assert_eq!(sent.natural_keys().last(), Some(&Event::parse(&handled[events - 1]).natural_key()));
    }
}
