//! Connections that want nothing but to be there: as many as there are to be, each opened anew once it is cut.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

/// What such a connection does.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Nothing.
    Idle,
    /// Sends a head, a byte a second.
    DrippedHead,
    /// Sends a head that looks signed, and the body a byte a second.
    DrippedBody,
    /// Sends nearly all of a body of 64 KiB.
    HeldBody,
}

#[derive(Debug)]
pub(super) struct Flood(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    wanted: usize,
    open: AtomicUsize,
    most: AtomicUsize,
    opened: AtomicUsize,
    refused: AtomicUsize,
    is_over: AtomicBool,
}

/// A connection that is cut comes again after this.
const AGAIN: Duration = Duration::from_millis(200);

/// How many are opened at once: as many as wait in the receiver's queue, more would wait for a second for nothing.
const AT_ONCE: usize = 256;

impl Flood {
    pub(super) fn start(address: SocketAddr, wanted: usize, what: What) -> Self {
        let shared = Arc::new(Shared {
            address,
            wanted,
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        for number in 0..wanted {
            let (shared, gate) = (shared.clone(), gate.clone());
            tokio::spawn(async move {
                while !shared.is_over.load(Relaxed) {
                    let connected = {
                        let _turn = gate.acquire().await;
                        connect_from(number, shared.address).await
                    };
                    if let Some(stream) = connected {
                        shared.one(stream, what).await;
                    }
                    sleep(AGAIN).await;
                }
            });
        }
        Self(shared)
    }

    /// Waits until most of them are there, or some are refused because there is no room for more.
    pub(super) async fn is_up(&self) {
        let begun = Instant::now();
        while self.0.most.load(Relaxed) < self.0.wanted * 9 / 10 && self.refused() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "only {} of them come about", self.most());
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn stop(&self) {
        self.0.is_over.store(true, Relaxed);
    }

    /// How many were open at once at most.
    pub(super) fn most(&self) -> usize {
        self.0.most.load(Relaxed)
    }

    pub(super) fn opened(&self) -> usize {
        self.0.opened.load(Relaxed)
    }

    /// How many were answered 503.
    pub(super) fn refused(&self) -> usize {
        self.0.refused.load(Relaxed)
    }
}

impl Shared {
    async fn one(&self, mut stream: TcpStream, what: What) {
        self.opened.fetch_add(1, Relaxed);
        self.most.fetch_max(self.open.fetch_add(1, Relaxed) + 1, Relaxed);
        let (read, write) = stream.split();
        let mut read = read;
        tokio::select! {
            () = send(write, what) => {}
            () = async {
                let mut answer = [0; 256];
                while let Ok(length @ 1..) = read.read(&mut answer).await {
                    if answer[..length].starts_with(b"HTTP/1.1 503") {
                        self.refused.fetch_add(1, Relaxed);
                    }
                }
            } => {}
            () = async {
                while !self.is_over.load(Relaxed) {
                    sleep(AGAIN).await;
                }
            } => {}
        }
        self.open.fetch_sub(1, Relaxed);
    }
}

async fn send(mut stream: impl AsyncWriteExt + Unpin, what: What) {
    let head = |length: usize| {
        let signature = "0".repeat(64);
        format!(
            "POST /webhooks/maac HTTP/1.1\r\nHost: a\r\nCrescLab-Signature: {signature}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    match what {
        What::Idle => {}
        What::DrippedHead => drip(&mut stream, head(10).as_bytes()).await,
        What::DrippedBody => {
            if stream.write_all(head(10_000).as_bytes()).await.is_ok() {
                drip(&mut stream, &[b' '; 10_000]).await;
            }
        }
        What::HeldBody => {
            let _ = stream.write_all(head(64 * 1024).as_bytes()).await;
            let _ = stream.write_all(&[b' '; 63 * 1024]).await;
        }
    }
    std::future::pending().await
}

async fn drip(stream: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) {
    for byte in bytes {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// From one of many addresses of this machine, so that the ports of one do not run out.
pub(super) async fn connect_from(number: usize, address: SocketAddr) -> Option<TcpStream> {
    let own = Ipv4Addr::new(127, 0, 1, u8::try_from(number % 50).unwrap_or(0) + 1);
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind(SocketAddr::from((own, 0))).ok()?;
    timeout(Duration::from_secs(20), socket.connect(address)).await.ok()?.ok()
}
