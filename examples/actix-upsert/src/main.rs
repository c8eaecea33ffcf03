//! A receiver in actix-web that upserts each topic by its natural key into SQLite, and answers once that is durable.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error, net::TcpListener};

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Data},
};
use example_upsert::{Database, topics};
use maac_webhook_actix::{
    VerifyWebhook, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, ShareSecrets, TopicRouter},
};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let database = Database::open(env::var("DATABASE").unwrap_or_else(|_| "maac-events.db".to_owned()))?;
    let topics = Data::new(topics(database));
    let server = HttpServer::new(move || {
        let verify = VerifyWebhook::new(endpoint.clone());
        let resource = web::resource("/webhooks/maac").wrap(verify).route(web::post().to(receive));
        App::new()
            .app_data(topics.clone())
            .service(resource)
            // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
            .default_service(web::to(HttpResponse::ServiceUnavailable))
    });

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address)?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    Ok(server.listen(listener)?.run().await?)
}

/// What could not be written is answered 503, and comes back.
async fn receive(
    topics: Data<TopicRouter>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    topics.dispatch(delivery).await?;
    Ok("OK")
}
