//! Receivers of every kind, alike but for the framework.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::post};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use maac_webhook::{Delivery, Endpoint, ShareSecret, ShareSecrets};
use maac_webhook_mock::{MockDelivery, MockSender, Sent};
use maac_webhook_tower::VerifyLayer;
use tower::{Layer, service_fn};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tower,
    Axum,
    Actix,
    Url,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Tower, Self::Axum, Self::Actix, Self::Url];
}

/// The bodies that were handled, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handled(Arc<Mutex<Vec<Bytes>>>);

impl Handled {
    fn push(&self, delivery: &Delivery) -> &'static str {
        self.0.lock().unwrap().push(delivery.body().clone());
        "OK"
    }

    pub(crate) fn bodies(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

/// A sender for receivers on sockets too, with which a paused clock does not go well.
pub(crate) fn sender() -> MockSender {
    MockSender::new(secret("hush")).without_waiting()
}

pub(crate) fn secrets() -> ShareSecrets {
    ShareSecrets::new(secret("hush"))
}

pub(crate) fn router(endpoint: Endpoint, handled: Handled) -> Router {
    use maac_webhook_axum::Webhook;
    let handler = async move |Webhook(delivery): Webhook<Delivery>| handled.push(&delivery);
    Router::new().route("/webhooks/maac", post(handler)).layer(VerifyLayer::new(endpoint))
}

/// Starts it on a port of the system's choice and gives its URL.
pub(crate) async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/maac", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    url
}

/// Sends it to a fresh receiver and gives what came of it and what was handled.
pub(crate) async fn send(kind: Kind, endpoint: Endpoint, delivery: MockDelivery<'_>) -> (Sent, Vec<Bytes>) {
    let handled = Handled::default();
    let sent = match kind {
        Kind::Tower => {
            let own = handled.clone();
            let inner = service_fn(move |request: Request<Full<Bytes>>| {
                let answer = own.push(request.extensions().get::<Delivery>().unwrap());
                async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(answer)))) }
            });
            delivery.send_to(&mut VerifyLayer::new(endpoint).layer(inner)).await
        }
        Kind::Axum => delivery.send_to(&mut router(endpoint, handled.clone())).await,
        Kind::Url => {
            let url = serve(router(endpoint, handled.clone())).await;
            delivery.send_to(url.as_str()).await
        }
        Kind::Actix => {
            use actix_web::{App, test::init_service, web};
            use maac_webhook_actix::{VerifyWebhook, Webhook};

            let own = handled.clone();
            let handler = move |Webhook(delivery): Webhook<Delivery>| {
                let answer = own.push(&delivery);
                async move { answer }
            };
            let resource = web::resource("/webhooks/maac").wrap(VerifyWebhook::new(endpoint));
            let app = init_service(App::new().service(resource.route(web::post().to(handler)))).await;
            delivery.send_to(&app).await
        }
    };
    (sent, handled.bodies())
}
