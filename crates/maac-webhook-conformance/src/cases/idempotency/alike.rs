//! Two events that are of one thing, and two all the same: whoever takes what they share for the event loses one.

use maac_webhook::{
    event::{MessageStatus, Topic},
    jiff::{Timestamp, ToSpan},
};
use maac_webhook_mock::{MockEvent, samples};

use crate::{
    grade::{Graded, Halt},
    probe::Identity,
    trial::{Trial, Wanted, fresh_key},
};

pub(super) async fn two_statuses(it: &Trial<'_>) -> Graded {
    it.subscribes(&Topic::PnpStatusUpdated)?;
    let (message, now) = (samples::pnp_status_updated(), Timestamp::now());
    let first = message.clone().at(now - 2.seconds()).status(MessageStatus::PnpPreparing);
    let second = message.at(now).status(MessageStatus::PnpDelivered);
    each_handled(it, "status of one message", [first.into(), second.into()]).await
}

pub(super) async fn two_campaigns(it: &Trial<'_>) -> Graded {
    it.subscribes(&Topic::ReceiptValidated)?;
    let receipt = samples::receipt_validated();
    let other = receipt.clone().campaign_name("會員日加碼送");
    each_handled(it, "campaign of one receipt", [receipt.into(), other.into()]).await
}

pub(super) async fn two_messages(it: &Trial<'_>) -> Graded {
    it.subscribes(&Topic::MessageFirstOpen)?;
    let push = samples::message_first_open();
    let broadcast = push.clone().with(|open| open.message_type = "broadcast".to_owned());
    each_handled(it, "message of one number", [push.into(), broadcast.into()]).await
}

/// One after the other, each by its own key: a handler that keeps the latest alone is right to handle no earlier one after it.
async fn each_handled(it: &Trial<'_>, of_what: &str, events: [MockEvent; 2]) -> Graded {
    it.probe()?;
    let (mut wanted, mut both) = (Vec::new(), Vec::new());
    for (event, which) in events.into_iter().zip(["the first", "the second"]) {
        let sent = it.send(it.event(event.idempotency_key(fresh_key()))).await?;
        both.extend(sent.events.iter().filter_map(Identity::of));
        wanted.extend(
            sent.events.iter().map(|event| Wanted::at_least(&format!("{which} {of_what}"), event, 1)),
        );
        let (all, count) = (&both, both.len() as u64);
        it.until(|listing| listing.count(all) >= count).await?;
    }
    let listing = it.listing().await?;
    if let [one, other] = both.as_slice()
        && listing.takes_for_one(one, other)
        && listing.count(&both) == 1
    {
        let told = "the probe knows events by their natural key, which both have, and has one entry for them: \
                    body_sha256 would tell";
        return Err(Halt::Unseen(told.to_owned()));
    }
    let together =
        Wanted { what: format!("each {of_what}, both together,"), any_of: both, at_least: 2, at_most: 2 };
    wanted.push(together);
    it.handled(wanted).await
}
