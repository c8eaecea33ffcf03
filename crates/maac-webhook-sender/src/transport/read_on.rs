use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that is read on when it cannot be written any more.
///
/// A receiver may answer before it has read the whole body (413 to a large one) and close. The rest of the
/// body then meets a reset, while the answer is there to be read. So a write that meets one waits, for good: no more of
/// the body is asked for, and the error comes out where there is nothing more to read.
#[derive(Debug)]
pub(super) struct ReadOn<S> {
    stream: S,
    unwritable: Option<io::Error>,
}

impl<S> ReadOn<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, unwritable: None }
    }

    fn written(&mut self, write: impl FnOnce(&mut S) -> Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if self.unwritable.is_some() {
            return Poll::Pending;
        }
        match ready!(write(&mut self.stream)) {
            Err(error) if is_broken(&error) => {
                self.unwritable = Some(error);
                Poll::Pending
            }
            result => Poll::Ready(result),
        }
    }
}

fn is_broken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadOn<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let ended = result.is_err() || buffer.filled().len() == before;
        match self.unwritable.take_if(|_| ended) {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Ready(result),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadOn<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written(|stream| Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.written(|stream| Pin::new(stream).poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// It breaks at each write and has an answer to be read.
    struct Broken(&'static [u8]);

    impl AsyncRead for Broken {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(context, buffer)
        }
    }

    impl AsyncWrite for Broken {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_broken_write_is_told_once_the_answer_has_been_read() {
        let mut stream = ReadOn::new(Broken(b"413"));
        let writing = std::future::poll_fn(|context| {
            Poll::Ready(Pin::new(&mut stream).poll_write(context, b"a body").is_pending())
        });
        assert!(writing.await, "no more is asked for");
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"413");
        let error = stream.read(&mut answer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
