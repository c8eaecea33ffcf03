//! `demo`: a receiver and a sender that speak over a real socket, and what became of each event.

use std::{
    future, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use comfy_table::{Table, presets};
use maac_webhook::{Endpoint, ShareSecret, event::Topic, jiff::Timestamp};
use maac_webhook_sender::{
    EventBody, HttpTransport, Sender, Target, WebhookRequest, json::BodyStyle, samples,
};
use serde::Serialize;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    cli::Output,
    failure::{Answer, Failure},
    log,
    receiver::{self, Recorder, Sink},
    server,
    sign::print,
};

/// What became of a thing that was sent.
#[derive(Debug, Serialize)]
struct Fate {
    sent: String,
    answers: Vec<String>,
    times_handled: usize,
    expected_answers: Vec<String>,
    expected_times_handled: usize,
    as_it_must_be: bool,
}

pub(crate) async fn run(output: Output) -> Result<Answer, Failure> {
    let mut demo = Demo::start().await?;
    demo.each_topic_once().await?;
    demo.a_retry().await?;
    demo.a_forgery_and_a_replay().await?;

    let all = demo.fates.iter().all(|fate| fate.as_it_must_be);
    if output == Output::Json {
        let fates = serde_json::to_string(&demo.fates);
        print(&fates.map_err(|error| Failure::because("no result", error))?)?;
    } else {
        print(&table(&demo.fates))?;
        print(if all { "Every fate is as it must be." } else { "Not every fate is as it must be." })?;
    }
    Ok(all.into())
}

struct Demo {
    target: Target,
    secret: ShareSecret,
    sender: Sender<HttpTransport>,
    handled: Handled,
    fates: Vec<Fate>,
}

impl Demo {
    /// Starts a receiver with a fresh secret on a port of the system's choice.
    async fn start() -> Result<Self, Failure> {
        let cannot = |error: io::Error| Failure::because("the receiver cannot be started", error);
        let secret = Uuid::new_v4().simple().to_string();
        let secret = ShareSecret::new(secret).map_err(|error| Failure::because("no secret", error))?;
        let handled = Handled::default();
        let (recorder, _) = Recorder::start(handled.clone());
        let endpoint = Endpoint::new("demo", secret.clone());
        let app = receiver::router("/webhooks/maac", endpoint, recorder);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(cannot)?;
        let url = format!("http://{}/webhooks/maac", listener.local_addr().map_err(cannot)?);
        tokio::spawn(server::serve(listener, app, server::Limits::default(), future::pending()));

        log::line(format_args!("a receiver listens on {url}; a sender posts to it as MAAC does"));
        receiver::warn_of_memory();
        let target = url.parse().map_err(|error| Failure::because("no target", error))?;
        let sender = Sender::new(HttpTransport::new());
        Ok(Self { target, secret, sender, handled, fates: Vec::new() })
    }

    async fn each_topic_once(&mut self) -> Result<(), Failure> {
        for topic in Topic::DOCUMENTED {
            let request = WebhookRequest::signed(&self.secret, event(topic)?);
            self.send(topic.to_string(), &request, &["200"], 1).await;
        }
        Ok(())
    }

    async fn a_retry(&mut self) -> Result<(), Failure> {
        let request = WebhookRequest::signed(&self.secret, event(&Topic::PrizePointsAdded)?);
        self.handled.fail_once();
        self.send("an event while the receiver cannot store, and its retry", &request, &["503", "200"], 1)
            .await;
        self.send("the same once more, as if its answer was lost", &request, &["200"], 0).await;
        Ok(())
    }

    async fn a_forgery_and_a_replay(&mut self) -> Result<(), Failure> {
        let body = event(&Topic::ReceiptValidated)?;
        let guessed = ShareSecret::new("a guess").map_err(|error| Failure::because("no secret", error))?;
        let forged = WebhookRequest::signed(&guessed, body.clone());
        self.send("a forgery, signed with another secret", &forged, &["401"], 0).await;

        let genuine = WebhookRequest::signed(&self.secret, body);
        self.send("the genuine one", &genuine, &["200"], 1).await;
        let fresh = Uuid::new_v4().simple().to_string();
        let replay = genuine.with_idempotency_key(&fresh);
        let replay = replay.map_err(|error| Failure::because("no idempotency key", error))?;
        self.send("its replay under a fresh idempotency key", &replay, &["200"], 0).await;
        Ok(())
    }

    /// Sends one request and notes what became of it beside what must become of it.
    async fn send(
        &mut self,
        sent: impl Into<String>,
        request: &WebhookRequest,
        answers: &[&str],
        times: usize,
    ) {
        let before = self.handled.count();
        let record = self.sender.deliver(&self.target, request).await;
        let times_handled = self.handled.count() - before;
        let answered = |attempt: &maac_webhook_sender::Attempt| match &attempt.result {
            Ok(response) => response.status.to_string(),
            Err(error) => error.kind().as_str().to_owned(),
        };
        let got: Vec<_> = record.attempts.iter().map(answered).collect();
        self.fates.push(Fate {
            sent: sent.into(),
            as_it_must_be: got == answers && times_handled == times,
            answers: got,
            times_handled,
            expected_answers: answers.iter().map(ToString::to_string).collect(),
            expected_times_handled: times,
        });
    }
}

fn event(topic: &Topic) -> Result<Bytes, Failure> {
    let now = Timestamp::now();
    let sample = samples::of(topic, now).ok_or_else(|| Failure::new(format!("no sample of {topic}")))?;
    let body = EventBody::new(now, &sample).encode(BodyStyle::python());
    body.map_err(|error| Failure::because("the event cannot be written", error))
}

fn table(fates: &[Fate]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["sent", "answered", "handled", "must be", ""]);
    for fate in fates {
        let handled = |times: usize| match times {
            0 => "not handled".to_owned(),
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let must = format!("{}, {}", fate.expected_answers.join(", "), handled(fate.expected_times_handled));
        table.add_row([
            fate.sent.clone(),
            fate.answers.join(", "),
            handled(fate.times_handled),
            must,
            if fate.as_it_must_be { "ok" } else { "NOT OK" }.to_owned(),
        ]);
    }
    table.to_string()
}

/// The demo's handler: it keeps the lines, and fails when it is told to.
#[derive(Clone, Default)]
struct Handled {
    lines: Arc<Mutex<Vec<String>>>,
    fails: Arc<AtomicBool>,
}

impl Handled {
    fn count(&self) -> usize {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn fail_once(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }
}

impl Sink for Handled {
    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.fails.swap(false, Ordering::Relaxed) {
            return Err(io::Error::other("the store is down, for this demo"));
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        Ok(())
    }
}
