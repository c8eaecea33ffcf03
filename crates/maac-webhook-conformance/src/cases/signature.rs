//! What is forged is told from what is genuine.

use maac_webhook_mock::{Expectation, MockEvent, Sent, Tampering};
use maac_webhook_sender::TransportErrorKind;

use crate::{
    Case,
    grade::{Graded, Halt, all, fail, non_strict, pass},
    trial::{Trial, Wanted, accepted, fresh_key, is_success, statuses},
};

const NOT_ACCEPTED: &str = "any answer but 2xx; 401 is best";
const OF_THE_BYTES: &str = "CrescLab-Signature is the HMAC-SHA256 of the body's bytes as they came, with the share secret, in hexadecimal.";

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-SIG-001", "A genuine event is accepted")
        .documented("MAAC takes an event for delivered once it is answered 200.")
        .expects("200")
        .of_any_receiver()
        .check(|it| Box::pin(a_genuine_event_is_accepted(it))),
    Case::must("MAAC-SIG-002", "A body of which one bit differs from what was signed is refused")
        .documented(OF_THE_BYTES)
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::BodyByteFlipped))),
    Case::must("MAAC-SIG-003", "A request without a signature is refused")
        .documented("Each request has a CrescLab-Signature.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureMissing))),
    Case::must("MAAC-SIG-004", "A signature of another secret is refused")
        .documented(OF_THE_BYTES)
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureOfAnotherSecret))),
    Case::must("MAAC-SIG-005", "The same JSON in other bytes than were signed is refused")
        .documented("The signature is of the raw body: JSON that was read and written anew has other spaces and escapes.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::BodyReserialised))),
    Case::must("MAAC-SIG-006", "An empty signature is refused")
        .documented("A signature has 64 hexadecimal digits.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureEmpty))),
    Case::must("MAAC-SIG-007", "The first half of the right signature is refused")
        .documented("A signature has 64 hexadecimal digits.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureCutOff))),
    Case::must("MAAC-SIG-008", "A signature of which only the last digit is wrong is refused")
        .documented("A signature has 64 hexadecimal digits, and each of them counts.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureLastDigitChanged))),
    Case::must("MAAC-SIG-009", "What is refused is not handled")
        .documented("A request whose signature does not match is not from MAAC.")
        .expects("none of the forgeries is handled, and the genuine event after them is")
        .check(|it| Box::pin(what_is_refused_is_not_handled(it))),
    Case::should("MAAC-SIG-010", "A forged body that is not JSON is answered like any forgery")
        .our_reading("Nothing of a body is to be read before its signature has been verified.")
        .expects("the answer to any other forgery")
        .check(|it| Box::pin(a_forged_body_is_not_read(it))),
    Case::should("MAAC-SIG-011", "A signature's header is found whatever the case of its name")
        .our_reading("HTTP's header names have no case, and proxies and HTTP/2 write them in lower case.")
        .expects("200")
        .check(|it| Box::pin(names_have_no_case(it))),
    Case::info("MAAC-SIG-012", "Two signatures are refused, though both are right")
        .our_reading("MAAC sends one. Which of two counts is anybody's guess.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureDoubled))),
    Case::info("MAAC-SIG-013", "A signature in upper case is refused")
        .our_reading("MAAC writes it in lower case.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureUpperCase))),
    Case::must("MAAC-SIG-014", "A forgery under the idempotency key of an accepted event is refused")
        .documented(OF_THE_BYTES)
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(a_known_key_is_no_proof(it))),
    Case::must("MAAC-SIG-015", "An empty body without a signature is refused")
        .documented("Each request has a CrescLab-Signature.")
        .expects(NOT_ACCEPTED)
        .check(|it| {
            let empty = MockEvent::raw("").idempotency_key(fresh_key());
            Box::pin(it.refuses_event(empty, |event| event.tampering(Tampering::SignatureMissing)))
        }),
    Case::must("MAAC-SIG-016", "What has no signature is refused as a text and as a form, too")
        .documented("Each request has a CrescLab-Signature.")
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(of_another_type(it))),
    Case::must("MAAC-SIG-017", "A signature of the empty secret is refused")
        .documented(OF_THE_BYTES)
        .expects(NOT_ACCEPTED)
        .check(|it| Box::pin(it.refuses(Tampering::SignatureOfEmptySecret))),
];

async fn a_genuine_event_is_accepted(it: &Trial<'_>) -> Graded {
    let sent = it.baseline()?;
    let told = statuses(sent);
    let status = sent.events.last().and_then(maac_webhook_mock::SentEvent::status);
    match status {
        _ if accepted(sent) => {
            let at_once = status == Some(200) && sent.events.iter().all(|event| event.attempts.len() == 1);
            if at_once { pass(told) } else { non_strict(told) }
        }
        status => match hint(status, sent, it.run.target.is_https()) {
            Some(hint) => fail(format!("{told}: {hint}")),
            None => fail(told),
        },
    }
}

/// What is often the reason.
fn hint(status: Option<u16>, sent: &Sent, https: bool) -> Option<&'static str> {
    use TransportErrorKind::{Closed, Protocol, Reset};

    let last = sent.events.last()?.attempts.last()?;
    let speaks_https = match &last.attempt.result {
        // What nginx, Apache and Go answer who does not.
        Ok(answer) => {
            let body = String::from_utf8_lossy(answer.body.as_bytes());
            answer.status == 400 && ["HTTPS", "SSL"].iter().any(|word| body.contains(word))
        }
        Err(error) => matches!(error.kind(), Protocol | Closed | Reset),
    };
    match status {
        _ if !https && speaks_https => Some("is it https that is spoken there?"),
        Some(401 | 403) => Some("does the receiver have the same share secret?"),
        Some(404 | 405) => Some("is the URL the right one?"),
        Some(300..=399) => Some("MAAC follows no redirect, so is the URL the one that it leads to?"),
        Some(500..=599) => {
            Some("is the receiver's share secret set, what it stores events in up, and the URL's path right?")
        }
        _ => None,
    }
}

async fn a_known_key_is_no_proof(it: &Trial<'_>) -> Graded {
    let key = fresh_key();
    it.accepts(it.event(it.plain().idempotency_key(&key))).await?;
    let forgery = it.plain().idempotency_key(&key);
    it.refuses_event(forgery, |event| event.tampering(Tampering::SignatureOfAnotherSecret)).await
}

async fn of_another_type(it: &Trial<'_>) -> Graded {
    let mut parts = Vec::new();
    for tampering in [Tampering::UnsignedText, Tampering::UnsignedForm] {
        let part = it.refuses(tampering).await;
        parts.push(part.map_err(|halt| match halt {
            Halt::Fail(actual) => Halt::Fail(format!("an event with {tampering}: {actual}")),
            other => other,
        })?);
    }
    all(parts)
}

async fn what_is_refused_is_not_handled(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let mut wanted = Vec::new();
    for tampering in Tampering::ALL {
        // Of the size of a body and of the old secret, other cases tell.
        let forges = tampering.expectation() == Expectation::Rejected(401);
        let odd =
            [Tampering::SignatureDoubled, Tampering::SignatureUpperCase, Tampering::SignatureOfOldSecret];
        if forges && !odd.contains(&tampering) {
            let sent = it.send(it.event(it.plain()).tampering(tampering)).await?;
            wanted.push(Wanted::times(&format!("an event with {tampering}"), &sent, 0));
        }
    }
    let key = fresh_key();
    let mut under_one_key = it.send(it.event(it.plain().idempotency_key(&key))).await?;
    let forgery = it.event(it.plain().idempotency_key(&key)).tampering(Tampering::SignatureOfAnotherSecret);
    under_one_key.events.extend(it.send(forgery).await?.events);
    // Where the probe knows events by their keys, it cannot tell which of the two it was.
    wanted.push(Wanted::times("an event and a forgery under its key, together,", &under_one_key, 1));
    it.handled(wanted).await
}

async fn a_forged_body_is_not_read(it: &Trial<'_>) -> Graded {
    let forgery = |event: MockEvent| it.attempt(event).tampering(Tampering::SignatureOfAnotherSecret);
    let well_formed = it.send(forgery(it.plain())).await?;
    let no_json = it.send(forgery(MockEvent::raw("{\"topic\": "))).await?;
    let status = |sent: &Sent| sent.events.first().and_then(|event| event.status());
    it.survives(&statuses(&no_json), status(&no_json).is_some()).await?;
    it.control().await?;
    match (status(&well_formed), status(&no_json)) {
        (Some(one), Some(other)) if one == other && !is_success(one) => pass(statuses(&no_json)),
        _ => fail(format!("{}, and well-formed JSON {}", statuses(&no_json), statuses(&well_formed))),
    }
}

async fn names_have_no_case(it: &Trial<'_>) -> Graded {
    let request = it.signed(&it.plain())?.to_http(&it.run.target);
    let mut head = format!("POST {} HTTP/1.1\r\n", request.uri());
    for (name, value) in request.headers() {
        // They are kept in lower case.
        let value = value.to_str().map_err(|error| Halt::Error(error.to_string()))?;
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("connection: close\r\n\r\n");
    let bytes = [head.as_bytes(), request.body()].concat();
    match it.exchange("header names in lower case", &bytes).await {
        Ok(answer) if is_success(answer.status) => {
            it.took(answer.status);
            pass(format!("answered {}", answer.status))
        }
        other => {
            it.control().await?;
            fail(other.map_or_else(
                |error| format!("no answer ({error})"),
                |answer| format!("answered {}", answer.status),
            ))
        }
    }
}
