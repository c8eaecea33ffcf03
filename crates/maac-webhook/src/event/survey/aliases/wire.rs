//! Reading the alias map from JSON: liberal in shape, and no answer's text in an error.
//!
//! Both types ask for `deserialize_any`: asked for a map, `serde_json` itself would quote a string
//! it finds instead.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::AliasMap;
use crate::event::lenient::{NUMBER, number_text};

impl<'de> Deserialize<'de> for AliasMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AliasMapVisitor)
    }
}

struct AliasMapVisitor;

impl AliasMapVisitor {
    fn refuse<E: Error>(&self, found: &'static str) -> Result<AliasMap, E> {
        Err(E::invalid_type(Unexpected::Other(found), self))
    }
}

impl<'de> Visitor<'de> for AliasMapVisitor {
    type Value = AliasMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of aliases and their answers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AliasMap, A::Error> {
        let mut entries = Vec::new();
        while let Some((alias, sent)) = map.next_entry::<String, Sent>()? {
            entries.push((alias, sent.into_answers()));
        }
        if entries.iter().any(|(alias, _)| alias == NUMBER) {
            return Err(A::Error::invalid_type(Unexpected::Other("a number"), &self));
        }
        if has_duplicate(&entries) {
            return Err(A::Error::custom("an alias occurs twice"));
        }
        Ok(AliasMap { entries })
    }

    /// An empty object is `[]` where PHP wrote it.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<AliasMap, A::Error> {
        match seq.next_element::<Sent>()? {
            None => Ok(AliasMap::default()),
            Some(_) => self.refuse("a list"),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<AliasMap, E> {
        Ok(AliasMap::default())
    }

    fn visit_none<E: Error>(self) -> Result<AliasMap, E> {
        Ok(AliasMap::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<AliasMap, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<AliasMap, E> {
        self.refuse("a boolean")
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<AliasMap, E> {
        self.refuse("a number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<AliasMap, E> {
        self.refuse("a number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<AliasMap, E> {
        self.refuse("a number")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<AliasMap, E> {
        self.refuse("a text")
    }
}

/// Sorts instead of comparing each with each, since a body may hold very many aliases.
fn has_duplicate(entries: &[(String, Vec<String>)]) -> bool {
    let mut aliases: Vec<&str> = entries.iter().map(|(alias, _)| alias.as_str()).collect();
    aliases.sort_unstable();
    aliases.windows(2).any(|pair| pair[0] == pair[1])
}

/// What stands under one alias, or in one place of its list.
enum Sent {
    Nothing,
    One(String),
    Many(Vec<String>),
}

impl Sent {
    fn into_answers(self) -> Vec<String> {
        match self {
            Self::Nothing => Vec::new(),
            Self::One(answer) => vec![answer],
            Self::Many(answers) => answers,
        }
    }
}

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SentVisitor)
    }
}

struct SentVisitor;

impl<'de> Visitor<'de> for SentVisitor {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sent, A::Error> {
        let mut answers = Vec::new();
        while let Some(entry) = seq.next_element()? {
            match entry {
                Sent::Nothing => answers.push(String::new()),
                Sent::One(answer) => answers.push(answer),
                Sent::Many(_) => return Err(A::Error::invalid_type(Unexpected::Seq, &"a text")),
            }
        }
        Ok(Sent::Many(answers))
    }

    fn visit_unit<E: Error>(self) -> Result<Sent, E> {
        Ok(Sent::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Sent, E> {
        Ok(Sent::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sent, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, answer: bool) -> Result<Sent, E> {
        Ok(Sent::One(answer.to_string()))
    }

    fn visit_i64<E: Error>(self, answer: i64) -> Result<Sent, E> {
        Ok(Sent::One(answer.to_string()))
    }

    fn visit_u64<E: Error>(self, answer: u64) -> Result<Sent, E> {
        Ok(Sent::One(answer.to_string()))
    }

    fn visit_f64<E: Error>(self, answer: f64) -> Result<Sent, E> {
        Ok(Sent::One(answer.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sent, A::Error> {
        let number = number_text(map, &self)?;
        let whole = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let float = number.parse::<f64>().ok().filter(|_| !whole);
        Ok(Sent::One(float.map_or(number, |float| float.to_string())))
    }

    fn visit_str<E: Error>(self, answer: &str) -> Result<Sent, E> {
        Ok(Sent::One(answer.to_owned()))
    }

    fn visit_string<E: Error>(self, answer: String) -> Result<Sent, E> {
        Ok(Sent::One(answer))
    }
}
