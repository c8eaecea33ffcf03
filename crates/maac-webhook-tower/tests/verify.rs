//! The layer in process: order, readiness, extensions and the guard on the inner answer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use maac_webhook::{Delivery, Endpoint, Rejection, RejectionKind, ShareSecret, Signature, headers};
use maac_webhook_tower::VerifyLayer;
use tower::{Layer, Service, ServiceExt, service_fn};

const BODY: &str = r#"{"topic": "t", "data": {}}"#;

fn secret() -> ShareSecret {
    ShareSecret::new("one").unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::new("crm", secret())
}

fn signed<B>(body: B) -> Request<B> {
    let signature = Signature::sign(&secret(), BODY.as_bytes()).to_string();
    Request::post("/").header(headers::SIGNATURE, signature).body(body).unwrap()
}

fn kind<B>(response: &Response<B>) -> Option<RejectionKind> {
    response.extensions().get::<Rejection>().map(Rejection::kind)
}

/// Answers every request with this status and a body and header of its own.
fn answering(
    status: u16,
) -> impl Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send> + Clone
{
    service_fn(move |_| {
        let response = Response::builder().status(status).header("location", "/").body(Full::from("inner"));
        ready(Ok(response.unwrap()))
    })
}

async fn answered(endpoint: Endpoint, status: u16) -> Response<Bytes> {
    let service = VerifyLayer::new(endpoint).layer(answering(status));
    let response = service.oneshot(signed(Full::<Bytes>::from(BODY))).await.unwrap();
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn the_inner_service_gets_the_raw_body_and_the_proof() {
    let inner = service_fn(async |request: Request<Full<Bytes>>| {
        let (parts, body) = request.into_parts();
        let delivery = parts.extensions.get::<Delivery>().unwrap();
        assert_eq!(delivery.endpoint(), "crm");
        assert_eq!(parts.extensions.get::<Endpoint>().unwrap().name(), "crm");
        assert_eq!(body.collect().await.unwrap().to_bytes(), BODY);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("OK")))
    });
    let service = VerifyLayer::new(endpoint()).layer(inner);
    let response = service.oneshot(signed(Full::<Bytes>::from(BODY))).await.unwrap();
    assert_eq!((response.status(), kind(&response)), (StatusCode::OK, None));
}

#[tokio::test]
async fn an_answer_that_would_lose_a_genuine_event_becomes_503() {
    for status in [101, 301, 302, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 600] {
        let response = answered(endpoint(), status).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{status}");
        let rejection = response.extensions().get::<Rejection>().unwrap();
        assert_eq!(rejection.kind(), RejectionKind::HandlerRefused);
        assert_eq!(rejection.detail(), Some(format!("the handler answered {status}").as_str()));
        assert_eq!(response.body(), "", "{status}");
        assert!(response.headers().is_empty(), "{status}: {:?}", response.headers());
    }
}

#[tokio::test]
async fn another_success_becomes_200_and_what_comes_back_stays() {
    for (status, expected) in
        [(200, 200), (201, 200), (202, 200), (204, 200), (408, 408), (429, 429), (500, 500), (503, 503)]
    {
        let response = answered(endpoint(), status).await;
        assert_eq!(response.status().as_u16(), expected, "{status}");
        assert_eq!(response.body(), "inner");
        assert_eq!(kind(&response), None);
    }
}

#[tokio::test]
async fn the_inner_status_is_preserved_on_request() {
    for status in [201, 302, 404] {
        let response = answered(endpoint().preserve_inner_status(), status).await;
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.body(), "inner");
    }
}

type Polled = Poll<Option<Result<Frame<Bytes>, Infallible>>>;

/// A body that does this whenever it is read.
struct Doing(fn() -> Polled);

impl Body for Doing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        (self.0)()
    }
}

const UNTOUCHABLE: Doing = Doing(|| panic!("the body was read"));
const STALLED: Doing = Doing(|| Poll::Pending);
const ENDLESS: Doing = Doing(|| Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x"))))));

#[tokio::test]
async fn what_can_be_refused_early_is_refused_before_the_body_is_read() {
    let service = VerifyLayer::new(endpoint()).layer(answering(200));
    let unsigned = Request::post("/").body(UNTOUCHABLE).unwrap();
    let response = service.clone().oneshot(unsigned).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (401, Some(RejectionKind::MissingSignature)));

    let unloaded = Endpoint::new("crm", maac_webhook::ShareSecrets::empty());
    let service = VerifyLayer::new(unloaded).layer(answering(200));
    let response = service.oneshot(signed(UNTOUCHABLE)).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (503, Some(RejectionKind::NoSecret)));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_is_given_up_after_its_time_out() {
    let endpoint = endpoint().with_body_timeout(Duration::from_secs(3));
    let service = VerifyLayer::new(endpoint).layer(answering(200));
    let began = tokio::time::Instant::now();
    let response = service.oneshot(signed(STALLED)).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (408, Some(RejectionKind::BodyTimeout)));
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_limit_and_at_the_time_out() {
    let service = VerifyLayer::new(endpoint().with_body_limit(10)).layer(answering(200));
    let response = service.oneshot(signed(ENDLESS)).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (413, Some(RejectionKind::BodyTooLarge)));

    let no_limit = endpoint().with_body_limit(usize::MAX).with_body_timeout(Duration::from_millis(20));
    let service = VerifyLayer::new(no_limit).layer(answering(200));
    let response = service.oneshot(signed(ENDLESS)).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (408, Some(RejectionKind::BodyTimeout)));
}

#[tokio::test]
async fn a_time_out_longer_than_any_clock_is_none() {
    let service = VerifyLayer::new(endpoint().with_body_timeout(Duration::MAX)).layer(answering(200));
    let response = service.oneshot(signed(Full::<Bytes>::from(BODY))).await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_broken_body_comes_back() {
    let body = Full::<Bytes>::from("x").map_err(|never| match never {}).boxed();
    let broken = body.with_trailers(async { Some(Err(std::io::Error::other("cut"))) });
    let service = VerifyLayer::new(endpoint()).layer(answering(200));
    let response = service.oneshot(signed(broken)).await.unwrap();
    assert_eq!((response.status().as_u16(), kind(&response)), (503, Some(RejectionKind::BodyIncomplete)));
}

/// Panics when it is called without having been polled ready, as services may.
#[derive(Default)]
struct Strict {
    ready: bool,
    called: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false, called: self.called.clone() }
    }
}

impl Service<Request<Full<Bytes>>> for Strict {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Empty<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called before it was ready");
        self.called.fetch_add(1, Ordering::Relaxed);
        ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn the_inner_service_is_called_only_where_it_was_ready() {
    let strict = Strict::default();
    let mut service = VerifyLayer::new(endpoint()).layer(strict.clone());
    for handled in 1..=3 {
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service).await.unwrap();
        let response = ready.call(signed(Full::<Bytes>::from(BODY))).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(strict.called.load(Ordering::Relaxed), handled);
    }
}

#[tokio::test]
async fn an_error_of_the_inner_service_is_passed_on() {
    let inner = service_fn(async |_: Request<Full<Bytes>>| {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("gone"))
    });
    let service = VerifyLayer::new(endpoint()).layer(inner);
    let error = service.oneshot(signed(Full::<Bytes>::from(BODY))).await.unwrap_err();
    assert_eq!(error.to_string(), "gone");
}
