//! Receivers of every kind on real sockets, alike but for the framework: each speaks HTTP/1.1 and HTTP/2.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, middleware::map_response, response::Response, routing::post};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use maac_webhook::{Delivery, Endpoint, Rejection};
use maac_webhook_actix::VerifyWebhook;
use maac_webhook_axum::Webhook;
use maac_webhook_test_support::wire::PATH;
use maac_webhook_tower::VerifyLayer;
use tokio::net::TcpListener;
use tower::{Layer, service_fn, util::MapResponse};

/// The header by which these receivers show a response's rejection, which a socket does not carry.
pub const REJECTION: &str = "x-rejection";

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
                let own = handled.clone();
                let handler = async move |Webhook(delivery): Webhook<Delivery>| own.push(delivery);
                let app = Router::new().route(PATH, post(handler)).layer(VerifyLayer::new(endpoint));
                tokio::spawn(serve_axum(listener, app));
            }
            Kind::AxumExtractor => {
                let own = handled.clone();
                let handler = async move |Webhook(delivery): Webhook<Delivery>| own.push(delivery);
                let app = Router::<Endpoint>::new().route(PATH, post(handler));
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
    use actix_web::{App, HttpServer, dev::Service, middleware::Condition, web};

    let log = tracing::dispatcher::get_default(Clone::clone);
    let server = HttpServer::new(move || {
        // This runs on the worker's own thread, whose log is to go where this test's does, to its end.
        std::mem::forget(tracing::dispatcher::set_default(&log));
        let handled = handled.clone();
        let handler = move |maac_webhook_actix::Webhook(delivery): maac_webhook_actix::Webhook<Delivery>| {
            let answer = handled.push(delivery);
            async move { answer }
        };
        let app_data = (!wrapped).then(|| endpoint.clone());
        let resource = web::resource(PATH)
            .wrap(Condition::new(wrapped, VerifyWebhook::new(endpoint.clone())))
            .route(web::post().to(handler))
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
            .service(resource)
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
        let answer = handled.push(request.extensions().get::<Delivery>().unwrap().clone());
        async move { Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from(answer)))) }
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
