use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Parts};
use http_body::Body;
use http_body_util::Full;
use maac_webhook::{Delivery, Endpoint, Rejection};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{ReadAndVerify, ResponseBody, rejection_response};

pin_project! {
    /// The response of [`Verify`](crate::Verify).
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<Full<Bytes>>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
        endpoint: Endpoint,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Rejected { rejection: Option<Rejection> },
        Reading {
            #[pin]
            read: ReadAndVerify<B>,
            parts: Option<Parts>,
            inner: S,
        },
        Calling {
            #[pin]
            response: F,
        },
    }
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<Full<Bytes>>>,
{
    pub(crate) fn reading(read: ReadAndVerify<B>, parts: Parts, inner: S, endpoint: Endpoint) -> Self {
        Self { state: State::Reading { read, parts: Some(parts), inner }, endpoint }
    }

    pub(crate) fn rejected(rejection: Rejection, endpoint: Endpoint) -> Self {
        Self { state: State::Rejected { rejection: Some(rejection) }, endpoint }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>>,
    B: Body,
    B::Error: fmt::Display,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Rejected { rejection } => {
                    let Some(rejection) = rejection.take() else { return Poll::Pending };
                    return Poll::Ready(Ok(rejection_response(rejection.at(this.endpoint))));
                }
                StateProjection::Reading { read, parts, inner } => match ready!(read.poll(cx)) {
                    Ok(delivery) => {
                        let Some(parts) = parts.take() else { return Poll::Pending };
                        let request = hand_over(parts, delivery, this.endpoint.clone());
                        let response = inner.call(request);
                        this.state.set(State::Calling { response });
                    }
                    Err(rejection) => {
                        this.state.set(State::Rejected { rejection: Some(rejection) });
                    }
                },
                StateProjection::Calling { response } => {
                    let response = ready!(response.poll(cx))?;
                    return Poll::Ready(Ok(guard(response, this.endpoint)));
                }
            }
        }
    }
}

/// The request for the inner service: the raw bytes, and the proof that they are genuine.
fn hand_over(parts: Parts, delivery: Delivery, endpoint: Endpoint) -> Request<Full<Bytes>> {
    let mut request = Request::from_parts(parts, Full::new(delivery.body().clone()));
    request.extensions_mut().insert(delivery);
    request.extensions_mut().insert(endpoint);
    request
}

fn guard<R>(mut response: Response<R>, endpoint: &Endpoint) -> Response<ResponseBody<R>> {
    let status = response.status().as_u16();
    match endpoint.guard(status) {
        Ok(answered) => {
            if answered != status {
                *response.status_mut() = StatusCode::OK;
            }
            response.map(ResponseBody::inner)
        }
        Err(rejection) => rejection_response(rejection),
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<Full<Bytes>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
