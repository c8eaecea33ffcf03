//! What is for whoever looks after a receiver, at an address of its own: `/metrics`, `/healthz` and `/readyz`. Nothing there is
//! secret: no payload, no key and no address of a store's.

mod health;

use std::{future, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, task::JoinHandle, time::interval};

use crate::{
    cli::AdminAddr,
    failure::Failure,
    server::{self, Limits},
};

pub(crate) use health::Health;

/// The port is the one that exporters of metrics have by convention.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";

/// Whoever scrapes keeps one or two.
const CONNECTIONS: usize = 64;

/// The buckets of durations, in seconds: from a commit to the longest that a handler is given.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How often what was measured is put into its buckets, should nobody scrape.
const SORT_EVERY: Duration = Duration::from_secs(5);

/// An admin address that is listened on. What is counted from now on is kept.
pub(crate) struct Admin {
    listener: TcpListener,
    address: SocketAddr,
    metrics: PrometheusHandle,
}

impl Admin {
    /// Listens there, or at the default address if that is free; `None` where there is to be none.
    pub(crate) async fn bind(address: Option<&AdminAddr>) -> Result<Option<Self>, Failure> {
        let listener = match address {
            Some(AdminAddr::None) => return Ok(None),
            Some(AdminAddr::At(address)) => {
                let cannot =
                    |error| Failure::because(format!("cannot listen on {address}, the admin address"), error);
                server::listen(address).await.map_err(cannot)?
            }
            None => match server::listen(DEFAULT_ADDRESS).await {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::warn!(
                        %error,
                        "cannot listen on {DEFAULT_ADDRESS}: there are no metrics; --admin-addr takes another address, or none"
                    );
                    return Ok(None);
                }
            },
        };
        let no_metrics =
            |error: &dyn std::fmt::Display| Failure::new(format!("no metrics can be kept: {error}"));
        let address = listener.local_addr().map_err(|error| no_metrics(&error))?;
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).map_err(|error| no_metrics(&error))?;
        let metrics = builder.install_recorder().map_err(|error| no_metrics(&error))?;
        Ok(Some(Self { listener, address, metrics }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is aborted.
    pub(crate) fn serve(self, health: Health) -> JoinHandle<()> {
        let Self { listener, metrics, .. } = self;
        let sorted = metrics.clone();
        let app = Router::new()
            .route("/metrics", get(render).with_state(metrics))
            .route("/healthz", get("ok\n"))
            .route("/readyz", get(ready).with_state(health));
        let limits = Limits { connections: CONNECTIONS, ..Limits::default() };
        tokio::spawn(async move {
            let mut ticks = interval(SORT_EVERY);
            let sort = async {
                loop {
                    ticks.tick().await;
                    sorted.run_upkeep();
                }
            };
            tokio::select! {
                () = server::serve(listener, app, limits, future::pending()) => {}
                () = sort => {}
            }
        })
    }
}

async fn render(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let (status, line) = match health.check() {
        Ok(()) => (StatusCode::OK, serde_json::json!({"ready": true})),
        Err(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, serde_json::json!({"ready": false, "reason": reason}))
        }
    };
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{line}\n"))
}
