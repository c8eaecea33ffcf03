//! The receiver of `listen` and `demo`: verify, write a line, then answer 200.

mod line;
mod recorder;

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode},
    routing::post,
};
use maac_webhook::{Delivery, Endpoint, headers};
use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, WebhookRejection};

pub(crate) use recorder::{Recorder, Sink};

use crate::identities::Verdict;

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
pub(crate) fn router(path: &str, endpoint: Endpoint, recorder: Recorder) -> Router {
    let served = path.to_owned();
    Router::new()
        .route(path, post(receive).route_layer(VerifyLayer::new(endpoint)))
        .fallback(async move |request: Request| elsewhere(&served, &request))
        .with_state(recorder)
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

impl LayerVerifies for Recorder {}

async fn receive(
    State(recorder): State<Recorder>,
    Webhook(delivery): Webhook<Delivery>,
) -> Result<&'static str, WebhookRejection> {
    let key = delivery.idempotency_key().cloned();
    let key = key.as_ref().map(|key| key.as_str());
    match recorder.accept(delivery).await? {
        Verdict::New => tracing::debug!(key, "an event"),
        Verdict::Duplicate => {
            tracing::info!(key, "a retry of a known event: answered 200, not handled again")
        }
        Verdict::Replay => tracing::warn!(
            key,
            "a replay: a known event under another idempotency key, answered 200 and not handled again \
             (the console's Send test may well do this)"
        ),
        Verdict::KeyReused => {
            tracing::error!(
                key,
                "another event under a known idempotency key: handled as an event of its own"
            );
        }
    }
    Ok("OK")
}
