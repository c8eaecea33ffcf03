use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::json;
use serde_json::value::RawValue;

use super::nested;
use super::vectors::vectors;
use crate::json::{BodyStyle, EncodeErrorKind, encode};

fn python<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(encode(value, BodyStyle::python()).unwrap()).unwrap()
}

fn refusal<T: Serialize + ?Sized>(value: &T) -> EncodeErrorKind {
    encode(value, BodyStyle::python()).unwrap_err().kind()
}

#[derive(Serialize)]
struct Event {
    timestamp: &'static str,
    topic: &'static str,
    data: Receipt,
}

#[derive(Serialize)]
struct Receipt {
    line_uid: &'static str,
    customer_id: Option<String>,
    campaign_name: &'static str,
    items: Vec<Item>,
    #[serde(flatten)]
    more: BTreeMap<&'static str, serde_json::Value>,
}

#[derive(Serialize)]
struct Item {
    description: &'static str,
    unit_price: f64,
    quantity: u64,
    amount: f64,
}

#[test]
fn a_struct_is_written_as_python_writes_the_same_data() {
    let event = Event {
        timestamp: "2025-11-28T12:34:56.123456+08:00",
        topic: "receipt.receipt_validated",
        data: Receipt {
            line_uid: "U0123456789abcdef0123456789abcdef",
            customer_id: None,
            campaign_name: "喝茶 😀",
            items: vec![
                Item { description: "烏龍茶/大", unit_price: 65.0, quantity: 2, amount: 130.0 },
                Item { description: "", unit_price: -1e-5, quantity: u64::MAX, amount: 1e16 },
            ],
            more: BTreeMap::from([("meta", json!({}))]),
        },
    };
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.text.contains("烏龍茶"));
    for (style, expected) in vector.unwrap().styles() {
        let body = String::from_utf8(encode(&event, style).unwrap()).unwrap();
        assert_eq!(Some(body.as_str()), expected, "{style:?}");
    }
}

#[test]
fn every_shape_of_serde_data_is_written() {
    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(f64),
        Tuple(u8, &'static str),
        Struct { a: (i8, char), b: () },
    }
    #[derive(Serialize)]
    struct Wrapper(Vec<Shape>);
    let shapes = Wrapper(vec![
        Shape::Unit,
        Shape::Newtype(1.0),
        Shape::Tuple(2, "\u{7f}"),
        Shape::Struct { a: (-3, 'é'), b: () },
    ]);
    assert_eq!(
        python(&shapes),
        r#"["Unit", {"Newtype": 1.0}, {"Tuple": [2, "\u007f"]}, {"Struct": {"a": [-3, "\u00e9"], "b": null}}]"#
    );
    assert_eq!(
        python(&(i128::MIN, u128::MAX, 0.1_f32, -0.0, [true; 0])),
        format!("[{}, {}, 0.1, -0.0, []]", i128::MIN, u128::MAX)
    );
    assert_eq!(python(&BTreeMap::from([(1, "a"), (20, "b")])), r#"{"1": "a", "20": "b"}"#);
    assert_eq!(python("/"), r#""/""#);
}

#[test]
fn raw_json_inside_a_value_is_written_in_the_style() {
    let raw: &RawValue = serde_json::from_str(r#"{"茶":1E16,"big":123456789012345678901}"#).unwrap();
    assert_eq!(python(&[raw]), r#"[{"\u8336": 1e+16, "big": 123456789012345678901}]"#);
}

#[test]
fn a_float_that_is_not_finite_is_refused_wherever_it_is() {
    #[derive(Serialize)]
    struct Newtype(f64);
    #[derive(Serialize)]
    enum Variant {
        Newtype(f64),
        Tuple(u8, f64),
        Struct { a: f64 },
    }
    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        inner: BTreeMap<&'static str, f64>,
    }
    struct Key(f64);
    impl Serialize for Key {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([(self.0, 1)])
        }
    }
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refusals = [
            refusal(&float),
            refusal(&[f32::NAN, f32::INFINITY]),
            refusal(&Some(float)),
            refusal(&vec![vec![1.0], vec![float]]),
            refusal(&(1, float)),
            refusal(&Newtype(float)),
            refusal(&Variant::Newtype(float)),
            refusal(&Variant::Tuple(1, float)),
            refusal(&Variant::Struct { a: float }),
            refusal(&Flat { inner: BTreeMap::from([("a", float)]) }),
            refusal(&Key(float)),
        ];
        assert_eq!(refusals, [EncodeErrorKind::NotFinite; 11]);
    }
    let raw: &RawValue = serde_json::from_str("1e400").unwrap();
    assert_eq!(refusal(raw), EncodeErrorKind::NotFinite);
}

#[test]
fn a_float_that_is_not_finite_is_refused_even_if_the_value_hides_it() {
    struct Hides;
    impl Serialize for Hides {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeSeq;
            let mut list = serializer.serialize_seq(None)?;
            let _ = list.serialize_element(&f64::NAN);
            list.end()
        }
    }
    assert_eq!(refusal(&Hides), EncodeErrorKind::NotFinite);
}

#[test]
fn nulls_that_are_no_floats_are_written() {
    assert_eq!(python(&(None::<f64>, ())), "[null, null]");
}

#[test]
fn a_value_as_deep_as_serde_json_reads_is_written_and_no_deeper() {
    struct Deep(usize);
    impl Serialize for Deep {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self.0 {
                0 => serializer.collect_seq([0; 0]),
                more => serializer.collect_seq([Deep(more - 1)]),
            }
        }
    }
    assert_eq!(python(&Deep(126)), nested(127));
    assert_eq!(refusal(&Deep(127)), EncodeErrorKind::TooDeep);
    assert_eq!(refusal(&Deep(usize::MAX)), EncodeErrorKind::TooDeep);
}

#[test]
fn the_depth_of_raw_json_counts_from_where_it_stands() {
    let raw = |depth| RawValue::from_string(nested(depth)).unwrap();
    assert_eq!(python(&[raw(126)]), nested(127));
    assert_eq!(refusal(&[raw(127)]), EncodeErrorKind::TooDeep);
}

#[test]
fn a_value_that_is_not_serializable_is_refused_without_its_own_words() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("+886912345678"))
        }
    }
    let error = encode(&Fails, BodyStyle::python()).unwrap_err();
    assert_eq!(error.kind(), EncodeErrorKind::NotSerializable);
    assert_eq!(error.position(), None);
    assert!(!format!("{error} {error:?}").contains("886"));
    assert_eq!(refusal(&BTreeMap::from([([1], 1)])), EncodeErrorKind::NotSerializable);
}
