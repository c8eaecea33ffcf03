//! What is slow, broken off, malformed or new.

use std::time::Duration;

use maac_webhook::event::Topic;
use maac_webhook_mock::{Behaviour, Malformed, MockEvent, SentEvent};
use maac_webhook_sender::RequestRecord;
use serde_json::{Value, json};

use crate::{
    Case,
    case::Turn,
    grade::{Graded, Halt, Pass, fail, inconclusive, non_strict, pass, skip},
    trial::{Trial, Wanted, accepted, fresh_key, is_success, statuses, unwritable},
};

const GROWS: &str = "MAAC adds topics, fields and values without notice: none of them may cost an event.";

pub(super) const CASES: &[Case] = &[
    Case::should("MAAC-ROB-001", "A body that comes slowly is accepted")
        .our_reading(
            "The network may be slow. An event that takes too long is better answered 408 than lost.",
        )
        .expects("200, or 408")
        .check(|it| Box::pin(slow(it))),
    Case::should("MAAC-ROB-002", "Requests that never end keep no other waiting")
        .our_reading("A stranger can hold connections open for nothing.")
        .expects("200 to a genuine event while 16 others are half sent")
        .check(|it| Box::pin(half_requests_keep_nobody_waiting(it))),
    Case::must("MAAC-ROB-003", "A body that is cut off by a length that is too small is refused")
        .documented("The signature is of the whole body.")
        .expects("any answer but 2xx; 401 is best")
        .check(|it| {
            Box::pin(it.refuses_event(it.plain(), |event| event.behaviour(Behaviour::ContentLengthTooSmall)))
        }),
    Case::must("MAAC-ROB-004", "A body that broke off is not handled")
        .documented("The signature is of the whole body.")
        .expects("the part of a body is not handled, and a genuine event after it is")
        .check(|it| Box::pin(what_broke_off_is_not_handled(it))),
    Case::should("MAAC-ROB-005", "What is no HTTP is refused, and the receiver goes on")
        .our_reading("A stranger can send anything.")
        .expects("400 or no answer, and 200 to a genuine event after it")
        .check(|it| Box::pin(malformed(it, &Malformed::BROKEN))),
    Case::info("MAAC-ROB-006", "A request of which two lengths are told is refused")
        .our_reading(
            "A proxy and the receiver behind it may read two different requests in it (RFC 9112, 6.3).",
        )
        .expects("400 or no answer")
        .check(|it| Box::pin(malformed(it, &Malformed::AMBIGUOUS))),
    Case::should("MAAC-ROB-007", "An unknown topic is accepted")
        .our_reading(GROWS)
        .expects("200")
        .at(Turn::Late)
        .check(|it| Box::pin(unknown_topic(it))),
    Case::should("MAAC-ROB-008", "Unknown fields are accepted")
        .our_reading(GROWS)
        .expects("200")
        .at(Turn::Late)
        .check(|it| {
            Box::pin(drifted(it, |_, data| {
                data["new_field"] = json!({"a": [1, null, "b"]});
            }))
        }),
    Case::should("MAAC-ROB-009", "Unknown values of enumerations are accepted")
        .our_reading(GROWS)
        .expects("200")
        .at(Turn::Late)
        .check(|it| {
            Box::pin(drifted(it, |_, data| {
                for field in ["status", "source"] {
                    if data.get(field).is_some() {
                        data[field] = json!("carrier_pigeon");
                    }
                }
            }))
        }),
    Case::should("MAAC-ROB-010", "Fields that are null or missing, and identify nothing, are accepted")
        .our_reading(
            "The samples lack fields that the tables have, and an event without one is an event still.",
        )
        .expects("200")
        .at(Turn::Late)
        .check(|it| {
            Box::pin(drifted(it, |topic, data| {
                for field in optional(topic) {
                    data[*field] = Value::Null;
                }
                if let Some(data) = data.as_object_mut() {
                    data.remove("customer_id");
                }
            }))
        }),
    Case::should("MAAC-ROB-011", "Ids are accepted as numbers and as texts")
        .our_reading("The tables and the samples disagree about which some of them are.")
        .expects("200")
        .at(Turn::Late)
        .check(|it| Box::pin(drifted(it, |_, data| turn_ids(data)))),
];

async fn slow(it: &Trial<'_>) -> Graded {
    let pause = Duration::from_millis(2);
    let sent = it.send(it.attempt(it.plain()).behaviour(Behaviour::Dripped { pause })).await?;
    let told = statuses(&sent);
    match sent.events.last().and_then(SentEvent::status) {
        Some(status) if is_success(status) => pass(told),
        Some(408) => non_strict(told),
        _ => {
            it.control().await?;
            fail(told)
        }
    }
}

