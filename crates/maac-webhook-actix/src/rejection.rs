use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use maac_webhook::{Endpoint, Rejection, RejectionKind};

/// Why a handler did not run.
///
/// As a response it has the status of its kind, an empty body and the [`Rejection`] in its extensions, and
/// writes one log line. An event of another topic is answered 200 where the endpoint
/// [ignores others](Endpoint::ignore_others).
#[derive(Clone, Debug)]
pub struct WebhookRejection {
    rejection: Rejection,
    endpoint: Option<Endpoint>,
}

impl WebhookRejection {
    pub(crate) fn new(rejection: Rejection, endpoint: Option<Endpoint>) -> Self {
        Self { rejection, endpoint }
    }

    pub(crate) fn not_configured() -> Self {
        Self::new(RejectionKind::NotConfigured.into(), None)
    }

    /// The reason.
    #[must_use]
    pub fn rejection(&self) -> &Rejection {
        &self.rejection
    }

    fn is_ignored(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| endpoint.ignores(&self.rejection))
    }
}

/// For a handler that cannot go on with a verified delivery: answer what the table says of its kind.
impl From<Rejection> for WebhookRejection {
    fn from(rejection: Rejection) -> Self {
        Self::new(rejection, None)
    }
}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        if self.is_ignored() {
            return StatusCode::OK;
        }
        StatusCode::from_u16(self.rejection.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        if !self.is_ignored() {
            self.rejection.log(self.endpoint.as_ref().map(Endpoint::name));
            response.extensions_mut().insert(self.rejection.clone());
        }
        response
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rejection.fmt(f)
    }
}

impl std::error::Error for WebhookRejection {}
