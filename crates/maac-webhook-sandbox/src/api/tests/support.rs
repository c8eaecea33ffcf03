use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header::CONTENT_TYPE},
    response::Response,
};
use jiff::{Timestamp, ToSpan};
use maac_webhook_sender::{Clock, RetrySchedule};
use serde_json::{Value, json};
use tower_service::Service;

use super::{super::router, description::Description};
use crate::{Sandbox, Settings};

/// The API of a sandbox of its own. Each answer is held against the description.
pub(super) struct Calls {
    pub(super) sandbox: Sandbox,
    pub(super) description: Description,
    router: Router,
    clock: Arc<Mutex<Timestamp>>,
    answered: Mutex<BTreeSet<(String, u16)>>,
}

pub(super) const FRIEND: &str = "U4af4980629a1f0c5b2d7e9c3a8b1d6f0";

impl Calls {
    pub(super) fn new() -> Self {
        let clock = Arc::new(Mutex::new("2025-11-28T02:00:00Z".parse().unwrap()));
        let time = Arc::clone(&clock);
        let settings = Settings::new()
            .with_clock(Clock::new(move || *time.lock().unwrap()))
            .with_schedule(RetrySchedule::new([]));
        let sandbox = Sandbox::open(settings).unwrap();
        let (router, description) = (router(sandbox.clone()), Description::new());
        Self { sandbox, description, router, clock, answered: Mutex::default() }
    }

    pub(super) fn after_seconds(&self, seconds: i64) {
        *self.clock.lock().unwrap() += seconds.seconds();
    }

    /// Sends whatever request this is.
    pub(super) async fn send(&self, request: Request<Body>) -> Response {
        self.router.clone().call(request).await.unwrap()
    }

    /// Makes a call and holds the answer, and the request where it was accepted, against the description.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let what = format!("{method} {path}");
        let sent = body.as_ref().map_or_else(String::new, Value::to_string);
        let mut request = Request::builder().method(method.clone()).uri(path);
        if method != Method::GET {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let response = self.send(request.body(Body::from(sent)).unwrap()).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();

        let (described, operation) = self.description.operation(&method, path);
        self.answered.lock().unwrap().insert((format!("{method} {described}"), status.as_u16()));
        let content = &self.description.response(operation, status)["content"];
        let answer = if content.is_null() {
            assert!(bytes.is_empty(), "{what}");
            Value::Null
        } else {
            let answer = serde_json::from_slice(&bytes).unwrap();
            self.description.holds(content, &answer, &format!("{what} {status}"));
            answer
        };
        let wanted = &operation["requestBody"]["content"];
        match (&body, status.is_success()) {
            (Some(body), true) => self.description.holds(wanted, body, &format!("the request of {what}")),
            (None, true) => assert!(wanted.is_null(), "{what} is described with a body"),
            _ => {}
        }
        (status, answer)
    }

    /// A call that is to be answered with this status.
    #[track_caller]
    pub(super) fn expect(
        &self,
        status: u16,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let path = path.to_owned();
        async move {
            let (answered, answer) = self.call(method, &path, body).await;
            assert_eq!(answered.as_u16(), status, "{caller}: {answer}");
            answer
        }
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.expect(200, Method::GET, path, None).await
    }

    pub(super) async fn post(&self, status: u16, path: &str, body: Value) -> Value {
        self.expect(status, Method::POST, path, Some(body)).await
    }

    /// A change that has no body.
    pub(super) async fn change(&self, status: u16, path: &str) -> Value {
        self.expect(status, Method::POST, path, None).await
    }

    /// A call that is refused: its code.
    pub(super) async fn refused(
        &self,
        status: u16,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> String {
        let answer = self.expect(status, method, path, body).await;
        assert!(!answer["message"].as_str().unwrap().is_empty());
        answer["code"].as_str().unwrap().to_owned()
    }

    /// Creates an endpoint where nobody listens, and gives back its id.
    pub(super) async fn endpoint(&self, topics: &[&str]) -> String {
        let form = json!({"name": "crm", "url": "https://127.0.0.1:1/", "topics": topics});
        let created = self.post(201, "/api/endpoints", form).await;
        created["id"].as_str().unwrap().to_owned()
    }

    /// The calls that were made so far, with the statuses of their answers.
    pub(super) fn answered(&self) -> BTreeSet<(String, u16)> {
        self.answered.lock().unwrap().clone()
    }
}
