//! Broadcasts, messages that are pushed under the OpenAPI's events, and who opens them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::Timestamp;
use maac_webhook_sender::producers::{
    Friend, MessageKind, NoFirstOpen, OpenApiEvent, Push, PushedMessage, SendStatus,
};
use serde::{Deserialize, Serialize};

use super::{
    body::{Body, Limit, Parameters},
    error::ApiError,
    friends::WhyNot,
    router::Api,
};
use crate::PublishedEvent;

#[derive(Deserialize)]
pub(super) struct NewEvent {
    name: String,
}

#[derive(Serialize)]
pub(super) struct EventView {
    id: u64,
    name: String,
    created_at: Timestamp,
    opens: u64,
}

#[derive(Serialize)]
pub(super) struct MessageView {
    id: u64,
    kind: MessageKind,
    template_id: u64,
    event_id: Option<u64>,
    pushed_at: Timestamp,
    sent_at: Timestamp,
    status: SendStatus,
    recipients: usize,
    failed: usize,
    opens: usize,
}

#[derive(Serialize)]
pub(super) struct BroadcastView {
    id: u64,
    opens: usize,
}

/// An open's event, or why there is none.
#[derive(Serialize)]
pub(super) struct Opened {
    event: Option<PublishedEvent>,
    no_event: Option<WhyNot>,
}

#[derive(Deserialize)]
pub(super) struct Newest {
    #[serde(default)]
    pub(super) limit: Limit,
}

impl From<&OpenApiEvent> for EventView {
    fn from(event: &OpenApiEvent) -> Self {
        let opens = event.report(None, None).opens;
        Self { id: event.id(), name: event.name().to_owned(), created_at: event.created_at(), opens }
    }
}

impl MessageView {
    fn of(message: &PushedMessage, now: Timestamp) -> Self {
        Self {
            id: message.id(),
            kind: message.kind(),
            template_id: message.template_id(),
            event_id: message.event_id(),
            pushed_at: message.pushed_at(),
            sent_at: message.sent_at(),
            status: message.status(now),
            recipients: message.recipients().len(),
            failed: message.failed().count(),
            opens: message.opens(),
        }
    }
}

impl From<NoFirstOpen> for WhyNot {
    fn from(why_not: NoFirstOpen) -> Self {
        Self { reason: why_not.as_str(), message: why_not.to_string() }
    }
}

impl From<Result<PublishedEvent, NoFirstOpen>> for Opened {
    fn from(opened: Result<PublishedEvent, NoFirstOpen>) -> Self {
        match opened {
            Ok(event) => Self { event: Some(event), no_event: None },
            Err(why_not) => Self { event: None, no_event: Some(why_not.into()) },
        }
    }
}

pub(super) async fn events(State(api): State<Api>) -> Json<Vec<EventView>> {
    Json(api.sandbox.producers().messages.events().map(EventView::from).collect())
}

pub(super) async fn create_event(
    State(api): State<Api>,
    Body(NewEvent { name }): Body<NewEvent>,
) -> Result<(StatusCode, Json<EventView>), ApiError> {
    let event = api.sandbox.create_openapi_event(name).await?;
    Ok((StatusCode::CREATED, Json(EventView::from(&event))))
}

pub(super) async fn list(
    State(api): State<Api>,
    Parameters(Newest { limit }): Parameters<Newest>,
) -> Json<Vec<MessageView>> {
    let (now, producers) = (api.sandbox.now(), api.sandbox.producers());
    let newest = producers.messages.messages().take(limit.get());
    Json(newest.map(|message| MessageView::of(message, now)).collect())
}

pub(super) async fn push(
    State(api): State<Api>,
    Body(push): Body<Push>,
) -> Result<(StatusCode, Json<MessageView>), ApiError> {
    let pushed = api.sandbox.push([push]).await?;
    // One push is one message.
    Ok((StatusCode::CREATED, Json(MessageView::of(&pushed[0], api.sandbox.now()))))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<MessageView>, ApiError> {
    let (now, producers) = (api.sandbox.now(), api.sandbox.producers());
    let id = number(&id).ok_or_else(no_such_message)?;
    Ok(Json(MessageView::of(producers.messages.message(id)?, now)))
}

pub(super) async fn open(
    State(api): State<Api>,
    Path(id): Path<String>,
    Body(friend): Body<Friend>,
) -> Result<Json<Opened>, ApiError> {
    let id = number(&id).ok_or_else(no_such_message)?;
    Ok(Json(api.sandbox.open_message(id, friend).await?.into()))
}

pub(super) async fn broadcasts(
    State(api): State<Api>,
    Parameters(Newest { limit }): Parameters<Newest>,
) -> Json<Vec<BroadcastView>> {
    let producers = api.sandbox.producers();
    let newest = producers.messages.broadcasts().take(limit.get());
    Json(newest.map(|(id, opens)| BroadcastView { id, opens }).collect())
}

pub(super) async fn broadcast(State(api): State<Api>) -> Result<(StatusCode, Json<BroadcastView>), ApiError> {
    let id = api.sandbox.broadcast().await?;
    Ok((StatusCode::CREATED, Json(BroadcastView { id, opens: 0 })))
}

pub(super) async fn open_broadcast(
    State(api): State<Api>,
    Path(id): Path<String>,
    Body(friend): Body<Friend>,
) -> Result<Json<Opened>, ApiError> {
    let no_such_broadcast = || ApiError::not_found("no_such_broadcast", "There is no such broadcast.");
    let id = number(&id).ok_or_else(no_such_broadcast)?;
    Ok(Json(api.sandbox.open_broadcast(id, friend).await?.into()))
}

/// An id of the path; `None` where it is none.
pub(super) fn number(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn no_such_message() -> ApiError {
    ApiError::not_found("no_such_message", "There is no such message.")
}
