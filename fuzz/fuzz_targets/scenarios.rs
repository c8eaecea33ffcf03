//! Scenario files: what is wrong with one is told with its place in it, and what can be sent is made of it by a
//! receiver as the scenario expects.

#![no_main]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use maac_webhook::{Endpoint, ShareSecret};
use maac_webhook_mock::{MockSender, Scenario, ScenarioError};
use maac_webhook_tower::VerifyLayer;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower_layer::Layer;
use tower_service::Service;

/// Events that are generated at once are made whole; more than a few take more than one input may.
const GENERATED: u64 = 50;

fuzz_target!(|file: &[u8]| {
    let Ok(text) = str::from_utf8(file) else { return };
    let value = serde_json::from_str::<Value>(text).ok();
    if value.as_ref().is_some_and(|value| generates_much(value)) {
        return;
    }
    match Scenario::from_json(text) {
        Err(error) => names_its_place(&error, value.as_ref()),
        Ok(scenario) => {
            let value = value.expect("what was read is JSON");
            assert_eq!(Some(scenario.name()), value["name"].as_str());
            assert_eq!(Some(scenario.steps().len()), value["steps"].as_array().map(Vec::len));
            assert!(!scenario.steps().is_empty());
            thread_local!(static RUNTIME: Runtime =
                Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime"));
            RUNTIME.with(|runtime| runtime.block_on(is_met_by_a_receiver(&scenario, &value)));
        }
    }
});

fn generates_much(value: &Value) -> bool {
    let steps = value["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let count = |step: &Value| step["generated"]["count"].as_u64().unwrap_or(0);
    // What is far too much is refused, and at once.
    steps.iter().any(|step| (GENERATED..=100_000).contains(&count(step)))
}

/// The place is in the file, and the step is the one that the path is in.
fn names_its_place(error: &ScenarioError, value: Option<&Value>) {
    let text = error.to_string();
    let Some(value) = value else {
        assert!(text.contains(" at line ") || !error.path().is_empty(), "{text}");
        return;
    };
    let path = error.path();
    if path.is_empty() {
        assert!(text.contains(" at line "), "{text}");
    }
    assert!(is_in(value, path), "there is no {path} in {value}: {text}");
    let index = path.strip_prefix("steps[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
    assert_eq!(error.step(), index.map(|index| index + 1), "{text}");
    if let Some(step) = error.step() {
        assert!(text.starts_with(&format!("step {step}, ")), "{text}");
    }
}

/// Whether a path, as `steps[0].event.topic`, is in the file. A member's name may have dots and brackets in it.
fn is_in(value: &Value, path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    match value {
        Value::Array(items) => {
            let inner = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            inner.is_some_and(|(index, rest)| {
                index
                    .parse::<usize>()
                    .is_ok_and(|index| items.get(index).is_some_and(|item| is_in(item, rest)))
            })
        }
        Value::Object(members) => {
            let after_a_dot = path.strip_prefix('.');
            [Some(path), after_a_dot].into_iter().flatten().any(|path| {
                members.iter().any(|(name, value)| {
                    path.strip_prefix(name.as_str()).is_some_and(|rest| is_in(value, rest))
                })
            })
        }
        _ => false,
    }
}

/// What a scenario expects by default, a receiver does that knows the secret.
async fn is_met_by_a_receiver(scenario: &Scenario, file: &Value) {
    let secret = ShareSecret::new("fuzzed").expect("a secret");
    let mut receiver = VerifyLayer::new(Endpoint::new("crm", secret.clone())).layer(Handler);
    let sender = MockSender::new(secret).without_waiting();
    let Ok(report) = scenario.run(&sender, &mut receiver).await else { return };
    assert_eq!(report.steps.len(), scenario.steps().len());
    // What the file expects of its own may not be met, nor what another secret or a slow body is about.
    let steps = file["steps"].as_array().expect("it has steps");
    let is_ordinary = |step: &Value| {
        let behaviour = &step["behaviour"];
        step["expect"].is_null()
            && step["attempts"].is_null()
            && step["change_secret"].is_null()
            && behaviour["dripped"].is_null()
            && behaviour != "secret_changed"
            && step["tampering"] != "signature_of_old_secret"
    };
    if steps.iter().all(is_ordinary) {
        report.assert_met();
    }
}

#[derive(Clone)]
struct Handler;

impl Service<Request<Full<Bytes>>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(Full::new(Bytes::from_static(b"OK")))))
    }
}
