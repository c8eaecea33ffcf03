//! The sandbox from outside: what it keeps, and what it delivers to a receiver over a real socket.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chromium;
mod console;
mod log;
mod pushed;
mod restart;
mod support;
