//! Requests with any method, headers and framing through actix-web's server and the middleware: the handler
//! is called if and only if a request is signed right, and the answer is the one table's.

#![no_main]

use std::{cell::RefCell, future::Future, pin::Pin, rc::Rc, task::Poll, time::Duration};

use actix_http::{HttpService, Payload, error::PayloadError};
use actix_service::{Service, ServiceFactory, map_config};
use actix_web::{
    App, HttpMessage, HttpRequest, HttpResponse,
    body::to_bytes,
    dev::AppConfig,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, HeaderName, HeaderValue},
    },
    web,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use libfuzzer_sys::fuzz_target;
use maac_webhook::{Delivery, Endpoint, Rejection, headers};
use maac_webhook_actix::VerifyWebhook;
use maac_webhook_fuzz::http::{ANSWER, Frame, Handled, Input, Io, OneRequest, Outcome, Server, check};
use tokio::{
    runtime::{Builder, Runtime},
    task::LocalSet,
    time::timeout,
};

fuzz_target!(|input: Input<'_>| {
    thread_local!(static ACTIX: Actix = Actix::new());
    ACTIX.with(|actix| check(actix, input));
});

/// Longer than all time-outs, by a clock that goes on where everybody waits.
const NEVER: Duration = Duration::from_secs(3600);

struct Actix(Runtime);

impl Actix {
    fn new() -> Self {
        Self(Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime"))
    }

    /// With the tasks that actix-web's server spawns, which end with it.
    fn run<F: Future>(&self, future: F) -> F::Output {
        let tasks = LocalSet::new();
        tasks.block_on(&self.0, async { timeout(NEVER, future).await.expect("it comes to an end") })
    }
}

type Calls = Rc<RefCell<Vec<Handled>>>;

/// An app with the middleware around all it has.
macro_rules! app {
    ($endpoint:expr, $calls:expr) => {{
        let (endpoint, calls) = ($endpoint.clone(), $calls.clone());
        let handler = move |request: HttpRequest, body: Bytes| {
            let answered = handle(&calls, &request, body);
            async move { answered }
        };
        App::new().wrap(VerifyWebhook::new(endpoint)).default_service(web::to(handler))
    }};
}

fn handle(calls: &Calls, request: &HttpRequest, body: Bytes) -> HttpResponse {
    let extensions = request.extensions();
    let delivery = extensions.get::<Delivery>().expect("a delivery");
    assert_eq!(delivery.body(), &body, "the handler reads what was verified");
    let signatures = request.headers().get_all(headers::SIGNATURE);
    let signatures = signatures.map(|value| value.as_bytes().to_vec()).collect();
    calls.borrow_mut().push(Handled { signatures, body: body.to_vec() });
    let asked = request.headers().get(ANSWER).and_then(|value| value.to_str().ok()?.parse::<u16>().ok());
    let status = asked.filter(|status| *status >= 200).and_then(|status| StatusCode::from_u16(status).ok());
    HttpResponse::with_body(status.unwrap_or(StatusCode::OK), actix_web::body::BoxBody::new("OK"))
}

impl Server for Actix {
    const REFUSES_BOTH_LENGTHS: bool = true;

    fn serve(&self, endpoint: &Endpoint, io: Io) -> Vec<Handled> {
        let calls = Calls::default();
        self.run(async {
            let app = map_config(app!(endpoint, calls), |()| AppConfig::default());
            let http = HttpService::build().client_request_timeout(Duration::ZERO).h1(app);
            let server = http.new_service(()).await.expect("a service");
            // That a connection broke off is no news.
            let _ = server.call((io, None)).await;
        });
        calls.take()
    }

    fn call(&self, endpoint: &Endpoint, request: &OneRequest<'_>) -> Option<(Outcome, Vec<Handled>)> {
        let calls = Calls::default();
        let mut sent = actix_http::Request::with_payload(Payload::from(body(&request.frames)));
        sent.head_mut().method = request.head.method.as_str().parse().ok()?;
        for (name, value) in request.headers() {
            let name = HeaderName::try_from(name).ok()?;
            sent.headers_mut().append(name, HeaderValue::from_bytes(&value).ok()?);
        }
        if let Some(length) = request.declared {
            sent.headers_mut().append(CONTENT_LENGTH, length.into());
        }
        let outcome = self.run(async {
            let app = map_config(app!(endpoint, calls), |()| AppConfig::default());
            let app = app.new_service(()).await.expect("a service");
            let response = app.call(sent).await.expect("it does not fail").into_parts().1;
            let (status, rejection) =
                (response.status().as_u16(), response.extensions().get().map(Rejection::kind));
            let body = to_bytes(response.into_body()).await.unwrap_or_default().to_vec();
            Outcome { status, rejection, body }
        });
        Some((outcome, calls.take()))
    }
}

/// A body of these frames, each there when it is asked for or not.
fn body(frames: &[Frame<'_>]) -> Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> {
    let frames: Vec<Sent> = frames.iter().map(Sent::from).collect();
    let mut frames = frames.into_iter();
    let mut is_awaited = false;
    Box::pin(stream::poll_fn(move |context| {
        if is_awaited {
            return Poll::Pending;
        }
        Poll::Ready(match frames.next() {
            None => None,
            Some(Sent::Data(data)) => Some(Ok(data)),
            Some(Sent::Breaks) => Some(Err(PayloadError::Incomplete(None))),
            Some(Sent::Later) => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Sent::Stalls) => {
                is_awaited = true;
                return Poll::Pending;
            }
        })
    }))
}

/// A frame that owns its data.
enum Sent {
    Data(Bytes),
    Breaks,
    Later,
    Stalls,
}

impl From<&Frame<'_>> for Sent {
    fn from(frame: &Frame<'_>) -> Self {
        match frame {
            Frame::Data(data) => Self::Data(Bytes::copy_from_slice(data)),
            // actix-web has no trailers.
            Frame::Later | Frame::Trailers => Self::Later,
            Frame::Stalls => Self::Stalls,
            Frame::Breaks => Self::Breaks,
        }
    }
}
