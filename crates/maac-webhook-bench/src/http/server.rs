use std::{error::Error, fs, net::SocketAddr, path::PathBuf, sync::mpsc, thread};

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::routes::Route;

/// Every route on a port of its own, all on one thread.
pub(super) struct Server {
    addresses: Vec<SocketAddr>,
    schedstat: PathBuf,
}

type Started = Result<(Vec<SocketAddr>, PathBuf), String>;

impl Server {
    /// Starts; it stops with the process.
    pub(super) fn start() -> Result<Self, Box<dyn Error>> {
        let (started, starting) = mpsc::channel::<Started>();
        thread::Builder::new().name("server".to_owned()).spawn(move || {
            let outcome = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let served = outcome.map_err(Into::into).and_then(|runtime| runtime.block_on(serve(&started)));
            if let Err(error) = served {
                // Nobody listens any more once it has started.
                let _ = started.send(Err(error.to_string()));
            }
        })?;
        let (addresses, schedstat) = starting.recv()??;
        Ok(Self { addresses, schedstat })
    }

    pub(super) fn address(&self, route: Route) -> SocketAddr {
        self.addresses[route as usize]
    }

    /// The CPU time that the server's thread has used.
    pub(super) fn cpu_nanos(&self) -> Result<u64, Box<dyn Error>> {
        let schedstat = fs::read_to_string(&self.schedstat)?;
        let first = schedstat.split_whitespace().next().ok_or("an empty schedstat")?;
        Ok(first.parse()?)
    }
}

async fn serve(started: &mpsc::Sender<Started>) -> Result<(), Box<dyn Error>> {
    let (mut addresses, mut serving) = (Vec::new(), Vec::new());
    for route in Route::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        addresses.push(listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // Without it the figures are less good, not wrong.
            let _ = stream.set_nodelay(true);
        });
        let router = route.router()?;
        serving.push(tokio::spawn(async move { axum::serve(listener, router).await }));
    }
    let thread = fs::canonicalize("/proc/thread-self")?;
    started.send(Ok((addresses, thread.join("schedstat"))))?;
    for server in serving {
        server.await??;
    }
    Ok(())
}
