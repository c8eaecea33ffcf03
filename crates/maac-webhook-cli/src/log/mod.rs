//! What goes to standard error: never waited for by what it tells of, and never more than somebody can read.

mod queue;
mod repeats;

use std::{
    fmt::Display,
    io::{IsTerminal, Write, stderr},
    sync::OnceLock,
    time::{Duration, Instant},
};

use tracing_subscriber::{EnvFilter, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

use self::{queue::Queue, repeats::Repeats};

/// How long the last lines are waited for at the end.
const LAST_LINES: Duration = Duration::from_secs(1);

static LOG: OnceLock<(Queue, Repeats)> = OnceLock::new();

/// Starts the log; `RUST_LOG` sets how much of it, `info` by default.
pub(crate) fn start() {
    let levels = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let repeats = Repeats::default();
    let reported = repeats.clone();
    let queue = Queue::start(stderr(), move || reported.report(Instant::now()));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(queue.clone())
        .with_ansi(stderr().is_terminal())
        .with_target(false);
    tracing_subscriber::registry().with(lines).with(levels).with(repeats.clone()).init();
    let _ = LOG.set((queue, repeats));
}

/// Says what was left out and lets the last lines out, for a while.
pub(crate) fn finish() {
    if let Some((queue, repeats)) = LOG.get() {
        repeats.report_all();
        queue.flush(LAST_LINES);
    }
}

/// A line for the person at the terminal, not an event of the log. One that cannot be written is not worth
/// failing for.
pub(crate) fn line(text: impl Display) {
    let line = format!("{text}\n");
    match LOG.get() {
        Some((queue, _)) => queue.push(line.into(), true),
        None => {
            let _ = stderr().write_all(line.as_bytes());
        }
    }
}

pub(crate) fn error_line(error: &impl Display) {
    line(format_args!("error: {error}"));
}
