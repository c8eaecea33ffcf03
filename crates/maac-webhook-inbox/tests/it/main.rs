//! The stores and the worker, on real files and a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[cfg(target_os = "linux")]
mod flush;
mod metrics;
mod model;
mod postgres;
mod quarantine;
mod sqlite;
mod worker;
