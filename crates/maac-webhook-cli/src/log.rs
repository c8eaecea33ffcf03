//! What goes to standard error.

use std::{
    fmt::Display,
    io::{IsTerminal, Write, stderr},
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// Starts the log; `RUST_LOG` sets how much of it, `info` by default.
pub(crate) fn start() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .init();
}

/// A line for the person at the terminal, not an event of the log. One that cannot be written is not worth
/// failing for.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

pub(crate) fn error_line(error: &impl Display) {
    line(format_args!("error: {error}"));
}
