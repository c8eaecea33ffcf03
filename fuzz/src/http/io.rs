//! A connection in memory.

use std::{
    cell::RefCell,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How long after the last byte the end comes: by a clock that goes on where nobody has anything to do, and sooner
/// than any time-out.
const QUIET: Duration = Duration::from_millis(10);

/// Gives what was sent in reads of these sizes, each after a wait; then ends, once the server waits for more.
pub struct Io {
    sent: Vec<u8>,
    at: usize,
    reads: std::vec::IntoIter<u8>,
    waits: bool,
    output: Output,
    end: Option<Pin<Box<Sleep>>>,
}

/// What the server wrote.
#[derive(Clone, Default)]
pub struct Output(Rc<RefCell<Vec<u8>>>);

impl Io {
    /// A connection, and what will be written to it.
    pub fn new(sent: Vec<u8>, reads: &[u8]) -> (Self, Output) {
        let (reads, output) = (reads.to_vec().into_iter(), Output::default());
        (Self { sent, at: 0, reads, waits: false, output: output.clone(), end: None }, output)
    }
}

impl Output {
    /// The status of each answer but those that only say to go on.
    pub fn statuses(&self) -> Vec<u16> {
        let output = self.0.borrow();
        let mut statuses = Vec::new();
        let begin = b"HTTP/1.";
        for (at, window) in output.windows(begin.len()).enumerate() {
            if window == begin {
                // The minor version, and a space.
                let at = at + begin.len() + 2;
                let digits = output.get(at..at + 3);
                let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
                statuses.push(digits.and_then(|digits| digits.parse().ok()).expect("a status"));
            }
        }
        statuses.retain(|status| *status != 100);
        statuses
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = self.sent.len() - self.at;
        if rest == 0 {
            let end = self.end.get_or_insert_with(|| Box::pin(sleep(QUIET)));
            ready!(end.as_mut().poll(context));
            return Poll::Ready(Ok(()));
        }
        self.waits = !self.waits;
        if self.waits && self.reads.len() > 0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let wanted = self.reads.next().map_or(rest, |size| usize::from(size).max(1));
        let length = wanted.min(rest).min(buffer.remaining());
        buffer.put_slice(&self.sent[self.at..self.at + length]);
        self.at += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.output.0.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
