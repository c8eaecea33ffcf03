//! `demo`: a receiver with an inbox and a sender that speak over a real socket, and what became of each event.

use std::{
    future, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use comfy_table::{Table, presets};
use maac_webhook::{
    Delivery, Endpoint, Rejection, RejectionKind, ShareSecret, event::Topic, jiff::Timestamp,
};
use maac_webhook_inbox::{Inbox, Store, StoreError, sqlite::SqliteStore};
use maac_webhook_sender::{
    EventBody, HttpTransport, Sender, Target, WebhookRequest, json::BodyStyle, samples,
};
use serde::Serialize;
use tempfile::TempDir;
use tokio::{net::TcpListener, time::sleep};
use uuid::Uuid;

use crate::{
    cli::Output,
    failure::{Answer, Failure},
    log,
    receiver::{self, Accept, Printer, Sink},
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
    inbox: Flaky,
    // Removed with the demo.
    _folder: TempDir,
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
        let folder = tempfile::tempdir().map_err(cannot)?;
        let store = SqliteStore::open(folder.path().join("inbox.db")).map_err(no_inbox)?;
        let inbox = Flaky { inbox: Inbox::new(store), fails: Arc::default() };
        tokio::spawn(Printer::new(handled.clone()).worker(inbox.inbox.clone()).run(future::pending()));
        let endpoint = Endpoint::new("demo", secret.clone());
        let app = receiver::router("/webhooks/maac", endpoint, inbox.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(cannot)?;
        let url = format!("http://{}/webhooks/maac", listener.local_addr().map_err(cannot)?);
        tokio::spawn(server::serve(listener, app, server::Limits::default(), future::pending()));

        log::line(format_args!(
            "a receiver listens on {url}; a sender posts to it as MAAC does, and what is logged is part of it"
        ));
        let target = url.parse().map_err(|error| Failure::because("no target", error))?;
        let sender = Sender::new(HttpTransport::new());
        Ok(Self { inbox, _folder: folder, target, secret, sender, handled, fates: Vec::new() })
    }

    async fn each_topic_once(&mut self) -> Result<(), Failure> {
        for topic in Topic::DOCUMENTED {
            let request = WebhookRequest::signed(&self.secret, event(topic)?);
            self.send(topic.to_string(), &request, &["200"], 1).await?;
        }
        Ok(())
    }

    async fn a_retry(&mut self) -> Result<(), Failure> {
        let request = WebhookRequest::signed(&self.secret, event(&Topic::PrizePointsAdded)?);
        self.inbox.fail_once();
        self.send("an event while the receiver cannot store, and its retry", &request, &["503", "200"], 1)
            .await?;
        self.send("the same once more, as if its answer was lost", &request, &["200"], 0).await?;
        Ok(())
    }

    async fn a_forgery_and_a_replay(&mut self) -> Result<(), Failure> {
        let body = event(&Topic::ReceiptValidated)?;
        let guessed = ShareSecret::new("a guess").map_err(|error| Failure::because("no secret", error))?;
        let forged = WebhookRequest::signed(&guessed, body.clone());
        self.send("a forgery, signed with another secret", &forged, &["401"], 0).await?;

        let genuine = WebhookRequest::signed(&self.secret, body);
        self.send("the genuine one", &genuine, &["200"], 1).await?;
        let fresh = Uuid::new_v4().simple().to_string();
        let replay = genuine.with_idempotency_key(&fresh);
        let replay = replay.map_err(|error| Failure::because("no idempotency key", error))?;
        self.send("its replay under a fresh idempotency key", &replay, &["200"], 0).await?;
        Ok(())
    }

    /// Sends one request and notes what became of it beside what must become of it.
    async fn send(
        &mut self,
        sent: impl Into<String>,
        request: &WebhookRequest,
        answers: &[&str],
        times: usize,
    ) -> Result<(), Failure> {
        let before = self.handled.count();
        let record = self.sender.deliver(&self.target, request).await;
        self.inbox.is_handled().await.map_err(no_inbox)?;
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
        Ok(())
    }
}

fn no_inbox(error: StoreError) -> Failure {
    Failure::because("the demo's inbox cannot be used", error)
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

/// An inbox whose store is down when it is told to be.
#[derive(Clone)]
struct Flaky {
    inbox: Inbox<SqliteStore>,
    fails: Arc<AtomicBool>,
}

impl Flaky {
    fn fail_once(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }

    /// Waits until all that is stored is handled.
    async fn is_handled(&self) -> Result<(), StoreError> {
        loop {
            let stats = self.inbox.store().stats().await?;
            if stats.waiting + stats.leased == 0 {
                return Ok(());
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Accept for Flaky {
    async fn accept(&self, delivery: Delivery) -> Result<(), Rejection> {
        if self.fails.swap(false, Ordering::Relaxed) {
            let kind = RejectionKind::StoreUnavailable;
            return Err(Rejection::with_detail(kind, "the store is down, for this demo").of(&delivery));
        }
        Accept::accept(&self.inbox, delivery).await
    }
}

/// The demo's handler: it keeps the lines.
#[derive(Clone, Default)]
struct Handled(Arc<Mutex<Vec<String>>>);

impl Handled {
    fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Sink for Handled {
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        Ok(())
    }
}
