use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use maac_webhook_sender::dispatch::DeliveryId;
use serde::{Deserialize, Serialize};

use super::{
    body::{Limit, Parameters},
    endpoints::endpoint_id,
    error::ApiError,
    router::Api,
};
use crate::{DeliveryDetails, DeliverySummary, Page, PublishedEvent, SandboxError, SandboxErrorKind};

/// A delivery that was accepted, to be looked up by its id.
#[derive(Serialize)]
pub(super) struct Accepted {
    pub(super) delivery: DeliveryId,
}

#[derive(Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    endpoint: Option<String>,
    #[serde(default)]
    before: Option<u64>,
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn list(
    State(api): State<Api>,
    Parameters(Filter { endpoint, before, limit }): Parameters<Filter>,
) -> Result<Json<Page<DeliverySummary>>, ApiError> {
    let endpoint = endpoint.as_deref().map(endpoint_id).transpose()?;
    Ok(Json(api.sandbox.deliveries(endpoint, before, limit.get()).await?))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDetails>, ApiError> {
    let delivery = api.sandbox.delivery(delivery_id(&id)?).await?;
    delivery.map(Json).ok_or_else(no_such_delivery)
}

pub(super) async fn send_again(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let handle = api.sandbox.send_again(delivery_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { delivery: handle.id() })))
}

pub(super) async fn event(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<PublishedEvent>, ApiError> {
    let no_such_event = || {
        ApiError::not_found("no_such_event", "There is no such event. It may be too old to be in the log.")
    };
    let event = api.sandbox.event(id.parse().map_err(|_| no_such_event())?).await?;
    event.map(Json).ok_or_else(no_such_event)
}

fn delivery_id(text: &str) -> Result<DeliveryId, ApiError> {
    text.parse().map_err(|_| no_such_delivery())
}

fn no_such_delivery() -> ApiError {
    SandboxError::from(SandboxErrorKind::NoSuchDelivery).into()
}
