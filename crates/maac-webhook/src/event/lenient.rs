//! Reading what documentation and samples write differently: a number where a text is documented, a
//! text where a number is, `null` or nothing where a field is.
//!
//! What identifies an event is read exactly or not at all ([`text`], [`nullable_text`]). Of the rest, a
//! value that is of no use is `None` and noted ([`opt`], [`opt_decimal`]): it must not lose the event.

use std::{cell::Cell, fmt};

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{
        Error, Expected, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer,
    },
};
use serde_json::value::RawValue;

/// A text, or the text of a whole number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) | Scalar::Whole(text) => Ok(text),
        other => Err(other.refused(&"a text or a whole number")),
    }
}

/// The same, or `null`.
pub(super) fn nullable_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) | Scalar::Whole(text) => Ok(Some(text)),
        Scalar::Null => Ok(None),
        other => Err(other.refused(&"a text, a whole number or null")),
    }
}

/// A field the SDK can do without: a text or a number. What is neither is read as missing.
pub(super) fn opt<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) | Scalar::Whole(text) => Some(T::from(text)),
        // An id must not be mistaken for its neighbour, as it may be where a float is no longer exact.
        Scalar::Float(number) if number.abs() < EXACT => Some(T::from(number.to_string())),
        Scalar::Null => None,
        Scalar::Float(_) | Scalar::Bool(_) | Scalar::Compound(_) => {
            note_drift();
            None
        }
    })
}

/// An array, or `null` for an empty one. A PHP program writes an array with gaps as an object of its
/// entries, and an empty object as `[]`: both ways are read.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(deserializer
        .deserialize_any(ListVisitor(Vec::<Object<T>>::new()))?
        .into_iter()
        .map(|entry| entry.0)
        .collect())
}

/// An array of texts, any of which may be a number, a boolean or `null`, which is the empty text.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let entries = deserializer.deserialize_any(ListVisitor(Vec::<Scalar>::new()))?;
    entries
        .into_iter()
        .map(|entry| match entry {
            Scalar::Null => Ok(String::new()),
            Scalar::Text(text) | Scalar::Whole(text) => Ok(text),
            Scalar::Float(number) => Ok(number.to_string()),
            Scalar::Bool(answer) => Ok(answer.to_string()),
            Scalar::Compound(_) => Err(entry.refused(&"a text")),
        })
        .collect()
}

/// A decimal read from the number's own text, or from a text that holds one. What no decimal holds
/// exactly is read as missing: it is never rounded.
pub(super) fn opt_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let json = raw.get();
    let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
    let decimal = exact_decimal(text);
    if decimal.is_none() && !text.is_empty() {
        note_drift();
    }
    Ok(decimal)
}

fn exact_decimal(text: &str) -> Option<Decimal> {
    // No decimal has as many characters; and `rust_decimal` calls itself for each leading zero, which may be as deep as a
    // stranger likes.
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    // A text may hold what a JSON number may not, as `1_000`.
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    let exact = |text: &str| plain(text).then(|| Decimal::from_str_exact(text).ok()).flatten();
    let Some((digits, _)) = text.split_once(['e', 'E']) else { return exact(text) };
    // An exponent can ask for more digits than fit: what was read must say the same as what was sent.
    let (base, read) = (exact(digits)?, Decimal::from_scientific(text).ok()?);
    let significant = |decimal: Decimal| decimal.mantissa().to_string().trim_end_matches('0').to_owned();
    let same = read.to_string().parse::<f64>().ok() == text.parse::<f64>().ok();
    (same && significant(base) == significant(read)).then_some(read)
}

thread_local! {
    static DRIFTED: Cell<usize> = const { Cell::new(0) };
}

fn note_drift() {
    DRIFTED.set(DRIFTED.get().saturating_add(1));
}

/// What `read` gives, and how many fields it read as missing that were not.
pub(super) fn noting_drift<T>(read: impl FnOnce() -> T) -> (T, usize) {
    DRIFTED.set(0);
    let value = read();
    (value, DRIFTED.get())
}

/// From here on a float no longer tells neighbours apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Any JSON value, as far as a field that holds one text needs to know it.
#[derive(Debug, PartialEq)]
enum Scalar {
    Null,
    Bool(bool),
    Text(String),
    /// The text of a whole number.
    Whole(String),
    /// A number with a fraction, or one that a float does not hold exactly.
    Float(f64),
    Compound(Unexpected<'static>),
}

impl Scalar {
    fn number(number: f64) -> Self {
        // A whole number may be written as a float, as `65.0`.
        if number.fract() == 0.0 && number.abs() < EXACT {
            Self::Whole(format!("{number:.0}"))
        } else {
            Self::Float(number)
        }
    }

    fn refused<E: Error>(&self, expected: &dyn Expected) -> E {
        let found = match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Text(_) | Self::Whole(_) => Unexpected::Other("a text"),
            Self::Float(number) => Unexpected::Float(*number),
            Self::Compound(found) => *found,
        };
        E::invalid_type(found, expected)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

/// The name of a number's text in [`number_text`]; no alias either.
pub(super) const NUMBER: &str = "$serde_json::private::Number";

/// The text of a number as serde_json hands it over where the customer's program has its feature
/// `arbitrary_precision` on, which changes every crate in it: a map of one member under a name of its own.
pub(super) fn number_text<'de, A: MapAccess<'de>>(
    mut map: A,
    expected: &dyn Expected,
) -> Result<String, A::Error> {
    match map.next_key::<String>()? {
        Some(name) if name == NUMBER => map.next_value(),
        _ => Err(A::Error::invalid_type(Unexpected::Map, expected)),
    }
}

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::number(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Compound(Unexpected::Seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        let mut first = true;
        while let Some(name) = map.next_key::<String>()? {
            if first && name == NUMBER {
                let text: String = map.next_value()?;
                let whole = text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok();
                let float = || Scalar::number(text.parse().unwrap_or(f64::NAN));
                return Ok(if whole { Scalar::Whole(text) } else { float() });
            }
            first = false;
            map.next_value::<IgnoredAny>()?;
        }
        Ok(Scalar::Compound(Unexpected::Map))
    }
}

/// What must be a JSON object. A derived struct would take an array too, and read it by position.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectVisitor(std::marker::PhantomData)).map(Self)
    }
}

/// Collects the entries of an array, or of the object that PHP makes of one.
struct ListVisitor<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(self.0)
    }

    fn visit_none<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(self.0)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Vec<T>, A::Error> {
        while let Some(entry) = seq.next_element()? {
            self.0.push(entry);
        }
        Ok(self.0)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Vec<T>, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name.parse::<u32>().is_err() {
                return Err(A::Error::invalid_type(Unexpected::Map, &self));
            }
            self.0.push(map.next_value()?);
        }
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests;
