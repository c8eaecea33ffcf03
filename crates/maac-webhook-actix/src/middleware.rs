use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Extensions, Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
    http::StatusCode,
    web::PayloadConfig,
};
use bytes::Bytes;
use futures_util::{FutureExt, future::LocalBoxFuture};
use maac_webhook::{Endpoint, Rejection};

use crate::{WebhookRejection, read};

/// Middleware that lets only verified deliveries to one endpoint through. See the crate's documentation.
///
/// It answers *every* request of what it wraps: wrap one resource or scope, and put health checks beside it.
#[derive(Clone, Debug)]
pub struct VerifyWebhook {
    endpoint: Endpoint,
}

impl VerifyWebhook {
    /// Middleware that verifies for this endpoint, with its limits.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl<S, B> Transform<S, ServiceRequest> for VerifyWebhook
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = VerifyWebhookService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(VerifyWebhookService { inner: Rc::new(inner), endpoint: self.endpoint.clone() }))
    }
}

/// The service of [`VerifyWebhook`].
#[derive(Debug)]
pub struct VerifyWebhookService<S> {
    inner: Rc<S>,
    endpoint: Endpoint,
}

impl<S, B> Service<ServiceRequest> for VerifyWebhookService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(inner);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (inner, endpoint) = (self.inner.clone(), self.endpoint.clone());
        let begun = read::begin(&endpoint, request.request());
        let payload = request.take_payload();
        async move {
            let verified = match begun {
                Ok(verification) => read::read(endpoint.clone(), verification, payload).await,
                Err(rejection) => Err(rejection),
            };
            let delivery = match verified {
                Ok(delivery) => delivery,
                Err(rejection) => return Ok(reject(request, rejection.at(&endpoint))),
            };
            put_back(&mut request, delivery.body().clone());
            request.extensions_mut().insert(delivery);
            request.extensions_mut().insert(endpoint.clone());
            guard(&endpoint, inner.call(request).await)
        }
        .boxed_local()
    }
}

/// What actix-web's extractors of bytes and texts take unless told otherwise.
const TAKEN_ANYWAY: usize = 256 * 1024;

/// The bytes for whatever extracts them, which must not refuse them again at a smaller limit of its own.
fn put_back(request: &mut ServiceRequest, body: Bytes) {
    // Not for every request: actix-web panics where a middleware outside this one has kept the request.
    if body.len() > TAKEN_ANYWAY || request.app_data::<PayloadConfig>().is_some() {
        let mut settings = Extensions::new();
        settings.insert(PayloadConfig::new(body.len()));
        request.add_data_container(Rc::new(settings));
    }
    request.set_payload(Payload::from(body));
}

fn reject<B>(request: ServiceRequest, rejection: Rejection) -> ServiceResponse<EitherBody<B>> {
    request.error_response(WebhookRejection::from(rejection)).map_into_right_body()
}

fn guard<B>(
    endpoint: &Endpoint,
    answered: Result<ServiceResponse<B>, Error>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    match (endpoint.guard(status.as_u16()), answered) {
        (Ok(allowed), Ok(mut response)) => {
            if allowed != status.as_u16() {
                response.response_mut().head_mut().status = StatusCode::OK;
            }
            Ok(response.map_into_left_body())
        }
        (Ok(allowed), Err(error)) if allowed == status.as_u16() => Err(error),
        // An error that answers another 2xx.
        (Ok(_), Err(_)) => Err(actix_web::error::InternalError::new("", StatusCode::OK).into()),
        (Err(rejection), Ok(response)) => {
            Ok(response.error_response(WebhookRejection::from(rejection)).map_into_right_body())
        }
        (Err(rejection), Err(_)) => Err(WebhookRejection::from(rejection).into()),
    }
}
