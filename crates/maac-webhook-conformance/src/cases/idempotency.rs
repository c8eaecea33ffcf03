//! An event that comes again, and events that are no such.

mod alike;

use futures_util::future::join_all;
use maac_webhook_mock::{Behaviour, MockEvent, Sent, Tampering};

use crate::{
    Case,
    grade::{Graded, Halt, Pass, all},
    trial::{Trial, Wanted, accepted, fresh_key, statuses},
};

const AGAIN: &str = "A retry has the idempotency key of the first attempt: it is the same event, which was delivered already.";
const ONCE: &str = "handled once";
const MEANWHILE: &str =
    "A retry may come while the first attempt is under way still, as after a time-out: it is the same event.";
const NOT_FROM_MAAC: &str =
    "The key is not signed: a forgery under it is not from MAAC, and must not cost the event that is.";
const EACH: &str = "each is handled once";

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-IDEM-001", "An event that comes again is answered 200 again")
        .documented(AGAIN)
        .expects("200, and 200 again")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).behaviour(Behaviour::AnswerLost)))),
    Case::must("MAAC-IDEM-002", "An event that comes again is handled once")
        .documented(AGAIN)
        .expects(ONCE)
        .check(|it| Box::pin(comes_again(it))),
    Case::must("MAAC-IDEM-003", "Copies of an event that come at once are each accepted")
        .our_reading(MEANWHILE)
        .expects("200 to each, at the latest to its retry")
        .check(|it| Box::pin(copies_are_accepted(it))),
    Case::must("MAAC-IDEM-004", "Copies of an event that come at once are handled once")
        .our_reading(MEANWHILE)
        .expects(ONCE)
        .check(|it| Box::pin(copies_are_handled_once(it))),
    Case::should("MAAC-IDEM-005", "Another event under a known key is accepted")
        .our_reading("The key is not signed: a stranger who burns one must not lose us the event that is to come with it.")
        .expects("200")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).tampering(Tampering::KeyReused)))),
    Case::should("MAAC-IDEM-006", "Another event under a known key is handled")
        .our_reading("The key is not signed, and the body is: two bodies are two events.")
        .expects("both events are handled")
        .check(|it| Box::pin(a_known_key_loses_no_event(it))),
    Case::should("MAAC-IDEM-007", "A replay under a fresh key is answered 200")
        .our_reading("MAAC may send a test event's bytes again under another key.")
        .expects("200")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).tampering(Tampering::KeyFresh)))),
    Case::should("MAAC-IDEM-008", "A replay under a fresh key is not handled again")
        .our_reading("The key is not signed, so whoever captured a request can send it again under any key.")
        .expects(ONCE)
        .check(|it| Box::pin(a_replay_is_handled_once(it))),
    Case::should("MAAC-IDEM-009", "An event without a key is accepted")
        .our_reading("The key is not signed: it is no reason to lose an event that is genuine.")
        .expects("200")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).tampering(Tampering::KeyMissing)))),
    Case::should("MAAC-IDEM-010", "A key with a letter outside hexadecimal is accepted")
        .sampled("A sample's key has one: it is a text that means nothing.")
        .expects("200")
        .check(|it| Box::pin(key(it, "g".to_owned()))),
    Case::info("MAAC-IDEM-011", "A key of 300 characters is accepted")
        .our_reading("How long a key may be is not documented.")
        .expects("200")
        .check(|it| Box::pin(key(it, "k".repeat(268)))),
    Case::must("MAAC-IDEM-012", "An event under a key that a forgery came with before is accepted")
        .our_reading(NOT_FROM_MAAC)
        .expects("200")
        .check(|it| Box::pin(after_a_forgery_it_is_accepted(it))),
    Case::must("MAAC-IDEM-013", "An event under a key that a forgery came with before is handled")
        .our_reading(NOT_FROM_MAAC)
        .expects("handled")
        .check(|it| Box::pin(after_a_forgery_it_is_handled(it))),
    Case::must("MAAC-IDEM-014", "Two statuses of one message are each handled")
        .documented("A message has one pnp_message_id, and an event for each status that it gets.")
        .expects(EACH)
        .check(|it| Box::pin(alike::two_statuses(it))),
    Case::must("MAAC-IDEM-015", "A receipt's events for two campaigns are each handled")
        .our_reading("Only the items that match a campaign's conditions are sent: so a receipt has an event for each campaign that it matches.")
        .expects(EACH)
        .check(|it| Box::pin(alike::two_campaigns(it))),
    Case::must("MAAC-IDEM-016", "First opens of a broadcast and of a push that have one number are each handled")
        .documented("message_id is the broadcast's id, or with the type openapi the push's event_id: two things of one number.")
        .expects(EACH)
        .check(|it| Box::pin(alike::two_messages(it))),
];

