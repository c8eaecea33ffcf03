use std::fmt;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{ResponseRecord, TransportError, TransportErrorKind};
use crate::RecordedBody;

/// A connection whose bytes are written by hand, for a request that no HTTP client would make, or for half of one.
///
/// It has no time limit of its own. Dropped, it is closed.
pub struct RawConnection {
    stream: Box<dyn Stream>,
    cap: usize,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl RawConnection {
    /// How many headers of an answer are read.
    const HEADERS: usize = 100;

    /// How much of an answer's head is read, in bytes.
    const HEAD: usize = 64 * 1024;

    pub(super) fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, cap: usize) -> Self {
        Self { stream: Box::new(stream), cap }
    }

    /// Writes these bytes as they are. Where the receiver has answered and closes, they may be lost without an error.
    ///
    /// # Errors
    ///
    /// What the system says of the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(|error| TransportError::connecting(&error))
    }

    /// Reads an answer: its head, and its body as far as its length, the connection's end or the transport's cap. An interim
    /// answer, as `100 Continue`, is skipped, and the framing of chunks is left as it came.
    ///
    /// # Errors
    ///
    /// A connection that ends before a whole head, a head that is none or is too large.
    pub async fn answer(&mut self) -> Result<ResponseRecord, TransportError> {
        let mut bytes = BytesMut::new();
        let (mut answer, length) = loop {
            if let Some((answer, head, length)) = head_of(&bytes)? {
                let _ = bytes.split_to(head);
                if answer.status >= 200 {
                    break (answer, length);
                }
                continue;
            }
            if bytes.len() > Self::HEAD {
                return Err(protocol("the answer's head is too large"));
            }
            if self.read(&mut bytes).await? == 0 {
                let why = "the connection ended before an answer";
                return Err(TransportError::new(TransportErrorKind::Closed, why));
            }
        };
        let ended = |bytes: &BytesMut| match length {
            Length::Known(length) => bytes.len() as u64 >= length,
            Length::Chunked => bytes.ends_with(b"0\r\n\r\n"),
            Length::UntilTheEnd => false,
        };
        while !ended(&bytes) && bytes.len() <= self.cap {
            // What has come by then is the answer.
            if matches!(self.read(&mut bytes).await, Ok(0) | Err(_)) {
                break;
            }
        }
        answer.truncated = bytes.len() > self.cap;
        bytes.truncate(self.cap);
        answer.body = RecordedBody(bytes.freeze());
        Ok(answer)
    }

    async fn read(&mut self, bytes: &mut BytesMut) -> Result<usize, TransportError> {
        let mut piece = [0; 4096];
        let read = self.stream.read(&mut piece).await.map_err(|error| TransportError::connecting(&error))?;
        bytes.extend_from_slice(&piece[..read]);
        Ok(read)
    }
}

enum Length {
    Known(u64),
    Chunked,
    UntilTheEnd,
}

/// An answer's head, how long it is and how long its body; `None` where the head is not whole.
fn head_of(bytes: &[u8]) -> Result<Option<(ResponseRecord, usize, Length)>, TransportError> {
    let mut headers = [httparse::EMPTY_HEADER; RawConnection::HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(protocol(error.to_string())),
    };
    let mut answer = ResponseRecord::new(response.code.unwrap_or_default(), Bytes::new());
    let mut length = Length::UntilTheEnd;
    for header in response.headers.iter() {
        let value = String::from_utf8_lossy(header.value).into_owned();
        if header.name.eq_ignore_ascii_case("Transfer-Encoding") {
            length = Length::Chunked;
        } else if header.name.eq_ignore_ascii_case("Content-Length")
            && let Ok(known) = value.trim().parse()
        {
            length = Length::Known(known);
        }
        answer.headers.push((header.name.to_owned(), value));
    }
    if answer.status < 200 || [204, 304].contains(&answer.status) {
        length = Length::Known(0);
    }
    Ok(Some((answer, head, length)))
}

fn protocol(why: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Protocol, why)
}

impl fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConnection").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of these bytes, of which the stream ends.
    async fn read(bytes: &[u8]) -> Result<ResponseRecord, TransportError> {
        let stream = tokio::io::join(std::io::Cursor::new(bytes.to_vec()), tokio::io::sink());
        RawConnection::new(stream, 10).answer().await
    }

    #[tokio::test]
    async fn an_answer_is_read_as_far_as_its_length_its_end_or_the_cap() {
        for (wire, body, truncated) in [
            ("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno more", "no more", false),
            ("HTTP/1.1 400 Bad\r\n\r\nno", "no", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\n\r\nno", "no", false),
            (
                "HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
                "2\r\nno\r\n0\r\n",
                true,
            ),
            ("HTTP/1.1 400 Bad\r\n\r\n0123456789a", "0123456789", true),
        ] {
            let answer = read(wire.as_bytes()).await.unwrap();
            assert_eq!((answer.status, answer.truncated), (400, truncated), "{wire}");
            assert_eq!(answer.body.as_text(), Some(body), "{wire}");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: 0123456789\r\n".repeat(99)).repeat(80);
        for (wire, kind) in [
            ("", TransportErrorKind::Closed),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", TransportErrorKind::Closed),
            ("SSH-2.0-OpenSSH\r\n\r\n", TransportErrorKind::Protocol),
            (endless.as_str(), TransportErrorKind::Protocol),
        ] {
            assert_eq!(read(wire.as_bytes()).await.unwrap_err().kind(), kind);
        }
    }
}
