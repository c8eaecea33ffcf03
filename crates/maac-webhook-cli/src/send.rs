//! `send`: one event, signed, with MAAC's retries, or a scenario.

mod scenario;

use std::{fmt::Write, fs, path::Path};

use bytes::Bytes;
use maac_webhook::{
    event::{Envelope, Topic},
    jiff::Timestamp,
};
use maac_webhook_sender::{
    Attempt, DeliveryRecord, EventBody, HttpTransport, Sender, WebhookRequest, samples,
};

use crate::{
    cli::{Output, SendArgs},
    failure::{Answer, Failure},
    log,
    sign::{print, read_body},
};

pub(crate) async fn run(args: &SendArgs, output: Output) -> Result<Answer, Failure> {
    if let Some(file) = &args.scenario {
        return scenario::run(args, file, output).await;
    }
    let secret = args.secret.secret()?;
    let mut request = WebhookRequest::signed(&secret, body(args)?);
    if let Some(key) = &args.key {
        let refused = |error| Failure::because("the idempotency key cannot be sent", error);
        request = request.with_idempotency_key(key).map_err(refused)?;
    }
    let sender = Sender::new(transport(args.ca_file.as_deref())?)
        .with_schedule(args.schedule())
        .with_attempt_timeout(args.attempt_timeout);

    if output == Output::Json {
        let record = sender.deliver(&args.to, &request).await;
        print(&serde_json::to_string(&record).map_err(|error| Failure::because("no record", error))?)?;
        return Ok(answer(&record));
    }
    print(&request_text(args, &request))?;
    let mut printed = Ok(());
    let record = sender
        .deliver_observed(&args.to, &request, |attempt| {
            if printed.is_ok() {
                printed = print(&attempt_text(attempt));
            }
        })
        .await;
    printed?;
    print(outcome_text(&record))?;
    Ok(answer(&record))
}

/// MAAC asks for 200; another 2xx is delivered to us and may not be to MAAC.
fn answer(record: &DeliveryRecord) -> Answer {
    (record.status() == Some(200)).into()
}

/// A transport that trusts the certificates in this file too.
pub(crate) fn transport(ca_file: Option<&Path>) -> Result<HttpTransport, Failure> {
    let transport = HttpTransport::new();
    let Some(path) = ca_file else { return Ok(transport) };
    let pem = fs::read(path).map_err(|error| unreadable(path, error))?;
    transport.with_root_certificate(&pem).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::because(format!("cannot use {}", path.display()), error)
}

fn body(args: &SendArgs) -> Result<Bytes, Failure> {
    let now = Timestamp::now();
    let topic = Topic::from(args.topic.as_deref().unwrap_or_default());
    let event = match &args.data {
        None => sample(&topic, now)?,
        Some(path) => {
            if let Topic::Other(_) = topic {
                log::line(format_args!("note: {topic} is not a documented topic"));
            }
            let data = if path == Path::new("-") {
                read_body()?
            } else {
                fs::read(path).map_err(|error| match path.to_str() {
                    Some(text) if text.trim_start().starts_with('{') => Failure::new(
                        "--data takes the name of a file, or - for standard input, and not the data itself",
                    ),
                    _ => unreadable(path, error),
                })?
            };
            if data.trim_ascii().is_empty() {
                return Err(unreadable(path, "it is empty"));
            }
            of_data(&topic, now, &data).map_err(|error| unreadable(path, error))?
        }
    };
    event.encode(args.style()).map_err(|error| Failure::because("the event cannot be written", error))
}

fn sample(topic: &Topic, now: Timestamp) -> Result<EventBody, Failure> {
    let sample = samples::of(topic, now).ok_or_else(|| {
        let known: Vec<_> = Topic::DOCUMENTED.iter().map(Topic::as_str).collect();
        Failure::new(format!(
            "there is no sample of {topic}: give its data by --data FILE, or a topic out of {}",
            known.join(", ")
        ))
    })?;
    Ok(EventBody::new(now, &sample))
}

/// A file with an event's data, or with the whole event.
fn of_data(topic: &Topic, now: Timestamp, file: &[u8]) -> Result<EventBody, Failure> {
    let Ok(envelope) = Envelope::read(file) else {
        let text = std::str::from_utf8(file).map_err(|_| Failure::new("it is not UTF-8"))?;
        return EventBody::from_json(now, topic.as_str(), text).map_err(|e| Failure::new(e.to_string()));
    };
    if envelope.topic() != topic.as_str() {
        return Err(Failure::new(format!("it is an event of {}, not of {topic}", envelope.topic())));
    }
    let event = EventBody::from_json(now, topic.as_str(), envelope.data());
    let event = event.map_err(|error| Failure::new(error.to_string()))?;
    Ok(match envelope.timestamp() {
        Some(timestamp) => event.with_timestamp(timestamp.as_str()),
        None => event,
    })
}

fn request_text(args: &SendArgs, request: &WebhookRequest) -> String {
    let sent = request.record(&args.to);
    let mut text = format!("POST {}\n", args.to);
    for (name, value) in &sent.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = write!(text, "\n{}\n", sent.body.as_text().unwrap_or_default());
    text
}

fn attempt_text(attempt: &Attempt) -> String {
    let mut text = format!("attempt {}: ", attempt.number);
    let milliseconds = attempt.duration.as_millis();
    match &attempt.result {
        Ok(response) => {
            let body = response.body.as_text().map_or_else(
                || format!("{} bytes that are no text", response.body.as_bytes().len()),
                |text| text.escape_debug().to_string(),
            );
            let cut = if response.truncated { " (cut off)" } else { "" };
            let _ = write!(text, "answered {} in {milliseconds} ms: {body}{cut}", response.status);
            if body.is_empty() {
                text.truncate(text.len() - 2);
            }
        }
        Err(error) => {
            let _ = write!(text, "no answer after {milliseconds} ms: {error}");
        }
    }
    if let Some(delay) = attempt.retry_after {
        let _ = write!(text, "; the next attempt is in {} s", delay.as_secs_f64());
    }
    text
}

fn outcome_text(record: &DeliveryRecord) -> &'static str {
    use maac_webhook_sender::Outcome;
    match record.outcome {
        Outcome::Delivered if record.status() == Some(200) => "delivered",
        Outcome::Delivered => "delivered, but MAAC asks for 200",
        Outcome::Refused => "refused: MAAC would not try again, and the event would be gone",
        _ => "every attempt failed: MAAC would give up here, and the event would be gone",
    }
}
