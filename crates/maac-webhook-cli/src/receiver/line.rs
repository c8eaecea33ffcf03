//! An event as a line of JSON.

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use maac_webhook::{
    Delivery, Event,
    event::{Envelope, EventErrorKind},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `event` is `data` as it came. What could not be read as an envelope has `raw_base64` and `error` in its
/// place; data that drifted beyond what its topic's type can read has `error` beside it.
#[derive(Default, Serialize)]
struct Line<'a> {
    idempotency_key: Option<&'a str>,
    topic: Option<&'a str>,
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    key_reused: bool,
}

/// The line of a verified delivery, with its newline.
pub(super) fn of(delivery: &Delivery, key_reused: bool) -> io::Result<String> {
    let envelope = Envelope::read(delivery.body());
    let mut line = Line {
        idempotency_key: delivery.idempotency_key().map(maac_webhook::IdempotencyKey::as_str),
        received_at: delivery.received_at().to_string(),
        key_reused,
        ..Line::default()
    };
    match &envelope {
        Ok(envelope) => {
            line.topic = Some(envelope.topic());
            line.event = Some(serde_json::from_str(envelope.data())?);
            match delivery.event() {
                Event::MessageFirstOpen(open) if open.event_id().is_some() => {
                    line.event_id = message_id(envelope.data());
                }
                Event::Unknown(unknown) if unknown.error().kind() != EventErrorKind::UnknownTopic => {
                    line.error = Some(unknown.error().to_string());
                }
                _ => {}
            }
        }
        Err(error) => {
            line.raw_base64 = Some(BASE64_STANDARD.encode(delivery.body()));
            line.error = Some(error.to_string());
        }
    }
    Ok(on_one_line(&serde_json::to_string(&line)?))
}

/// The same JSON on one line, safe to look at: it has line breaks only between its tokens, where a space does as well,
/// and what would steer a terminal or turn its text around only in strings, where an escape does.
fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        match character {
            '\n' | '\r' => line.push(' '),
            '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => line.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => line.push(character),
        }
    }
    line.push('\n');
    line
}

/// The `event_id` of a push, as it was written: the message's id.
fn message_id(data: &str) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Opened<'a> {
        #[serde(borrow)]
        message_id: &'a RawValue,
    }
    serde_json::from_str::<Opened<'_>>(data).ok().map(|opened| opened.message_id)
}

#[cfg(test)]
mod tests {
    use maac_webhook::{IdempotencyKey, SecretSlot, Signature, StoredDelivery, jiff::Timestamp};

    use super::*;

    fn line(body: &[u8]) -> String {
        let delivery = Delivery::dangerous_from_verified_store(StoredDelivery {
            endpoint: "test".into(),
            idempotency_key: IdempotencyKey::parse(b"key"),
            signature: Signature::from_bytes([0; 32]),
            matched: SecretSlot::Current,
            received_at: Timestamp::UNIX_EPOCH,
            body: body.to_vec().into(),
        });
        let line = of(&delivery, false).unwrap();
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
        serde_json::from_str::<serde_json::Value>(&line).unwrap();
        line.trim_end().replace(r#""idempotency_key":"key","#, "").replace("1970-01-01T00:00:00Z", "T")
    }

    #[test]
    fn an_event_is_its_data_as_it_came_on_one_line() {
        assert_eq!(
            line(b"{\"topic\": \"new.topic\",\r\n \"data\": {\"b\": 1.50,\n \"a\": \"\\u5973\\n\"}}"),
            r#"{"topic":"new.topic","received_at":"T","event":{"b": 1.50,  "a": "\u5973\n"}}"#
        );
    }

    #[test]
    fn an_opened_push_has_its_event_id_beside_it_and_a_broadcast_has_none() {
        let body = |kind: &str| {
            format!(
                r#"{{"topic": "message.first_open", "data": {{"message_type": "{kind}", "message_id": 999, "line_uid": "U"}}}}"#
            )
        };
        assert_eq!(
            line(body("openapi").as_bytes()),
            r#"{"topic":"message.first_open","received_at":"T","event_id":999,"event":{"message_type": "openapi", "message_id": 999, "line_uid": "U"}}"#
        );
        assert!(!line(body("broadcast").as_bytes()).contains("event_id"));
    }

    #[test]
    fn what_could_not_be_read_has_its_bytes_and_the_reason() {
        assert_eq!(
            line(b"\xff"),
            r#"{"topic":null,"received_at":"T","raw_base64":"/w==","error":"the body is not UTF-8"}"#
        );
        let nested = [&b"{\"topic\": \"t\", \"data\": "[..], &[b'['; 10_000], &[b']'; 10_000], b"}"].concat();
        assert!(line(&nested).contains("nested too deep"));
    }

    #[test]
    fn a_strangers_text_does_not_steer_the_terminal() {
        let text = "\u{7f}\u{9b}31m \u{202e}\u{2028}\u{2066}\u{61c} 女🎉";
        let line = line(format!(r#"{{"topic": "t", "data": {{"name": "{text}"}}}}"#).as_bytes());
        assert!(line.contains(r#""\u007f\u009b31m \u202e\u2028\u2066\u061c 女🎉""#), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["event"]["name"], text);
    }

    #[test]
    fn drifted_data_has_the_reason_beside_it() {
        assert_eq!(
            line(br#"{"topic": "prize.points_added", "data": {"points_id": []}}"#),
            concat!(
                r#"{"topic":"prize.points_added","received_at":"T","event":{"points_id": []},"#,
                r#""error":"the topic's data cannot be read: at data.points_id: invalid type: sequence, "#,
                r#"expected a text or a whole number"}"#
            )
        );
    }
}
