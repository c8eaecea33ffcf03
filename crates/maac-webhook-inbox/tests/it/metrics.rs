//! What a recorder has after accepting and handling.

use std::{io, time::Duration};

use ::metrics::set_default_local_recorder;
use maac_webhook_inbox::{
    Inbox, State, Worker, acceptance::delivery, maac_webhook::Delivery, postgres::PgStore,
};
use maac_webhook_test_postgres::Postgres;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tower::service_fn;

use crate::worker::{Fixture, NO_TIME, start};

fn event(topic: &str, number: usize) -> String {
    format!(r#"{{"topic": "{topic}", "data": {{"points_id": "p-{number}"}}}}"#)
}

/// The value of a series, if there is one.
fn value(handle: &PrometheusHandle, series: &str) -> Option<f64> {
    let text = handle.render();
    let mut values =
        text.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
    values.next()
}

async fn until(handle: &PrometheusHandle, series: &str, expected: f64) {
    let begun = std::time::Instant::now();
    while value(handle, series) != Some(expected) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{series}: {}", handle.render());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_accepted_is_counted_by_verdict_and_by_documented_topics_alone() {
    let fixture = Fixture::on_sqlite();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = set_default_local_recorder(&recorder);
    let handle = recorder.handle();
    for (topic, number, key) in [
        ("prize.points_added", 1, "a"),
        ("prize.points_added", 1, "a"),
        ("prize.points_added", 1, "fresh"),
        ("prize.points_added", 2, "a"),
        ("a.strangers", 3, "b"),
        ("another.strangers", 4, "c"),
    ] {
        fixture.inbox.accept(delivery(event(topic, number), Some(key))).await.unwrap();
    }
    fixture.inbox.accept(delivery("not json".to_owned(), None)).await.unwrap();
    let accepted = |topic: &str, verdict: &str| {
        let series =
            format!(r#"maac_webhook_accepted_total{{endpoint="crm",topic="{topic}",verdict="{verdict}"}}"#);
        value(&handle, &series)
    };
    for verdict in ["new", "duplicate", "replay", "key_reused"] {
        assert_eq!(accepted("prize.points_added", verdict), Some(1.0), "{verdict}: {}", handle.render());
    }
    assert_eq!(accepted("other", "new"), Some(3.0));
    assert!(!handle.render().contains("strangers"));
}

#[tokio::test]
async fn attempts_are_counted_by_outcome_and_what_is_not_done_is_measured() {
    let fixture = Fixture::on_sqlite();
    let recorder = PrometheusBuilder::new().set_buckets(&[60.0]).unwrap().build_recorder();
    let _guard = set_default_local_recorder(&recorder);
    let handle = recorder.handle();
    for number in 1..=3 {
        fixture.accept(number).await;
    }
    let handler = service_fn(async |delivery: Delivery| {
        let fails = delivery.body().windows(3).any(|three| three == b"p-3");
        if fails { Err(io::Error::other("no")) } else { Ok(()) }
    });
    let worker = Worker::new(fixture.inbox.clone(), handler).with_backoff(NO_TIME).with_max_attempts(3);
    let (stop, running) = start(worker);
    fixture.until(State::Done, 2).await;
    fixture.until(State::Dead, 1).await;
    let attempts = |outcome: &str| {
        value(&handle, &format!(r#"maac_webhook_attempts_total{{endpoint="crm",outcome="{outcome}"}}"#))
    };
    assert_eq!(
        [attempts("handled"), attempts("failed"), attempts("dead")],
        [Some(2.0), Some(2.0), Some(1.0)]
    );
    let took = value(&handle, r#"maac_webhook_handler_duration_seconds_count{endpoint="crm"}"#);
    assert_eq!(took, Some(5.0));
    let took = value(&handle, r#"maac_webhook_accept_duration_seconds_count{endpoint="crm"}"#);
    assert_eq!(took, Some(3.0));
    drop(stop);
    running.await.unwrap();

    // It looks as it begins, and then every few seconds.
    let handler = service_fn(|_: Delivery| std::future::pending::<io::Result<()>>());
    fixture.accept(4).await;
    let worker = Worker::new(fixture.inbox.clone(), handler).with_grace(Duration::ZERO);
    let (_stop, _running) = start(worker);
    until(&handle, r#"maac_webhook_inbox_events{state="dead"}"#, 1.0).await;
    assert!(value(&handle, "maac_webhook_inbox_oldest_waiting_age_seconds").is_some());
}

#[tokio::test]
async fn what_a_store_does_not_do_is_counted() {
    let Some(postgres) = Postgres::start() else { return };
    let store = PgStore::connect(&postgres.new_database()).await.unwrap();
    let inbox = Inbox::new(store).with_patience(Duration::from_millis(200));
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = set_default_local_recorder(&recorder);
    let handle = recorder.handle();
    postgres.stop();
    inbox.accept(delivery(event("prize.points_added", 1), None)).await.unwrap_err();
    let of = |kind: &str| value(&handle, &format!(r#"maac_webhook_store_errors_total{{kind="{kind}"}}"#));
    let errors: f64 = ["unavailable", "timeout"].into_iter().filter_map(of).sum();
    assert_eq!(errors, 1.0, "{}", handle.render());
}
