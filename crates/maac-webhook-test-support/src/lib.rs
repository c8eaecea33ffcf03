//! What tests of several crates share: a client that writes raw bytes, and processes that end with their test.

#![allow(
    clippy::unwrap_used,
    clippy::exhaustive_structs,
    clippy::print_stderr,
    missing_docs,
    reason = "for tests alone"
)]

use std::time::Duration;

#[cfg(target_os = "linux")]
pub mod disk;
pub mod process;
pub mod secrecy;
mod skip;
pub mod supervised;
pub mod wire;

pub use skip::skip;

/// Longer than any machine takes: a test that waits for what never comes fails then.
pub const PATIENCE: Duration = Duration::from_secs(60);