async fn half_requests_keep_nobody_waiting(it: &Trial<'_>) -> Graded {
    let request = it.signed(&it.plain())?.to_http(&it.run.target);
    let mut head = format!("POST {} HTTP/1.1\r\n", request.uri());
    for (name, value) in &RequestRecord::of(&request).headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let whole = [head.as_bytes(), b"\r\n", &request.body()[..10]].concat();
    let mut held = Vec::new();
    for number in 0..16 {
        // One half within their heads, the other within their bodies.
        let half = if number % 2 == 0 { head.as_bytes() } else { &whole };
        held.extend(it.hold(half).await);
    }
    if held.is_empty() {
        return inconclusive("no connection could be held");
    }
    let sent = it.send(it.attempt(it.plain())).await?;
    let told = format!("{} while {} requests were half sent", statuses(&sent), held.len());
    drop(held);
    if accepted(&sent) {
        return pass(told);
    }
    it.control().await?;
    fail(told)
}

async fn what_broke_off_is_not_handled(it: &Trial<'_>) -> Graded {
    it.probe()?;
    let sent = it.send(it.attempt(it.plain()).behaviour(Behaviour::ContentLengthTooLarge)).await?;
    it.handled(vec![Wanted::times("an event whose body is shorter than it says", &sent, 0)]).await
}

async fn malformed(it: &Trial<'_>, all: &[Malformed]) -> Graded {
    let (mut told, mut strict) = (Vec::new(), true);
    for malformed in all {
        let bytes = malformed.bytes(&it.signed(&it.plain())?, &it.run.target);
        let answer = it.exchange(&malformed.to_string(), &bytes).await;
        let text = match &answer {
            Ok(answer) => format!("{malformed}: {}", answer.status),
            Err(error) => format!("{malformed}: no answer ({})", error.kind().as_str()),
        };
        it.survives(&text, answer.is_ok()).await?;
        let sent = it.send(it.event(it.plain())).await?;
        if !accepted(&sent) {
            return fail(format!("{text}; and then a genuine event was {}", statuses(&sent)));
        }
        if answer.is_ok_and(|answer| is_success(answer.status)) {
            // The event in it is genuine: to read it is lenient. But of two lengths a proxy may have read the other.
            if *malformed == Malformed::TwoLengths {
                return fail(text);
            }
            strict = false;
        }
        told.push(text);
    }
    Ok(Pass { actual: told.join("; "), strict })
}

async fn unknown_topic(it: &Trial<'_>) -> Graded {
    let topic = Topic::from("coupon.redeemed");
    it.subscribes(&topic)?;
    let data = json!({"coupon_id": fresh_key(), "line_uid": format!("U{}", fresh_key())});
    let event = MockEvent::from_json(topic.as_str(), &data.to_string()).map_err(unwritable)?;
    it.accepts(it.event(event)).await
}

/// An event of each topic, each of which drifted in the same way.
async fn drifted(it: &Trial<'_>, drift: fn(&Topic, &mut Value)) -> Graded {
    let (mut parts, topics) = (Vec::new(), it.topics());
    for topic in topics {
        let Some(event) = it.drifted(topic, |data| drift(topic, data))? else { continue };
        parts.push(it.accepts(it.event(event)).await.map_err(|halt| match halt {
            Halt::Fail(actual) => Halt::Fail(format!("{topic}: {actual}")),
            other => other,
        })?);
    }
    if parts.is_empty() {
        return skip(format!("an event of {} has nothing of that kind", it.told_topics()));
    }
    crate::grade::all(parts)
}

/// What a receiver can do without.
fn optional(topic: &Topic) -> &'static [&'static str] {
    match topic {
        Topic::ReceiptValidated => &["campaign_name", "upload_datetime", "channel"],
        Topic::SurveyCakeSubmitted => &["survey_name", "answer_hash"],
        Topic::PnpStatusUpdated => {
            &["event_id", "customized_id", "pnp_setting_name", "line_push_template_id"]
        }
        Topic::PnpProfileUpdated => &["pnp_setting_name"],
        Topic::PrizePointsAdded => &["points_category", "points_memo", "points_expire_date"],
        _ => &[],
    }
}

/// Writes each id that is a number as a text.
fn turn_ids(data: &mut Value) {
    const IDS: [&str; 6] = ["id", "sn", "pnp_setting_id", "pnp_message_id", "event_id", "message_id"];
    match data {
        Value::Object(members) => {
            for (name, value) in members {
                if IDS.contains(&name.as_str()) && value.is_number() {
                    *value = Value::String(value.to_string());
                } else {
                    turn_ids(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(turn_ids),
        _ => {}
    }
}
