//! The same again and again is told a few times, and then by number.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// How often the same is told within [`WINDOW`]; what is more is counted, and told at its end.
const TOLD: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

/// The numbers themselves are never left out.
const NUMBERS: &str = "maac_webhook::repeats";

/// Admits so many events of a kind at a time: of one place in the code, and there with one `kind`. What is asked for
/// by `RUST_LOG` beyond `info` is admitted all.
#[derive(Clone, Default)]
pub(super) struct Repeats(Arc<Mutex<HashMap<Key, Told>>>);

type Key = (Identifier, Option<String>);

struct Told {
    level: Level,
    message: String,
    since: Instant,
    times: u32,
    more: u64,
}

impl Repeats {
    fn admits(&self, event: &Event<'_>, now: Instant) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == NUMBERS {
            return true;
        }
        let mut kind = Kind(None);
        event.record(&mut kind);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = all.entry((metadata.callsite(), kind.0)).or_insert_with(|| Told::new(event, now));
        if told.more == 0 && told.is_over(now) {
            *told = Told::new(event, now);
        }
        if told.times < TOLD {
            told.times += 1;
            return true;
        }
        told.more += 1;
        false
    }

    /// Tells by number what was left out of windows that are over.
    pub(super) fn report(&self, now: Instant) {
        self.report_if(|told| told.is_over(now));
    }

    /// Tells by number whatever was left out.
    pub(super) fn report_all(&self) {
        self.report_if(|_| true);
    }

    fn report_if(&self, is_due: impl Fn(&Told) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due: Vec<_> = all.extract_if(|_, told| is_due(told)).collect();
        drop(all);
        for ((_, kind), Told { level, message, more, .. }) in due {
            let kind = kind.as_deref();
            match level {
                _ if more == 0 => {}
                Level::ERROR => tracing::error!(target: NUMBERS, kind, "and {more} more like: {message}"),
                Level::WARN => tracing::warn!(target: NUMBERS, kind, "and {more} more like: {message}"),
                _ => tracing::info!(target: NUMBERS, kind, "and {more} more like: {message}"),
            }
        }
    }
}

impl Told {
    fn new(event: &Event<'_>, now: Instant) -> Self {
        let mut message = Message(String::new());
        event.record(&mut message);
        Self { level: *event.metadata().level(), message: message.0, since: now, times: 0, more: 0 }
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WINDOW
    }
}

struct Kind(Option<String>);

impl Visit for Kind {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "kind" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber> Layer<S> for Repeats {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.admits(event, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce(&Repeats)) -> String {
        let (repeats, lines) = (Repeats::default(), Lines::default());
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_target(false);
        let registry = tracing_subscriber::registry().with(layer.with_writer(move || writer.clone()));
        tracing::subscriber::with_default(registry.with(repeats.clone()), || log(&repeats));
        let lines = lines.0.lock().unwrap().clone();
        String::from_utf8(lines).unwrap()
    }

    fn warn(kind: &str) {
        tracing::warn!(kind, "rejected: {kind}");
    }

    #[test]
    fn a_flood_is_a_few_lines_and_a_number_and_drowns_nothing_else() {
        let log = logged(|repeats| {
            for _ in 0..1000 {
                warn("forged");
            }
            warn("late");
            tracing::error!("the output is gone");
            repeats.report(Instant::now());
            repeats.report(Instant::now() + WINDOW);
            repeats.report(Instant::now() + 2 * WINDOW);
        });
        let told = " WARN rejected: forged kind=\"forged\"\n".repeat(10);
        assert_eq!(
            log,
            format!(
                "{told} WARN rejected: late kind=\"late\"\nERROR the output is gone\n WARN and 990 more like: \
                 rejected: forged kind=\"forged\"\n"
            )
        );
    }

    #[test]
    fn what_is_over_is_told_anew_and_what_was_left_out_at_the_end() {
        let log = logged(|repeats| {
            for _ in 0..2 {
                for _ in 0..10 {
                    warn("forged");
                }
                repeats.report(Instant::now() + WINDOW);
            }
            assert!(repeats.0.lock().unwrap().is_empty());
            for _ in 0..11 {
                warn("forged");
            }
            repeats.report_all();
        });
        assert_eq!(log.matches(" WARN rejected").count(), 30, "{log}");
        assert!(log.ends_with(" WARN and 1 more like: rejected: forged kind=\"forged\"\n"), "{log}");
    }

    #[test]
    fn what_was_asked_for_beyond_the_usual_is_all_there() {
        let log = logged(|_| (0..100).for_each(|_| tracing::debug!("a detail")));
        assert_eq!(log.matches("DEBUG a detail").count(), 100);
    }
}
