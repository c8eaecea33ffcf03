use std::{
    error::Error,
    fmt,
    future::Future,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use maac_webhook::Rejection;
use maac_webhook_sender::{ResponseRecord, TransportError, TransportErrorKind};
use tower_service::Service;

use super::{MockTarget, drive::drive};
use crate::{
    MockBody,
    handover::{Answer, Answered, Exchange, Exchanges},
};

type BoxError = Box<dyn Error + Send + Sync>;

/// The kind of target that is a tower service.
#[derive(Debug)]
#[non_exhaustive]
pub struct TowerService;

impl<S, B> MockTarget<TowerService> for &mut S
where
    S: Service<Request<MockBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    fn serve<W: Future>(self, exchanges: Exchanges, work: W) -> impl Future<Output = W::Output> {
        let ready = |service: &mut Self, context: &mut Context<'_>| {
            service.poll_ready(context).map_err(|error| failed(error.into()))
        };
        let call = |service: &mut Self, exchange: Exchange| {
            let Exchange { request, reply, .. } = exchange;
            (answer(service.call(request)), reply)
        };
        drive(self, exchanges, work, ready, call)
    }
}

async fn answer<B, E>(response: impl Future<Output = Result<Response<B>, E>>) -> Answer
where
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let (head, body) = response.await.map_err(|error| failed(error.into()))?.into_parts();
    let body = body.collect().await.map_err(|error| failed(error.into()))?;
    let rejection = head.extensions.get().map(Rejection::kind);
    Ok(Answered { response: ResponseRecord::of(&head, body.to_bytes()), rejection, in_process: true })
}

/// A service that fails closes its connection without an answer, as a server does.
fn failed(error: BoxError) -> TransportError {
    TransportError::new(
        TransportErrorKind::Closed,
        format!("the service failed: {}", crate::error::told(&*error)),
    )
}

/// A service that takes another body than the mock's, made from it by `convert`.
///
/// ```
/// use axum::{body::Body, http::{Request, Response}};
/// use maac_webhook_mock::{MockSender, maac_webhook::ShareSecret, samples, with_body};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = tower::service_fn(async |_: Request<Body>| Ok::<_, std::io::Error>(Response::new(Body::from("OK"))));
/// let sender = MockSender::new(ShareSecret::new("d0c5c1a6")?);
/// let event = sender.event(samples::message_first_open());
/// event.send_to(&mut with_body(app, Body::new)).await.assert_accepted();
/// # Ok(()) }
/// ```
pub fn with_body<S, B>(service: S, convert: fn(MockBody) -> B) -> WithBody<S, B> {
    WithBody { service, convert }
}

/// A service with its conversion: see [`with_body`].
#[derive(Clone)]
pub struct WithBody<S, B> {
    service: S,
    convert: fn(MockBody) -> B,
}

impl<S: Service<Request<B>>, B> Service<Request<MockBody>> for WithBody<S, B> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<MockBody>) -> S::Future {
        self.service.call(request.map(self.convert))
    }
}

impl<S: fmt::Debug, B> fmt::Debug for WithBody<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithBody").field("service", &self.service).finish_non_exhaustive()
    }
}
