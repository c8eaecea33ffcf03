//! `demo`: a receiver with an inbox and a sandbox that speak over a real socket, what became of each event, and the console.

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
use maac_webhook_sandbox::{Access, AttemptResult, Sandbox, Settings, StoredAttempt, openapi::OpenApiToken};
use maac_webhook_sender::{
    EventBody, HttpTransport, Sender, Target, WebhookRequest,
    dispatch::DeliveryId,
    json::BodyStyle,
    payload::Payload,
    platform::{EndpointForm, Platform},
    samples,
};
use serde::Serialize;
use tempfile::TempDir;
use tokio::{net::TcpListener, time::sleep};
use uuid::Uuid;

use crate::{
    cli::{DemoArgs, Output},
    failure::{Answer, Failure},
    listen::Signals,
    log,
    receiver::{self, Accept, Printer, Sink},
    sandbox::Served,
    server,
    sign::print,
};

/// Where the console is, if it is free.
const CONSOLE: &str = "127.0.0.1:8090";

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

pub(crate) async fn run(args: &DemoArgs, output: Output) -> Result<Answer, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::because("no signals can be had", error))?;
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
    if !args.once {
        let console = demo.console().await?;
        signals.next().await;
        console.stop().await;
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
    sandbox: Sandbox,
    handled: Handled,
    fates: Vec<Fate>,
}

impl Demo {
    /// Starts a receiver on a port of the system's choice, and a sandbox with a webhook endpoint for it.
    async fn start() -> Result<Self, Failure> {
        let cannot = |error: io::Error| Failure::because("the receiver cannot be started", error);
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(cannot)?;
        let url = format!("http://{}/webhooks/maac", listener.local_addr().map_err(cannot)?);
        let sandbox = Sandbox::open(Settings::new()).map_err(no_sandbox)?;
        let form = EndpointForm::new("demo", &url, Topic::DOCUMENTED.to_vec());
        let create = |platform: &mut Platform, now| {
            platform.create(form, now).map(|endpoint| endpoint.share_secret().clone())
        };
        let secret = sandbox.change_platform(create).await.map_err(no_sandbox)?;

        let handled = Handled::default();
        let folder = tempfile::tempdir().map_err(cannot)?;
        let store = SqliteStore::open(folder.path().join("inbox.db")).map_err(no_inbox)?;
        let inbox = Flaky { inbox: Inbox::new(store), fails: Arc::default() };
        tokio::spawn(Printer::new(handled.clone()).worker(inbox.inbox.clone()).run(future::pending()));
        let endpoint = Endpoint::new("demo", secret.clone());
        let app = receiver::router("/webhooks/maac", endpoint, inbox.clone());
        tokio::spawn(server::serve(listener, app, server::Limits::default(), future::pending()));

        log::line(format_args!(
            "a receiver listens on {url}; a sender posts to it as MAAC does, and what is logged is part of it"
        ));
        let target = url.parse().map_err(|error| Failure::because("no target", error))?;
        let sender = Sender::new(HttpTransport::new());
        Ok(Self { inbox, _folder: folder, target, secret, sender, sandbox, handled, fates: Vec::new() })
    }

    /// Serves the sandbox's console, where what it sent is seen, and more can be.
    async fn console(&self) -> Result<Served, Failure> {
        let cannot = |error: io::Error| Failure::because("the console cannot be served", error);
        let listener = match server::listen(CONSOLE).await {
            Ok(listener) => listener,
            // Somebody else has its usual port.
            Err(_) => server::listen("127.0.0.1:0").await.map_err(cannot)?,
        };
        let address = listener.local_addr().map_err(cannot)?;
        let access = Access::at(address, None).map_err(|error| Failure::because("no console", error))?;
        let served = Served::start(listener, self.sandbox.clone(), access, OpenApiToken::random());
        log::line(format_args!("the console is on http://{address}; Ctrl-C ends it"));
        Ok(served)
    }

    async fn each_topic_once(&mut self) -> Result<(), Failure> {
        for topic in Topic::DOCUMENTED {
            let sample = samples::of(topic, Timestamp::now());
            let sample = sample.ok_or_else(|| Failure::new(format!("no sample of {topic}")))?;
            self.publish(topic.to_string(), sample, &["200"], 1).await?;
        }
        Ok(())
    }

    async fn a_retry(&mut self) -> Result<(), Failure> {
        self.inbox.fail_once();
        let sample = samples::prize_points_added(Timestamp::now());
        let sent = "an event while the receiver cannot store, and its retry";
        let id = self.publish(sent, sample, &["503", "200"], 1).await?;
        let before = self.handled.count();
        let again = self.sandbox.send_again(id).await.map_err(no_sandbox)?.id();
        let got = self.answers(again).await?;
        self.note("the same once more, as if its answer was lost", before, got, &["200"], 0);
        Ok(())
    }

    /// Lets an event happen in the sandbox, and notes what became of it beside what must become of it.
    async fn publish(
        &mut self,
        sent: impl Into<String>,
        payload: impl Into<Payload>,
        answers: &[&str],
        times: usize,
    ) -> Result<DeliveryId, Failure> {
        let before = self.handled.count();
        let event = self.sandbox.publish(payload).await.map_err(no_sandbox)?;
        let delivery = event.endpoints.first().and_then(|verdict| verdict.delivery);
        let id = delivery.ok_or_else(|| Failure::new("the sandbox did not send an event"))?;
        let got = self.answers(id).await?;
        self.note(sent, before, got, answers, times);
        Ok(id)
    }

    /// What each attempt of a delivery was answered, once it is over and what was stored of it is handled.
    async fn answers(&self, id: DeliveryId) -> Result<Vec<String>, Failure> {
        self.sandbox.dispatcher().idle().await;
        self.inbox.is_handled().await.map_err(no_inbox)?;
        let delivery = self.sandbox.delivery(id).await.map_err(no_sandbox)?;
        let delivery = delivery.ok_or_else(|| Failure::new("the sandbox lost a delivery"))?;
        let answered = |attempt: &StoredAttempt| match &attempt.result {
            AttemptResult::Response(response) => response.status.to_string(),
            AttemptResult::Error { kind, .. } => kind.clone(),
            other => format!("{other:?}"),
        };
        Ok(delivery.timeline.iter().map(answered).collect())
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
        let answered = |attempt: &maac_webhook_sender::Attempt| match &attempt.result {
            Ok(response) => response.status.to_string(),
            Err(error) => error.kind().as_str().to_owned(),
        };
        let got: Vec<_> = record.attempts.iter().map(answered).collect();
        self.note(sent, before, got, answers, times);
        Ok(())
    }

    fn note(
        &mut self,
        sent: impl Into<String>,
        before: usize,
        got: Vec<String>,
        answers: &[&str],
        times: usize,
    ) {
        let times_handled = self.handled.count() - before;
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

fn no_sandbox(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::because("the demo's sandbox cannot be used", error)
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