/// A genuine event whose key a forgery of another one had just before.
async fn after_a_forgery(it: &Trial<'_>) -> Result<MockEvent, Halt> {
    let key = fresh_key();
    let forgery = it.plain().idempotency_key(&key);
    // What it is answered, MAAC-SIG-004 tells.
    it.send(it.event(forgery).tampering(Tampering::SignatureOfAnotherSecret)).await?;
    Ok(it.plain().idempotency_key(&key))
}

async fn after_a_forgery_it_is_accepted(it: &Trial<'_>) -> Graded {
    let event = after_a_forgery(it).await?;
    it.accepts(it.event(event)).await
}

async fn after_a_forgery_it_is_handled(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let event = after_a_forgery(it).await?;
    let sent = it.send(it.event(event)).await?;
    let wanted = sent.events.iter().map(|event| Wanted::at_least("an event under a forgery's key", event, 1));
    it.handled(wanted.collect()).await
}

async fn comes_again(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let sent = it.send(it.event(it.plain()).behaviour(Behaviour::AnswerLost)).await?;
    it.handled(vec![Wanted::times("an event that came twice", &sent, 1)]).await
}

/// How many pairs of copies come at once, and how often: a race is not lost each time.
const PAIRS: usize = 4;
const ROUNDS: usize = 3;

async fn copies(it: &Trial<'_>) -> Result<Vec<Sent>, Halt> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let event = it.plain();
        let pair = || it.send(it.event(event.clone()).behaviour(Behaviour::TwoCopies));
        let mut pairs =
            join_all((0..PAIRS).map(|_| pair())).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut sent = pairs.remove(0);
        sent.events.extend(pairs.into_iter().flat_map(|pair| pair.events));
        rounds.push(sent);
    }
    Ok(rounds)
}

async fn copies_are_accepted(it: &Trial<'_>) -> Graded {
    let mut parts = Vec::new();
    for sent in copies(it).await? {
        if !accepted(&sent) {
            it.control().await?;
            return Err(Halt::Fail(statuses(&sent)));
        }
        let strict = sent.events.iter().all(|event| event.attempts.len() == 1);
        parts.push(Pass { actual: statuses(&sent), strict });
    }
    all(parts)
}

async fn copies_are_handled_once(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let copies = copies(it).await?;
    let wanted = copies.iter().map(|sent| Wanted::times("an event of which 8 copies came at once", sent, 1));
    it.handled(wanted.collect()).await
}

async fn a_known_key_loses_no_event(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let sent = it.send(it.event(it.plain()).tampering(Tampering::KeyReused)).await?;
    let mut wanted = vec![Wanted::times("two events under one key, together", &sent, 2)];
    for (event, what) in sent.events.iter().zip(["the first", "the second"]) {
        wanted.push(Wanted::at_least(&format!("{what} of two events under one key"), event, 1));
    }
    it.handled(wanted).await
}

async fn a_replay_is_handled_once(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let sent = it.send(it.event(it.plain()).tampering(Tampering::KeyFresh)).await?;
    it.handled(vec![Wanted::times("an event that came under two keys", &sent, 1)]).await
}

async fn key(it: &Trial<'_>, end: String) -> Graded {
    let key = format!("{}{end}", fresh_key());
    it.accepts(it.event(it.plain().idempotency_key(key))).await
}
