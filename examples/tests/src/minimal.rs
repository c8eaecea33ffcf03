use std::process::Command;

use maac_webhook::{Event, event::Topic, headers};
use maac_webhook_mock::{Behaviour, MockEvent, Sent, SentAttempt, Tampering, samples};

use crate::example::Example;

/// Runs an example that prints: a line for each event that is verified, with its topic and key, and for nothing else.
///
/// # Panics
///
/// Where it is not so.
#[tokio::main(flavor = "current_thread")]
pub async fn prints_a_line_per_event(binary: &str) {
    let example = Example::start(&mut Command::new(binary));
    let genuine = Topic::DOCUMENTED.iter().map(|topic| samples::of(topic).unwrap().into());
    let odd = [MockEvent::from_json("new\ntopic", "{}").unwrap(), MockEvent::raw("OK")];
    for event in genuine.chain(odd) {
        let sent = example.event(event).send_to(&example.url).await;
        assert_printed(&example, sent.assert_accepted().assert_attempts(1));
    }

    example.forge().await;
    for tampering in [Tampering::KeyFresh, Tampering::KeyReused, Tampering::KeyMissing] {
        let event = example.event(samples::receipt_validated()).tampering(tampering);
        assert_printed(&example, event.send_to(&example.url).await.assert_accepted());
    }
    let retried = example.event(samples::prize_points_added()).behaviour(Behaviour::AnswerLost);
    assert_printed(&example, retried.send_to(&example.url).await.assert_accepted().assert_attempts(2));
    assert_eq!(example.kill(), [""; 0]);
}

/// What was printed next is a line for each attempt.
fn assert_printed(example: &Example, sent: &Sent) {
    for attempt in sent.events.iter().flat_map(|event| &event.attempts) {
        assert_eq!(example.lines.next(), line(attempt), "{sent}");
    }
}

fn line(attempt: &SentAttempt) -> String {
    let event = Event::parse(attempt.request.body.as_bytes());
    let topic = event.topic();
    let topic = topic.as_ref().map_or("-", Topic::as_str).replace('\n', "\\n");
    let mut headers = attempt.request.headers.iter();
    let key = headers.find(|(name, _)| name.eq_ignore_ascii_case(headers::IDEMPOTENCY_KEY));
    format!("{topic} {} {}", key.map_or("-", |(_, key)| key), event.natural_key())
}
