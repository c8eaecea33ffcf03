use axum_core::extract::FromRequestParts;
use http::request::Parts;
use maac_webhook::{Delivery, RejectionKind};

use crate::WebhookRejection;

/// Takes the `Delivery` of the [`VerifyLayer`](crate::VerifyLayer) without touching the body, so it may
/// stand anywhere among a handler's arguments, beside a body extractor of your own.
///
/// Without the layer the handler never runs: 503, "not configured".
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "an extractor is taken apart in a handler's arguments")]
pub struct Verified(pub Delivery);

impl<S: Send + Sync> FromRequestParts<S> for Verified {
    type Rejection = WebhookRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebhookRejection> {
        let delivery = parts.extensions.get::<Delivery>().cloned();
        delivery.map(Self).ok_or(RejectionKind::NotConfigured.into())
    }
}
