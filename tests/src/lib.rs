//! What the tests that cross crates share: the table of requests, receivers on real sockets, an HTTP/2 client,
//! and the log.
//!
//! The README is here too, so that its examples are compiled and run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::exhaustive_enums,
    missing_docs,
    reason = "for tests alone"
)]

pub mod http2;
pub mod logs;
pub mod receivers;
pub mod vectors;

/// The README's examples are compiled, and run where they can be.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
