//! An event that comes again.

use futures_util::future::join_all;
use maac_webhook_mock::{Behaviour, Sent, Tampering};

use crate::{
    Case,
    grade::{Graded, Halt, Pass, all},
    trial::{Trial, Wanted, accepted, statuses},
};

const AGAIN: &str = "A retry has the idempotency key of the first attempt: it is the same event, which was delivered already.";
const ONCE: &str = "handled once";

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
        .documented(AGAIN)
        .expects("200 to each, at the latest to its retry")
        .check(|it| Box::pin(copies_are_accepted(it))),
    Case::must("MAAC-IDEM-004", "Copies of an event that come at once are handled once")
        .documented(AGAIN)
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
];

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
    let key = format!("{}{end}", crate::trial::fresh_key());
    it.accepts(it.event(it.plain().idempotency_key(key))).await
}
