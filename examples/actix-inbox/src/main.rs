//! A receiver in actix-web with an inbox: an event is stored before it is answered 200, and handled after, again where it
//! fails.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error, net::TcpListener};

use actix_web::{
    App, HttpResponse, HttpServer, rt,
    web::{self, Data},
};
use example_upsert::{Database, topics};
use maac_webhook_actix::{
    VerifyWebhook, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, ShareSecrets},
};
use maac_webhook_inbox::{Inbox, Worker, sqlite::SqliteStore};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let endpoint = Endpoint::new("maac", ShareSecrets::from_env("MAAC_SHARE_SECRET")?);
    let inbox =
        Inbox::new(SqliteStore::open(env::var("INBOX").unwrap_or_else(|_| "maac-inbox.db".to_owned()))?);
    let database = Database::open(env::var("DATABASE").unwrap_or_else(|_| "maac-events.db".to_owned()))?;
    let state = Data::new(inbox.clone());
    let server = HttpServer::new(move || {
        let verify = VerifyWebhook::new(endpoint.clone());
        let resource = web::resource("/webhooks/maac").wrap(verify).route(web::post().to(receive));
        App::new()
            .app_data(state.clone())
            .service(resource)
            // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
            .default_service(web::to(HttpResponse::ServiceUnavailable))
    });

    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address)?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    let stop = async { drop(rt::signal::ctrl_c().await) };
    let worker = rt::spawn(Worker::new(inbox, topics(database)).run(stop));
    server.listen(listener)?.run().await?;
    Ok(worker.await?)
}

/// What could not be stored is answered 503, and comes back.
async fn receive(
    inbox: Data<Inbox<SqliteStore>>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    inbox.accept(delivery).await?;
    Ok("OK")
}
