use axum::{
    Json,
    extract::rejection::BytesRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maac_webhook::error_with_causes;
use maac_webhook_sender::producers::{ProducerError, ProducerErrorKind};
use serde::Serialize;

use super::body::InvalidBody;
use crate::{SandboxError, SandboxErrorKind};

/// Why a call is refused. The reference prints `{"message", "details"}` in a push's `result`; the other calls' errors are
/// not documented, and have the same form here.
#[derive(Debug)]
pub(super) struct CallError {
    status: StatusCode,
    message: String,
    details: Vec<Detail>,
}

/// Why an SMS+ call is refused: one line of plain text, as is documented.
#[derive(Debug)]
pub(super) struct PnpError {
    status: StatusCode,
    line: String,
}

#[derive(Debug, Serialize)]
struct Detail {
    message: String,
    property: String,
}

impl CallError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), details: Vec::new() }
    }

    /// Of one of the request's properties.
    pub(super) fn of(property: impl Into<String>, message: impl Into<String>) -> Self {
        let detail = Detail { message: message.into(), property: property.into() };
        let message = "The request is invalid.".to_owned();
        Self { status: StatusCode::BAD_REQUEST, message, details: vec![detail] }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, UNAUTHORIZED)
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS)
    }
}

const UNAUTHORIZED: &str = "The Authorization header must be Bearer and the token of the OpenAPI.";
const TOO_MANY_REQUESTS: &str = "There are more of these calls in a second than there may be.";

impl From<BytesRejection> for CallError {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for PnpError {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<InvalidBody> for CallError {
    fn from(invalid: InvalidBody) -> Self {
        if invalid.property.is_empty() {
            return Self::new(StatusCode::BAD_REQUEST, invalid.line());
        }
        Self::of(invalid.property, invalid.message)
    }
}

impl From<ProducerError> for CallError {
    fn from(error: ProducerError) -> Self {
        let said = error.to_string();
        match error.kind() {
            ProducerErrorKind::NoSuchMessage { .. } => Self::new(StatusCode::NOT_FOUND, said),
            // In the body; where it is in the path, `event` says so.
            ProducerErrorKind::NoSuchEvent { .. } => Self::of("event_id", said),
            ProducerErrorKind::InvalidLineUid => Self::of("line_uid", said),
            ProducerErrorKind::Missing { .. } => Self::of("name", said),
            _ => Self::new(StatusCode::BAD_REQUEST, said),
        }
    }
}

impl From<SandboxError> for CallError {
    fn from(error: SandboxError) -> Self {
        match error.kind() {
            SandboxErrorKind::Producer(kind) => ProducerError::from(kind.clone()).into(),
            _ => {
                tracing::error!(error = error_with_causes(&error), "a call of the OpenAPI failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
        }
    }
}

impl IntoResponse for CallError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Answer {
            message: String,
            details: Vec<Detail>,
        }

        let Self { status, message, details } = self;
        (status, Json(Answer { message, details })).into_response()
    }
}

impl PnpError {
    pub(super) fn new(status: StatusCode, line: impl Into<String>) -> Self {
        Self { status, line: line.into() }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, UNAUTHORIZED)
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, TOO_MANY_REQUESTS)
    }

    pub(super) fn no_permission() -> Self {
        Self::new(StatusCode::FORBIDDEN, "no permission: the official account does not have SMS+")
    }

    pub(super) fn failed_to_emit() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "failed to emit messages, try again")
    }
}

impl From<InvalidBody> for PnpError {
    fn from(invalid: InvalidBody) -> Self {
        Self::new(StatusCode::BAD_REQUEST, invalid.line())
    }
}

impl From<ProducerError> for PnpError {
    fn from(error: ProducerError) -> Self {
        let line = match error.kind() {
            ProducerErrorKind::NoSuchPnpSetting { id, .. } => format!("pnp setting {id} not found"),
            ProducerErrorKind::InvalidPhoneNumber => "phone_number does not match the pattern: E.164, as \
                                                      +886912345678, or the SHA-256 of it in hexadecimal"
                .to_owned(),
            ProducerErrorKind::PointsInsufficient => "points insufficient".to_owned(),
            _ => error.to_string(),
        };
        Self::new(StatusCode::BAD_REQUEST, line)
    }
}

impl From<SandboxError> for PnpError {
    fn from(error: SandboxError) -> Self {
        match error.kind() {
            SandboxErrorKind::Producer(kind) => ProducerError::from(kind.clone()).into(),
            _ => {
                tracing::error!(error = error_with_causes(&error), "a call of the OpenAPI failed");
                Self::failed_to_emit()
            }
        }
    }
}

impl IntoResponse for PnpError {
    fn into_response(self) -> Response {
        (self.status, self.line).into_response()
    }
}
