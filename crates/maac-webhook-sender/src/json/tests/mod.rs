#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod encode;
mod properties;
mod reencode;
mod vectors;

use super::BodyStyle;

const STYLES: [BodyStyle; 4] = [
    BodyStyle::python(),
    BodyStyle::python().raw_utf8(),
    BodyStyle::python().compact(),
    BodyStyle::python().raw_utf8().compact(),
];

/// An array of `depth` levels.
fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}
