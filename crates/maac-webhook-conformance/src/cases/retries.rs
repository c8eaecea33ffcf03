//! What was unlucky comes back.

use std::time::Duration;

use futures_util::future::join_all;
use maac_webhook::answer::Reaction;
use maac_webhook_mock::{Behaviour, MockEvent, Sent};

use crate::{
    Case,
    case::Turn,
    grade::{Graded, Halt, Pass, all, fail, inconclusive, non_strict, pass, skip},
    probe::{Fault, Listing},
    trial::{self, Trial, Wanted, accepted, is_success, statuses},
};

const RETRIED: &str = "408, 429, 5xx, a time-out and a broken connection are tried again after 1, 2 and 4 s; any other answer is final.";

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-RETRY-001", "The retry of what broke off is accepted")
        .documented(RETRIED)
        .expects("200 to the retry")
        .check(|it| Box::pin(it.accepts(it.event(it.plain()).behaviour(Behaviour::Aborted)))),
    Case::must("MAAC-RETRY-002", "The retry of what broke off is handled once")
        .documented(RETRIED)
        .expects("handled once")
        .check(|it| Box::pin(what_broke_off_is_handled_once(it))),
    Case::must("MAAC-RETRY-003", "While its store is down, it answers so that the event comes back")
        .documented(RETRIED)
        .expects("503, another answer that is tried again, or none")
        .check(|it| Box::pin(an_outage_is_answered_503(it))),
    Case::must("MAAC-RETRY-004", "What it acknowledged while its store was down is handled")
        .documented("An event that was answered 200 never comes again.")
        .expects("no 200, or the event is handled once the store is up")
        .check(|it| Box::pin(what_is_acknowledged_is_handled(it))),
    Case::must(
        "MAAC-RETRY-005",
        "What it refused while its store was down is accepted and handled when it comes back",
    )
    .documented(RETRIED)
    .expects("200 to the retry, and handled once")
    .check(|it| Box::pin(it_recovers(it))),
    Case::must("MAAC-RETRY-006", "What it acknowledged is handled although it crashed at once")
        .documented("An event that was answered 200 never comes again.")
        .expects("each event is handled at least once")
        .at(Turn::Crash)
        .check(|it| Box::pin(a_crash_loses_nothing(it))),
    Case::should("MAAC-RETRY-007", "Of 50 events at once each is accepted, at the latest when it comes back")
        .our_reading("How many events come at once is not documented: a campaign's may. What is refused for a moment comes back.")
        .expects("200 to each")
        .check(|it| Box::pin(a_burst_is_accepted(it))),
    Case::should("MAAC-RETRY-008", "An event that comes again after a crash is not handled again")
        .our_reading("An answer may be lost in a crash: then the event comes again, to a receiver that was started anew.")
        .expects("handled once, but for what it was still at when it crashed")
        .at(Turn::Crash)
        .check(|it| Box::pin(a_crash_forgets_nothing(it))),
];

async fn what_broke_off_is_handled_once(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let sent = it.send(it.event(it.plain()).behaviour(Behaviour::Aborted)).await?;
    it.handled(vec![Wanted::times("an event that broke off and came again", &sent, 1)]).await
}

/// How long after an answer the store stays down.
const WRITTEN: Duration = Duration::from_millis(500);

/// What comes of an event's first attempt while the store is down. It is up again then.
async fn in_an_outage(it: &Trial<'_>, event: &MockEvent) -> Result<Sent, Halt> {
    it.probe_with(Fault::StoreUp).await?;
    it.probe_with(Fault::StoreDown).await?;
    it.suffer(Fault::StoreDown).await?;
    let sent = it.send(it.attempt(event.clone())).await;
    // What is written after the answer is to meet the outage too.
    tokio::time::sleep(WRITTEN).await;
    it.suffer(Fault::StoreUp).await?;
    sent
}

/// What MAAC makes of what came of it.
fn reaction(sent: &Sent) -> Reaction {
    sent.events.last().map_or(Reaction::Retried, trial::reaction)
}

async fn an_outage_is_answered_503(it: &Trial<'_>) -> Graded {
    let sent = in_an_outage(it, &it.plain()).await?;
    it.control().await?;
    match reaction(&sent) {
        Reaction::Retried => pass(statuses(&sent)),
        Reaction::Delivered => skip(format!("{}: see MAAC-RETRY-004", statuses(&sent))),
        _ => fail(format!("{}: the event never comes again", statuses(&sent))),
    }
}

