use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use maac_webhook::{Rejection, RejectionKind};

/// Why a handler did not run.
///
/// As a response it has the status of its kind, an empty body and the [`Rejection`] in its extensions, and
/// writes one log line. An event of another topic is answered 200 where the endpoint
/// [ignores others](maac_webhook::Endpoint::ignore_others).
#[derive(Clone, Debug)]
pub struct WebhookRejection(Rejection);

impl WebhookRejection {
    /// The reason.
    #[must_use]
    pub fn rejection(&self) -> &Rejection {
        &self.0
    }
}

/// For a handler that cannot go on with a verified delivery: answer what the table says of its kind. Say
/// [`at`](Rejection::at) which endpoint it is of.
impl From<Rejection> for WebhookRejection {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl From<RejectionKind> for WebhookRejection {
    fn from(kind: RejectionKind) -> Self {
        Self(kind.into())
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WebhookRejection {}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    fn error_response(&self) -> HttpResponse {
        self.0.log();
        let mut response = HttpResponse::new(self.status_code());
        if !self.0.is_ignored() {
            response.extensions_mut().insert(self.0.clone());
        }
        response
    }
}
