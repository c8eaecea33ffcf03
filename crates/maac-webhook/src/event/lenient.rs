//! Reading what documentation and samples write differently: a number where a text is documented, a
//! text where a number is, `null` or nothing where a field is.

use std::fmt;

use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Expected, MapAccess, Unexpected, Visitor},
};
use serde_json::value::RawValue;

/// A text, or the text of a whole number.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

/// The same, or `null`.
pub(super) fn opt_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

/// An array, or `null` for an empty one.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An array of texts, any of which may be a number or `null`, which is the empty text.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts: Vec<Option<Text>> = list(deserializer)?;
    Ok(texts.into_iter().map(|text| text.map_or_else(String::new, |text| text.0)).collect())
}

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

struct TextVisitor;

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

impl<'de> Visitor<'de> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        let text = number_text(map, &self)?;
        if text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok() {
            return Ok(text);
        }
        self.visit_f64(text.parse().unwrap_or(f64::NAN))
    }

    /// A whole number written as a float, as `65.0`. Beyond 2^53 a float no longer tells neighbours
    /// apart, and an id must not be mistaken for another.
    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() < EXACT {
            Ok(format!("{number:.0}"))
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }
}

/// A decimal read from the number's own text, or from a text that holds one.
pub(super) fn opt_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let json = raw.get();
    let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
    exact_decimal(text).map(Some).ok_or_else(|| D::Error::custom("not a decimal of at most 28 digits"))
}

fn exact_decimal(text: &str) -> Option<Decimal> {
    // An exponent can ask for more digits than fit: what was read must say the same as what was sent.
    if text.contains(['e', 'E']) {
        let read = Decimal::from_scientific(text).ok()?;
        let same = read.to_string().parse::<f64>().ok() == text.parse::<f64>().ok();
        return same.then_some(read);
    }
    // A text may hold what a JSON number may not, as `1_000`.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.'));
    plain.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

#[cfg(test)]
mod tests;
