//! A receiver in axum with an inbox: an event is stored before it is answered 200, and handled after, again where it fails.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use example_upsert::{Database, topics};
use maac_webhook_axum::{
    LayerVerifies, VerifyLayer, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, ShareSecrets},
};
use maac_webhook_inbox::{Inbox, Worker, sqlite::SqliteStore};
use tokio::net::TcpListener;

#[derive(Clone)]
struct AppState {
    inbox: Inbox<SqliteStore>,
}

impl LayerVerifies for AppState {}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let inbox =
        Inbox::new(SqliteStore::open(env::var("INBOX").unwrap_or_else(|_| "maac-inbox.db".to_owned()))?);
    let database = Database::open(env::var("DATABASE").unwrap_or_else(|_| "maac-events.db".to_owned()))?;
    let app = Router::new()
        .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint)))
        // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE)
        .with_state(AppState { inbox: inbox.clone() });

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    let stop = || async { drop(tokio::signal::ctrl_c().await) };
    let worker = tokio::spawn(Worker::new(inbox, topics(database)).run(stop()));
    axum::serve(listener, app).with_graceful_shutdown(stop()).await?;
    Ok(worker.await?)
}

/// What could not be stored is answered 503, and comes back.
async fn receive(
    State(state): State<AppState>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    state.inbox.accept(delivery).await?;
    Ok("OK")
}
