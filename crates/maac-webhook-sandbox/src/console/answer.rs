use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maac_webhook::error_with_causes;
use maac_webhook_sender::{dispatch::DispatchErrorKind, platform::PlatformErrorKind};

use super::{errors, layout, visit::Visit};
use crate::{SandboxError, SandboxErrorKind, StoreError};

/// What a page ends with that has nothing else to show.
pub(super) type Answer = Result<Response, Failed>;

/// Why there is no page.
#[derive(Debug)]
pub(super) struct Failed(Box<Response>);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Turns what went wrong into a page of its own.
pub(super) trait OrFail<T> {
    fn or_fail(self, visit: &Visit) -> Result<T, Failed>;
}

impl<T, E: Into<SandboxError>> OrFail<T> for Result<T, E> {
    fn or_fail(self, visit: &Visit) -> Result<T, Failed> {
        self.map_err(|error| failed(visit, &error.into()))
    }
}

pub(super) fn failed(visit: &Visit, error: &SandboxError) -> Failed {
    let status = match error.kind() {
        SandboxErrorKind::Store(_) => {
            tracing::error!(error = error_with_causes(error).to_string(), "a page could not be made");
            StatusCode::SERVICE_UNAVAILABLE
        }
        SandboxErrorKind::Dispatch(DispatchErrorKind::QueueFull { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        SandboxErrorKind::Dispatch(_) => StatusCode::CONFLICT,
        SandboxErrorKind::NoSuchDelivery | SandboxErrorKind::Platform(PlatformErrorKind::NoSuchEndpoint) => {
            StatusCode::NOT_FOUND
        }
        _ => StatusCode::CONFLICT,
    };
    let text = errors::sandbox(visit.lang, error.kind());
    Failed(Box::new((status, layout::notice(visit, visit.t.not_possible, &text)).into_response()))
}

/// There is no such page.
pub(super) fn missing(visit: &Visit) -> Failed {
    let page = layout::notice(visit, visit.t.not_found, visit.t.not_found_help);
    Failed(Box::new((StatusCode::NOT_FOUND, page).into_response()))
}

pub(super) fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = error_with_causes(&error).to_string(), "a page could not be made");
        Self(Box::new((StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()))
    }
}
