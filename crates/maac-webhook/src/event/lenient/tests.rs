use serde_json::json;

use super::*;

fn read_text(json: &str) -> Result<String, String> {
    text(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
}

fn read_decimal(json: &str) -> Option<String> {
    let read = opt_decimal(&mut serde_json::Deserializer::from_str(json)).ok()?;
    Some(read.map_or_else(|| "null".to_owned(), |decimal| decimal.to_string()))
}

#[test]
fn a_text_is_read_from_texts_and_whole_numbers() {
    for (json, expected) in [
        (r#""0007""#, "0007"),
        ("\"\\u5973\"", "女"),
        ("999", "999"),
        ("-1", "-1"),
        ("18446744073709551615", "18446744073709551615"),
        ("65.0", "65"),
        ("-0.0", "-0"),
        ("1e3", "1000"),
    ] {
        assert_eq!(read_text(json).as_deref(), Ok(expected), "{json}");
    }
}

#[test]
fn a_number_that_may_be_another_is_not_taken_for_an_id() {
    for json in ["65.5", "18446744073709551616", "9007199254740992.0", "1e300", "true", "null", "[]", "{}"] {
        assert!(read_text(json).is_err(), "{json}");
    }
}

#[test]
fn a_decimal_says_exactly_what_was_written() {
    for (json, expected) in [
        ("65.0", "65.0"),
        ("0.1", "0.1"),
        ("-12.50", "-12.50"),
        ("30", "30"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1e2", "100"),
        ("1.5E+3", "1500"),
        ("1e-05", "0.00001"),
        ("0e0", "0"),
        ("-1.250e2", "-125.0"),
        (r#""65.0""#, "65.0"),
        ("null", "null"),
    ] {
        assert_eq!(read_decimal(json).as_deref(), Some(expected), "{json}");
    }
}

#[test]
fn a_number_that_no_decimal_holds_is_missing_rather_than_rounded() {
    for json in [
        "1e400",
        "1e-40",
        "0.12345678901234567890123456789012345e1",
        "1.234567890123456789012345678e-5",
        &format!("\"{}\"", "0".repeat(100_000)),
        &"1".repeat(100_000),
        "123456789012345678901234567890",
        "0.12345678901234567890123456789012345",
        r#""""#,
        r#""1_000""#,
        r#""NT$5""#,
        r#"" 5""#,
        "true",
        "[1]",
    ] {
        let (read, drifted) = noting_drift(|| read_decimal(json));
        assert_eq!((read.as_deref(), drifted > 0), (Some("null"), json != r#""""#), "{json}");
    }
}

#[test]
fn decimals_are_read_from_a_json_value_too() {
    assert_eq!(opt_decimal(json!(65.5)).unwrap().unwrap().to_string(), "65.5");
}

#[test]
fn an_optional_field_is_a_text_or_a_number_or_missing() {
    for (json, expected) in [
        (r#""0007""#, Some("0007")),
        (r#""""#, Some("")),
        ("7", Some("7")),
        ("65.0", Some("65")),
        ("65.5", Some("65.5")),
        ("9007199254740992.0", None),
        ("null", None),
        ("true", None),
        (r#"[1, {"a": []}]"#, None),
        (r#"{"a": {"b": 1}, "c": 2}"#, None),
    ] {
        let read = || opt::<_, String>(&mut serde_json::Deserializer::from_str(json)).unwrap();
        let (read, drifted) = noting_drift(read);
        assert_eq!(read.as_deref(), expected, "{json}");
        assert_eq!(drifted, usize::from(expected.is_none() && json != "null"), "{json}");
    }
}

#[test]
fn what_identifies_by_its_absence_too_is_not_missing_for_being_odd() {
    let read = |json| nullable_text(&mut serde_json::Deserializer::from_str(json)).ok();
    assert_eq!(read("null"), Some(None));
    assert_eq!(read("7"), Some(Some("7".to_owned())));
    for json in ["true", "1.5", "[]", "{}"] {
        assert_eq!(read(json), None, "{json}");
    }
}

#[test]
fn a_list_of_texts_takes_null_for_a_list_and_for_an_entry() {
    let read = |json| texts(&mut serde_json::Deserializer::from_str(json)).ok();
    let owned = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
    assert_eq!(read("null"), owned(&[]));
    assert_eq!(read(r#"["a", null, 3, "", true, 1.5]"#), owned(&["a", "", "3", "", "true", "1.5"]));
    assert_eq!(read("{}"), owned(&[]), "PHP's empty array");
    assert_eq!(read(r#"{"0": "a", "2": "b"}"#), owned(&["a", "b"]), "PHP's array with a gap");
    for json in [r#"{"a": "b"}"#, r#"["a", ["b"]]"#, r#"["a", {}]"#, "1", r#""a""#, "true"] {
        assert_eq!(read(json), None, "{json}");
    }
}

#[test]
fn an_object_is_not_read_by_position() {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let read = |json| serde_json::from_str::<Object<Named>>(json).ok().map(|object| object.0.name);
    assert_eq!(read(r#"{"name": "a"}"#).as_deref(), Some("a"));
    assert_eq!(read(r#"["a"]"#), None);
}
