//! Receivers of every kind on real sockets, alike but for the framework: each speaks HTTP/1.1 and HTTP/2.

use std::{
    convert::Infallible,
    future::ready,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, middleware::map_response, response::Response, routing::post};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use maac_webhook::{Delivery, Endpoint, FromDelivery, Rejection, event::PrizePointsAdded};
use maac_webhook_actix::VerifyWebhook;
use maac_webhook_axum::Webhook;
use maac_webhook_test_support::wire::PATH;
use maac_webhook_tower::{VerifyLayer, rejection_response};
use tokio::net::TcpListener;
use tower::{Layer, service_fn, util::MapResponse};

/// The header by which these receivers show a response's rejection, which a socket does not carry.
pub const REJECTION: &str = "x-rejection";

/// The path whose handler takes prize points alone.
pub const POINTS: &str = "/points";

/// The path whose handler answers every event 404.
pub const REFUSES: &str = "/refuses";

/// A handler at each path, whichever way the router's state verifies.
macro_rules! axum_routes {
    ($router:expr, $handled:expr) => {{
        let (any, points, refuses) = ($handled.clone(), $handled.clone(), $handled.clone());
        $router
            .route(PATH, post(async move |Webhook(delivery): Webhook<Delivery>| any.push(delivery)))
            .route(
                POINTS,
                post(async move |Webhook((_, delivery)): Webhook<(PrizePointsAdded, Delivery)>| {
                    points.push(delivery)
                }),
            )
            .route(
                REFUSES,
                post(async move |Webhook(delivery): Webhook<Delivery>| {
                    refuses.push(delivery);
                    StatusCode::NOT_FOUND
                }),
            )
    }};
}

/// How a receiver is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The tower layer around a service, under hyper.
    Tower,
    /// The layer on an axum router, and the extractor.
    AxumLayer,
    /// The extractor with the endpoint from the state.
    AxumExtractor,
    /// The middleware on an actix-web resource, and the extractor.
    ActixMiddleware,
    /// The extractor with the endpoint from the `app_data`.
    ActixExtractor,
}

impl Kind {
    /// Whether it guards what a handler answers.
    #[must_use]
    pub fn is_guarded(self) -> bool {
        matches!(self, Self::Tower | Self::AxumLayer | Self::ActixMiddleware)
    }

    pub const ALL: [Self; 5] =
        [Self::Tower, Self::AxumLayer, Self::AxumExtractor, Self::ActixMiddleware, Self::ActixExtractor];
}

/// A receiver that listens and keeps what it was handed.
#[derive(Debug)]
pub struct Receiver {
    pub address: SocketAddr,
    handled: Handled,
    actix: Option<actix_web::dev::ServerHandle>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // actix-web has threads of its own. The word is given at once; the future only waits for the end.
        drop(self.actix.as_ref().map(|server| server.stop(false)));
    }
}

#[derive(Clone, Debug, Default)]
struct Handled(Arc<Mutex<Vec<Delivery>>>);

impl Handled {
    fn push(&self, delivery: Delivery) -> &'static str {
        self.0.lock().unwrap().push(delivery);
        "OK"
    }
}

impl Receiver {
    /// Starts one on a port of the system's choice, on this thread's runtime.
    pub async fn start(kind: Kind, endpoint: Endpoint) -> Self {
        let handled = Handled::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut actix = None;
        match kind {
            Kind::Tower => {
                tokio::spawn(serve_tower(listener, endpoint, handled.clone()));
            }
            Kind::AxumLayer => {
                let app = axum_routes!(Router::new(), handled).layer(VerifyLayer::new(endpoint));
                tokio::spawn(serve_axum(listener, app));
            }
            Kind::AxumExtractor => {
                let app = axum_routes!(Router::<Endpoint>::new(), handled);
                tokio::spawn(serve_axum(listener, app.with_state(endpoint)));
            }
            Kind::ActixMiddleware | Kind::ActixExtractor => {
                let wrapped = kind == Kind::ActixMiddleware;
                let listener = listener.into_std().unwrap();
                actix = Some(serve_actix(listener, wrapped, endpoint, handled.clone()));
            }
        }
        Self { address, handled, actix }
    }

