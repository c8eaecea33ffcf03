//! A serde deserializer over the alias map: [`Aliases`] is the map, [`Answers`] one alias' list,
//! [`Text`] one answer of it.

use std::{iter::Enumerate, slice};

use serde::de::{
    DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Visitor,
    value::BorrowedStrDeserializer,
};
use serde::forward_to_deserialize_any;

use super::fault::Fault;

/// The whole map, which the user's struct is read from.
#[derive(Clone, Copy)]
pub(super) struct Aliases<'de>(pub(super) &'de [(String, Vec<String>)]);

impl<'de> Deserializer<'de> for Aliases<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Entries { rest: self.0.iter(), current: None })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

struct Entries<'de> {
    rest: slice::Iter<'de, (String, Vec<String>)>,
    current: Option<&'de (String, Vec<String>)>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some((alias, answers)) = self.current else {
            return Ok(None);
        };
        seed.deserialize(Text(alias)).map(Some).map_err(|fault| fault.in_alias(alias, answers))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((alias, answers)) = self.current.take() else {
            return Err(Fault::custom("a value was asked for before its alias"));
        };
        seed.deserialize(Answers(answers)).map_err(|fault| fault.in_answers::<V::Value>(alias, answers))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The answers under one alias, which a field is read from.
#[derive(Clone, Copy)]
struct Answers<'de>(&'de [String]);

impl<'de> Answers<'de> {
    fn one(self, expected: &dyn Expected) -> Result<Text<'de>, Fault> {
        match self.0 {
            [] => Err(Fault::unanswered(expected)),
            [answer] => Ok(Text(answer)),
            _ => Err(Fault::several_answers(expected)),
        }
    }

    fn is_unanswered(self) -> bool {
        match self.0 {
            [] => true,
            [answer] => answer.is_empty(),
            _ => false,
        }
    }
}

macro_rules! read_the_one_answer {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.one(&visitor)?.$method(visitor)
        }
    )*};
}

macro_rules! refuse_structures {
    ($($method:ident ( $($argument:ty),* );)*) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* visitor: V) -> Result<V::Value, Fault> {
            Err(Fault::not_supported(&visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Answers<'de> {
    type Error = Fault;

    read_the_one_answer! {
        deserialize_bool deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_identifier
    }

    refuse_structures! {
        deserialize_map();
        deserialize_struct(&'static str, &'static [&'static str]);
    }

    /// Always the list, whatever its length, so that a `Value` does not change its shape with the
    /// number of answers.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Texts { rest: self.0.iter().enumerate() })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_empty() && len > 0 {
            return Err(Fault::unanswered(&visitor));
        }
        if self.0.len() != len {
            return Err(Fault::invalid_length(self.0.len(), &visitor));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_unanswered() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_unanswered() { visitor.visit_unit() } else { Err(Fault::not_readable("no answer")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.one(&visitor)?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

struct Texts<'de> {
    rest: Enumerate<slice::Iter<'de, String>>,
}

impl<'de> SeqAccess<'de> for Texts<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, answer)) = self.rest.next() else {
            return Ok(None);
        };
        seed.deserialize(Text(answer)).map(Some).map_err(|fault| fault.at_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// One answer, or an alias that is a map's key.
#[derive(Clone, Copy)]
struct Text<'de>(&'de str);

macro_rules! parse_integers {
    ($($method:ident $visit:ident $number:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.trim_ascii().parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(Fault::not_readable(format_args!(
                    "a whole number from {} to {}", $number::MIN, $number::MAX,
                ))),
            }
        }
    )*};
}

/// A number too large for the type parses as infinity, and is refused with the texts that spell it.
macro_rules! parse_floats {
    ($($method:ident $visit:ident $number:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.trim_ascii().parse::<$number>() {
                Ok(number) if number.is_finite() => visitor.$visit(number),
                _ => Err(Fault::not_readable("a number")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Fault;

    parse_integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
    }

    parse_floats! {
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    refuse_structures! {
        deserialize_seq();
        deserialize_tuple(usize);
        deserialize_tuple_struct(&'static str, usize);
        deserialize_map();
        deserialize_struct(&'static str, &'static [&'static str]);
    }

    forward_to_deserialize_any! { str string identifier }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let answer = self.0.trim_ascii();
        let is_one_of = |words: [&str; 4]| words.iter().any(|word| answer.eq_ignore_ascii_case(word));
        if is_one_of(["true", "yes", "1", "是"]) {
            visitor.visit_bool(true)
        } else if is_one_of(["false", "no", "0", "否"]) {
            visitor.visit_bool(false)
        } else {
            Err(Fault::not_readable("true or false, yes or no, 1 or 0, 是 or 否"))
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut characters = self.0.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => visitor.visit_char(character),
            _ => Err(Fault::not_readable("one character")),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.0.is_empty() { visitor.visit_unit() } else { Err(Fault::not_readable("no answer")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.0))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}
