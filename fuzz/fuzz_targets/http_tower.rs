//! Requests with any method, headers and framing through hyper and the tower layer: the handler is called if
//! and only if a request is signed right, and the answer is the one table's.

#![no_main]

use std::{
    cell::RefCell,
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame as BodyFrame, SizeHint};
use http_body_util::{BodyExt, Full};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use libfuzzer_sys::fuzz_target;
use maac_webhook::{Delivery, Endpoint, Rejection, headers};
use maac_webhook_fuzz::http::{ANSWER, Frame, Handled, Input, Io, OneRequest, Outcome, Server, check};
use maac_webhook_tower::{Verify, VerifyLayer};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tower_layer::Layer;
use tower_service::Service;

fuzz_target!(|input: Input<'_>| {
    thread_local!(static TOWER: Tower = Tower::new());
    TOWER.with(|tower| check(tower, input));
});

/// Longer than all time-outs, by a clock that goes on where everybody waits.
const NEVER: Duration = Duration::from_secs(3600);

struct Tower(Runtime);

impl Tower {
    fn new() -> Self {
        Self(Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime"))
    }

    fn run<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(async { timeout(NEVER, future).await.expect("it comes to an end") })
    }
}

impl Server for Tower {
    const REFUSES_BOTH_LENGTHS: bool = false;

    fn serve(&self, endpoint: &Endpoint, io: Io) -> Vec<Handled> {
        let handler = Handler::default();
        let service = TowerToHyperService::new(handler.verified(endpoint));
        self.run(async {
            // That a connection broke off is no news.
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(io), service).await;
        });
        handler.calls.take()
    }

    fn call(&self, endpoint: &Endpoint, request: &OneRequest<'_>) -> Option<(Outcome, Vec<Handled>)> {
        let handler = Handler::default();
        let body = Frames { frames: request.frames.iter(), declared: request.declared, is_awaited: false };
        let mut sent = Request::builder().method(request.head.method.as_str()).uri("/").body(body).ok()?;
        for (name, value) in request.headers() {
            let name = HeaderName::try_from(name).ok()?;
            sent.headers_mut().append(name, HeaderValue::from_bytes(&value).ok()?);
        }
        // What comes late is borrowed: the layer does not ask for more.
        let mut service = handler.verified(endpoint);
        let response = self.run(async { service.call(sent).await });
        let (head, body) = response.expect("it does not fail").into_parts();
        let rejection = head.extensions.get().map(Rejection::kind);
        let body = self.run(body.collect()).expect("it does not fail").to_bytes().to_vec();
        Some((Outcome { status: head.status.as_u16(), rejection, body }, handler.calls.take()))
    }
}

#[derive(Clone, Default)]
struct Handler {
    calls: Rc<RefCell<Vec<Handled>>>,
}

impl Handler {
    fn verified(&self, endpoint: &Endpoint) -> Verify<Self> {
        VerifyLayer::new(endpoint.clone()).layer(self.clone())
    }
}

impl Service<Request<Full<Bytes>>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let (head, mut body) = request.into_parts();
        let delivery = head.extensions.get::<Delivery>().expect("a delivery");
        let frame = Pin::new(&mut body).poll_frame(&mut Context::from_waker(std::task::Waker::noop()));
        let read = match frame {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        };
        assert_eq!(delivery.body(), &read, "the handler reads what was verified");
        let signatures = head.headers.get_all(headers::SIGNATURE).iter();
        let signatures = signatures.map(|value| value.as_bytes().to_vec()).collect();
        self.calls.borrow_mut().push(Handled { signatures, body: read.to_vec() });
        let mut response = Response::new(Full::new(Bytes::from_static(b"OK")));
        *response.status_mut() = answer(&head.headers);
        ready(Ok(response))
    }
}

fn answer(headers: &HeaderMap) -> http::StatusCode {
    let asked = headers.get(ANSWER).and_then(|value| value.to_str().ok()?.parse::<u16>().ok());
    asked.filter(|status| *status >= 200).and_then(|status| status.try_into().ok()).unwrap_or_default()
}

/// A body of these frames.
struct Frames<'a> {
    frames: std::slice::Iter<'a, Frame<'a>>,
    declared: Option<u16>,
    is_awaited: bool,
}

impl Body for Frames<'_> {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, &'static str>>> {
        if self.is_awaited {
            return Poll::Pending;
        }
        Poll::Ready(match self.frames.next() {
            None => None,
            Some(Frame::Data(data)) => Some(Ok(BodyFrame::data(Bytes::copy_from_slice(data)))),
            Some(Frame::Trailers) => Some(Ok(BodyFrame::trailers(HeaderMap::new()))),
            Some(Frame::Breaks) => Some(Err("it breaks off")),
            Some(Frame::Later) => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Frame::Stalls) => {
                self.is_awaited = true;
                return Poll::Pending;
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        if let Some(declared) = self.declared {
            hint.set_lower(declared.into());
        }
        hint
    }
}
