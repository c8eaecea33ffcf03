//! A receiver in axum that stores each event in an inbox and answers; a worker beside it upserts each by its natural key into SQLite, again
//! where it fails.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::map_request,
    routing::post,
};
use example_upsert::{Database, topics};
use maac_webhook_axum::{
    LayerVerifies, VerifyLayer, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, PeerAddr, ShareSecrets},
};
use maac_webhook_inbox::{Inbox, Quarantine, Worker, sqlite::SqliteStore};
use tokio::{net::TcpListener, sync::watch};

#[derive(Clone)]
struct Receiver {
    inbox: Inbox<SqliteStore>,
}

impl LayerVerifies for Receiver {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let database = Database::open(env::var("DATABASE").unwrap_or_else(|_| "maac-events.db".to_owned()))?;
    let inbox = env::var("INBOX").unwrap_or_else(|_| "maac-inbox.db".to_owned());
    let inbox = Inbox::new(SqliteStore::open(inbox)?);

    let (stop, stopped) = watch::channel(());
    let told = || {
        let mut stopped = stopped.clone();
        async move { drop(stopped.changed().await) }
    };
    // What comes under a secret that is not here yet is kept until it is.
    let (endpoint, keeper) = Quarantine::new(inbox.clone()).watch(endpoint).await?;
    let keeper = tokio::spawn(keeper.run(told()));
    // After a crash, what it was at is handled again once this has passed.
    let worker = Worker::new(inbox.clone(), topics(database)).with_lease(Duration::from_secs(10));
    let worker = tokio::spawn(worker.run(told()));

    let app = Router::new()
        .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint)))
        // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE)
        .layer(map_request(whose))
        .with_state(Receiver { inbox });
    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;

    // What is under way comes to its end, or goes back into the inbox.
    drop(stop);
    worker.await?;
    Ok(keeper.await?)
}

/// Behind a proxy, put the address here that the proxy tells: see `TrustedProxies`.
async fn whose(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(PeerAddr::new(peer.ip()));
    request
}

/// It is on the disk before it is answered 200; what could not be stored is answered 503, and comes back.
async fn receive(
    State(receiver): State<Receiver>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    receiver.inbox.accept(delivery).await?;
    Ok("OK")
}
