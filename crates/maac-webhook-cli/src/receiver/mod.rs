//! The receiver of `listen` and `demo`: verify, write a line, then answer 200.

mod line;
mod recorder;

use axum::{Router, extract::State, routing::post};
use maac_webhook::{Delivery, Endpoint};
use maac_webhook_axum::{LayerVerifies, VerifyLayer, Webhook, WebhookRejection};

pub(crate) use recorder::{Recorder, Sink};

use crate::identities::Verdict;

/// How many events' identities are kept where there is no durable inbox.
pub(crate) const KNOWN_EVENTS: usize = 100_000;

/// Says what is lost without a durable inbox.
pub(crate) fn warn_of_memory() {
    tracing::warn!(
        "no durable inbox: the identities of the last {KNOWN_EVENTS} events are kept in memory, so after a restart \
         a retry or a replay of a known event is handled again"
    );
}

/// One path that is posted to; nothing else is there.
pub(crate) fn router(path: &str, endpoint: Endpoint, recorder: Recorder) -> Router {
    Router::new().route(path, post(receive).layer(VerifyLayer::new(endpoint))).with_state(recorder)
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
