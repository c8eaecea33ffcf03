//! Genuine events, one by one or as fast as they are answered.

use std::{
    fmt,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, interval, sleep, timeout},
};

use super::{flood::connect_from, sign};

/// How long an answer is waited for: as long as the reference sender does.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of an event, after all of its attempts.
#[derive(Debug)]
pub(super) struct Genuine {
    pub(super) status: Option<u16>,
    /// From the first attempt to the last answer.
    pub(super) took: Duration,
    pub(super) attempts: usize,
}

/// An event that nobody sent before.
fn request() -> Vec<u8> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Relaxed);
    let own = std::process::id();
    let body = format!(
        r#"{{"timestamp": "2025-11-28T10:00:00.000000+08:00", "topic": "prize.points_added", "data": {{"points_id": "{own}-{count}", "points_memo": "{}", "points_count": 1.0}}}}"#,
        "m".repeat(500)
    );
    let head = format!(
        "POST /webhooks/maac HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\nCrescLab-Signature: {}\r\nCrescLab-Idempotency-Key: {own}-{count}\r\nContent-Length: {}\r\n\r\n",
        sign(body.as_bytes()),
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Sends one event each time, on a connection of its own, with MAAC's retries.
pub(super) async fn one_by_one(address: SocketAddr, lasts: Duration, each: Duration) -> Vec<Genuine> {
    let (mut ticks, begun, mut sent) = (interval(each), Instant::now(), JoinSet::new());
    while begun.elapsed() < lasts {
        ticks.tick().await;
        sent.spawn(with_retries(address));
    }
    sent.join_all().await
}

async fn with_retries(address: SocketAddr) -> Genuine {
    let (request, begun) = (request(), Instant::now());
    let mut attempts = 0;
    for pause in [0, 1, 2, 4] {
        sleep(Duration::from_secs(pause)).await;
        attempts += 1;
        let status = alone(address, &request).await;
        if status.is_some_and(|status| status != 503) {
            return Genuine { status, took: begun.elapsed(), attempts };
        }
    }
    Genuine { status: None, took: begun.elapsed(), attempts }
}

async fn alone(address: SocketAddr, request: &[u8]) -> Option<u16> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        exchange(&mut stream, request).await
    };
    timeout(PATIENCE, exchange).await.ok()?
}

/// The status of an answer, whose body is "OK" or empty.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Option<u16> {
    stream.write_all(request).await.ok()?;
    let (mut answer, mut length) = ([0; 1024], 0);
    loop {
        let read = stream.read(&mut answer[length..]).await.ok().filter(|read| *read > 0)?;
        length += read;
        let text = &answer[..length];
        let head = text.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let status = str::from_utf8(text.get(9..12)?).ok()?.parse().ok()?;
            if length >= head + 4 + if status == 200 { 2 } else { 0 } {
                return Some(status);
            }
        }
    }
}

/// What so many senders got, each sending its next event once the last one was answered.
#[derive(Debug, Default)]
pub(super) struct Load {
    senders: usize,
    lasted: Duration,
    accepted: Vec<Duration>,
    refused: Vec<Duration>,
    others: usize,
}

impl Load {
    pub(super) fn accepted_each_second(&self) -> f64 {
        self.accepted.len() as f64 / self.lasted.as_secs_f64()
    }

    pub(super) fn slowest_accepted(&self) -> Duration {
        self.accepted.last().copied().unwrap_or(Duration::MAX)
    }

    /// Neither 200 nor 503.
    pub(super) fn others(&self) -> usize {
        self.others
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |times: &[Duration], part: f64| {
            times.get((times.len() as f64 * part) as usize).map_or(f64::NAN, Duration::as_secs_f64)
        };
        write!(f, "{} senders, {:.0} accepted/s", self.senders, self.accepted_each_second())?;
        for (name, times) in [("accepted", &self.accepted), ("503", &self.refused)] {
            let slowest = times.last().map_or(f64::NAN, Duration::as_secs_f64);
            write!(
                f,
                "; {} {name}, median {:.3} s, 99% {:.3} s, slowest {slowest:.3} s",
                times.len(),
                part(times, 0.5),
                part(times, 0.99)
            )?;
        }
        write!(f, "; {} others", self.others)
    }
}

pub(super) async fn as_fast_as_can_be(address: SocketAddr, senders: usize, lasts: Duration) -> Load {
    let (begun, mut running) = (Instant::now(), JoinSet::new());
    for number in 0..senders {
        running.spawn(one_sender(number, address, begun + lasts));
    }
    let mut load = Load { senders, ..Load::default() };
    for part in running.join_all().await {
        load.accepted.extend(part.accepted);
        load.refused.extend(part.refused);
        load.others += part.others;
    }
    load.lasted = begun.elapsed();
    load.accepted.sort_unstable();
    load.refused.sort_unstable();
    load
}

async fn one_sender(number: usize, address: SocketAddr, end: Instant) -> Load {
    let mut load = Load::default();
    let mut stream = None;
    while Instant::now() < end {
        if stream.is_none() {
            stream = connect_from(number, address).await;
        }
        let Some(open) = &mut stream else { continue };
        let (request, begun) = (request(), Instant::now());
        match timeout(PATIENCE, exchange(open, &request)).await {
            Ok(Some(200)) => load.accepted.push(begun.elapsed()),
            Ok(Some(503)) => {
                load.refused.push(begun.elapsed());
                stream = None;
                // As a sender that was told to come back.
                sleep(Duration::from_secs(1)).await;
            }
            // A connection that was taken leave of, between two requests.
            Ok(None) => stream = None,
            Ok(Some(_)) | Err(_) => {
                load.others += 1;
                stream = None;
            }
        }
    }
    load
}
