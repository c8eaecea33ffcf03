//! Scenarios, as values and as the committed files.

use std::{fs, path::Path};

use axum::{Router, http::StatusCode, routing::post};
use maac_webhook::{Endpoint, ShareSecrets};
use maac_webhook_mock::{
    Behaviour, Expectation, MockEvent, MockSender, Scenario, ScenarioReport, Step, StepReport, Tampering,
    samples,
};

use serde_json::{Value, json};

use crate::receivers::{Handled, Kind, router, secret, secrets, sender, serve};

fn committed() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files.len(), 5);
    let read = |path| Scenario::from_json(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(read).collect()
}

/// Runs it against a receiver that is told of a changed secret.
async fn run(scenario: &Scenario, kind: Kind) -> (ScenarioReport, usize) {
    let secrets = secrets();
    let handled = Handled::default();
    let mut app = router(Endpoint::new("crm", secrets.clone()), handled.clone());
    let tell = |step: &StepReport| {
        if step.sent.is_none() {
            secrets.rotate(secret("the-new-secret"), ShareSecrets::DEFAULT_OVERLAP);
        }
    };
    let report = match kind {
        Kind::Axum => scenario.run_observed(&sender(), &mut app, tell).await,
        _ => scenario.run_observed(&sender(), serve(app).await.as_str(), tell).await,
    };
    (report.unwrap(), handled.bodies().len())
}

#[tokio::test]
async fn the_committed_files_hold_at_a_correct_receiver_in_process_and_over_a_url() {
    for scenario in committed() {
        for kind in [Kind::Axum, Kind::Url] {
            let (report, _) = run(&scenario, kind).await;
            report.assert_met();
            assert_eq!(report.steps.len(), scenario.steps().len());
        }
    }
}

#[tokio::test]
async fn a_value_and_a_file_are_one_scenario() {
    let value = Scenario::new("one")
        .step(Step::event(samples::receipt_validated()).tampering(Tampering::KeyFresh))
        .step(
            Step::events([1, 2].map(|id| samples::message_first_open().openapi(id)))
                .behaviour(Behaviour::OutOfOrder),
        )
        .step(Step::event(MockEvent::raw("OK")).tampering(Tampering::SignatureMissing).attempts(1))
        .step(Step::change_secret(secret("the-new-secret")))
        .step(Step::event(samples::prize_points_added()).behaviour(Behaviour::AnswerLost).named("lost"));
    let file = r#"{"name": "one", "steps": [
        {"event": {"topic": "receipt.receipt_validated"}, "tampering": "key_fresh"},
        {"events": [{"topic": "message.first_open"}, {"topic": "message.first_open"}], "behaviour": "out_of_order"},
        {"event": {"body": "OK"}, "tampering": "signature_missing", "attempts": 1},
        {"change_secret": "the-new-secret"},
        {"event": {"topic": "prize.points_added"}, "behaviour": "answer_lost", "name": "lost"}
    ]}"#;
    let told = "\
one
step 1, 2 events, the last of them receipt.receipt_validated, with a fresh idempotency key on a replay: answered 200, as expected
step 2, 2 events, the last of them message.first_open; out of order: answered 200, as expected
step 3, a body of 2 bytes, with no signature: answered 401 in 1 attempt, as expected
step 4, the secret is changed: done
step 5, lost: answered 200, as expected
5 of 5 steps are as expected";
    for scenario in [value, Scenario::from_json(file).unwrap()] {
        let (report, handled) = run(&scenario, Kind::Axum).await;
        assert_eq!((report.to_string().as_str(), handled), (told, 6));
    }
}

#[tokio::test]
async fn a_wrong_receiver_fails_the_step_that_it_fails_and_the_others_are_run() {
    let mut app = Router::new().route("/webhooks/maac", post(async || StatusCode::OK));
    let forgeries = committed().remove(0);
    let report = forgeries.run(&sender(), &mut app).await.unwrap();
    assert!(!report.met());
    let met: Vec<_> = report.steps.iter().map(|step| step.met).collect();
    let mut expected = [false; 14];
    (expected[0], expected[13]) = (true, true);
    assert_eq!(met, expected);
    let text = report.to_string();
    assert!(text.contains("\nstep 4, receipt.receipt_validated, with no signature: was to be answered 401 in 1 attempt\n\nsent: receipt"), "{text}");
    assert!(text.ends_with("2 of 14 steps are as expected"), "{text}");
}

