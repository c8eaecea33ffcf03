//! The suite on receivers that are right, that are wrong on purpose, and that are out to break it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod attackers;
mod documents;
mod flaw;
mod flawed;
mod flaws;
mod front;
mod hints;
mod languages;
mod probes;
mod reports;
mod selection;
mod support;
mod topics;