async fn what_is_acknowledged_is_handled(it: &Trial<'_>) -> Graded {
    let sent = in_an_outage(it, &it.plain()).await?;
    if reaction(&sent) != Reaction::Delivered {
        it.control().await?;
        return pass(format!("not acknowledged: {}", statuses(&sent)));
    }
    it.handled(vec![Wanted::times("an event that was answered 200 while the store was down", &sent, 1)]).await
}

async fn it_recovers(it: &Trial<'_>) -> Graded {
    let event = it.plain();
    let first = in_an_outage(it, &event).await?;
    match reaction(&first) {
        Reaction::Retried => {}
        Reaction::Delivered => return skip(format!("{}: see MAAC-RETRY-004", statuses(&first))),
        _ => return skip(format!("{}: see MAAC-RETRY-003", statuses(&first))),
    }
    let (_, sent) = it.accepts_all(it.event(event)).await?;
    it.handled(vec![Wanted::times("an event that was refused at first", &sent, 1)]).await
}

async fn a_crash_loses_nothing(it: &Trial<'_>) -> Graded {
    it.probe_with(Fault::Crash).await?;
    let mut acknowledged = Vec::new();
    for _ in 0..5 {
        let (_, sent) = it.accepts_all(it.event(it.plain())).await?;
        acknowledged.push(sent);
    }
    it.suffer(Fault::Crash).await?;
    it.until_it_is_back().await?;
    let events = || acknowledged.iter().flat_map(|sent| &sent.events);
    let wanted: Vec<_> = events()
        .map(|event| Wanted::at_least("an event that was answered 200 before a crash", event, 1))
        .collect();
    it.until_recovered(&wanted).await?;
    it.handled(wanted).await
}

/// A receiver that handles at least once may rightly handle again what it had handled and not yet marked as done when it
/// crashed. So there are several events, a later one is handled before the crash, and what is handled again without having
/// come again does not count. Who has forgotten what it handled handles each of them again.
async fn a_crash_forgets_nothing(it: &Trial<'_>) -> Graded {
    it.probe_with(Fault::Crash).await?;
    let events: Vec<_> = (0..3).map(|_| it.plain()).collect();
    let mut wanted = Vec::new();
    for event in &events {
        let (_, sent) = it.accepts_all(it.event(event.clone())).await?;
        wanted.push(Wanted::times("an event that was handled before a crash", &sent, 1));
    }
    let count = |listing: &Listing, wanted: &Wanted| listing.count(&wanted.any_of);
    if !it.until(|listing| wanted.iter().all(|wanted| count(listing, wanted) > 0)).await? {
        return inconclusive(format!("an event was not handled {}", it.in_time_to_handle()));
    }
    it.a_later_event_is_handled().await?;
    it.suffer(Fault::Crash).await?;
    it.until_it_is_back().await?;
    it.a_later_event_is_handled().await?;
    let before = it.listing().await?;
    if wanted.iter().any(|wanted| count(&before, wanted) == 0) {
        return inconclusive("the probe does not show any more what was handled before the crash");
    }
    for event in events {
        it.send(it.event(event)).await?;
    }
    it.a_later_event_is_handled().await?;
    let after = it.listing().await?;
    let again = wanted.iter().filter(|wanted| count(&after, wanted) > count(&before, wanted)).count();
    let told = format!("{again} of {} that came again were handled again", wanted.len());
    match again {
        0 => pass(told),
        again if again == wanted.len() => fail(told),
        _ => non_strict(told),
    }
}

async fn a_burst_is_accepted(it: &Trial<'_>) -> Graded {
    let burst = join_all((0..50).map(|_| it.send(it.event(it.plain())))).await;
    let burst = burst.into_iter().collect::<Result<Vec<_>, _>>()?;
    if let Some(lost) = burst.iter().find(|sent| !accepted(sent)) {
        it.control().await?;
        let count = burst.iter().filter(|sent| !accepted(sent)).count();
        return fail(format!("{count} of 50 were lost: {}", statuses(lost)));
    }
    let first = |sent: &Sent| {
        let answer = sent.events.first().and_then(|event| event.attempts.first());
        answer.and_then(maac_webhook_mock::SentAttempt::status).is_some_and(is_success)
    };
    let told = burst.iter().map(|sent| Pass { actual: statuses(sent), strict: first(sent) });
    all(told)
}
