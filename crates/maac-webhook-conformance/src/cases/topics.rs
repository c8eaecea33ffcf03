//! The six topics.

use maac_webhook::event::Topic;

use crate::{
    Case,
    grade::{Graded, fail, pass},
    trial::{Trial, Wanted},
};

const SOLD: &str = "A receiver is posted each event that its endpoint is subscribed to.";

pub(super) const CASES: &[Case] = &[
    Case::must("MAAC-TOPIC-001", "receipt.receipt_validated is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::ReceiptValidated))),
    Case::must("MAAC-TOPIC-002", "form.surveycake_submitted is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::SurveyCakeSubmitted))),
    Case::must("MAAC-TOPIC-003", "pnp.status_updated is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::PnpStatusUpdated))),
    Case::must("MAAC-TOPIC-004", "pnp.profile_updated is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::PnpProfileUpdated))),
    Case::must("MAAC-TOPIC-005", "prize.points_added is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::PrizePointsAdded))),
    Case::must("MAAC-TOPIC-006", "message.first_open is accepted")
        .documented(SOLD)
        .expects("200")
        .check(|it| Box::pin(topic(it, Topic::MessageFirstOpen))),
    Case::must("MAAC-TOPIC-007", "An event of each topic is handled once")
        .documented("An event that was answered 200 never comes again.")
        .expects("each is handled once")
        .check(|it| Box::pin(each_is_handled(it))),
];

async fn topic(it: &Trial<'_>, topic: Topic) -> Graded {
    it.accepts(it.event(it.sample(&topic)?)).await
}

/// Of all that needs a probe this alone fails where nothing is ever handled: the others wait for a later event.
async fn each_is_handled(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let mut wanted = Vec::new();
    for topic in it.topics() {
        let sent = it.send(it.event(it.sample(topic)?)).await?;
        wanted.push(Wanted::times(topic.as_str(), &sent, 1));
    }
    it.until(|listing| wanted.iter().all(|wanted| wanted.missed_by(listing).is_none())).await?;
    it.pause().await;
    let listing = it.listing().await?;
    if let Some(missed) = it.missed(&wanted, &listing) {
        return fail(missed);
    }
    it.will_have(wanted);
    pass("handled each once")
}
