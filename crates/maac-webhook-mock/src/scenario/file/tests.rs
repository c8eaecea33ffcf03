use maac_webhook::{Event, event::MessageStatus};
use maac_webhook_sender::json::BodyStyle;
use serde_json::json;

use super::*;
use crate::scenario::Action;

fn one(event: &serde_json::Value) -> Result<Event, ScenarioError> {
    let file = json!({"name": "n", "steps": [{"event": event}]});
    let scenario = Scenario::from_json(&file.to_string())?;
    let Action::Send(events) = &scenario.steps[0].action else { panic!() };
    Ok(Event::parse(&events[0].body(BodyStyle::python()).unwrap()))
}

fn error(text: &str) -> String {
    Scenario::from_json(text).unwrap_err().to_string()
}

#[test]
fn fields_are_overridden_in_their_place_and_what_depends_on_them_follows() {
    let event = one(&json!({"topic": "receipt.receipt_validated", "set": {"number": "KX1", "items": []}}));
    let Event::ReceiptValidated(receipt) = event.unwrap() else { panic!() };
    assert_eq!((receipt.number.as_str(), receipt.items.len()), ("KX1", 0));

    let set = json!({"status": "sms_delivered", "sms_error_category": "others"});
    let event = one(&json!({"topic": "pnp.status_updated", "set": set}));
    let Event::PnpStatusUpdated(message) = event.unwrap() else { panic!() };
    assert_eq!(message.status, Some(MessageStatus::SmsDelivered));
    assert_eq!(message.sms_status.as_deref(), Some("delivered"));
    assert!(message.sms_delivered_at.is_some() && message.sms_error_category.is_some());

    let set =
        json!({"answer": {"alias": {"newsletter": ["yes"], "guests": []}, "meta": {"a": {"b": 1}}, "id": 7}});
    let event = one(&json!({"topic": "form.surveycake_submitted", "set": set}));
    let Event::SurveyCakeSubmitted(survey) = event.unwrap() else { panic!() };
    assert_eq!(survey.answer.alias.get("newsletter").unwrap(), ["yes"]);
    assert!(survey.answer.alias.get("guests").unwrap().is_empty());
    assert_eq!(survey.answer.alias.get("maac_member_gender").unwrap(), ["female"]);
    assert!(survey.answer.result.iter().any(|question| question.alias.as_deref() == Some("newsletter")));
    assert_eq!(survey.answer.id.to_string(), "7");
}

