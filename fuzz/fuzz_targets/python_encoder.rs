//! The sender's encoder against a decoder of this target's own: what is written, with escapes or raw, compact or
//! not, is the value that was read; and it is written the same again.

#![no_main]

use std::{iter::Peekable, str::Chars};

use libfuzzer_sys::fuzz_target;
use maac_webhook::{Event, bytes::Bytes, event::Envelope, jiff::Timestamp};
use maac_webhook_sender::{
    EventBody,
    json::{BodyStyle, EncodeErrorKind, encode, reencode},
};
use serde::de::IgnoredAny;
use serde_json::{Value, value::RawValue};

const STYLES: [BodyStyle; 4] = [
    BodyStyle::python(),
    BodyStyle::python().compact(),
    BodyStyle::python().raw_utf8(),
    BodyStyle::python().raw_utf8().compact(),
];

fuzz_target!(|text: &[u8]| {
    let json = str::from_utf8(text).ok().filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let sent = json.map(Decoded::of);
    for style in STYLES {
        let is_raw = matches!(style, raw if raw == STYLES[2] || raw == STYLES[3]);
        let body = match (reencode(text, style), &sent) {
            (Err(error), None) => {
                assert_eq!(error.kind(), EncodeErrorKind::NotJson);
                continue;
            }
            (Err(error), Some(sent)) => {
                let reason = match error.kind() {
                    EncodeErrorKind::NotFinite => {
                        sent.has(&|part| matches!(part, Decoded::Float(float) if float.is_infinite()))
                    }
                    EncodeErrorKind::TooDeep => sent.depth() > 127,
                    EncodeErrorKind::LoneSurrogate => is_raw && sent.has(&Decoded::is_no_utf16),
                    _ => false,
                };
                assert!(reason, "refused: {error}");
                continue;
            }
            (Ok(_), None) => panic!("what is no JSON was written"),
            (Ok(body), Some(_)) => body,
        };
        let sent = sent.as_ref().expect("it was read");
        let written = str::from_utf8(&body).expect("a body is UTF-8");
        assert!(is_raw || written.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{written}");
        assert_eq!(&Decoded::of(written), &sent.clone().as_a_dict(), "{written}");
        assert_eq!(reencode(&body, style).expect("it is JSON"), body, "it is not written the same again");
        for other in STYLES {
            let from_text = reencode(text, other).map_err(|error| error.kind());
            assert_eq!(reencode(&body, other).map_err(|error| error.kind()), from_text);
        }
        encoded_alike(json.expect("it was read"), &body, style);
        in_an_envelope(json.expect("it was read"), sent, style);
    }
    if let Ok(value) = serde_json::from_slice::<Value>(text) {
        for style in STYLES {
            let from_text = reencode(value.to_string().as_bytes(), style);
            assert_eq!(encode(&value, style), from_text, "a value and its text are written alike");
        }
    }
});

/// JSON text inside a value is written as it is alone.
fn encoded_alike(json: &str, body: &[u8], style: BodyStyle) {
    let raw: &RawValue = serde_json::from_str(json).expect("it is JSON");
    assert_eq!(encode(raw, style).expect("it was written alone"), body);
}

/// An event with it as its data is read by the receiver's side as what was sent.
fn in_an_envelope(json: &str, sent: &Decoded, style: BodyStyle) {
    // One level is the envelope's.
    if sent.depth() > 126 {
        return;
    }
    let event = EventBody::from_json(Timestamp::UNIX_EPOCH, "new.topic", json).expect("it is JSON");
    let body = event.encode(style).expect("it was written alone");
    let envelope = Envelope::read(&body).expect("an envelope");
    assert_eq!(envelope.topic(), "new.topic");
    assert_eq!(Decoded::of(envelope.data()), sent.clone().as_a_dict());
    let Event::Unknown(unknown) = Event::parse(&Bytes::from(body.clone())) else {
        panic!("the topic is new")
    };
    assert_eq!(unknown.raw(), &body);
}

/// A JSON value as Python reads it.
#[derive(Clone, Debug)]
enum Decoded {
    Word(String),
    Integer(String),
    Float(f64),
    /// Of UTF-16, since a lone surrogate is text to Python.
    Text(Vec<u16>),
    Array(Vec<Self>),
    Object(Vec<(Vec<u16>, Self)>),
}

impl PartialEq for Decoded {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(one), Self::Word(other)) | (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one.to_bits() == other.to_bits(),
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one == other,
            _ => false,
        }
    }
}

