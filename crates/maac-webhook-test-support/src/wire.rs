//! An HTTP/1.1 client that writes the bytes it is told to.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
    time::timeout,
};

use crate::PATIENCE;

/// The path that the tests' receivers listen at.
pub const PATH: &str = "/webhooks/maac";

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }
}

/// The head of a request that closes its connection, up to its last header.
#[must_use]
pub fn head(method: &str, path: &str, headers: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let line = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let mut head = line.into_bytes();
    for (name, value) in headers {
        head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head
}

/// A whole request with a body of declared length.
#[must_use]
pub fn request(method: &str, path: &str, headers: &[(&str, Vec<u8>)], body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    [&head(method, path, headers)[..], length.as_bytes(), body].concat()
}

/// A whole POST with a body of declared length.
#[must_use]
pub fn fixed(headers: &[(&str, Vec<u8>)], body: &[u8]) -> Vec<u8> {
    request("POST", PATH, headers, body)
}

/// A whole POST with its body in chunks of this size.
#[must_use]
pub fn chunked(headers: &[(&str, Vec<u8>)], body: &[u8], size: usize) -> Vec<u8> {
    let mut request = [&head("POST", PATH, headers)[..], b"Transfer-Encoding: chunked\r\n\r\n"].concat();
    for chunk in body.chunks(size) {
        request.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    }
    request.extend(b"0\r\n\r\n");
    request
}

/// Writes the request and reads the answer.
pub async fn exchange(address: impl ToSocketAddrs, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A receiver may answer and close before it has read a body that it refuses.
    let _ = stream.write_all(request).await;
    answer(&mut stream).await
}

/// Writes the head of a POST that wants to be told to continue, and its body only once it was; or reads what
/// is answered by the head alone.
pub async fn exchange_expecting(
    address: impl ToSocketAddrs,
    headers: &[(&str, Vec<u8>)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let expecting = format!("Expect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len());
    let head = [head("POST", PATH, headers), expecting.into_bytes()].concat();
    stream.write_all(&head).await.unwrap();
    let first = answer(&mut stream).await;
    if first.status != 100 {
        return first;
    }
    let _ = stream.write_all(body).await;
    answer_after(first.body, &mut stream).await
}

/// Reads an answer: up to its declared length, since a server may linger before it closes, or to the end of
/// the connection. What follows an interim answer is its body.
pub async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    answer_after(Vec::new(), stream).await
}

async fn answer_after(mut bytes: Vec<u8>, stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    let mut piece = [0; 4096];
    let reading = async {
        while !is_whole(&bytes) {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(read) => bytes.extend_from_slice(&piece[..read]),
            }
        }
    };
    // What has come by then may still be an answer, or is shown.
    let _ = timeout(PATIENCE, reading).await;
    parse(&bytes)
}

fn is_whole(bytes: &[u8]) -> bool {
    if !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        return false;
    }
    let answer = parse(bytes);
    let length = answer.header("content-length").map(|length| length.parse().unwrap());
    let length = if answer.status < 200 { Some(0) } else { length };
    length.is_some_and(|length| answer.body.len() >= length)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: bytes[end + 4..].to_vec() }
}
