use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maac_webhook::error_with_causes;
use maac_webhook_sender::{
    dispatch::DispatchErrorKind,
    platform::{PlatformError, PlatformErrorKind},
    producers::{ProducerError, ProducerErrorKind},
};
use serde::Serialize;

use crate::{SandboxError, SandboxErrorKind, StoreError, openapi::body::InvalidBody};

/// Why a call is refused: a code that stays, and the console's words.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    property: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), property: None }
    }

    pub(super) fn no_such_call() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_call",
            "There is no such call. /api/openapi.json describes those there are.",
        )
    }

    pub(super) fn no_such_method() -> Self {
        let message = "There is no such call by this method. /api/openapi.json describes those there are.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    pub(super) fn json_required() -> Self {
        let message = "What changes something must be sent with Content-Type: application/json.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "json_required", message)
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is larger than 2 MiB.")
    }

    /// A body that broke off, or a query that is not as described.
    pub(super) fn unread(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    /// Something that the path names and that is not there.
    pub(super) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// A status that an SMS+ message is to get to and that none has.
    pub(super) fn unknown_status(status: &str) -> Self {
        let message = format!("There is no status {status}.");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_status", message)
    }

    /// Something whose messages on their way are as many as may be.
    pub(super) fn too_many_on_their_way() -> Self {
        let message = "Too many messages are on their way. Try again when some of them have arrived.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_on_their_way", message)
    }
}

impl From<InvalidBody> for ApiError {
    fn from(invalid: InvalidBody) -> Self {
        let property = (!invalid.property.is_empty()).then(|| invalid.property.clone());
        Self { property, ..Self::new(StatusCode::BAD_REQUEST, "invalid_request", invalid.line()) }
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        let (status, code) = match error.kind() {
            SandboxErrorKind::Platform(kind) => (of_platform(kind), kind.as_str()),
            SandboxErrorKind::Producer(kind) => (of_producer(kind), kind.as_str()),
            SandboxErrorKind::Dispatch(DispatchErrorKind::NotDelivered { reason, .. }) => {
                (StatusCode::CONFLICT, reason.as_str())
            }
            SandboxErrorKind::Dispatch(kind) => (of_dispatch(kind), kind.as_str()),
            SandboxErrorKind::NoSuchDelivery => (StatusCode::NOT_FOUND, "no_such_delivery"),
            SandboxErrorKind::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable"),
        };
        if status.is_server_error() {
            tracing::error!(error = error_with_causes(&error), "a call of the API failed");
        }
        Self::new(status, code, error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        SandboxError::from(error).into()
    }
}

impl From<PlatformError> for ApiError {
    fn from(error: PlatformError) -> Self {
        SandboxError::from(error).into()
    }
}

impl From<ProducerError> for ApiError {
    fn from(error: ProducerError) -> Self {
        SandboxError::from(error).into()
    }
}

fn of_platform(kind: &PlatformErrorKind) -> StatusCode {
    match kind {
        PlatformErrorKind::NoSuchEndpoint => StatusCode::NOT_FOUND,
        PlatformErrorKind::TooManyWorkingEndpoints { .. }
        | PlatformErrorKind::AlreadyInStatus { .. }
        | PlatformErrorKind::EditingNotOffered => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn of_producer(kind: &ProducerErrorKind) -> StatusCode {
    match kind {
        // What the path names. A template or an event is named by a body.
        ProducerErrorKind::NoSuchFriend { .. }
        | ProducerErrorKind::NoSuchCampaign { .. }
        | ProducerErrorKind::NoSuchSurvey { .. }
        | ProducerErrorKind::NoSuchPnpMessage { .. }
        | ProducerErrorKind::NoSuchMessage { .. }
        | ProducerErrorKind::NoSuchBroadcast { .. } => StatusCode::NOT_FOUND,
        ProducerErrorKind::PnpSettingInUse { .. }
        | ProducerErrorKind::StatusNotNext { .. }
        | ProducerErrorKind::ReportedBefore { .. }
        | ProducerErrorKind::NotSentYet { .. }
        | ProducerErrorKind::TooManyEvents { .. }
        | ProducerErrorKind::PointsInsufficient => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn of_dispatch(kind: &DispatchErrorKind) -> StatusCode {
    match kind {
        DispatchErrorKind::QueueFull { .. }
        | DispatchErrorKind::Closed
        | DispatchErrorKind::LogUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        DispatchErrorKind::NotDelivered { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Answer {
            code: &'static str,
            message: String,
            property: Option<String>,
        }

        let Self { status, code, message, property } = self;
        (status, Json(Answer { code, message, property })).into_response()
    }
}
