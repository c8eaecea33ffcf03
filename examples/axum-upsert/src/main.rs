//! A receiver in axum that upserts each topic by its natural key into SQLite, and answers once that is durable.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use example_upsert::{Database, topics};
use maac_webhook_axum::{
    VerifyLayer, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, ShareSecrets, TopicRouter},
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let database = Database::open(env::var("DATABASE").unwrap_or_else(|_| "maac-events.db".to_owned()))?;
    let app = Router::new()
        .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint)))
        // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE)
        .with_state(topics(database));

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
}

/// What could not be written is answered 503, and comes back.
async fn receive(
    State(topics): State<TopicRouter>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    topics.dispatch(delivery).await?;
    Ok("OK")
}
