/// How a body's JSON is written. The default is exactly what `json.dumps` writes.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BodyStyle {
    /// Characters outside ASCII are written as UTF-8, not as `\uXXXX`: `ensure_ascii=False`.
    pub raw_utf8: bool,
    /// No space after `,` and `:`: `separators=(",", ":")`.
    pub compact: bool,
}

impl BodyStyle {
    /// `json.dumps` with its default arguments.
    #[must_use]
    pub const fn python() -> Self {
        Self { raw_utf8: false, compact: false }
    }

    /// The same with characters outside ASCII as UTF-8.
    #[must_use]
    pub const fn raw_utf8(self) -> Self {
        Self { raw_utf8: true, ..self }
    }

    /// The same without spaces after `,` and `:`.
    #[must_use]
    pub const fn compact(self) -> Self {
        Self { compact: true, ..self }
    }

    pub(super) const fn comma(self) -> &'static str {
        if self.compact { "," } else { ", " }
    }

    pub(super) const fn colon(self) -> &'static str {
        if self.compact { ":" } else { ": " }
    }
}
