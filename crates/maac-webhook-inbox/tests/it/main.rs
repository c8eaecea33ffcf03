//! The stores and the worker, on real files.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod sqlite;
mod worker;
