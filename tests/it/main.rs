//! What crosses crates, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod bad_input;
mod fidelity;
mod parity;
mod scenarios;
