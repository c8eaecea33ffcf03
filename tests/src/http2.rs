//! A client that speaks HTTP/2 from the first byte, and sends the frames it is told to.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header::CONTENT_LENGTH};
use maac_webhook_wire::{Answer, PATH, PATIENCE};
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
    let stream = TcpStream::connect(address).await.unwrap();
    // Small frames are not to wait for each other.
    stream.set_nodelay(true).unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    // It ends with the client.
    tokio::spawn(connection);
    let exchanging = async {
        let (answer, mut sending) = client.ready().await.unwrap().send_request(request, false).unwrap();
        // A receiver may answer and reset the stream before it has read a body that it refuses.
        for frame in frames {
            let _ = sending.send_data(frame.into(), false);
        }
        let _ = sending.send_data(Bytes::new(), true);

        let (parts, mut stream) = answer.await.unwrap().into_parts();
        let mut body = Vec::new();
        while let Some(frame) = stream.data().await {
            body.extend(frame.unwrap());
        }
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        Answer { status: parts.status.as_u16(), headers: headers.collect(), body }
    };
    timeout(PATIENCE, exchanging).await.unwrap()
}
