//! For tests: what the log says.

use std::{
    io,
    sync::{Arc, Mutex, Once},
};

/// What is logged while this runs, on this thread.
pub(crate) fn log_of<T>(run: impl FnOnce() -> T) -> (T, String) {
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

    // Somebody is always interested: a line that another test comes to first, without a subscriber, is otherwise left out for
    // good where it is registered while this one's subscriber is.
    static INTERESTED: Once = Once::new();
    INTERESTED.call_once(|| {
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    });
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
    let result = tracing::subscriber::with_default(log.finish(), run);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (result, text)
}
