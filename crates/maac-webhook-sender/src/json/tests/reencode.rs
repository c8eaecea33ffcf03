use super::{STYLES, nested};
use crate::json::{BodyStyle, EncodeErrorKind, reencode};

fn python(text: &str) -> String {
    String::from_utf8(reencode(text.as_bytes(), BodyStyle::python()).unwrap()).unwrap()
}

fn refusal(text: &[u8]) -> (EncodeErrorKind, Option<(usize, usize)>) {
    let error = reencode(text, BodyStyle::python()).unwrap_err();
    (error.kind(), error.position())
}

#[test]
fn the_default_style_is_pythons() {
    assert_eq!(BodyStyle::default(), BodyStyle::python());
}

#[test]
fn a_key_that_comes_again_keeps_its_place_and_gets_the_last_value() {
    assert_eq!(python(r#"{"a": 1, "b": 2, "\u0061": 3}"#), r#"{"a": 3, "b": 2}"#);
}

#[test]
fn an_integer_beyond_every_type_keeps_its_digits() {
    let digits = "9".repeat(5000);
    assert_eq!(python(&digits), digits);
}

#[test]
fn a_lone_surrogate_is_printed_again_but_has_no_utf8() {
    assert_eq!(python(r#""\uD800""#), r#""\ud800""#);
    let error = reencode(br#"["a", "\uD800"]"#, BodyStyle::python().raw_utf8()).unwrap_err();
    assert_eq!(error.kind(), EncodeErrorKind::LoneSurrogate);
    assert_eq!(error.position(), Some((1, 7)));
}

#[test]
fn text_as_deep_as_serde_json_reads_is_written_and_no_deeper() {
    for style in STYLES {
        let body = reencode(nested(127).as_bytes(), style).unwrap();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap();
    }
    serde_json::from_str::<serde_json::Value>(&nested(128)).unwrap_err();
    assert_eq!(refusal(nested(128).as_bytes()), (EncodeErrorKind::TooDeep, Some((1, 128))));
}

#[test]
fn a_million_brackets_are_refused_without_a_stack_overflow() {
    let depth = 1_000_000;
    assert_eq!(refusal(nested(depth).as_bytes()).0, EncodeErrorKind::TooDeep);
    assert_eq!(refusal("[".repeat(depth).as_bytes()).0, EncodeErrorKind::NotJson);
    assert_eq!(refusal(r#"{"a":"#.repeat(depth).as_bytes()).0, EncodeErrorKind::NotJson);
}

#[test]
fn bytes_that_are_not_utf8_are_not_json() {
    let not_json = EncodeErrorKind::NotJson;
    assert_eq!(refusal(b"\"\xff\""), (not_json, Some((1, 2))));
    // A surrogate in the three bytes UTF-8 would have for it, and a byte order mark.
    assert_eq!(refusal(b"[1,\n\"\xed\xa0\x80\"]"), (not_json, Some((2, 2))));
    assert_eq!(refusal(b"\xef\xbb\xbf1").0, not_json);
}

#[test]
fn a_refusal_says_where_and_never_what() {
    let text = b"{\n  \"phone_number\": +886912345678\n}";
    let error = reencode(text, BodyStyle::python()).unwrap_err();
    assert_eq!(error.to_string(), "the text is not JSON in UTF-8 (line 2, column 19)");
    assert_eq!(refusal(b"[1,\n 2e400]"), (EncodeErrorKind::NotFinite, Some((2, 2))));
}
