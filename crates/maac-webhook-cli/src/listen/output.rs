//! Lines on an output that may fail in the middle of one.

use std::{
    fs::File,
    io::{self, Write},
    thread,
    time::Duration,
};

use crate::receiver::Sink;

/// Writes each line whole and by itself: one that could not be written whole is ended before the next begins, so that
/// it spoils no other.
pub(super) struct Lines<W> {
    out: W,
    torn: bool,
}

/// How long to wait for an output that takes nothing at the moment.
const PAUSE: Duration = Duration::from_millis(1);

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, torn: false }
    }

    /// All of it, whatever becomes of the rest; a pipe that was set not to block is waited for.
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.flush()
    }
}

impl<W: Write + Send + 'static> Sink for Lines<W> {
    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.torn {
            self.write_all(b"\n")?;
        }
        self.torn = true;
        self.write_all(line.as_bytes())?;
        self.torn = false;
        Ok(())
    }
}

/// Standard output without the buffer of the standard library, which would write what is left of a torn line later.
#[cfg(unix)]
pub(super) fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;

    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
pub(super) fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;

    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Takes so many bytes, then fails once; at most three at a time.
    #[derive(Clone, Default)]
    struct Failing {
        taken: Arc<Mutex<Vec<u8>>>,
        fails_after: Arc<Mutex<Option<(usize, io::ErrorKind)>>>,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = self.taken.lock().unwrap();
            let mut fails_after = self.fails_after.lock().unwrap();
            let mut room = bytes.len().min(3);
            if let Some((at, kind)) = *fails_after {
                room = room.min(at - taken.len());
                if room == 0 {
                    *fails_after = None;
                    return Err(kind.into());
                }
            }
            taken.extend_from_slice(&bytes[..room]);
            Ok(room)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(kind: io::ErrorKind, after: usize) -> (Vec<bool>, String) {
        let out = Failing::default();
        *out.fails_after.lock().unwrap() = Some((after, kind));
        let mut lines = Lines::new(out.clone());
        let whole = ["one\n", "two\n", "three\n"].map(|line| lines.write(line).is_ok()).to_vec();
        let taken = out.taken.lock().unwrap().clone();
        (whole, String::from_utf8(taken).unwrap())
    }

    #[test]
    fn a_line_that_was_cut_spoils_no_other() {
        for after in 0.."one\ntwo\nthree\n".len() {
            let (whole, text) = written(io::ErrorKind::StorageFull, after);
            let found: Vec<&str> = text.lines().collect();
            assert_eq!(whole.iter().filter(|whole| !**whole).count(), 1, "after {after}");
            for (line, whole) in ["one", "two", "three"].iter().zip(whole) {
                assert!(!whole || found.contains(line), "after {after}: {text:?}");
            }
        }
    }

    #[test]
    fn an_output_that_takes_nothing_for_the_moment_is_waited_for() {
        for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted] {
            for after in 0..13 {
                assert_eq!(written(kind, after), (vec![true; 3], "one\ntwo\nthree\n".to_owned()));
            }
        }
    }
}
