use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use maac_webhook::event::MessageStatus;
use maac_webhook_sender::{
    payload::PnpStatusUpdated,
    producers::{PnpMessage, PnpPush, Report},
};
use serde::{Deserialize, Serialize};

use super::{
    body::{Body, Parameters, Raw},
    error::ApiError,
    messages::{Newest, number},
    router::Api,
};
use crate::{PublishedEvent, openapi::SmsPlusProgress};

/// Where a message stands, and what may become of it next.
#[derive(Serialize)]
pub(super) struct MessageView {
    id: u64,
    status: String,
    next: Vec<String>,
    data: PnpStatusUpdated,
}

/// A message, and the event of what became of it.
#[derive(Serialize)]
pub(super) struct Reported {
    message: MessageView,
    event: PublishedEvent,
}

/// What a push's body has beside the message.
#[derive(Deserialize)]
struct PushOptions {
    /// How the statuses follow by themselves; without it they are reported by hand.
    #[serde(default)]
    progress: Option<Progress>,
}

#[derive(Deserialize)]
struct Progress {
    #[serde(default = "second")]
    step_ms: u64,
    #[serde(default)]
    ending: Option<MessageStatus>,
}

fn second() -> u64 {
    1_000
}

impl Progress {
    fn checked(self) -> Result<SmsPlusProgress, ApiError> {
        if let Some(MessageStatus::Other(status)) = self.ending {
            return Err(ApiError::unknown_status(&status));
        }
        Ok(SmsPlusProgress::by_itself(Duration::from_millis(self.step_ms), self.ending))
    }
}

impl From<&PnpMessage> for MessageView {
    fn from(message: &PnpMessage) -> Self {
        Self {
            id: message.id(),
            status: message.status().to_string(),
            next: message.next().iter().map(ToString::to_string).collect(),
            data: message.event().clone(),
        }
    }
}

pub(super) async fn list(
    State(api): State<Api>,
    Parameters(Newest { limit }): Parameters<Newest>,
) -> Json<Vec<MessageView>> {
    let producers = api.sandbox.producers();
    Json(producers.sms_plus.messages().take(limit.get()).map(MessageView::from).collect())
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<MessageView>, ApiError> {
    let producers = api.sandbox.producers();
    Ok(Json(producers.sms_plus.message(message_id(&id)?)?.into()))
}

pub(super) async fn push(
    State(api): State<Api>,
    body: Raw,
) -> Result<(StatusCode, Json<Reported>), ApiError> {
    let (push, PushOptions { progress }) = (body.read::<PnpPush>()?, body.read()?);
    let progress = progress.map(Progress::checked).transpose()?;
    let place = api.reporter.places(1).ok_or_else(ApiError::too_many_on_their_way)?;
    let following = move |message: &PnpMessage, sms| progress.as_ref()?.following(message, sms);
    let (pushed, event) = api.sandbox.push_pnp_with(push, following).await?;
    let message = MessageView::from(&pushed.message);
    api.reporter.follow(place, pushed);
    Ok((StatusCode::CREATED, Json(Reported { message, event })))
}

pub(super) async fn report(
    State(api): State<Api>,
    Path(id): Path<String>,
    Body(report): Body<Report>,
) -> Result<Json<Reported>, ApiError> {
    let id = message_id(&id)?;
    let (message, event) = api.sandbox.report_pnp(id, report).await?;
    let message = MessageView::from(&message);
    Ok(Json(Reported { message, event }))
}

fn message_id(text: &str) -> Result<u64, ApiError> {
    number(text).ok_or_else(|| ApiError::not_found("no_such_pnp_message", "There is no such SMS+ message."))
}
