//! The log of what runs on this thread.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use maac_webhook_test_support::secrecy;
use tracing::subscriber::DefaultGuard;

/// Collects every log line that our own crates write on this thread for as long as it lives.
#[derive(Debug)]
pub struct Logs {
    lines: Lines,
    _guard: DefaultGuard,
}

#[derive(Clone, Debug, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Logs {
    #[must_use]
    pub fn capture() -> Self {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            // The frames of HTTP/2 would be most of the log, and of the time that a test takes.
            .with_env_filter("maac_webhook=trace")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The lines so far; they are taken. None may hold a payload.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.lines.0.lock().unwrap())).unwrap();
        secrecy::assert_no_payload(&text);
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
