//! Receivers of every kind on real sockets, alike but for the framework.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
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
use maac_webhook_axum::Webhook;
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
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Tower, Self::AxumLayer, Self::AxumExtractor];
}

/// A receiver that listens and keeps what it was handed.
#[derive(Debug)]
pub struct Receiver {
    pub address: SocketAddr,
    handled: Handled,
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
        match kind {
            Kind::Tower => tokio::spawn(serve_tower(listener, endpoint, handled.clone())),
            Kind::AxumLayer => {
                let own = handled.clone();
                let handler = async move |Webhook(delivery): Webhook<Delivery>| own.push(delivery);
                let app =
                    Router::new().route("/webhooks/maac", post(handler)).layer(VerifyLayer::new(endpoint));
                serve_axum(listener, app)
            }
            Kind::AxumExtractor => {
                let own = handled.clone();
                let handler = async move |Webhook(delivery): Webhook<Delivery>| own.push(delivery);
                let app = Router::<Endpoint>::new().route("/webhooks/maac", post(handler));
                serve_axum(listener, app.with_state(endpoint))
            }
        };
        Self { address, handled }
    }

    /// What was handed over so far; it is taken.
    #[must_use]
    pub fn take_handled(&self) -> Vec<Delivery> {
        std::mem::take(&mut *self.handled.0.lock().unwrap())
    }
}

fn serve_axum(listener: TcpListener, app: Router) -> tokio::task::JoinHandle<()> {
    let app = app.layer(map_response(async |response: Response| show_rejection(response)));
    tokio::spawn(async { axum::serve(listener, app).await.unwrap() })
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
