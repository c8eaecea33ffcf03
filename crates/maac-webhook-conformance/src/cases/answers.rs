//! What is answered, and how fast.

use std::time::Duration;

use maac_webhook::answer::Reaction;
use maac_webhook_mock::{Behaviour, MockEvent, Sent, SentEvent, Tampering};
use maac_webhook_sender::ResponseRecord;

use crate::{
    Case,
    case::Turn,
    grade::{Graded, fail, inconclusive, non_strict, pass},
    secrets::Leak,
    trial::{Trial, accepted, is_success, statuses},
};

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-ANS-001", "A genuine event is answered 200, and not another 2xx")
        .documented("The receiver answers 200. Whether MAAC takes 204 for delivered is not said.")
        .expects("200 to each in the whole run")
        .of_any_receiver()
        .at(Turn::Last)
        .check(|it| Box::pin(exactly_200(it))),
    Case::must("MAAC-ANS-002", "A genuine event is not redirected")
        .documented("Only a time-out, 408, 429 and 5xx are tried again: an event that is answered with a redirect is gone.")
        .expects("no 3xx")
        .of_any_receiver()
        .check(|it| Box::pin(no_redirect(it))),
    Case::should("MAAC-ANS-003", "A genuine event is answered fast")
        .our_reading("MAAC asks to answer at once and to process later. Its time-out is not documented: the seconds are ours.")
        .expects("each of five within 3 s, and better within 1 s")
        .check(|it| Box::pin(fast(it))),
    Case::must("MAAC-ANS-004", "No answer has the secret or the expected signature in it")
        .our_reading("Who is told the signature that was expected sends it with the next forgery.")
        .expects("neither the share secret nor a signature that was not sent, in any answer's headers or body")
        .of_any_receiver()
        .at(Turn::Last)
        .check(|it| Box::pin(nothing_secret(it))),
    Case::should("MAAC-ANS-005", "An answer is short and ends")
        .our_reading("The sample's answer is OK. How much of an answer MAAC reads is not documented.")
        .expects("a body of less than 64 KiB")
        .of_any_receiver()
        .check(|it| Box::pin(short(it))),
    Case::should("MAAC-ANS-006", "A forgery is answered 401")
        .our_reading("It says what it is, and is not tried again, as 5xx would be.")
        .expects("401")
        .check(|it| Box::pin(exactly_401(it))),
    Case::info("MAAC-ANS-007", "A GET is not answered as an event is")
        .our_reading("MAAC posts. Who looks at the URL in a browser is no event.")
        .expects("405, or another answer but 2xx")
        .check(|it| Box::pin(get(it))),
];

async fn exactly_200(it: &Trial<'_>) -> Graded {
    let sent = it.baseline()?;
    let told = statuses(sent);
    if accepted(sent) {
        // The commonest other answer, also where the case runs alone.
        it.send(it.event(it.plain()).behaviour(Behaviour::AnswerLost)).await?;
    }
    let others = it.run.with_ledger(|ledger| ledger.other_successes.clone());
    if !others.is_empty() {
        let others = others.iter().map(|(status, case)| format!("{status} (at first in {case})"));
        return fail(format!("answered {}", others.collect::<Vec<_>>().join(", ")));
    }
    match sent.events.last().and_then(SentEvent::status) {
        Some(200) => pass(format!("{told}, and so was each that was accepted after it")),
        _ => inconclusive(format!("{told}: see MAAC-SIG-001")),
    }
}

async fn no_redirect(it: &Trial<'_>) -> Graded {
    let sent = it.baseline()?;
    let told = statuses(sent);
    match sent.events.last().and_then(SentEvent::status) {
        Some(300..=399) => fail(told),
        Some(_) if accepted(sent) => pass(told),
        _ => inconclusive(format!("{told}: see MAAC-SIG-001")),
    }
}

