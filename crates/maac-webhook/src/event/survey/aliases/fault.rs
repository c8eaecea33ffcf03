//! The error a deserializer raises while it reads answers, before it is known which alias it is
//! about.
//!
//! serde's own messages quote the text that could not be read (`invalid value: string "…"`), and an
//! answer is personal data. So each of serde's constructors is written here, and none of them keeps
//! the value it is given.

use std::any::type_name;
use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::AliasMap;
use super::error::{AnswersError, AnswersErrorKind, Parts};

/// Kept apart from [`AnswersError`] so that serde is no part of the public error.
#[derive(Debug)]
pub(super) struct Fault(Box<Parts>);

impl Fault {
    fn new(kind: AnswersErrorKind, expected: Option<String>) -> Self {
        Self(Box::new(Parts::new(kind, expected)))
    }

    pub(super) fn unanswered(expected: &dyn Expected) -> Self {
        Self::new(AnswersErrorKind::Unanswered, Some(expected.to_string()))
    }

    pub(super) fn several_answers(expected: &dyn Expected) -> Self {
        Self::new(AnswersErrorKind::SeveralAnswers, Some(expected.to_string()))
    }

    pub(super) fn not_supported(expected: &dyn Expected) -> Self {
        Self::new(AnswersErrorKind::NotSupported, Some(expected.to_string()))
    }

    pub(super) fn not_readable(expected: impl fmt::Display) -> Self {
        Self::new(AnswersErrorKind::NotReadable, Some(expected.to_string()))
    }

    /// The fault lies in the answer at `index` of its alias' list.
    pub(super) fn at_index(mut self, index: usize) -> Self {
        self.0.index = Some(index);
        self
    }

    /// The fault lies in `alias` itself: the type that is read has no place for it.
    pub(super) fn in_alias(mut self, alias: &str, sent: &[String]) -> Self {
        self.0.kind = AnswersErrorKind::UnknownAlias;
        self.place(alias, sent);
        self
    }

    /// The fault lies in the answers under `alias`, which were to be read as a `T`.
    pub(super) fn in_answers<T>(mut self, alias: &str, sent: &[String]) -> Self {
        use AnswersErrorKind::{NotReadable, NotSupported, SeveralAnswers, Unanswered};

        self.0.kind = match self.0.kind {
            kind @ (Unanswered | SeveralAnswers | NotSupported) => kind,
            // One rule for every type: nothing was answered where only the empty text was sent and
            // is no value.
            _ if matches!(sent, [answer] if answer.is_empty()) => Unanswered,
            _ => NotReadable,
        };
        // serde's wrapper for `deserialize_with` would tell the reader nothing.
        let name = type_name::<T>();
        if self.0.expected.is_none() && !name.contains("__DeserializeWith") {
            self.0.expected = Some(format!("what `{}` accepts", without_paths(name)));
        }
        self.place(alias, sent);
        self
    }

    fn place(&mut self, alias: &str, sent: &[String]) {
        self.0.alias = Some(alias.to_owned());
        self.0.sent = sent.to_vec();
    }

    pub(super) fn into_error(mut self, map: &AliasMap) -> AnswersError {
        self.0.known = map.iter().map(|(alias, _)| alias.to_owned()).collect();
        AnswersError::new(self.0)
    }
}

/// `core::option::Option<jiff::civil::date::Date>` as a reader would write it: `Option<Date>`.
fn without_paths(type_name: &str) -> String {
    let mut short = String::new();
    for part in type_name.split_inclusive(['<', '>', ',', ' ', '(', ')', '[', ']', '&', ';']) {
        short.push_str(part.rsplit_once("::").map_or(part, |(_, name)| name));
    }
    short
}

impl Error for Fault {
    /// A type's own message, which may quote the answer: [`AnswersError::detail`] has it, and
    /// nothing prints it.
    fn custom<T: fmt::Display>(message: T) -> Self {
        let mut fault = Self::new(AnswersErrorKind::Other, None);
        fault.0.detail = Some(message.to_string());
        fault
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match unexpected {
            // The type wants another shape than an alias has, whatever was answered.
            Unexpected::Seq | Unexpected::Map | Unexpected::UnitVariant => Self::not_supported(expected),
            _ => Self::not_readable(expected),
        }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::not_readable(expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::not_readable(expected)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::not_readable(OneOf(expected))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(AnswersErrorKind::UnknownAlias, Some(OneOf(expected).to_string()))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut fault = Self::new(AnswersErrorKind::MissingAlias, None);
        fault.0.alias = Some(field.to_owned());
        fault
    }

    /// Two aliases of one field (`#[serde(alias = "…")]`) were both sent.
    fn duplicate_field(field: &'static str) -> Self {
        let mut fault = Self::new(
            AnswersErrorKind::Other,
            Some("only one of the aliases that this field reads".to_owned()),
        );
        fault.0.alias = Some(field.to_owned());
        fault
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

struct OneOf(&'static [&'static str]);

impl fmt::Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [only] => write!(f, "`{only}`"),
            [first, rest @ ..] => {
                write!(f, "one of `{first}`")?;
                rest.iter().try_for_each(|name| write!(f, ", `{name}`"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_types_name_is_as_short_as_a_reader_would_write_it() {
        for (full, short) in [
            ("core::option::Option<jiff::civil::date::Date>", "Option<Date>"),
            ("std::collections::HashMap<alloc::string::String, [a::B; 3]>", "HashMap<String, [B; 3]>"),
            ("(u8, &a::B)", "(u8, &B)"),
        ] {
            assert_eq!(super::without_paths(full), short);
        }
    }
}
