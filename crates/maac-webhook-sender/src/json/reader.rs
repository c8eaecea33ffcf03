//! JSON text to a [`Node`].
//!
//! `serde_json` judges whether the text is JSON. It cannot hand out what Python keeps, though: the
//! text of a number too big for its types (without a feature that would change the customer's whole
//! program) and a lone surrogate. So a second walk, over text known to be JSON, finds the tokens.

use serde::de::IgnoredAny;

use super::node::{Members, Node};
use super::{BodyStyle, EncodeError, EncodeErrorKind, number, text};

/// Reads a text with at most `depth` arrays and objects in one another.
pub(super) fn read(text: &[u8], style: BodyStyle, depth: usize) -> Result<Node, EncodeError> {
    let text = str::from_utf8(text)
        .map_err(|error| error_at(EncodeErrorKind::NotJson, text, error.valid_up_to()))?;
    // Neither builds anything nor recurses, however deep the text.
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| EncodeError::at(EncodeErrorKind::NotJson, error.line(), error.column()))?;
    let mut reader = Reader { text, at: 0, style };
    reader.value(depth).map_err(|kind| error_at(kind, text.as_bytes(), reader.at))
}

fn error_at(kind: EncodeErrorKind, text: &[u8], offset: usize) -> EncodeError {
    let before = text.get(..offset).unwrap_or(text);
    let lines = before.split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 1), |(line, _), text| (line + 1, text.len() + 1));
    EncodeError::at(kind, line, column)
}

/// Where the walk is. After an error, `at` is the beginning of the token at fault.
struct Reader<'t> {
    text: &'t str,
    at: usize,
    style: BodyStyle,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Result<Node, EncodeErrorKind> {
        match self.token() {
            Some(b'[') => self.array(depth.checked_sub(1).ok_or(EncodeErrorKind::TooDeep)?),
            Some(b'{') => self.object(depth.checked_sub(1).ok_or(EncodeErrorKind::TooDeep)?),
            Some(b'"') => self.string().map(Node::Scalar),
            Some(b'-' | b'0'..=b'9') => {
                let number =
                    self.while_in(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'e' | b'E'));
                let printed = number::reprint(number)?;
                self.at += number.len();
                Ok(Node::Scalar(printed))
            }
            Some(b'a'..=b'z') => {
                let literal = self.while_in(u8::is_ascii_lowercase);
                self.at += literal.len();
                Ok(Node::Scalar(literal.to_owned()))
            }
            _ => Err(EncodeErrorKind::NotJson),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node, EncodeErrorKind> {
        let mut items = Vec::new();
        self.at += 1;
        while !self.take(b']') {
            items.push(self.value(depth)?);
            self.take(b',');
        }
        Ok(Node::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Node, EncodeErrorKind> {
        let mut members = Members::default();
        self.at += 1;
        while !self.take(b'}') {
            let key = self.string()?;
            self.take(b':');
            members.insert(key, self.value(depth)?);
            self.take(b',');
        }
        Ok(Node::Object(members))
    }

    fn string(&mut self) -> Result<String, EncodeErrorKind> {
        let begin = self.at + 1;
        let mut escaped = false;
        let length = self.text.as_bytes().get(begin..).and_then(|rest| {
            rest.iter().position(|byte| {
                let closes = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                closes
            })
        });
        let end = begin + length.ok_or(EncodeErrorKind::NotJson)?;
        let literal = self.text.get(begin..end).unwrap_or_default();
        let printed = text::reprint(literal, self.style.raw_utf8)?;
        self.at = end + 1;
        Ok(printed)
    }

    /// The first byte of the next token.
    fn token(&mut self) -> Option<u8> {
        self.at += self.while_in(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).len();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes the next token if it is this one.
    fn take(&mut self, token: u8) -> bool {
        let found = self.token() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn while_in(&self, class: impl Fn(&u8) -> bool) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.bytes().take_while(class).count();
        rest.get(..length).unwrap_or_default()
    }
}
