//! The body's JSON, byte for byte as MAAC's sender writes it.
//!
//! A signature covers bytes, not values. MAAC's bodies look like what Python's `json.dumps` writes,
//! so a receiver that is only ever tested with another library's JSON has not been tested with
//! MAAC's. What [`BodyStyle::python`] promises, tested against Python 3.11:
//!
//! 1. `", "` and `": "` separate, and nothing else is spaced.
//! 2. Every character outside printable ASCII, DEL included, is a lower-case `\uXXXX`; beyond the
//!    BMP it is a surrogate pair. `\n`, `\r`, `\t`, `\b` and `\f` are short, `/` is not escaped.
//! 3. A float is Python's `repr`: the fewest digits that read back as the same number, a point
//!    always (`65.0`), an exponent below 1e-4 and from 1e16 (`1e-05`, `1e+16`).
//! 4. An integer keeps all of its digits, however many.
//!
//! Two settings change this, each on its own, because MAAC does not document its bytes:
//! [`BodyStyle::raw_utf8`] is `ensure_ascii=False` and [`BodyStyle::compact`] is
//! `separators=(",", ":")`.
//!
//! [`encode`] takes a value of yours, [`reencode`] takes JSON text. Neither writes anything that is
//! not JSON: where Python would print `NaN` or `Infinity`, both refuse.
//!
//! ```
//! use maac_webhook_sender::json::{BodyStyle, EncodeErrorKind, reencode};
//!
//! let text = r#"{"item":"茶","price":65.0}"#;
//! let body = reencode(text.as_bytes(), BodyStyle::python())?;
//! assert_eq!(body, br#"{"item": "\u8336", "price": 65.0}"#);
//!
//! let body = reencode(text.as_bytes(), BodyStyle::python().raw_utf8())?;
//! assert_eq!(body, r#"{"item": "茶", "price": 65.0}"#.as_bytes());
//!
//! let refused = reencode(b"[1e400]", BodyStyle::python()).unwrap_err();
//! assert_eq!(refused.kind(), EncodeErrorKind::NotFinite);
//! # Ok::<(), maac_webhook_sender::json::EncodeError>(())
//! ```

mod error;
mod finite;
mod formatter;
mod node;
mod number;
mod reader;
mod style;
mod text;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use serde::Serialize;

pub use self::error::{EncodeError, EncodeErrorKind};
pub use self::style::BodyStyle;

use self::finite::Finite;
use self::formatter::PythonFormatter;

/// How many arrays and objects may stand in one another: as many as `serde_json` reads back.
const MAX_DEPTH: usize = 127;

/// Writes a value as `json.dumps` would write the same data, its fields in their own order.
///
/// A [`RawValue`](serde_json::value::RawValue) inside it is not copied but written anew in the
/// style, as by [`reencode`]. An `f32` keeps its own shortest digits (`0.1`, where Python, which
/// has only doubles, would have to print `0.10000000149011612`). A map that yields a key twice is
/// written with both, since a stream cannot take the first one back.
///
/// # Errors
///
/// [`NotFinite`](EncodeErrorKind::NotFinite) for a NaN or an infinity, which plain `serde_json`
/// would turn into `null`; [`TooDeep`](EncodeErrorKind::TooDeep) beyond 127 levels; and
/// [`NotSerializable`](EncodeErrorKind::NotSerializable) when the value's own `Serialize` fails or
/// a map's key is not a string.
///
/// ```
/// use maac_webhook_sender::json::{BodyStyle, encode};
///
/// #[derive(serde::Serialize)]
/// struct Item { description: String, amount: f64 }
///
/// let item = Item { description: "茶".to_owned(), amount: 65.0 };
/// let body = encode(&item, BodyStyle::python())?;
/// assert_eq!(body, br#"{"description": "\u8336", "amount": 65.0}"#);
/// # Ok::<(), maac_webhook_sender::json::EncodeError>(())
/// ```
pub fn encode<T>(value: &T, style: BodyStyle) -> Result<Vec<u8>, EncodeError>
where
    T: Serialize + ?Sized,
{
    let mut body = Vec::new();
    let fault = Cell::new(None);
    let formatter = PythonFormatter::new(style, &fault);
    let mut serializer = serde_json::Serializer::with_formatter(&mut body, formatter);
    let written = Finite::new(value, &fault).serialize(&mut serializer);
    // A `Serialize` that swallows an error has left half a value behind, so the fault decides even
    // when the whole claims to have gone well.
    match (fault.get(), written) {
        (Some(kind), _) => Err(kind.into()),
        (None, Err(_)) => Err(EncodeErrorKind::NotSerializable.into()),
        (None, Ok(())) => Ok(body),
    }
}

/// What Python makes of JSON text: `json.dumps(json.loads(text))`.
///
/// Numbers are taken from their own text: an integer of any size stays exact and `-0` becomes `0`,
/// a float is printed anew. Members keep their order; a key that comes again keeps its first place
/// and gets its last value, as in a Python dict. The text is UTF-8 without a byte order mark. (An
/// integer of more than 4300 digits is written too, which Python refuses unless told otherwise.)
///
/// A lone surrogate (`"\ud800"`) is text to Python, and it is printed again as it came. In
/// [raw UTF-8](BodyStyle::raw_utf8) no bytes stand for it; Python's `.encode()` fails there, and so
/// does this.
///
/// # Errors
///
/// [`NotJson`](EncodeErrorKind::NotJson), also for the `NaN` and `Infinity` that Python would read;
/// [`NotFinite`](EncodeErrorKind::NotFinite) for a float beyond a double's range;
/// [`LoneSurrogate`](EncodeErrorKind::LoneSurrogate) as said above;
/// [`TooDeep`](EncodeErrorKind::TooDeep) beyond 127 levels.
pub fn reencode(text: &[u8], style: BodyStyle) -> Result<Vec<u8>, EncodeError> {
    let node = reader::read(text, style, MAX_DEPTH)?;
    let mut body = String::with_capacity(text.len());
    node.write(style, &mut body);
    Ok(body.into_bytes())
}
