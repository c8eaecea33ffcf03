//! A receiver with the inbox in SQLite against the same without one: every event new, and on the disk before it is answered.

use std::{
    error::Error,
    net,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ::axum::{Router, extract::State, routing::post};
use maac_webhook::{Delivery, Endpoint, Signature};
use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, WebhookRejection};
use maac_webhook_inbox::{Inbox, sqlite::SqliteStore};
use tokio::{net::TcpListener, runtime::Builder};

use super::load::{Load, Requests};
use crate::{
    fixture::{self, Fixture},
    harness::{Plan, Rounds},
    report::{Goal, Row},
};

/// How many requests are under way: as many as the durable rows have producers.
const CONNECTIONS: usize = 64;

#[derive(Clone)]
struct Receiver(Option<Inbox<SqliteStore>>);

impl LayerVerifies for Receiver {}

async fn receive(
    State(Receiver(inbox)): State<Receiver>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<(), WebhookRejection> {
    if let Some(inbox) = inbox {
        inbox.accept(delivery).await?;
    }
    Ok(())
}

/// Serves on a thread of its own, which ends with the process.
fn serve(receiver: Receiver) -> Result<net::SocketAddr, Box<dyn Error>> {
    let listener = net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let layer = VerifyLayer::new(Endpoint::new("bench", fixture::share_secret()?));
    let app = Router::new().route(fixture::PATH, post(receive)).layer(layer).with_state(receiver);
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a listener");
            ::axum::serve(listener, app).await.expect("a server");
        });
    });
    Ok(address)
}

/// A request like the fixture's for each number, with a body of its own.
fn fresh(fixture: &Fixture) -> Result<Requests, Box<dyn Error>> {
    let (fixture, secret) = (fixture.clone(), fixture::share_secret()?);
    let next = AtomicU64::new(0);
    Ok(Arc::new(move || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        // White space is part of a body, and so of an identity.
        let body = [&fixture.body[..], format!("{number:>20}").as_bytes()].concat();
        let signature = Signature::sign(&secret, &body).to_string();
        let key = format!("{number:032x}");
        Fixture { body: body.into(), signature, ..fixture }.wire_under(&key).expect("a request")
    }))
}

pub(crate) fn rows(plan: Plan, fixture: &Fixture, folder: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let inbox = Inbox::new(SqliteStore::open(folder.join("receiver.db"))?);
    let connect = |receiver| -> Result<Load, Box<dyn Error>> {
        let address = serve(receiver)?;
        Ok(runtime.block_on(Load::connect(address, CONNECTIONS, fresh(fixture)?))?)
    };
    let mut loads = [connect(Receiver(Some(inbox)))?, connect(Receiver(None))?];
    let mut failure = None;
    let rates = Rounds::run(plan, &mut loads, |load| {
        load.run(&runtime, plan.turn).map_or_else(
            |error| {
                failure = Some(error);
                f64::NAN
            },
            |(requests, elapsed)| requests as f64 / elapsed.as_secs_f64(),
        )
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    Ok(vec![Row {
        work: format!("axum receiver with the inbox in SQLite, {CONNECTIONS} connections"),
        against: "the same without an inbox",
        goal: Goal::AtLeast(0.5),
        ratio: rates.ratio(0, 1),
        absolute: (rates.typical(0), rates.typical(1)),
        unit: "req/s",
    }])
}
