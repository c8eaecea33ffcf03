use std::{
    error::Error,
    fs, io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::mpsc,
    thread,
};

use super::{actix, axum, routes::Route};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framework {
    Axum,
    Actix,
}

impl Framework {
    pub(super) const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        }
    }

    async fn serve(
        self,
        route: Route,
        listener: TcpListener,
        started: Started,
    ) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Axum => axum::serve(route, listener, started).await,
            Self::Actix => actix::serve(route, listener, started).await,
        }
    }
}

/// One route of one framework, on a port and a thread of its own.
pub(super) struct Server {
    address: SocketAddr,
    schedstat: PathBuf,
}

impl Server {
    /// Starts; it stops with the process.
    pub(super) fn start(framework: Framework, route: Route) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (sender, starting) = mpsc::channel();
        let started = Started(sender);
        thread::Builder::new().name("server".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let serving = |runtime: tokio::runtime::Runtime| {
                runtime.block_on(framework.serve(route, listener, started.clone()))
            };
            if let Err(error) = runtime.map_err(Into::into).and_then(serving) {
                started.send(Err(error.to_string()));
            }
        })?;
        let thread = starting.recv()??;
        Ok(Self { address, schedstat: thread.join("schedstat") })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CPU time that the server's thread has used.
    pub(super) fn cpu_nanos(&self) -> Result<u64, Box<dyn Error>> {
        let schedstat = fs::read_to_string(&self.schedstat)?;
        let first = schedstat.split_whitespace().next().ok_or("an empty schedstat")?;
        Ok(first.parse()?)
    }
}

/// Tells which thread serves, or why none does.
#[derive(Clone)]
pub(super) struct Started(mpsc::Sender<Result<PathBuf, String>>);

impl Started {
    pub(super) fn on_this_thread(&self) {
        let thread = fs::canonicalize("/proc/thread-self");
        self.send(thread.map_err(|error: io::Error| error.to_string()));
    }

    fn send(&self, outcome: Result<PathBuf, String>) {
        // Nobody listens any more once it has started.
        let _ = self.0.send(outcome);
    }
}
