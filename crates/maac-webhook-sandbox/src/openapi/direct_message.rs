use axum::{
    Json,
    extract::{Path, State},
};
use maac_webhook_sender::{
    producers::{EnhancedMulticast, Multicast, Push, PushedMessage, Recipient, SendStatus},
    wire_time,
};
use serde::Serialize;

use super::{
    body::{self, TakenBody},
    error::CallError,
    event::number,
    limits::Limited,
    router::OpenApi,
};

/// The reference's table has `event_id` here, its sample `event` with the name.
#[derive(Serialize)]
pub(super) struct Pushed {
    id: u64,
    event_id: Option<u64>,
    event: Option<String>,
    result: &'static str,
}

#[derive(Serialize)]
pub(super) struct Taken {
    id: u64,
    result: &'static str,
}

#[derive(Serialize)]
pub(super) struct Message {
    id: u64,
    category: maac_webhook_sender::producers::MessageKind,
    status: SendStatus,
    event_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<SendResult>,
}

#[derive(Serialize)]
struct SendResult {
    sent_time: String,
    to: To,
    total_count: usize,
    fail_count: usize,
    fail_info: Vec<Failure>,
}

#[derive(Serialize)]
struct To {
    line_ids: Vec<String>,
}

#[derive(Serialize)]
struct Failure {
    line_uid: String,
    mark: &'static str,
    response: &'static str,
}

impl From<&Recipient> for Failure {
    fn from(recipient: &Recipient) -> Self {
        Self { line_uid: recipient.line_uid.clone(), mark: "error", response: "Failed to send messages" }
    }
}

pub(super) async fn push(State(api): State<OpenApi>, body: TakenBody) -> Result<Json<Pushed>, CallError> {
    api.within(Limited::Push)?;
    let push: Push = body::read(&body?)?;
    let pushed = api.sandbox.push([push]).await?;
    let failed = pushed.iter().any(|message| message.failed().next().is_some());
    let result = if failed { "error" } else { "success" };
    // One push is one message.
    let message = &pushed[0];
    let (id, event_id) = (message.id(), message.event_id());
    let producers = api.sandbox.producers();
    let event =
        event_id.and_then(|id| producers.messages.event(id).ok()).map(|event| event.name().to_owned());
    Ok(Json(Pushed { id, event_id, event, result }))
}

pub(super) async fn multicast(State(api): State<OpenApi>, body: TakenBody) -> Result<Json<Taken>, CallError> {
    api.within(Limited::Multicast)?;
    let push: Multicast = body::read(&body?)?;
    Ok(taken(&api.sandbox.multicast(push).await?))
}

pub(super) async fn enhanced_multicast(
    State(api): State<OpenApi>,
    body: TakenBody,
) -> Result<Json<Taken>, CallError> {
    api.within(Limited::EnhancedMulticast)?;
    let push: EnhancedMulticast = body::read(&body?)?;
    Ok(taken(&api.sandbox.enhanced_multicast(push).await?))
}

fn taken(message: &PushedMessage) -> Json<Taken> {
    Json(Taken { id: message.id(), result: "pending" })
}

pub(super) async fn show(
    State(api): State<OpenApi>,
    Path(id): Path<String>,
) -> Result<Json<Message>, CallError> {
    let now = api.sandbox.now();
    let producers = api.sandbox.producers();
    let message = producers.messages.message(number(&id)?)?;
    let status = message.status(now);
    let result = (status == SendStatus::Sent).then(|| {
        let fail_info: Vec<_> = message.failed().map(Failure::from).collect();
        let line_ids: Vec<_> = message.recipients().iter().map(|to| to.line_uid.clone()).collect();
        SendResult {
            sent_time: wire_time(message.sent_at()),
            total_count: line_ids.len(),
            to: To { line_ids },
            fail_count: fail_info.len(),
            fail_info,
        }
    });
    let (id, category, event_id) = (message.id(), message.kind(), message.event_id());
    Ok(Json(Message { id, category, status, event_id, result }))
}

impl OpenApi {
    fn within(&self, call: Limited) -> Result<(), CallError> {
        if self.limits.admit(call) { Ok(()) } else { Err(CallError::too_many_requests()) }
    }
}
