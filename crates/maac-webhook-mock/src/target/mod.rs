//! What the mock sends to.

#[cfg(feature = "actix")]
mod actix;
mod drive;
mod service;
#[cfg(feature = "url")]
mod url;

use std::future::Future;

use maac_webhook_sender::{InvalidTarget, Target};

#[cfg(feature = "actix")]
pub use actix::ActixApp;
pub use service::{TowerService, WithBody, with_body};
#[cfg(feature = "url")]
pub use url::{ByUrl, UrlTarget};

use crate::{MockError, MockSender, handover::Exchanges};

/// What the mock sends to. `Kind` only tells its implementations apart, and is never named.
///
/// | target | |
/// | --- | --- |
/// | `&mut service` | any `tower::Service<http::Request<MockBody>>`, as an axum `Router`; [`with_body`] converts for a service that takes one body alone |
/// | `&app` or `&mut app` | what actix-web's `test::init_service` gives (feature `actix`) |
/// | `"http://…"`, a `String`, a [`Target`], a `UrlTarget` | a receiver behind a URL (feature `url`) |
///
/// In process the mock is the HTTP server too: a body that breaks off is an error of the body, a body that is longer
/// than its `Content-Length` is cut off, and where a connection would have been lost no answer is heard.
#[diagnostic::on_unimplemented(
    message = "the mock cannot send to `{Self}`",
    label = "not a target",
    note = "a target is `&mut` a tower service of `http::Request<MockBody>` (or of another body, by `with_body`), an \
            actix-web app (feature `actix`), or a URL (feature `url`)"
)]
pub trait MockTarget<Kind> {
    /// Its own address; `None` in process.
    #[doc(hidden)]
    fn address(&self) -> Option<Result<Target, InvalidTarget>> {
        None
    }

    /// Carries each exchange until the work is done.
    #[doc(hidden)]
    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output>;
}

impl MockSender {
    pub(crate) fn address<Kind>(&self, target: &impl MockTarget<Kind>) -> Result<Target, MockError> {
        match target.address() {
            Some(address) => Ok(address?),
            None => self.in_process(),
        }
    }
}
