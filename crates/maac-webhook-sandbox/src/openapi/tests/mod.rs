mod direct_message;
mod event;
mod guards;
mod opens;
mod pnp;

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header::CONTENT_TYPE},
};
use jiff::{Timestamp, ToSpan};
use maac_webhook::event::Topic;
use maac_webhook_sender::{
    Clock, RetrySchedule,
    dispatch::{DeliveryUpdate, Updates},
    platform::EndpointForm,
};
use serde_json::{Value, json};
use tower_service::Service;

use super::{OpenApiSettings, OpenApiToken, SmsPlusProgress, router};
use crate::{Sandbox, Settings};

/// The calls on a sandbox of their own, whose clock stands still unless it is set.
struct Calls {
    sandbox: Sandbox,
    router: Router,
    clock: Arc<Mutex<Timestamp>>,
}

struct Answer {
    status: StatusCode,
    content_type: String,
    body: String,
}

impl Answer {
    /// The body of an answer of this status.
    #[track_caller]
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.content_type, "application/json");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The one line of plain text that is answered with this status.
    #[track_caller]
    fn line(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert!(self.content_type.starts_with("text/plain"), "{}", self.content_type);
        assert!(!self.body.is_empty() && !self.body.contains('\n'), "{}", self.body);
        &self.body
    }
}

const TOKEN: &str = "a-token";

fn settings() -> OpenApiSettings {
    OpenApiSettings::new(OpenApiToken::new(TOKEN).unwrap())
}

impl Calls {
    fn new() -> Self {
        Self::with(&settings())
    }

    fn with(settings: &OpenApiSettings) -> Self {
        let clock = Arc::new(Mutex::new("2025-11-28T02:00:00Z".parse().unwrap()));
        let time = Arc::clone(&clock);
        let of_sandbox = Settings::new()
            .with_clock(Clock::new(move || *time.lock().unwrap()))
            .with_schedule(RetrySchedule::new([]));
        let sandbox = Sandbox::open(of_sandbox).unwrap();
        Self { router: router(sandbox.clone(), settings), sandbox, clock }
    }

    /// Lets this time go by.
    fn after_seconds(&self, seconds: i64) {
        *self.clock.lock().unwrap() += seconds.seconds();
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let content_type = head.headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap());
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: head.status,
            content_type: content_type.to_owned(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    async fn post_text(&self, path: &str, body: &str) -> Answer {
        self.send(request(Method::POST, path).body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Makes an event, and gives back its id.
    async fn event(&self, name: &str) -> u64 {
        self.post("/event/", json!({"name": name})).await.json(201)["id"].as_u64().unwrap()
    }

    /// Subscribes an endpoint, where nobody listens, to this topic, and watches what is sent to it.
    async fn watch(&self, topic: Topic) -> Watched {
        let form = EndpointForm::new("crm", "https://127.0.0.1:1/", [topic]);
        self.sandbox
            .change_platform(move |platform, now| platform.create(form, now).map(|_| ()))
            .await
            .unwrap();
        Watched(self.sandbox.dispatcher().watch())
    }
}

struct Watched(Updates);

impl Watched {
    /// The `data` of the next event that is sent.
    async fn next(&mut self) -> Value {
        loop {
            if let DeliveryUpdate::Accepted { delivery, .. } = self.0.next().await.unwrap().unwrap() {
                let body: Value = serde_json::from_slice(delivery.body.as_bytes()).unwrap();
                return body["data"].clone();
            }
        }
    }
}

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    let uri = format!("/openapi/v1{path}");
    Request::builder().method(method).uri(uri).header("Authorization", format!("Bearer {TOKEN}"))
}

/// The LINE user id of a friend, each number's another one.
fn friend(number: usize) -> String {
    format!("U{number:032x}")
}

fn by_hand() -> OpenApiSettings {
    settings().with_progress(SmsPlusProgress::ByHand)
}