impl Decoded {
    /// Of a text that is JSON.
    fn of(json: &str) -> Self {
        let mut rest = json.chars().peekable();
        let value = Self::next(&mut rest);
        skip(&mut rest);
        assert!(rest.next().is_none(), "more than one value");
        value
    }

    fn next(rest: &mut Peekable<Chars<'_>>) -> Self {
        skip(rest);
        match rest.peek().expect("a value") {
            '"' => Self::Text(text(rest)),
            '[' => {
                rest.next();
                let mut items = Vec::new();
                while !closes(rest, ']') {
                    items.push(Self::next(rest));
                }
                Self::Array(items)
            }
            '{' => {
                rest.next();
                let mut members = Vec::new();
                while !closes(rest, '}') {
                    let key = text(rest);
                    skip(rest);
                    assert_eq!(rest.next(), Some(':'));
                    members.push((key, Self::next(rest)));
                }
                Self::Object(members)
            }
            _ => {
                let mut token = String::new();
                while let Some(character) =
                    rest.next_if(|next| next.is_ascii_alphanumeric() || "+-.".contains(*next))
                {
                    token.push(character);
                }
                match token.as_str() {
                    "null" | "true" | "false" => Self::Word(token),
                    "-0" => Self::Integer("0".to_owned()),
                    number if number.contains(['.', 'e', 'E']) => {
                        Self::Float(number.parse().expect("a float"))
                    }
                    _ => Self::Integer(token),
                }
            }
        }
    }

    /// A key that comes again keeps its first place and gets its last value.
    fn as_a_dict(self) -> Self {
        match self {
            Self::Array(items) => Self::Array(items.into_iter().map(Self::as_a_dict).collect()),
            Self::Object(members) => {
                let mut dict: Vec<(Vec<u16>, Self)> = Vec::new();
                for (key, value) in members {
                    let value = value.as_a_dict();
                    match dict.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, place)) => *place = value,
                        None => dict.push((key, value)),
                    }
                }
                Self::Object(dict)
            }
            other => other,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether this or any part of it is so.
    fn has(&self, is_so: &dyn Fn(&Self) -> bool) -> bool {
        let in_parts = match self {
            Self::Array(items) => items.iter().any(|item| item.has(is_so)),
            Self::Object(members) => {
                members.iter().any(|(key, value)| is_so(&Self::Text(key.clone())) || value.has(is_so))
            }
            _ => false,
        };
        in_parts || is_so(self)
    }

    fn is_no_utf16(&self) -> bool {
        matches!(self, Self::Text(text) if String::from_utf16(text).is_err())
    }
}

fn skip(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|next| " \t\r\n".contains(*next)).is_some() {}
}

/// Whether an array or object ends here, with the comma passed over.
fn closes(rest: &mut Peekable<Chars<'_>>, end: char) -> bool {
    skip(rest);
    if rest.next_if_eq(&',').is_some() {
        skip(rest);
    }
    rest.next_if_eq(&end).is_some()
}

fn text(rest: &mut Peekable<Chars<'_>>) -> Vec<u16> {
    assert_eq!(rest.next(), Some('"'));
    let mut text = Vec::new();
    loop {
        let character = rest.next().expect("a string has an end");
        let unit = match character {
            '"' => return text,
            '\\' => match rest.next().expect("an escape has an end") {
                'b' => 8,
                't' => 9,
                'n' => 10,
                'f' => 12,
                'r' => 13,
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    u16::from_str_radix(&digits, 16).expect("four digits")
                }
                other => u16::try_from(u32::from(other)).expect("it is ASCII"),
            },
            other => {
                text.extend(other.encode_utf16(&mut [0; 2]).iter());
                continue;
            }
        };
        text.push(unit);
    }
}
