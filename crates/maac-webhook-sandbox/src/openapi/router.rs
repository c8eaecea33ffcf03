use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::{
    OpenApiSettings, OpenApiToken, SmsPlusProgress, SmsPlusReporter, direct_message,
    error::{CallError, PnpError},
    event,
    limits::Limits,
    pnp,
};
use crate::Sandbox;

/// What the calls work on.
#[derive(Clone, Debug)]
pub(super) struct OpenApi {
    pub(super) sandbox: Sandbox,
    pub(super) limits: Arc<Limits>,
    pub(super) has_sms_plus: bool,
    pub(super) progress: SmsPlusProgress,
    pub(super) reporter: SmsPlusReporter,
    token: OpenApiToken,
}

/// MAAC's OpenAPI calls on what happens in this sandbox. See the [module](super) for what they are.
///
/// Whoever knows the token may make them; that a web page elsewhere cannot is the token's doing, and the server's.
pub fn router(sandbox: Sandbox, settings: &OpenApiSettings) -> Router {
    let api = OpenApi {
        limits: Arc::new(Limits::new(settings)),
        has_sms_plus: settings.sms_plus,
        progress: settings.progress.clone(),
        reporter: SmsPlusReporter::new(&sandbox),
        token: settings.token.clone(),
        sandbox,
    };
    let calls = Router::new()
        .route("/event/", get(event::list).post(event::create))
        .route("/event/{id}/", get(event::show))
        .route("/event/{id}/report/", get(event::report))
        .route("/direct_message/push/", post(direct_message::push))
        .route("/direct_message/multicast/", post(direct_message::multicast))
        .route("/direct_message/enhanced_multicast/", post(direct_message::enhanced_multicast))
        .route("/direct_message/{id}/", get(direct_message::show))
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_call)
        .layer(from_fn_with_state(api.clone(), authorized::<CallError>));
    let sms_plus = Router::new()
        .route("/message/push/", post(pnp::push))
        .route("/message/multicast/", post(pnp::multicast))
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_call)
        .layer(from_fn_with_state(api.clone(), authorized::<PnpError>));
    Router::new().nest("/openapi/v1", calls.nest("/pnp", sms_plus)).with_state(api)
}

/// An answer of the call's own form to whoever has not the token.
trait Unauthorized: IntoResponse {
    fn unauthorized() -> Self;
}

impl Unauthorized for CallError {
    fn unauthorized() -> Self {
        Self::unauthorized()
    }
}

impl Unauthorized for PnpError {
    fn unauthorized() -> Self {
        Self::unauthorized()
    }
}

async fn authorized<E: Unauthorized>(State(api): State<OpenApi>, request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let is_authorized = match (values.next(), values.next()) {
        (Some(value), None) => api.token.is_in(value.as_bytes()),
        _ => false,
    };
    if is_authorized { next.run(request).await } else { E::unauthorized().into_response() }
}

async fn no_such_method() -> CallError {
    CallError::new(StatusCode::METHOD_NOT_ALLOWED, "There is no such call by this method.")
}

async fn no_such_call() -> CallError {
    CallError::new(StatusCode::NOT_FOUND, "There is no such call. The calls' paths end with a slash.")
}
