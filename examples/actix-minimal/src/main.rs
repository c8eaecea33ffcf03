//! The shortest honest receiver in actix-web: it verifies, prints a line per event, and answers 200.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is what it is for")]

use std::{env, error::Error, net::TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};
use maac_webhook_actix::{
    VerifyWebhook, Webhook,
    maac_webhook::{Delivery, Endpoint, Event, ShareSecrets},
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Why a request was rejected is told in the log alone.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let server = HttpServer::new(move || {
        let verify = VerifyWebhook::new(endpoint.clone());
        App::new()
            .service(web::resource("/webhooks/maac").wrap(verify).route(web::post().to(receive)))
            // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
            .default_service(web::to(HttpResponse::ServiceUnavailable))
    });

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address)?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    Ok(server.listen(listener)?.run().await?)
}

/// No forged request gets here. One event may, twice: handle it by its natural key, before you answer.
async fn receive(Webhook((event, delivery)): Webhook<(Event, Delivery)>) -> &'static str {
    let topic = event.topic();
    let topic = topic.as_ref().map_or("-", |topic| topic.as_str());
    let key = delivery.idempotency_key().map_or("-", |key| key.as_str());
    println!("{} {key} {}", topic.escape_debug(), event.natural_key());
    "OK"
}