    /// What was handed over so far; it is taken.
    #[must_use]
    pub fn take_handled(&self) -> Vec<Delivery> {
        std::mem::take(&mut *self.handled.0.lock().unwrap())
    }
}

async fn serve_axum(listener: TcpListener, app: Router) {
    let app = app.layer(map_response(async |response: Response| show_rejection(response)));
    axum::serve(listener, app).await.unwrap();
}

fn serve_actix(
    listener: std::net::TcpListener,
    wrapped: bool,
    endpoint: Endpoint,
    handled: Handled,
) -> actix_web::dev::ServerHandle {
    use actix_web::{App, HttpResponse, HttpServer, dev::Service, middleware::Condition, web};
    use maac_webhook_actix::Webhook as Taken;

    let log = tracing::dispatcher::get_default(Clone::clone);
    let server = HttpServer::new(move || {
        // This runs on the worker's own thread, whose log is to go where this test's does, to its end.
        std::mem::forget(tracing::dispatcher::set_default(&log));
        let (any, points, refuses) = (handled.clone(), handled.clone(), handled.clone());
        let any = move |Taken(delivery): Taken<Delivery>| ready(any.push(delivery));
        let points =
            move |Taken((_, delivery)): Taken<(PrizePointsAdded, Delivery)>| ready(points.push(delivery));
        let refuses = move |Taken(delivery): Taken<Delivery>| {
            refuses.push(delivery);
            ready(HttpResponse::NotFound())
        };
        let app_data = (!wrapped).then(|| endpoint.clone());
        let scope = web::scope("")
            .wrap(Condition::new(wrapped, VerifyWebhook::new(endpoint.clone())))
            .route(PATH, web::post().to(any))
            .route(POINTS, web::post().to(points))
            .route(REFUSES, web::post().to(refuses))
            .wrap_fn(|request, inner| {
                let answered = inner.call(request);
                async move {
                    let mut answered = answered.await?;
                    let kind = answered.response().extensions().get::<Rejection>().map(Rejection::kind);
                    if let Some(kind) = kind {
                        let value = actix_web::http::header::HeaderValue::from_static(kind.as_str());
                        let name = actix_web::http::header::HeaderName::from_static(REJECTION);
                        answered.headers_mut().insert(name, value);
                    }
                    Ok(answered)
                }
            });
        App::new()
            .configure(|config| {
                if let Some(endpoint) = app_data {
                    config.app_data(endpoint);
                }
            })
            .service(scope)
    });
    // actix-web's own time-out would answer where a machine is busy, and small frames are not to wait for
    // each other.
    let server = server.client_request_timeout(Duration::ZERO).tcp_nodelay(true);
    let server = server.workers(1).disable_signals().listen_auto_h2c(listener).unwrap().run();
    let handle = server.handle();
    tokio::spawn(server);
    handle
}

async fn serve_tower(listener: TcpListener, endpoint: Endpoint, handled: Handled) {
    let inner = service_fn(move |request: Request<Full<Bytes>>| {
        let (of, delivery) =
            request.extensions().get::<Endpoint>().zip(request.extensions().get::<Delivery>()).unwrap();
        let answer = match request.uri().path() {
            POINTS => <(PrizePointsAdded, Delivery)>::from_delivery(delivery)
                .map(|(_, delivery)| handled.push(delivery)),
            _ => Ok(handled.push(delivery.clone())),
        };
        let mut response = match answer {
            Ok(answer) => http::Response::new(Full::new(Bytes::from(answer))),
            Err(rejection) => rejection_response(rejection.at(of)),
        };
        if request.uri().path() == REFUSES {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        ready(Ok::<_, Infallible>(response))
    });
    let service = MapResponse::new(VerifyLayer::new(endpoint).layer(inner), show_rejection);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            // What a client breaks off is its own affair.
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn show_rejection<B>(mut response: http::Response<B>) -> http::Response<B> {
    if let Some(rejection) = response.extensions().get::<Rejection>() {
        let kind = HeaderValue::from_static(rejection.kind().as_str());
        response.headers_mut().insert(REJECTION, kind);
    }
    response
}
