//! The mock against receivers of every kind, right ones and wrong ones.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod behaviour;
mod failures;
mod receivers;
mod scenarios;
mod tampering;
mod targets;
mod wire;
