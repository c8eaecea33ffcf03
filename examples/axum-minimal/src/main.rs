//! The shortest honest receiver in axum: it verifies, prints a line per event, and answers 200.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is what it is for")]

use std::{env, error::Error};

use axum::{Router, http::StatusCode, routing::post};
use maac_webhook_axum::{
    VerifyLayer, Webhook,
    maac_webhook::{Delivery, Endpoint, Event, ShareSecrets},
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Why a request was rejected is told in the log alone.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let app = Router::new()
        .route("/webhooks/maac", post(receive).layer(VerifyLayer::new(endpoint)))
        // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
        .fallback(async || StatusCode::SERVICE_UNAVAILABLE);

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address).await?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    Ok(axum::serve(listener, app).with_graceful_shutdown(stop).await?)
}

/// No forged request gets here. One event may, twice: handle it by its natural key, before you answer.
async fn receive(Webhook((event, delivery)): Webhook<(Event, Delivery)>) -> &'static str {
    let topic = event.topic();
    let topic = topic.as_ref().map_or("-", |topic| topic.as_str());
    let key = delivery.idempotency_key().map_or("-", |key| key.as_str());
    println!("{} {key} {}", topic.escape_debug(), event.natural_key());
    "OK"
}
