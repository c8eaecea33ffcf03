//! The receiver of `listen` and `demo`: verify, store or write a line, then answer 200.

mod line;
mod printer;
mod recorder;

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode},
    routing::post,
};
use std::future::Future;

use maac_webhook::{Delivery, Endpoint, Rejection, headers};
use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, WebhookRejection};
use maac_webhook_inbox::{Inbox, Store};

pub(crate) use printer::Printer;
pub(crate) use recorder::{Recorder, Sink};

/// How many events' identities are kept where there is no durable inbox.
pub(crate) const KNOWN_EVENTS: usize = 100_000;

/// How much of a stranger's path is shown.
const SHOWN: usize = 100;

/// Says what is lost without a durable inbox.
pub(crate) fn warn_of_memory() {
    tracing::warn!(
        "no durable inbox: the identities of the last {KNOWN_EVENTS} events are kept in memory, so after a restart \
         a retry or a replay of a known event is handled again"
    );
}

/// One path that is posted to, with what is not a POST there answered 405 before anything is verified.
pub(crate) fn router<A: Accept>(path: &str, endpoint: Endpoint, accept: A) -> Router {
    let served = path.to_owned();
    Router::new()
        .route(path, post(receive::<A>).route_layer(VerifyLayer::new(endpoint)))
        .fallback(async move |request: Request| elsewhere(&served, &request))
        .with_state(Receiver(accept))
}

/// A signed event at another path is MAAC's, posted to a URL with a slip in it: 404 would lose it for good.
fn elsewhere(served: &str, request: &Request) -> StatusCode {
    if request.method() != Method::POST || !request.headers().contains_key(headers::SIGNATURE) {
        return StatusCode::NOT_FOUND;
    }
    let asked: String = request.uri().path().chars().take(SHOWN).collect();
    tracing::warn!(
        ?asked,
        served,
        "a signed request to another path, answered 503 so that it comes back: look at the URL in MAAC's console"
    );
    StatusCode::SERVICE_UNAVAILABLE
}

/// Who has a verified delivery before it is answered 200.
pub(crate) trait Accept: Clone + Send + Sync + 'static {
    /// Takes it, unless it is known.
    fn accept(&self, delivery: Delivery) -> impl Future<Output = Result<(), Rejection>> + Send;
}

impl<S: Store> Accept for Inbox<S> {
    async fn accept(&self, delivery: Delivery) -> Result<(), Rejection> {
        Self::accept(self, delivery).await?;
        Ok(())
    }
}

#[derive(Clone)]
struct Receiver<A>(A);

impl<A> LayerVerifies for Receiver<A> {}

async fn receive<A: Accept>(
    State(Receiver(accept)): State<Receiver<A>>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    accept.accept(delivery).await?;
    Ok("OK")
}
