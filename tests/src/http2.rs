//! A client that speaks HTTP/2 from the first byte, and sends the frames it is told to.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::{Ping, PingPong, SendStream, client::ResponseFuture};
use http::{HeaderName, HeaderValue, Request, header::CONTENT_LENGTH};
use maac_webhook_test_support::{
    PATIENCE,
    wire::{Answer, PATH},
};
use tokio::{net::TcpStream, time::timeout};

fn post(headers: &[(&str, Vec<u8>)]) -> Request<()> {
    let mut request = Request::post(format!("http://localhost{PATH}")).body(()).unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

/// Posts a body of declared length.
pub async fn fixed(address: SocketAddr, headers: &[(&str, Vec<u8>)], body: &[u8]) -> Answer {
    let mut request = post(headers);
    request.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    exchange(address, request, vec![body.to_vec()]).await
}

/// Posts a body of undeclared length in frames of this size.
pub async fn undeclared(
    address: SocketAddr,
    headers: &[(&str, Vec<u8>)],
    body: &[u8],
    size: usize,
) -> Answer {
    exchange(address, post(headers), body.chunks(size).map(<[u8]>::to_vec).collect()).await
}

async fn exchange(address: SocketAddr, request: Request<()>, frames: Vec<Vec<u8>>) -> Answer {
    let mut exchange = Exchange::open(address, request).await;
    // A receiver may answer and reset the stream before it has read a body that it refuses.
    for frame in frames {
        let _ = exchange.body.send_data(frame.into(), false);
    }
    let _ = exchange.body.send_data(Bytes::new(), true);
    exchange.answer().await
}

/// A request whose head is sent, on a connection of its own.
#[derive(Debug)]
pub struct Exchange {
    answer: ResponseFuture,
    /// What is sent of the body.
    pub body: SendStream<Bytes>,
    pings: PingPong,
}

impl Exchange {
    async fn open(address: SocketAddr, request: Request<()>) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        // Small frames are not to wait for each other.
        stream.set_nodelay(true).unwrap();
        let (client, mut connection) = h2::client::handshake(stream).await.unwrap();
        let pings = connection.ping_pong().unwrap();
        // It ends with the exchange.
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let (answer, body) = client.send_request(request, false).unwrap();
        Self { answer, body, pings }
    }

    /// Begins a POST with a body of declared length, and sends so much of it.
    pub async fn begin(address: SocketAddr, headers: &[(&str, Vec<u8>)], length: usize, sent: &[u8]) -> Self {
        let mut request = post(headers);
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
        let mut exchange = Self::open(address, request).await;
        exchange.body.send_data(Bytes::copy_from_slice(sent), false).unwrap();
        exchange
    }

    /// Waits until the receiver has read what was sent.
    pub async fn flush(&mut self) {
        // The first ping may overtake frames that wait to be sent, but then they go before the second.
        for _ in 0..2 {
            timeout(PATIENCE, self.pings.ping(Ping::opaque())).await.unwrap().unwrap();
        }
    }

    /// Reads the answer.
    pub async fn answer(self) -> Answer {
        let reading = async {
            let (parts, mut stream) = self.answer.await.unwrap().into_parts();
            let mut body = Vec::new();
            while let Some(frame) = stream.data().await {
                body.extend(frame.unwrap());
            }
            let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
            let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
            Answer { status: parts.status.as_u16(), headers: headers.collect(), body }
        };
        timeout(PATIENCE, reading).await.unwrap()
    }
}
