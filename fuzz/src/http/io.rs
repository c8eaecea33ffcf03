//! A connection in memory.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives what was sent in reads of these sizes, each after a wait; then ends, once so many answers are there.
pub struct Io {
    sent: Vec<u8>,
    at: usize,
    reads: std::vec::IntoIter<u8>,
    waits: bool,
    output: Output,
    answers: usize,
    end_waits: Option<Waker>,
}

/// What the server wrote.
#[derive(Clone, Default)]
pub struct Output(Rc<RefCell<Vec<u8>>>);

impl Io {
    /// The connection ends once `answers` are written, or with its last byte where that is `usize::MAX`.
    pub fn new(sent: Vec<u8>, reads: &[u8], answers: usize) -> (Self, Output) {
        let output = Output::default();
        let io = Self {
            sent,
            at: 0,
            reads: reads.to_vec().into_iter(),
            waits: false,
            output: output.clone(),
            answers,
            end_waits: None,
        };
        (io, output)
    }
}

impl Output {
    /// The status of each answer but those that only say to go on.
    pub fn statuses(&self) -> Vec<u16> {
        let output = self.0.borrow();
        let mut statuses = Vec::new();
        let begin = b"HTTP/1.1 ";
        for (at, window) in output.windows(begin.len()).enumerate() {
            if window == begin {
                let digits = output.get(at + begin.len()..at + begin.len() + 3);
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
            if self.answers == usize::MAX || self.output.statuses().len() >= self.answers {
                return Poll::Ready(Ok(()));
            }
            self.end_waits = Some(context.waker().clone());
            return Poll::Pending;
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
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.output.0.borrow_mut().extend_from_slice(bytes);
        if let Some(waker) = self.end_waits.take() {
            waker.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