#[test]
fn an_overridden_sample_keeps_the_documented_order_and_pythons_floats() {
    let file = r#"{"name": "n", "steps": [{"event": {"topic": "receipt.receipt_validated", "set": {"channel": "c"}}}]}"#;
    let scenario = Scenario::from_json(file).unwrap();
    let Action::Send(events) = &scenario.steps[0].action else { panic!() };
    let body = events[0].body(BodyStyle::python()).unwrap();
    let body = std::str::from_utf8(&body).unwrap();
    assert!(
        body.contains(r#""channel": "c", "items": [{"description": "#)
            && body.contains(r#""unit_price": 65.0"#)
    );
}

#[test]
fn a_fault_names_its_step_and_path() {
    let in_event = |event: &str| {
        error(&format!(r#"{{"name": "n", "steps": [{{"change_secret": "s"}}, {{"event": {event}}}]}}"#))
    };
    for (text, told) in [
        (
            in_event(r#"{"topic": "new.topic"}"#),
            "step 2, steps[1].event.topic: there is no sample of new.topic: give its data",
        ),
        (in_event(r#"{}"#), "step 2, steps[1].event: an event has one of topic, body and body_hex"),
        (in_event(r#"{"body": "a", "body_hex": "00"}"#), "step 2, steps[1].event: an event has one of"),
        (in_event(r#"{"body": "a", "set": {}}"#), "step 2, steps[1].event: set and data are of a topic"),
        (in_event(r#"{"body_hex": "0"}"#), "step 2, steps[1].event.body_hex: it is not hexadecimal"),
        (
            in_event(r#"{"topic": "a", "set": {}, "data": {}}"#),
            "step 2, steps[1].event: set overrides a sample",
        ),
        (
            in_event(r#"{"topic": "message.first_open", "set": {"line_id": "U"}}"#),
            "step 2, steps[1].event.set.line_id: a sample has no such field, but message_type, message_id, line_uid, \
             customer_id; give data for others",
        ),
        (
            in_event(r#"{"topic": "form.surveycake_submitted", "set": {"answer": {"svidd": "a"}}}"#),
            "step 2, steps[1].event.set.answer.svidd: a sample has no such field",
        ),
        (
            in_event(
                &json!({
                    "topic": "pnp.status_updated",
                    "set": {"status": "sms_failed", "phone_number": "a".repeat(64)},
                })
                .to_string(),
            ),
            "step 2, steps[1].event.set: MAAC never sends sms_failed for a hashed phone number",
        ),
        (
            in_event(r#"{"topics": "a"}"#),
            "step 2, steps[1].event.topics: unknown field `topics`, expected one of",
        ),
    ] {
        assert!(text.starts_with(told), "{text}\n{told}");
    }
    let in_step = |members: &str| {
        error(&format!(r#"{{"name": "n", "steps": [{{"event": {{"body": "a"}}, {members}}}]}}"#))
    };
    for (text, told) in [
        (
            in_step(r#""tampering": "x""#),
            "step 1, steps[0].tampering: unknown variant `x`, expected one of `body_byte_flipped`",
        ),
        (
            in_step(r#""behaviour": {"dripped": {"pause": 1}}"#),
            "step 1, steps[0].behaviour.dripped.pause: unknown field `pause`",
        ),
        (in_step(r#""expect": {"rejected": 200}"#), "step 1, steps[0].expect: 200 is no rejection"),
        (
            in_step(r#""events": []"#),
            "step 1, steps[0]: a step has one of event, events, generated and change_secret",
        ),
        (error(r#"{"name": "n", "steps": [{}]}"#), "step 1, steps[0]: a step has one of"),
        (error(r#"{"name": "n", "steps": [{"change_secret": ""}]}"#), "step 1, steps[0].change_secret: "),
        (
            error(r#"{"name": "n", "steps": [{"change_secret": "a", "attempts": 1}]}"#),
            "step 1, steps[0]: a change of the secret sends nothing",
        ),
        (error(r#"{"name": "n"}"#), "missing field `steps` at line 1"),
        (error(r#"{"name": "n", "steps": []} x"#), "trailing characters at line 1 column 28"),
        (error(r#"{"name": "n", "steps": []}"#), "steps: there is no step"),
        (
            error(r#"{"name": "n", "steps": [{"change_secret": "a"}, {"events": []}]}"#),
            "step 2, steps[1].events: there is no event",
        ),
        (
            error(r#"{"name": "n", "steps": [{"generated": {"seed": 1, "count": 0}}]}"#),
            "step 1, steps[0].generated.count: there is no event",
        ),
        (
            error(r#"{"name": "n", "steps": [{"generated": {"seed": 1, "count": 18446744073709551615}}]}"#),
            "step 1, steps[0].generated.count: more than 100000 events at once",
        ),
        (error(""), "EOF while parsing a value at line 1"),
    ] {
        assert!(text.starts_with(told), "{text}\n{told}");
    }
}

#[test]
fn a_body_is_a_text_or_bytes_and_data_keeps_its_numbers() {
    let file = r#"{"name": "n", "steps": [{"events": [
        {"body": "OK"}, {"body_hex": "ff00"}, {"topic": "new.topic", "data": {"b": 12345678901234567890123, "a": 1.50}, "key": "k"}
    ], "behaviour": {"dripped": {"pause_ms": 20}}}]}"#;
    let scenario = Scenario::from_json(file).unwrap();
    let Action::Send(events) = &scenario.steps[0].action else { panic!() };
    let bodies: Vec<_> = events.iter().map(|event| event.body(BodyStyle::python()).unwrap()).collect();
    assert_eq!((&bodies[0][..], &bodies[1][..]), (&b"OK"[..], &b"\xff\x00"[..]));
    assert!(bodies[2].ends_with(br#""data": {"b": 12345678901234567890123, "a": 1.5}}"#), "{:?}", bodies[2]);
    assert_eq!(events[2].idempotency_key.as_deref(), Some("k"));
    let pause = std::time::Duration::from_millis(20);
    assert_eq!(scenario.steps[0].behaviour, Some(Behaviour::Dripped { pause }));
}