async fn fast(it: &Trial<'_>) -> Graded {
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        let sent = it.send(it.attempt(it.plain())).await?;
        if !accepted(&sent) {
            it.control().await?;
            return fail(statuses(&sent));
        }
        let took =
            sent.events.iter().flat_map(|event| &event.attempts).map(|attempt| attempt.attempt.duration);
        slowest = took.fold(slowest, Duration::max);
    }
    let (told, quick) = (format!("the slowest of five in {} ms", slowest.as_millis()), it.run.settings.quick);
    if slowest > quick {
        return fail(told);
    }
    if slowest > quick / 3 { non_strict(told) } else { pass(told) }
}

async fn nothing_secret(it: &Trial<'_>) -> Graded {
    for tampering in
        [Tampering::BodyByteFlipped, Tampering::SignatureMissing, Tampering::SignatureOfAnotherSecret]
    {
        it.send(it.attempt(it.plain()).tampering(tampering)).await?;
    }
    let no_json = it.attempt(MockEvent::raw("{")).tampering(Tampering::SignatureOfAnotherSecret);
    it.send(no_json).await?;

    let (answers, leaks) = it.run.with_ledger(|ledger| (ledger.answers, ledger.leaks.clone()));
    let told = |leak| leaks.iter().find(|(known, ..)| *known == leak);
    for (leak, what) in
        [(Leak::Secret, "the share secret"), (Leak::Signature, "the signature that was expected")]
    {
        if let Some((_, status, case)) = told(leak) {
            return fail(format!("{what} is in an answer of {status} ({case})"));
        }
    }
    if let Some((_, status, case)) = told(Leak::PlainSecret) {
        return non_strict(format!(
            "the share secret is in an answer of {status} ({case}), and is so short or so plain a word that it may be there by \
             chance: a random one of 16 letters and digits would tell"
        ));
    }
    if answers == 0 {
        return inconclusive("nothing was answered");
    }
    pass(format!("nothing secret in {answers} answers, those of all cases"))
}

/// Each answer, heard or not.
fn answers(sent: &Sent) -> impl Iterator<Item = &ResponseRecord> {
    let attempts = sent.events.iter().flat_map(|event| &event.attempts);
    attempts.filter_map(|attempt| attempt.answered())
}

async fn short(it: &Trial<'_>) -> Graded {
    let sent = it.baseline()?;
    let mut longest = None;
    for answer in answers(sent) {
        if answer.truncated {
            return fail("the answer's body goes on after 64 KiB");
        }
        longest = longest.max(Some(answer.body.as_bytes().len()));
    }
    match longest {
        Some(bytes) => pass(format!("{bytes} bytes")),
        None => inconclusive(format!("{}: see MAAC-SIG-001", statuses(sent))),
    }
}

async fn exactly_401(it: &Trial<'_>) -> Graded {
    let sent = it.send(it.attempt(it.plain()).tampering(Tampering::SignatureOfAnotherSecret)).await?;
    let told = statuses(&sent);
    match sent.events.last().and_then(SentEvent::status) {
        Some(401) => {
            it.control().await?;
            pass(told)
        }
        // What it is accepted as, MAAC-SIG-004 tells.
        Some(status) if is_success(status) => inconclusive(format!("{told}: see MAAC-SIG-004")),
        Some(status) if Reaction::of_status(status) == Reaction::Retried => {
            it.control().await?;
            fail(format!("{told}, which a sender tries again"))
        }
        _ => {
            it.control().await?;
            fail(told)
        }
    }
}

async fn get(it: &Trial<'_>) -> Graded {
    let request = it.signed(&it.plain())?.to_http(&it.run.target);
    let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let bytes = format!("GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", request.uri());
    let answer = it.exchange("a GET", bytes.as_bytes()).await;
    it.control().await?;
    match answer {
        Ok(answer) if is_success(answer.status) => fail(format!("answered {}", answer.status)),
        Ok(answer) => pass(format!("answered {}", answer.status)),
        Err(error) => non_strict(format!("no answer ({error})")),
    }
}
