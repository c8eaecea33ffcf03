//! The typed view of a survey: what was answered under each alias.
//!
//! A marketer gives a question an alias in SurveyCake, and MAAC sends a JSON object of alias →
//! array of strings. [`AliasMap`] keeps that object as it came; [`AliasMap::read`] turns it into a
//! struct of the receiver's own.

mod de;
mod error;
mod fault;
#[cfg(test)]
mod tests;
mod wire;

use serde::Deserialize;

pub use error::{AnswersError, AnswersErrorKind};

/// What was answered under each alias of a SurveyCake answer, in the order it was sent.
///
/// Each alias has a list of texts, empty where the question was not answered. Where a choice has an
/// alias of its own, that stands in the list in place of the choice's label (SurveyCake's webhook
/// reference, `form.surveycake_submitted`).
///
/// When it is deserialized, a lone string, number, boolean or `null` is read as a list too, of one
/// answer or none; a list's entries may be numbers, booleans or `null` (the empty text); a `null`
/// or `[]` in place of the object is the empty map. An alias that occurs twice is an error. No
/// error of deserializing quotes an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AliasMap {
    // A survey has few aliases, and `read` walks them in order: a hash map would cost more and lose
    // the order.
    entries: Vec<(String, Vec<String>)>,
}

impl AliasMap {
    /// The answers given under `alias`: empty if the question was not answered, `None` if there is
    /// no such alias.
    #[must_use]
    pub fn get(&self, alias: &str) -> Option<&[String]> {
        self.iter().find(|(name, _)| *name == alias).map(|(_, answers)| answers)
    }

    /// Every alias with its answers, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.entries.iter().map(|(alias, answers)| (alias.as_str(), answers.as_slice()))
    }

    /// How many aliases there are, answered or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no aliases at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads the aliases into `T`: a struct whose fields are named as the aliases are
    /// (`#[serde(rename = "…")]`), or a map. A field's type says how its answers are read:
    ///
    /// | type | reads |
    /// | --- | --- |
    /// | `String`, `&str` | the one answer; having none, or several, is an error |
    /// | `Option<T>` | `None` for a missing alias or an unanswered question, else as `T` |
    /// | `Vec<T>`, sets | each answer in turn; none if the question was not answered |
    /// | tuples, arrays | exactly as many answers |
    /// | integers, floats | a finite number, with or without ASCII white space around it |
    /// | `bool` | `true`/`false`, `yes`/`no` (in either case), `1`/`0`, `是`/`否` |
    /// | `char` | an answer of one character |
    /// | an enum of unit variants | the variant that the answer names |
    /// | what is read from a string, as a date | whatever the type accepts: `jiff::civil::Date` takes `1992-07-14` and no slashes |
    /// | `()` | an unanswered question |
    /// | bytes | the answer in UTF-8 |
    /// | `serde_json::Value` | always a list of strings |
    ///
    /// SurveyCake sends an empty list for a question that was not answered; a list of one empty text
    /// counts as such wherever the empty text is no value of the type.
    ///
    /// Structs and maps cannot be fields. Where serde asks for a value without saying of which type,
    /// an alias is always a list: in a struct behind `#[serde(flatten)]`, in tagged and untagged
    /// enums, and for types that read numbers and texts alike. So
    ///
    /// - read a struct that surveys share by itself, with a second call: what no field names is
    ///   ignored;
    /// - give such a type a `deserialize_with` that reads a string (`rust_decimal::serde::str`,
    ///   for which your own `rust_decimal` needs its feature `serde-with-str`).
    ///
    /// # Errors
    ///
    /// [`AnswersError`] names the alias that could not be read, what was expected, and the aliases
    /// there are. It does not print the answers.
    ///
    /// # Examples
    ///
    /// ```
    /// use maac_webhook::event::AliasMap;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Signup {
    ///     #[serde(rename = "maac_member_name")]
    ///     name: String,
    ///     guests: Option<u8>,
    ///     colours: Vec<String>,
    /// }
    ///
    /// let aliases: AliasMap = serde_json::from_str(
    ///     r#"{"maac_member_name": ["Ming"], "guests": [], "colours": ["red", "blue"]}"#,
    /// )?;
    /// let signup: Signup = aliases.read()?;
    ///
    /// assert_eq!(signup.name, "Ming");
    /// assert_eq!(signup.guests, None);
    /// assert_eq!(signup.colours, ["red", "blue"]);
    ///
    /// #[derive(Debug, Deserialize)]
    /// struct Order {
    ///     colours: String,
    /// }
    ///
    /// let error = aliases.read::<Order>().unwrap_err();
    ///
    /// assert_eq!(error.alias(), Some("colours"));
    /// assert!(error.to_string().contains("a `Vec` reads several answers"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read<'de, T: Deserialize<'de>>(&'de self) -> Result<T, AnswersError> {
        T::deserialize(de::Aliases(&self.entries)).map_err(|fault| fault.into_error(self))
    }
}

impl IntoIterator for AliasMap {
    type Item = (String, Vec<String>);
    type IntoIter = std::vec::IntoIter<(String, Vec<String>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// An alias that comes twice keeps its place and has the later answers.
impl FromIterator<(String, Vec<String>)> for AliasMap {
    fn from_iter<I: IntoIterator<Item = (String, Vec<String>)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (alias, answers) in entries {
            match map.entries.iter_mut().find(|(name, _)| *name == alias) {
                Some(entry) => entry.1 = answers,
                None => map.entries.push((alias, answers)),
            }
        }
        map
    }
}
