//! The binary, run as its users run it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod admin;
mod check;
#[cfg(target_os = "linux")]
mod forward;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(unix)]
mod grade;
mod idle;
mod inbox;
mod invocations;
mod listen;
#[cfg(target_os = "linux")]
mod overload;
mod python;
mod rotate;
mod sandbox;
mod secrecy;
mod support;
