//! A load generator that costs little itself: a request, written and answered, over and over on each connection.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
};

pub(crate) const CONNECTIONS: usize = 16;

/// Makes the next request to be written.
pub(super) type Requests = Arc<dyn Fn() -> Bytes + Send + Sync>;

/// Connections to one route.
pub(super) struct Load {
    idle: Vec<TcpStream>,
    requests: Requests,
}

impl Load {
    pub(super) async fn connect(
        address: SocketAddr,
        connections: usize,
        requests: Requests,
    ) -> io::Result<Self> {
        let mut idle = Vec::with_capacity(connections);
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            idle.push(stream);
        }
        Ok(Self { idle, requests })
    }

    /// Keeps every connection busy for `time`: how many requests were answered 200, and in what time.
    pub(super) fn run(&mut self, runtime: &Runtime, time: Duration) -> io::Result<(u64, Duration)> {
        let start = Instant::now();
        let mut busy = JoinSet::new();
        for stream in self.idle.drain(..) {
            busy.spawn_on(keep_busy(stream, self.requests.clone(), start + time), runtime.handle());
        }
        let mut requests = 0;
        let outcomes = runtime.block_on(busy.join_all());
        let elapsed = start.elapsed();
        for outcome in outcomes {
            let (stream, answered) = outcome?;
            self.idle.push(stream);
            requests += answered;
        }
        Ok((requests, elapsed))
    }
}

async fn keep_busy(
    mut stream: TcpStream,
    requests: Requests,
    until: Instant,
) -> io::Result<(TcpStream, u64)> {
    let mut answered = 0;
    while Instant::now() < until {
        let status = exchange(&mut stream, &requests()).await?;
        if status != 200 {
            return Err(io::Error::other(format!("answered {status} under load")));
        }
        answered += 1;
    }
    Ok((stream, answered))
}

/// The status that one request on a connection of its own is answered.
pub(super) async fn status(address: SocketAddr, request: &[u8]) -> io::Result<u16> {
    exchange(&mut TcpStream::connect(address).await?, request).await
}

/// Every answer is without a body: it ends where its head does.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<u16> {
    stream.write_all(request).await?;
    let (mut answer, mut length) = ([0; 512], 0);
    while !answer[..length].ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut answer[length..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        length += read;
    }
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    status.and_then(|digits| digits.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
