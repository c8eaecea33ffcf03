//! `AliasMap` from any JSON text, and `AliasMap::read` into types of a receiver's kind: what is read is
//! what was sent, and no error tells an answer.

#![no_main]

use std::{collections::HashMap, fmt};

use libfuzzer_sys::fuzz_target;
use maac_webhook::event::{AliasMap, AnswersErrorKind};
use serde::{
    Deserialize,
    de::{DeserializeOwned, Error},
};
use serde_json::{Map, Value};

/// The fields that a struct of a receiver's own may have.
#[derive(Deserialize)]
struct Form {
    name: String,
    nickname: Option<String>,
    #[serde(default)]
    colours: Vec<String>,
    guests: Option<u8>,
    balance: Option<i64>,
    ratio: Option<f64>,
    newsletter: Option<bool>,
    size: Option<Size>,
    initial: Option<char>,
    ratings: Option<Vec<u32>>,
    range: Option<(i32, i32)>,
    coupon: Option<Coupon>,
    #[serde(rename = "年齡", alias = "age")]
    age: Option<u8>,
    anything: Option<Value>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Size {
    Small,
    Large,
}

/// A type whose own error quotes the answer.
struct Coupon;

impl<'de> Deserialize<'de> for Coupon {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with("C-") {
            Ok(Self)
        } else {
            Err(D::Error::custom(format_args!("no coupon: {text}")))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read into")]
struct Strict {
    guests: Option<u8>,
    size: Size,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only read into")]
struct Flattened {
    name: Option<String>,
    #[serde(flatten)]
    rest: HashMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only read into")]
enum Untagged {
    Small { size: Vec<Size> },
    Any(HashMap<String, (String, String)>),
}

fuzz_target!(|json: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(json) else {
        // What `Value` does not read may yet be an alias map: it must not panic.
        let _ = serde_json::from_slice::<AliasMap>(json);
        return;
    };
    if let Ok(aliases) = serde_json::from_slice::<AliasMap>(json) {
        aliases_are_what_was_sent(&aliases, &value);
        map_is_what_was_sent(&aliases);
        form_is_what_was_sent(&aliases);
    }
    errors_tell_no_answer(value);
});

/// Against a reading of the JSON by `Value`.
fn aliases_are_what_was_sent(aliases: &AliasMap, value: &Value) {
    let empty = Map::new();
    let object = match value {
        Value::Null => &empty,
        Value::Array(list) if list.is_empty() => &empty,
        Value::Object(object) => object,
        other => panic!("an alias map was read from {other}"),
    };
    assert_eq!(aliases.len(), object.len());
    for (alias, answers) in aliases.iter() {
        let sent = match &object[alias] {
            Value::Null => Vec::new(),
            Value::Array(list) => list.iter().map(text).collect(),
            one => vec![text(one)],
        };
        assert_eq!(answers, sent);
        assert_eq!(aliases.get(alias), Some(answers));
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().expect("it is one").to_string(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => panic!("{value} was read as an answer"),
    }
}

fn map_is_what_was_sent(aliases: &AliasMap) {
    let map: HashMap<String, Vec<String>> = aliases.read().expect("every alias map reads into this");
    assert_eq!(map.len(), aliases.len());
    for (alias, answers) in aliases.iter() {
        assert_eq!(map[alias], answers);
    }
    let borrowed: HashMap<&str, Vec<&str>> = aliases.read().expect("nor need it be copied");
    assert_eq!(borrowed.len(), aliases.len());
    assert_eq!(
        aliases.iter().map(|(alias, answers)| (alias.to_owned(), answers.to_vec())).collect::<AliasMap>(),
        *aliases
    );
}

fn form_is_what_was_sent(aliases: &AliasMap) {
    let form: Form = match aliases.read() {
        Ok(form) => form,
        Err(error) => {
            if error.kind() == AnswersErrorKind::MissingAlias {
                assert!(aliases.get(error.alias().expect("one is missing")).is_none());
            }
            return;
        }
    };
    let all = |alias: &str| aliases.get(alias).unwrap_or_default();
    let one = |alias: &str| match aliases.get(alias) {
        Some([answer]) if !answer.is_empty() => Some(answer.as_str()),
        _ => None,
    };
    assert_eq!(aliases.get("name"), Some(&[form.name][..]));
    assert_eq!(form.nickname.as_deref(), one("nickname"));
    assert_eq!(form.colours, all("colours"));
    assert_eq!(form.guests, number(one("guests")));
    assert_eq!(form.balance, number(one("balance")));
    assert_eq!(form.ratio, number(one("ratio")));
    assert_eq!(form.age, number(one("年齡").or(one("age"))));
    assert_eq!(form.initial.map(String::from).as_deref(), one("initial"));
    assert_eq!(form.size, one("size").map(|size| if size == "small" { Size::Small } else { Size::Large }));
    assert_eq!(form.newsletter.is_some(), one("newsletter").is_some());
    assert_eq!(form.coupon.is_some(), one("coupon").is_some_and(|coupon| coupon.starts_with("C-")));
    if let Some(ratings) = form.ratings {
        assert_eq!(ratings, numbers::<u32>(all("ratings")));
    }
    if let Some((from, to)) = form.range {
        assert_eq!([from, to].as_slice(), numbers::<i32>(all("range")));
    }
    if let Some(anything) = form.anything {
        assert_eq!(anything, Value::from(all("anything").to_vec()));
    }
}

fn number<T: std::str::FromStr<Err: fmt::Debug>>(answer: Option<&str>) -> Option<T> {
    answer.map(|answer| answer.trim_ascii().parse().expect("a field was read from what is no number"))
}

fn numbers<T: std::str::FromStr<Err: fmt::Debug>>(answers: &[String]) -> Vec<T> {
    answers.iter().filter_map(|answer| number(Some(answer))).collect()
}

/// What no message of an error can hold by chance.
const MARK: &str = "ANSWER-7f3a9c51";

/// Puts a mark into each answer of eight characters or more, and looks for it in every error. Shorter
/// ones stay as they are, so that some fields can be read and the others' errors are reached.
fn errors_tell_no_answer(mut value: Value) {
    if value.to_string().contains(MARK) {
        return;
    }
    match &mut value {
        Value::Object(aliases) => aliases.values_mut().for_each(mark),
        other => mark(other),
    }
    let aliases = match serde_json::from_value::<AliasMap>(value.clone()) {
        Ok(aliases) => aliases,
        Err(error) => {
            tells_nothing(&error);
            // serde_json's two deserializers word their errors each in its own way.
            let error =
                serde_json::from_str::<AliasMap>(&value.to_string()).expect_err("neither of them reads it");
            return tells_nothing(&error);
        }
    };
    read_tells_nothing::<Form>(&aliases);
    read_tells_nothing::<Strict>(&aliases);
    read_tells_nothing::<Flattened>(&aliases);
    read_tells_nothing::<Untagged>(&aliases);
    read_tells_nothing::<HashMap<String, u64>>(&aliases);
    read_tells_nothing::<HashMap<String, bool>>(&aliases);
    read_tells_nothing::<HashMap<String, char>>(&aliases);
    read_tells_nothing::<HashMap<String, ()>>(&aliases);
    read_tells_nothing::<HashMap<String, [i8; 2]>>(&aliases);
    read_tells_nothing::<HashMap<String, Vec<Size>>>(&aliases);
    read_tells_nothing::<HashMap<String, Vec<Coupon>>>(&aliases);
    read_tells_nothing::<HashMap<String, HashMap<String, String>>>(&aliases);
    read_tells_nothing::<Value>(&aliases);
    read_tells_nothing::<Vec<String>>(&aliases);
    read_tells_nothing::<Size>(&aliases);
}

fn read_tells_nothing<T: DeserializeOwned>(aliases: &AliasMap) {
    if let Err(error) = aliases.read::<T>() {
        tells_nothing(&error);
    }
}

fn tells_nothing(error: &(impl fmt::Display + fmt::Debug)) {
    let text = format!("{error} {error:?}");
    assert!(!text.contains(MARK), "{text}");
}

fn mark(answer: &mut Value) {
    match answer {
        Value::String(text) if text.chars().count() >= 8 => *text = format!("{MARK}{text}{MARK}"),
        Value::Array(values) => values.iter_mut().for_each(mark),
        Value::Object(members) => members.values_mut().for_each(mark),
        _ => {}
    }
}
