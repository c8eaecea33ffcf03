//! A receiver in actix-web that stores each event in an inbox and answers; a worker beside it upserts each by its natural key into
//! SQLite, again where it fails.

#![allow(clippy::print_stderr, reason = "it says where it listens")]

use std::{env, error::Error, net::TcpListener, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Data},
};
use example_upsert::{Database, topics};
use maac_webhook_actix::{
    VerifyWebhook, Webhook, WebhookRejection,
    maac_webhook::{Delivery, Endpoint, ShareSecrets},
};
use maac_webhook_inbox::{Inbox, Quarantine, Worker, sqlite::SqliteStore};
use tokio::sync::watch;

#[actix_web::main]
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
    // What comes under a secret that is not here yet is kept until it is. Behind a proxy, put the address that the proxy tells (see `TrustedProxies`)
    // into each request's extensions, as a `PeerAddr`.
    let (endpoint, keeper) = Quarantine::new(inbox.clone()).watch(endpoint).await?;
    let keeper = tokio::spawn(keeper.run(told()));
    // After a crash, what it was at is handled again once this has passed.
    let worker = Worker::new(inbox.clone(), topics(database)).with_lease(Duration::from_secs(10));
    let worker = tokio::spawn(worker.run(told()));

    let inbox = Data::new(inbox);
    let server = HttpServer::new(move || {
        let verify = VerifyWebhook::new(endpoint.clone());
        let resource = web::resource("/webhooks/maac").wrap(verify).route(web::post().to(receive));
        App::new()
            .app_data(inbox.clone())
            .service(resource)
            // MAAC gives up at a 404: a slip in the console's URL must not cost an event.
            .default_service(web::to(HttpResponse::ServiceUnavailable))
    });
    let address = env::var("LISTEN_ADDR").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(&address)?;
    eprintln!("listening on http://{}/webhooks/maac", listener.local_addr()?);
    server.listen(listener)?.run().await?;

    // What is under way comes to its end, or goes back into the inbox.
    drop(stop);
    worker.await?;
    Ok(keeper.await?)
}

/// It is on the disk before it is answered 200; what could not be stored is answered 503, and comes back.
async fn receive(
    inbox: Data<Inbox<SqliteStore>>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    inbox.accept(delivery).await?;
    Ok("OK")
}
