//! MAAC's console as pages: server-rendered, usable without scripts, and live with a little of it.

mod access;
mod answer;
mod assets;
mod curl;
mod errors;
mod forms;
mod guard;
mod hex;
mod history;
mod layout;
mod live;
mod pages;
mod session;
mod text;
mod visit;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};

pub use access::{Access, AccessToken, TokenRequired, TokenTooShort};

use crate::{Sandbox, openapi::OpenApiToken};
use history::History;
use session::Sessions;

/// How long a form waits for room among the deliveries, before it is shown again with what it was filled in with.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest form, in bytes, that is taken of whoever has no token: read, its fields take many times as much.
const OPEN_FORM: usize = 64 * 1024;

/// The console of a sandbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Console {
    inner: Arc<Inner>,
    openapi_token: Option<OpenApiToken>,
}

#[derive(Debug)]
struct Inner {
    sandbox: Sandbox,
    access: Access,
    sessions: Sessions,
    history: History,
}

impl Console {
    /// A console for those who have this access. To be called in a tokio runtime, on which the live log is followed.
    #[must_use]
    pub fn new(sandbox: Sandbox, access: Access) -> Self {
        let history = History::follow(sandbox.dispatcher().watch());
        let sandbox = sandbox.with_patience(PATIENCE);
        let inner = Inner { sandbox, access, sessions: Sessions::new(), history };
        Self { inner: Arc::new(inner), openapi_token: None }
    }

    /// Adds a page that tells where MAAC's OpenAPI calls are, beside it under `/openapi/v1`, and uncovers their token.
    #[must_use]
    pub fn with_openapi_token(mut self, token: OpenApiToken) -> Self {
        self.openapi_token = Some(token);
        self
    }

    /// Its routes, with `others` behind the same guard: the host is checked, nothing is changed from another site's page, and a
    /// token is needed where the console's is.
    pub fn router(&self, others: Router) -> Router {
        use pages::{deliveries, login, openapi, purchase, simulate, webhooks};

        let webhooks = Router::new()
            .route("/", get(webhooks::home))
            .route("/webhooks", get(webhooks::list))
            .route("/webhooks/new", get(webhooks::new).post(webhooks::create))
            .route("/webhooks/{id}", get(webhooks::details))
            .route("/webhooks/{id}/secret", post(webhooks::uncover))
            .route(
                "/webhooks/{id}/secret/change",
                get(webhooks::confirm_change).post(webhooks::change_secret),
            )
            .route("/webhooks/{id}/test", post(webhooks::send_test))
            .route("/webhooks/{id}/stop", post(webhooks::stop))
            .route("/webhooks/{id}/resume", post(webhooks::resume))
            .route("/webhooks/{id}/delete", get(webhooks::confirm_delete).post(webhooks::delete))
            .route("/purchase", get(purchase::show).post(purchase::set));
        let deliveries = Router::new()
            .route("/deliveries", get(deliveries::list))
            .route("/deliveries/{id}", get(deliveries::details))
            .route("/deliveries/{id}/again", post(deliveries::send_again))
            .route("/events/{id}", get(deliveries::event))
            .route("/log", get(deliveries::log))
            .route("/live", get(live::live));
        let simulate = Router::new()
            .route("/simulate", get(simulate::home))
            .route("/simulate/receipt", get(simulate::receipt::show).post(simulate::receipt::upload))
            .route(
                "/simulate/campaign",
                get(simulate::receipt::campaign).post(simulate::receipt::put_campaign),
            )
            .route("/simulate/survey", get(simulate::survey::show).post(simulate::survey::submit))
            .route("/simulate/survey/edit", get(simulate::survey_edit::edit).post(simulate::survey_edit::put))
            .route("/simulate/friends", get(simulate::friends::list))
            .route("/simulate/friend", get(simulate::friends::show).post(simulate::friends::put))
            .route("/simulate/delete/{kind}", get(simulate::delete::confirm).post(simulate::delete::delete))
            .route("/simulate/sms-plus", get(simulate::sms_plus::show).post(simulate::sms_plus::push))
            .route(
                "/simulate/sms-plus/template",
                get(simulate::sms_plus::template).post(simulate::sms_plus::put_template),
            )
            .route(
                "/simulate/sms-plus/messages/{id}",
                get(simulate::sms_plus::message).post(simulate::sms_plus::report),
            )
            .route("/simulate/profile", get(simulate::profile::show).post(simulate::profile::bind))
            .route("/simulate/points", get(simulate::points::show).post(simulate::points::grant))
            .route("/simulate/messages", get(simulate::messages::show))
            .route("/simulate/messages/broadcast", post(simulate::messages::broadcast))
            .route("/simulate/messages/event", post(simulate::messages::create_event))
            .route("/simulate/messages/push", post(simulate::messages::push))
            .route("/simulate/messages/open", post(simulate::messages::open));
        // Whoever reaches the console may send these.
        let open = Router::new()
            .route("/login", get(login::show).post(login::log_in))
            .route("/language", post(login::language))
            .layer(DefaultBodyLimit::max(OPEN_FORM));
        let others_too = Router::new()
            .route("/openapi", get(openapi::show))
            .route("/openapi/token", post(openapi::uncover))
            .route("/logout", post(login::log_out))
            .route("/assets/console.css", get(assets::style))
            .route("/assets/console.js", get(assets::script))
            .fallback(pages::not_found);
        Router::new()
            .merge(webhooks)
            .merge(deliveries)
            .merge(simulate)
            .merge(open)
            .merge(others_too)
            .with_state(self.clone())
            .merge(others)
            .layer(from_fn_with_state(self.clone(), guard::guard))
    }

    fn sandbox(&self) -> &Sandbox {
        &self.inner.sandbox
    }

    fn openapi_token(&self) -> Option<&OpenApiToken> {
        self.openapi_token.as_ref()
    }

    fn access(&self) -> &Access {
        &self.inner.access
    }

    fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    fn history(&self) -> &History {
        &self.inner.history
    }
}
