use std::cell::Cell;
use std::io::{self, Write};

use serde_json::ser::Formatter;

use super::{BodyStyle, EncodeErrorKind, MAX_DEPTH, number, reader, text};

/// Prints what `serde_json` serializes the way Python does.
///
/// `serde_json` escapes quotes, backslashes and control characters as Python does; the rest is here.
pub(super) struct PythonFormatter<'f> {
    style: BodyStyle,
    depth: usize,
    scratch: String,
    fault: &'f Cell<Option<EncodeErrorKind>>,
}

impl<'f> PythonFormatter<'f> {
    pub(super) fn new(style: BodyStyle, fault: &'f Cell<Option<EncodeErrorKind>>) -> Self {
        Self { style, depth: MAX_DEPTH, scratch: String::new(), fault }
    }

    fn refuse(&self, kind: EncodeErrorKind) -> io::Error {
        self.fault.set(Some(kind));
        io::Error::other(kind.to_string())
    }

    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.refuse(EncodeErrorKind::TooDeep));
        };
        self.depth = depth;
        writer.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(bracket)
    }

    fn separate<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if first {
            return Ok(());
        }
        writer.write_all(self.style.comma().as_bytes())
    }
}

impl Formatter for PythonFormatter<'_> {
    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        writer.write_all(number::repr(value).as_bytes())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number::repr(value).as_bytes())
    }

    /// Called only where some crate of the program enables `serde_json/arbitrary_precision`.
    fn write_number_str<W: ?Sized + Write>(&mut self, writer: &mut W, value: &str) -> io::Result<()> {
        let printed = number::reprint(value).map_err(|kind| self.refuse(kind))?;
        writer.write_all(printed.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.scratch.clear();
        for character in fragment.chars() {
            text::push_char(&mut self.scratch, character, self.style.raw_utf8);
        }
        writer.write_all(self.scratch.as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let node = reader::read(fragment.as_bytes(), self.style, self.depth)
            .map_err(|error| self.refuse(error.kind()))?;
        self.scratch.clear();
        node.write(self.style, &mut self.scratch);
        writer.write_all(self.scratch.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.style.colon().as_bytes())
    }
}
