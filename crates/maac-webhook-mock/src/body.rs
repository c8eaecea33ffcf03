use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// The body of a mocked request: it may come in pieces, take its time, or break off.
#[derive(Debug)]
pub struct MockBody {
    rest: Bytes,
    /// How large a piece is at most, in bytes.
    piece: usize,
    pause: Option<Duration>,
    /// What the next piece waits for.
    wait: Wait,
    /// What is left of the declared length; `None` for a body in chunks.
    left: Option<u64>,
    broken_off: Option<BrokenOff>,
    read: BodyRead,
}

/// How much of a body was read, for whoever sent it.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyRead(Arc<AtomicU64>);

impl BodyRead {
    /// In bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
enum Wait {
    Nothing,
    /// The reader's next turn, so that it meets a body that is not there yet.
    Turn,
    Timer(Pin<Box<Sleep>>),
}

/// A [`MockBody`] ended before its declared length, as when the connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenOff {
    /// How many bytes came.
    pub received: u64,
    /// How many were declared.
    pub declared: u64,
}

impl MockBody {
    /// All of it at once.
    pub(crate) fn whole(body: Bytes) -> Self {
        let left = Some(body.len() as u64);
        Self {
            rest: body,
            piece: usize::MAX,
            pause: None,
            wait: Wait::Nothing,
            left,
            broken_off: None,
            read: BodyRead::default(),
        }
    }

    /// A byte at a time, with this pause before each but the first.
    pub(crate) fn dripped(body: Bytes, pause: Duration) -> Self {
        Self { piece: 1, pause: Some(pause), ..Self::whole(body) }
    }

    /// In chunks, its length not declared.
    pub(crate) fn chunked(body: Bytes, size: usize) -> Self {
        Self { piece: size, left: None, ..Self::whole(body) }
    }

    /// These bytes, where `declared` were announced: what is beyond is cut off, as a server does it, and where some
    /// are missing the body breaks off.
    pub(crate) fn declared(body: Bytes, declared: u64) -> Self {
        let received = body.len() as u64;
        let kept = usize::try_from(declared).map_or(body.len(), |declared| declared.min(body.len()));
        let broken_off = (received < declared).then_some(BrokenOff { received, declared });
        let wait = if received == 0 { Wait::Turn } else { Wait::Nothing };
        Self { left: Some(declared), wait, broken_off, ..Self::whole(body.slice(..kept)) }
    }

    /// The same in pieces of this many bytes at most, whether or not its length is declared.
    pub(crate) fn in_pieces(self, size: usize) -> Self {
        Self { piece: self.piece.min(size), ..self }
    }

    /// How many bytes it is yet to give.
    pub(crate) fn len(&self) -> u64 {
        self.rest.len() as u64
    }

    /// How much of it is read, as it is being read.
    pub(crate) fn read(&self) -> BodyRead {
        self.read.clone()
    }
}

impl Body for MockBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut self.wait {
            Wait::Nothing => {}
            Wait::Turn => {
                self.wait = Wait::Nothing;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Wait::Timer(timer) => {
                ready!(timer.as_mut().poll(context));
                self.wait = Wait::Nothing;
            }
        }
        if self.rest.is_empty() {
            return Poll::Ready(self.broken_off.take().map(Err));
        }
        let size = self.piece.min(self.rest.len());
        let piece = self.rest.split_to(size);
        if self.rest.is_empty() && self.broken_off.is_some() {
            // What came before goes out only while a body is waited for.
            self.wait = Wait::Turn;
        }
        if let Some(pause) = self.pause.filter(|_| !self.rest.is_empty()) {
            // A timer of no time takes a millisecond.
            self.wait = if pause.is_zero() { Wait::Turn } else { Wait::Timer(Box::pin(sleep(pause))) };
        }
        self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
        self.read.0.fetch_add(piece.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.broken_off.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body broke off after {} of {} bytes", self.received, self.declared)
    }
}

impl std::error::Error for BrokenOff {}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::time::Instant;

    use super::*;

    const BODY: Bytes = Bytes::from_static(b"0123456789");

    /// The pieces, and how it ended.
    async fn read(mut body: MockBody) -> (Vec<Bytes>, Option<BrokenOff>) {
        let mut pieces = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => pieces.push(frame.into_data().unwrap()),
                Err(error) => return (pieces, Some(error)),
            }
        }
        (pieces, None)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_whole_dripped_or_in_chunks() {
        assert_eq!(MockBody::whole(BODY).size_hint().exact(), Some(10));
        assert_eq!(read(MockBody::whole(BODY)).await, (vec![BODY], None));

        let began = Instant::now();
        let (pieces, end) = read(MockBody::dripped(BODY, Duration::from_secs(1))).await;
        assert_eq!((pieces.len(), pieces.concat(), end), (10, BODY.to_vec(), None));
        assert_eq!(began.elapsed().as_secs(), 9);

        assert_eq!(read(MockBody::dripped(BODY, Duration::ZERO)).await.0.len(), 10);

        assert_eq!(MockBody::chunked(BODY, 4).size_hint().exact(), None);
        assert_eq!(read(MockBody::chunked(BODY, 4)).await.0, ["0123", "4567", "89"]);
    }

    #[tokio::test]
    async fn what_is_read_is_counted_and_what_is_left_is_not() {
        let mut body = MockBody::whole(BODY).in_pieces(4);
        let count = body.read();
        assert_eq!((body.len(), count.bytes()), (10, 0));
        let _ = body.frame().await;
        assert_eq!((body.len(), body.size_hint().exact(), count.bytes()), (6, Some(6), 4));
        drop(body);
        assert_eq!(count.bytes(), 4);
    }

    #[tokio::test]
    async fn a_wrong_length_cuts_the_body_or_breaks_it_off() {
        assert_eq!(MockBody::declared(BODY, 3).size_hint().exact(), Some(3));
        assert_eq!(read(MockBody::declared(BODY, 3)).await, (vec![BODY.slice(..3)], None));

        assert_eq!(MockBody::declared(BODY, 11).size_hint().exact(), Some(11));
        let (pieces, end) = read(MockBody::declared(BODY, 11)).await;
        assert_eq!(pieces, [BODY]);
        assert_eq!(end.unwrap().to_string(), "the body broke off after 10 of 11 bytes");
    }
}
