//! Lines on their way to an output that may take them slowly or not at all.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// Bytes that may wait; beyond them lines are lost, and counted.
const ROOM: usize = 1024 * 1024;

/// Bytes that may wait with a line that matters.
const ROOM_FOR_ERRORS: usize = 2 * ROOM;

/// How often what is to be done besides writing is done.
const TICK: Duration = Duration::from_secs(1);

/// Takes lines at once, and has a thread write them.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    lost: u64,
    is_writing: bool,
}

impl Queue {
    /// Starts the thread, which also does `tick` about once a second.
    pub(super) fn start(out: impl Write + Send + 'static, tick: impl FnMut() + Send + 'static) -> Self {
        let queue = Self(Arc::default());
        let shared = queue.0.clone();
        thread::spawn(move || shared.write_all(out, tick));
        queue
    }

    pub(super) fn push(&self, line: Vec<u8>, is_error: bool) {
        let mut waiting = self.0.waiting();
        let room = if is_error { ROOM_FOR_ERRORS } else { ROOM };
        if waiting.bytes + line.len() > room {
            waiting.lost += 1;
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line);
        self.0.changed.notify_all();
    }

    /// Waits until each line is out, for so long.
    pub(super) fn flush(&self, patience: Duration) {
        let is_busy =
            |waiting: &mut Waiting| waiting.is_writing || waiting.lost > 0 || !waiting.lines.is_empty();
        let waited = self.0.changed.wait_timeout_while(self.0.waiting(), patience, is_busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut out: impl Write, mut tick: impl FnMut()) {
        let mut ticked = Instant::now();
        loop {
            // What cannot be written has nowhere to be told.
            if let Some(line) = self.next() {
                let _ = out.write_all(&line);
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                tick();
            }
        }
    }

    /// The next line, or the number of lost ones after those that waited; `None` where there is none for a while.
    fn next(&self) -> Option<Vec<u8>> {
        let mut waiting = self.waiting();
        waiting.is_writing = false;
        self.changed.notify_all();
        let is_idle = |waiting: &mut Waiting| waiting.lines.is_empty() && waiting.lost == 0;
        let woken = self.changed.wait_timeout_while(waiting, TICK, is_idle);
        let (mut waiting, _) = woken.unwrap_or_else(PoisonError::into_inner);
        let line = match waiting.lines.pop_front() {
            Some(line) => {
                waiting.bytes -= line.len();
                Some(line)
            }
            None => match std::mem::take(&mut waiting.lost) {
                0 => None,
                lost => {
                    Some(format!("{lost} lines of the log were lost: they were taken too slowly\n").into())
                }
            },
        };
        waiting.is_writing = line.is_some();
        line
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: self, is_error: false }
    }

    fn make_writer_for(&'a self, event: &tracing::Metadata<'_>) -> Line<'a> {
        Line { queue: self, is_error: *event.level() == tracing::Level::ERROR }
    }
}

/// What is written at once is a line.
pub(super) struct Line<'a> {
    queue: &'a Queue,
    is_error: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line.to_vec(), self.is_error);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Hands each line over, and takes no more until it is taken.
    struct Slow(mpsc::SyncSender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(String::from_utf8(bytes.to_vec()).unwrap()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_output_that_takes_nothing_loses_lines_but_no_error_and_says_how_many() {
        let (send, written) = mpsc::sync_channel(0);
        let queue = Queue::start(Slow(send), || {});
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..3000 {
            queue.push(line.clone().into(), false);
        }
        queue.push(b"an error\n".into(), true);
        let mut lines = 0;
        while written.recv().unwrap() == line {
            lines += 1;
        }
        // One of them may have been on its way.
        assert!(lines == 1024 || lines == 1025, "{lines}");
        let lost = 3000 - lines;
        assert!(written.recv().unwrap().starts_with(&format!("{lost} lines of the log were lost")));
        queue.push(b"and on\n".into(), false);
        assert_eq!(written.recv().unwrap(), "and on\n");
    }

    #[test]
    fn the_last_lines_are_out_once_it_is_flushed_and_a_stuck_output_is_not_waited_for() {
        let (send, written) = mpsc::channel();
        struct Quick(mpsc::Sender<usize>);
        impl Write for Quick {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.send(bytes.len()).map_err(io::Error::other)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let queue = Queue::start(Quick(send), || {});
        for _ in 0..1000 {
            queue.push(b"line\n".into(), false);
        }
        queue.flush(Duration::from_secs(30));
        assert_eq!(written.try_iter().sum::<usize>(), 5000);

        let (send, _written) = mpsc::sync_channel(0);
        let stuck = Queue::start(Slow(send), || {});
        stuck.push(b"line\n".into(), false);
        stuck.flush(Duration::from_millis(10));
    }
}
