use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::STYLES;
use crate::json::{BodyStyle, EncodeErrorKind, encode, reencode};

/// Any string; `any::<String>()` alone has few control characters and few astral ones.
fn strings() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        any::<char>(),
        proptest::char::range('\0', '\u{a0}'),
        proptest::char::range('\u{fff0}', '\u{1000f}'),
    ];
    vec(characters, 0..12).prop_map(String::from_iter)
}

fn values() -> impl Strategy<Value = Value> {
    let scalars = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("JSON floats are finite", |float| float.is_finite())
            .prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        strings().prop_map(Value::from),
    ];
    scalars.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((strings(), inner), 0..6).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// Text that is often nearly JSON.
fn texts() -> impl Strategy<Value = String> {
    const TOKENS: &str =
        r#"[ ] { } , : " "a" "a": "\u0061":1 \ \u d83d \ude00 "\ud800" 0 - 12 .5 e E+ 1e400 -0 null true é"#;
    let tokens = TOKENS.split(' ').chain([" ", "\n", "\0", "\u{7f}"]);
    let tokens = prop::sample::select(tokens.collect::<Vec<_>>());
    vec(tokens, 0..10).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same_value(value in values()) {
        for style in STYLES {
            let body = encode(&value, style).unwrap();
            let read = serde_json::from_slice::<Value>(&body).unwrap();
            prop_assert!(same(&read, &value), "{read} is not {value}");
        }
    }

    #[test]
    fn a_value_and_its_text_are_written_alike(value in values()) {
        let text = serde_json::to_vec(&value).unwrap();
        for style in STYLES {
            prop_assert_eq!(encode(&value, style), reencode(&text, style));
        }
    }

    #[test]
    fn what_is_written_is_written_the_same_again(value in values()) {
        for style in STYLES {
            let body = encode(&value, style).unwrap();
            prop_assert_eq!(reencode(&body, style).unwrap(), body);
        }
    }

    #[test]
    fn a_body_is_printable_ascii_unless_raw_utf8_is_asked_for(value in values()) {
        for style in [BodyStyle::python(), BodyStyle::python().compact()] {
            let body = encode(&value, style).unwrap();
            prop_assert!(body.iter().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }

    #[test]
    fn a_float_reads_back_bit_for_bit(bits in any::<u64>()) {
        let float = f64::from_bits(bits);
        prop_assume!(float.is_finite());
        let body = String::from_utf8(encode(&float, BodyStyle::python()).unwrap()).unwrap();
        prop_assert_eq!(body.parse::<f64>().unwrap().to_bits(), bits);
    }

    #[test]
    fn text_is_refused_as_not_json_exactly_when_it_is_not(text in texts()) {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        for style in STYLES {
            let body = reencode(text.as_bytes(), style);
            let not_json = body.as_ref().is_err_and(|error| error.kind() == EncodeErrorKind::NotJson);
            prop_assert_eq!(not_json, !is_json);
            if let Ok(body) = body {
                prop_assert_eq!(reencode(&body, style).unwrap(), body);
            }
        }
    }
}

/// Whether the data are the same. Not `==`: without a feature of its own `serde_json` may read a
/// float slightly off (that the text is exact is a property of its own), and with another it
/// compares numbers by their text.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            (left - right).abs() <= 1e-15 * right.abs() + f64::MIN_POSITIVE
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}
