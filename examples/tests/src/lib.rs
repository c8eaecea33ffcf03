//! What the examples' tests share: each example is run, and driven by the mock.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "for tests alone")]

mod example;
mod minimal;
mod suite;
mod upsert;

pub use minimal::prints_a_line_per_event;
pub use suite::passes_the_suite;
pub use upsert::{has_one_row_per_event, has_one_row_per_event_after_its_inbox};
