use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use maac_webhook::event::Topic;
use maac_webhook_sender::platform::{
    EndpointForm, EndpointId, EndpointStatus, Platform, PlatformError, PlatformErrorKind, WebhookEndpoint,
};
use serde::{Deserialize, Serialize};

use super::{body::Body, deliveries::Accepted, error::ApiError, router::Api};
use crate::{SandboxError, SandboxErrorKind};

#[derive(Serialize)]
pub(super) struct EndpointView {
    id: EndpointId,
    name: String,
    url: String,
    topics: Vec<String>,
    status: EndpointStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
pub(super) struct SecretView {
    share_secret: String,
}

#[derive(Deserialize)]
pub(super) struct TestForm {
    topic: Topic,
    /// Whether to answer only once the delivery is over, with all there is of it.
    #[serde(default)]
    wait: bool,
}

impl From<&WebhookEndpoint> for EndpointView {
    fn from(endpoint: &WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id(),
            name: endpoint.name().to_owned(),
            url: endpoint.url().to_string(),
            topics: endpoint.topics().iter().map(|topic| topic.as_str().to_owned()).collect(),
            status: endpoint.status(),
            created_at: endpoint.created_at(),
            updated_at: endpoint.updated_at(),
        }
    }
}

impl From<&WebhookEndpoint> for SecretView {
    fn from(endpoint: &WebhookEndpoint) -> Self {
        Self { share_secret: endpoint.share_secret().expose_secret().to_owned() }
    }
}

pub(super) async fn list(State(api): State<Api>) -> Json<Vec<EndpointView>> {
    Json(api.sandbox.platform().endpoints().map(EndpointView::from).collect())
}

pub(super) async fn create(
    State(api): State<Api>,
    Body(form): Body<EndpointForm>,
) -> Result<(StatusCode, Json<EndpointView>), ApiError> {
    let created =
        api.sandbox.change_platform(move |platform, now| platform.create(form, now).map(EndpointView::from));
    Ok((StatusCode::CREATED, Json(created.await?)))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, ApiError> {
    let platform = api.sandbox.platform();
    Ok(Json(platform.endpoint(endpoint_id(&id)?)?.into()))
}

pub(super) async fn delete(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let id = endpoint_id(&id)?;
    api.sandbox.change_platform(move |platform, _| platform.delete(id).map(|_| ())).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn stop(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, ApiError> {
    changed(&api, &id, Platform::stop).await
}

pub(super) async fn resume(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<EndpointView>, ApiError> {
    changed(&api, &id, Platform::resume).await
}

pub(super) async fn reveal_secret(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<SecretView>, ApiError> {
    let platform = api.sandbox.platform();
    Ok(Json(platform.endpoint(endpoint_id(&id)?)?.into()))
}

pub(super) async fn change_secret(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<SecretView>, ApiError> {
    changed(&api, &id, Platform::change_share_secret).await
}

pub(super) async fn send_test(
    State(api): State<Api>,
    Path(id): Path<String>,
    Body(TestForm { topic, wait }): Body<TestForm>,
) -> Result<Response, ApiError> {
    let handle = api.sandbox.send_test(endpoint_id(&id)?, &topic).await?;
    let accepted = Accepted { delivery: handle.id() };
    if !wait {
        return Ok((StatusCode::ACCEPTED, Json(accepted)).into_response());
    }
    // Where it never is over, the log has what there is of it.
    handle.finished().await;
    let delivery = api.sandbox.delivery(accepted.delivery).await?;
    Ok(Json(delivery.ok_or(SandboxError::from(SandboxErrorKind::NoSuchDelivery))?).into_response())
}

type Change =
    for<'p> fn(&'p mut Platform, EndpointId, Timestamp) -> Result<&'p WebhookEndpoint, PlatformError>;

async fn changed<V: for<'e> From<&'e WebhookEndpoint> + Send + 'static>(
    api: &Api,
    id: &str,
    change: Change,
) -> Result<Json<V>, ApiError> {
    let id = endpoint_id(id)?;
    let changed = api.sandbox.change_platform(move |platform, now| change(platform, id, now).map(V::from));
    Ok(Json(changed.await?))
}

/// What is no id is none of an endpoint.
pub(super) fn endpoint_id(text: &str) -> Result<EndpointId, ApiError> {
    text.parse().map_err(|_| PlatformError::from(PlatformErrorKind::NoSuchEndpoint).into())
}
