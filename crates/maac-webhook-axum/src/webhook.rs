use std::sync::Arc;

use axum_core::extract::{FromRef, FromRequest, Request};
use maac_webhook::{Delivery, Endpoint, FromDelivery, Rejection, RejectionKind, TopicRouter, Verifier};
use maac_webhook_tower::ReadAndVerify;

use crate::WebhookRejection;

/// Extracts a verified delivery, or what can be read from one. See the crate's documentation.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "an extractor is taken apart in a handler's arguments")]
pub struct Webhook<T>(pub T);

/// A state without an [`Endpoint`]: verification is the [`VerifyLayer`](crate::VerifyLayer)'s.
///
/// The empty state `()` and a [`TopicRouter`] are, and an `Arc` of one is. Implement it for a state of your own that has no `Endpoint` to give:
///
/// ```
/// # struct Pool;
/// struct AppState { database: Pool }
///
/// impl maac_webhook_axum::LayerVerifies for AppState {}
/// ```
///
/// A state has an `Endpoint` by `FromRef` or says this, not both. For a state of another crate's type, or an
/// `Arc` with an endpoint in it, use [`Verified`](crate::Verified), which asks nothing of the state.
///
/// Should the layer be missing after all, the handler never runs: 503, "not configured".
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` neither has an `Endpoint` nor says that a layer verifies",
    note = "write `impl LayerVerifies for {Self} {{}}`, or give it an `Endpoint` by `FromRef`"
)]
pub trait LayerVerifies {}

impl LayerVerifies for () {}

impl LayerVerifies for TopicRouter {}

impl<T: LayerVerifies + ?Sized> LayerVerifies for Arc<T> {}

/// Tells axum's two ways to a [`Webhook`] apart: with an `Endpoint` from the state, and with
/// [`LayerVerifies`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ViaLayer;

impl<S, T> FromRequest<S> for Webhook<T>
where
    S: Send + Sync,
    Endpoint: FromRef<S>,
    T: FromDelivery,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebhookRejection> {
        let endpoint = Endpoint::from_ref(state);
        if let Some(delivery) = request.extensions().get::<Delivery>() {
            endpoint.check_own(delivery)?;
        }
        if let Some(extracted) = from_layer(&request) {
            return extracted;
        }
        let reject = |rejection: Rejection| WebhookRejection::from(rejection.at(&endpoint));
        let (parts, body) = request.into_parts();
        let verifier = Verifier::new(endpoint.clone());
        let read = ReadAndVerify::begin(&verifier, &parts, body).map_err(reject)?;
        let delivery = read.await.map_err(reject)?;
        T::from_delivery(&delivery).map(Self).map_err(reject)
    }
}

impl<S, T> FromRequest<S, ViaLayer> for Webhook<T>
where
    S: LayerVerifies + Send + Sync,
    T: FromDelivery,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, WebhookRejection> {
        from_layer(&request).unwrap_or_else(|| Err(RejectionKind::NotConfigured.into()))
    }
}

/// What the layer verified; `None` where there is no layer.
fn from_layer<T: FromDelivery>(request: &Request) -> Option<Result<Webhook<T>, WebhookRejection>> {
    let delivery = request.extensions().get::<Delivery>()?;
    let extracted = T::from_delivery(delivery).map(Webhook);
    Some(extracted.map_err(|rejection| match request.extensions().get::<Endpoint>() {
        Some(endpoint) => rejection.at(endpoint).into(),
        None => rejection.into(),
    }))
}