#[tokio::test]
async fn a_number_of_attempts_is_an_expectation_too() {
    let mut app = router(Endpoint::new("crm", secrets()), Handled::default());
    let scenario = Scenario::new("attempts").step(Step::event(samples::message_first_open()).attempts(2));
    let report = scenario.run(&sender(), &mut app).await.unwrap();
    assert!(!report.met());
    let wrong = Step::event(samples::message_first_open()).expect(Expectation::Rejected(503));
    assert!(!Scenario::new("wrong").step(wrong).run(&sender(), &mut app).await.unwrap().met());
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_anything_is_sent() {
    let handled = Handled::default();
    let mut app = router(Endpoint::new("crm", secrets()), handled.clone());
    let genuine = || Step::event(samples::message_first_open());
    let old = || genuine().tampering(Tampering::SignatureOfOldSecret);
    for (step, told) in [
        (old(), "step 2: there is no old secret: the sender's secret was not changed"),
        (genuine().behaviour(Behaviour::SecretChanged), "step 2: there is no old secret"),
        (genuine().behaviour(Behaviour::OutOfOrder), "step 2: fewer than two events cannot be out of order"),
        (
            Step::event(MockEvent::raw("OK")).tampering(Tampering::BodyReserialised),
            "step 2: a body that is not JSON cannot be re-serialised",
        ),
        (
            Step::event(MockEvent::raw("OK").idempotency_key("é")),
            "step 2: the idempotency key cannot be a header: an idempotency key is printable ASCII",
        ),
    ] {
        let scenario = Scenario::new("n").step(genuine()).step(step);
        let error = scenario.run(&sender(), &mut app).await.unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
    }
    assert!(handled.bodies().is_empty());

    let nothing = Scenario::new("n").step(genuine()).step(Step::events([] as [MockEvent; 0]));
    let error = nothing.run(&sender(), &mut app).await.unwrap_err().to_string();
    assert_eq!(error, "step 2: there is no event to be sent");
    for empty in [Scenario::new("n"), Scenario::new("n").step(Step::change_secret(secret("hush")))] {
        let error = empty.run(&sender(), &mut app).await.unwrap_err().to_string();
        assert_eq!(error, "no step sends an event");
    }

    let changed = Scenario::new("n").step(Step::change_secret(secret("hush"))).step(old());
    let sender = MockSender::new(secret("hush-0"));
    // The old secret's signature is refused, as it must be; that it can be sent is what matters.
    changed.run(&sender, &mut app).await.unwrap().assert_met();
}

#[tokio::test]
async fn a_report_is_json_with_every_attempt() {
    let scenario = Scenario::new("n")
        .step(
            Step::event(MockEvent::raw("OK").idempotency_key("k"))
                .behaviour(Behaviour::AnswerLost)
                .tampering(Tampering::SignatureMissing),
        )
        .step(Step::change_secret(secret("the-new-secret")));
    let (report, _) = run(&scenario, Kind::Axum).await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["scenario"], "n");
    let step = &json["steps"][0];
    assert_eq!(
        (&step["step"], &step["met"], &step["expected"]),
        (&1.into(), &true.into(), &json!({"rejected": 401}))
    );
    let event = &step["sent"]["events"][0];
    assert_eq!((&event["event"], &event["topic"]), (&"a body of 2 bytes".into(), &Value::Null));
    assert_eq!(
        (&event["tampering"], &event["behaviour"]),
        (&"signature_missing".into(), &"answer_lost".into())
    );
    assert_eq!(event["outcome"], "refused");
    let [first, second] = &event["attempts"].as_array().unwrap()[..] else { panic!("{event}") };
    assert_eq!((&first["number"], &first["request"]["body"]), (&1.into(), &"OK".into()));
    assert_eq!((&first["error"]["kind"], &first["unheard"]["status"]), (&"closed".into(), &401.into()));
    assert_eq!(second["response"]["status"], 401);
    assert_eq!(
        json["steps"][1],
        json!({"step": 2, "name": "the secret is changed", "met": true, "expected": null})
    );
}

#[tokio::test]
async fn a_report_names_topic_tampering_and_behaviour_as_a_file_does() {
    let behaviours = [json!("chunked"), json!({"dripped": {"pause_ms": 1}}), json!("two_copies")];
    let tamperings = [json!("signature_missing"), json!("key_fresh"), json!("body_byte_flipped")];
    for (behaviour, tampering) in behaviours.into_iter().zip(tamperings) {
        let step = json!({
            "event": {"topic": "message.first_open"}, "behaviour": behaviour, "tampering": tampering,
        });
        let scenario = Scenario::from_json(&json!({"name": "n", "steps": [step]}).to_string()).unwrap();
        let report = serde_json::to_value(run(&scenario, Kind::Axum).await.0).unwrap();
        let last = report["steps"][0]["sent"]["events"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["topic"], &last["behaviour"], &last["tampering"]),
            (&"message.first_open".into(), &behaviour, &tampering)
        );
    }
}
