use std::{
    mem,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use maac_webhook::{Endpoint, Verifier};
use tower_service::Service;

use crate::{ReadAndVerify, ResponseBody, ResponseFuture};

/// A service that lets only verified deliveries through to `S`. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Verify<S> {
    inner: S,
    verifier: Verifier,
}

impl<S> Verify<S> {
    pub(crate) fn new(inner: S, verifier: Verifier) -> Self {
        Self { inner, verifier }
    }

    /// The endpoint it verifies for.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        self.verifier.endpoint()
    }
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone,
    B: Body,
    B::Error: std::fmt::Display,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<S, B> {
        // The inner service that was polled ready is the one to call once the body has arrived; its
        // clone, not ready yet, takes its place here.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        let (parts, body) = request.into_parts();
        match ReadAndVerify::begin(&self.verifier, &parts, body) {
            Ok(read) => ResponseFuture::reading(read, parts, ready, self.endpoint().clone()),
            Err(rejection) => ResponseFuture::rejected(rejection, self.endpoint().clone()),
        }
    }
}
