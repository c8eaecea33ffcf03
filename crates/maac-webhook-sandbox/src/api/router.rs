use std::time::Duration;

use axum::{
    Router,
    middleware::from_fn,
    routing::{MethodFilter, MethodRouter, on},
};

use super::{
    deliveries, document, endpoints, error::ApiError, friends, guard, messages, platform, setup, sms_plus,
    updates,
};
use crate::{Sandbox, openapi::SmsPlusReporter};

/// How long a call waits for room among the deliveries.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the calls work on.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) sandbox: Sandbox,
    pub(super) reporter: SmsPlusReporter,
}

/// A call, its path as the description has it.
pub(super) struct Route {
    pub(super) method: MethodFilter,
    pub(super) path: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<Api>,
}

/// Every call that there is, so that the description can be held against them.
pub(super) const ROUTES: &[Route] = &[
    route(MethodFilter::GET, "/api/openapi.json", |method| on(method, document::show)),
    route(MethodFilter::GET, "/api/platform", |method| on(method, platform::show)),
    route(MethodFilter::PUT, "/api/purchase", |method| on(method, platform::buy)),
    route(MethodFilter::GET, "/api/endpoints", |method| on(method, endpoints::list)),
    route(MethodFilter::POST, "/api/endpoints", |method| on(method, endpoints::create)),
    route(MethodFilter::GET, "/api/endpoints/{id}", |method| on(method, endpoints::show)),
    route(MethodFilter::DELETE, "/api/endpoints/{id}", |method| on(method, endpoints::delete)),
    route(MethodFilter::POST, "/api/endpoints/{id}/stop", |method| on(method, endpoints::stop)),
    route(MethodFilter::POST, "/api/endpoints/{id}/resume", |method| on(method, endpoints::resume)),
    route(MethodFilter::POST, "/api/endpoints/{id}/share-secret/reveal", |method| {
        on(method, endpoints::reveal_secret)
    }),
    route(MethodFilter::POST, "/api/endpoints/{id}/share-secret/change", |method| {
        on(method, endpoints::change_secret)
    }),
    route(MethodFilter::POST, "/api/endpoints/{id}/test", |method| on(method, endpoints::send_test)),
    route(MethodFilter::GET, "/api/deliveries", |method| on(method, deliveries::list)),
    route(MethodFilter::GET, "/api/deliveries/{id}", |method| on(method, deliveries::show)),
    route(MethodFilter::POST, "/api/deliveries/{id}/send-again", |method| on(method, deliveries::send_again)),
    route(MethodFilter::GET, "/api/events/{id}", |method| on(method, deliveries::event)),
    route(MethodFilter::GET, "/api/updates", |method| on(method, updates::stream)),
    route(MethodFilter::GET, "/api/setup", |method| on(method, setup::show)),
    route(MethodFilter::POST, "/api/setup/friends", |method| on(method, setup::put_friend)),
    route(MethodFilter::POST, "/api/setup/campaigns", |method| on(method, setup::put_campaign)),
    route(MethodFilter::POST, "/api/setup/surveys", |method| on(method, setup::put_survey)),
    route(MethodFilter::POST, "/api/setup/pnp-settings", |method| on(method, setup::put_pnp_setting)),
    route(MethodFilter::DELETE, "/api/setup/friends/{line_uid}", |method| on(method, setup::remove_friend)),
    route(MethodFilter::DELETE, "/api/setup/campaigns/{name}", |method| on(method, setup::remove_campaign)),
    route(MethodFilter::DELETE, "/api/setup/surveys/{svid}", |method| on(method, setup::remove_survey)),
    route(MethodFilter::DELETE, "/api/setup/pnp-settings/{id}", |method| {
        on(method, setup::remove_pnp_setting)
    }),
    route(MethodFilter::POST, "/api/receipts", |method| on(method, friends::upload_receipt)),
    route(MethodFilter::POST, "/api/surveys/{svid}/submissions", |method| on(method, friends::submit_survey)),
    route(MethodFilter::POST, "/api/profiles", |method| on(method, friends::bind_profile)),
    route(MethodFilter::POST, "/api/points", |method| on(method, friends::add_points)),
    route(MethodFilter::GET, "/api/sms-plus/messages", |method| on(method, sms_plus::list)),
    route(MethodFilter::POST, "/api/sms-plus/messages", |method| on(method, sms_plus::push)),
    route(MethodFilter::GET, "/api/sms-plus/messages/{id}", |method| on(method, sms_plus::show)),
    route(MethodFilter::POST, "/api/sms-plus/messages/{id}/reports", |method| on(method, sms_plus::report)),
    route(MethodFilter::GET, "/api/openapi-events", |method| on(method, messages::events)),
    route(MethodFilter::POST, "/api/openapi-events", |method| on(method, messages::create_event)),
    route(MethodFilter::GET, "/api/messages", |method| on(method, messages::list)),
    route(MethodFilter::POST, "/api/messages", |method| on(method, messages::push)),
    route(MethodFilter::GET, "/api/messages/{id}", |method| on(method, messages::show)),
    route(MethodFilter::POST, "/api/messages/{id}/opens", |method| on(method, messages::open)),
    route(MethodFilter::GET, "/api/broadcasts", |method| on(method, messages::broadcasts)),
    route(MethodFilter::POST, "/api/broadcasts", |method| on(method, messages::broadcast)),
    route(MethodFilter::POST, "/api/broadcasts/{id}/opens", |method| on(method, messages::open_broadcast)),
];

const fn route(
    method: MethodFilter,
    path: &'static str,
    handler: fn(MethodFilter) -> MethodRouter<Api>,
) -> Route {
    Route { method, path, handler }
}

/// The JSON API on this sandbox. See the [module](super) for its rules, and `/api/openapi.json` for its calls.
///
/// It trusts whoever reaches it: `Host` and, off this machine, a token are for the server to check.
pub fn router(sandbox: Sandbox) -> Router {
    let api = Api { reporter: SmsPlusReporter::new(&sandbox), sandbox: sandbox.with_patience(PATIENCE) };
    let mut router = Router::new();
    for Route { method, path, handler } in ROUTES {
        router = router.route(path, handler(*method));
    }
    router = router.method_not_allowed_fallback(no_such_method);
    // Of the API's paths alone: what else there is is another router's.
    router = router.route("/api/", MethodRouter::new().fallback(no_such_call));
    router = router.route("/api/{*rest}", MethodRouter::new().fallback(no_such_call));
    router.layer(from_fn(guard::guard)).with_state(api)
}

async fn no_such_call() -> ApiError {
    ApiError::no_such_call()
}

async fn no_such_method() -> ApiError {
    ApiError::no_such_method()
}
