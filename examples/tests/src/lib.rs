//! What the examples' tests share: each example is run, and driven by the mock.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "for tests alone")]

mod example;
mod minimal;
mod upsert;

pub use minimal::prints_a_line_per_event;
pub use upsert::{has_one_row_per_event, has_one_row_per_event_after_its_inbox};
