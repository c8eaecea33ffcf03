//! The server under `listen` and `demo`: what a stranger can hold of it is bounded in number, size and time.
//!
//! HTTP is hyper's. Its time-outs do not reach what comes before a request, nor HTTP/2, and one of them would have to
//! do both for a request's head and for the quiet after an answer; so each connection has a watch of its own.

mod activity;
mod connection;
mod open_files;
mod stream;

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream, lookup_host},
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

pub(crate) use open_files::connections_at_most;

/// What one server, and one connection of it, may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections served at once; further ones wait.
    pub(crate) connections: usize,
    /// How long the head of a request may take, the first one's from the connection on.
    pub(crate) head: Duration,
    /// How long a connection may be kept for its next request. Proxies keep theirs for 60 s, and a request must not
    /// meet a connection that is being closed.
    pub(crate) idle: Duration,
    /// How long an ending connection may take where no request is under way, or whatever is where it is unproven.
    pub(crate) end: Duration,
    /// How long a connection may go without a request that was answered with a success: as long as one head and one
    /// body may take.
    pub(crate) proof: Duration,
    /// How long a connection without such a request is left alone though its place is wanted.
    pub(crate) undisturbed: Duration,
}

impl Limits {
    pub(crate) const DEFAULT_CONNECTIONS: usize = 10_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: Self::DEFAULT_CONNECTIONS,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            end: Duration::from_secs(1),
            proof: Duration::from_secs(15),
            undisturbed: Duration::from_secs(2),
        }
    }
}

/// How long to wait where connections cannot be accepted, as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections that wait to be accepted: those that come while others are, and while there is no room.
const BACKLOG: u32 = 1024;

/// Listens on the first address of this name and port that can be had.
pub(crate) async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in lookup_host(address).await? {
        result = listen_on(address);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // What is left of earlier connections does not keep a new start from the address; elsewhere it means another thing.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` and then until each connection has ended; dropped, it cuts them off.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let server = Arc::new(connection::Server::new(app, limits));
    let places = Places { free: Arc::new(Semaphore::new(limits.connections)), wanted: Arc::default() };
    let (stopping, told_to_stop) = watch::channel(());
    let mut connections = JoinSet::new();
    let accept_all = async {
        loop {
            // A place is wanted only where there is somebody for it.
            let (stream, peer) = accept(&listener).await;
            let place = places.take(&limits).await;
            let (server, wanted, stop) = (server.clone(), places.wanted.clone(), told_to_stop.clone());
            connections.spawn(async move {
                server.serve(stream, peer, &wanted, stop).await;
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accept_all => {}
        () = stop => {}
    }
    drop(listener);
    let _ = stopping.send(());
    while connections.join_next().await.is_some() {}
}

/// Room for so many connections.
struct Places {
    free: Arc<Semaphore>,
    wanted: Arc<Notify>,
}

impl Places {
    async fn take(&self, limits: &Limits) -> OwnedSemaphorePermit {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return place;
        }
        tracing::warn!(
            "all {} connections are in use, others wait for quiet ones, and those without a verified event, to be \
             closed",
            limits.connections
        );
        loop {
            self.wanted.notify_one();
            // One that is taking leave may have got a request meanwhile; then another is to give way.
            if let Ok(Ok(place)) = timeout(limits.end, self.free.clone().acquire_owned()).await {
                // Where it came by itself, nobody is to any more.
                let _ = timeout(Duration::ZERO, self.wanted.notified()).await;
                return place;
            }
        }
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // An answer is one small write, which must not wait for another.
                let _ = stream.set_nodelay(true);
                return (stream, peer.ip());
            }
            Err(error) if is_the_peers(&error) => {
                tracing::debug!(%error, "a connection that was gone already")
            }
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted now");
                sleep(PAUSE).await;
            }
        }
    }
}

fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests;
