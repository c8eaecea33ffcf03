//! What the mock sends, over real sockets to every adapter.

use std::{fs, path::Path};

use maac_webhook::{Endpoint, Event, ShareSecret, ShareSecrets};
use maac_webhook_mock::{
    Generator, MockEvent, MockSender, Scenario, ScenarioReport, StepReport,
    maac_webhook_sender::json::BodyStyle,
};
use maac_webhook_test_support::{PATIENCE, wire::PATH};
use maac_webhook_tests::receivers::{Kind, Receiver};

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

fn sender() -> MockSender {
    MockSender::new(secret("hush")).attempt_timeout(PATIENCE).without_waiting()
}

/// A receiver that waits longer than any machine takes, and its URL.
async fn start(kind: Kind, secrets: &ShareSecrets) -> (Receiver, String) {
    let endpoint = Endpoint::new("crm", secrets.clone()).with_body_timeout(PATIENCE);
    let receiver = Receiver::start(kind, endpoint).await;
    let url = format!("http://{}{PATH}", receiver.address);
    (receiver, url)
}

/// Every file that is committed.
fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/maac-webhook-mock/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path| Scenario::from_json(&fs::read_to_string(path).unwrap()).unwrap();
    let scenarios: Vec<_> = files.map(read).collect();
    assert!(!scenarios.is_empty());
    scenarios
}

/// How many attempts were answered 200, heard or not.
fn accepted(report: &ScenarioReport) -> usize {
    let sent = report.steps.iter().filter_map(|step| step.sent.as_ref());
    let attempts = sent.flat_map(|sent| &sent.events).flat_map(|event| &event.attempts);
    attempts.filter(|attempt| attempt.answered().is_some_and(|answer| answer.status == 200)).count()
}

#[tokio::test]
async fn every_adapter_meets_every_scenario_and_hands_over_what_it_answers_200() {
    for scenario in scenarios() {
        for kind in Kind::ALL {
            let secrets = ShareSecrets::new(secret("hush"));
            let (receiver, url) = start(kind, &secrets).await;
            let tell = |step: &StepReport| {
                if step.sent.is_none() {
                    secrets.rotate(secret("the-new-secret"), ShareSecrets::DEFAULT_OVERLAP);
                }
            };
            let report = scenario.run_observed(&sender(), &url, tell).await.unwrap();
            assert!(report.met(), "{kind:?}: {report}");
            assert_eq!(receiver.take_handled().len(), accepted(&report), "{kind:?}: {report}");
        }
    }
}

#[tokio::test]
async fn every_adapter_hands_over_each_of_500_events_once_and_typed() {
    let events: Vec<MockEvent> = Generator::new(7).take(500).collect();
    let sent: Vec<_> = events.iter().map(|event| event.body(BodyStyle::python()).unwrap()).collect();
    for kind in Kind::ALL {
        let (receiver, url) = start(kind, &ShareSecrets::new(secret("hush"))).await;
        sender().events(events.clone()).send_to(&url).await.assert_accepted().assert_attempts(1);
        let handled = receiver.take_handled();
        let bodies: Vec<_> = handled.iter().map(|delivery| delivery.body().clone()).collect();
        assert!(bodies == sent, "{kind:?}: not each event once and in order");
        for delivery in &handled {
            let event = delivery.event();
            assert!(!matches!(event, Event::Unknown(_)), "{kind:?}: {event:?}");
        }
    }
}
