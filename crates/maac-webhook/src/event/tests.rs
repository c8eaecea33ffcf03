mod drift;
mod topics;
mod unknown;

use serde_json::{Value, json};

use super::*;

pub(super) const FIXTURES: [(Topic, &str); 6] = [
    (Topic::ReceiptValidated, include_str!("../../tests/fixtures/receipt.receipt_validated.json")),
    (Topic::SurveyCakeSubmitted, include_str!("../../tests/fixtures/form.surveycake_submitted.json")),
    (Topic::PnpStatusUpdated, include_str!("../../tests/fixtures/pnp.status_updated.json")),
    (Topic::PnpProfileUpdated, include_str!("../../tests/fixtures/pnp.profile_updated.json")),
    (Topic::PrizePointsAdded, include_str!("../../tests/fixtures/prize.points_added.json")),
    (Topic::MessageFirstOpen, include_str!("../../tests/fixtures/message.first_open.json")),
];

fn fixture(topic: &Topic) -> Value {
    let (_, text) = FIXTURES.iter().find(|(of, _)| of == topic).unwrap();
    serde_json::from_str(text).unwrap()
}

fn parse(body: impl ToString) -> Event {
    Event::parse(&Bytes::from(body.to_string()))
}

fn unknown(body: impl ToString) -> Unknown {
    match parse(body) {
        Event::Unknown(unknown) => unknown,
        event => panic!("{event:?}"),
    }
}

/// The fixture of a topic, with members of its `data` replaced.
fn drifted(topic: &Topic, changes: Value) -> Value {
    let mut event = fixture(topic);
    for (name, value) in changes.as_object().unwrap() {
        event["data"][name] = value.clone();
    }
    event
}

fn receipt(changes: Value) -> ReceiptValidated {
    ReceiptValidated::from_event(parse(drifted(&Topic::ReceiptValidated, changes))).unwrap()
}

fn survey(changes: Value) -> SurveyCakeSubmitted {
    SurveyCakeSubmitted::from_event(parse(drifted(&Topic::SurveyCakeSubmitted, changes))).unwrap()
}

fn status(changes: Value) -> PnpStatusUpdated {
    PnpStatusUpdated::from_event(parse(drifted(&Topic::PnpStatusUpdated, changes))).unwrap()
}

fn points(changes: Value) -> PrizePointsAdded {
    PrizePointsAdded::from_event(parse(drifted(&Topic::PrizePointsAdded, changes))).unwrap()
}

fn first_open(changes: Value) -> MessageFirstOpen {
    MessageFirstOpen::from_event(parse(drifted(&Topic::MessageFirstOpen, changes))).unwrap()
}

fn nothing() -> Value {
    json!({})
}
