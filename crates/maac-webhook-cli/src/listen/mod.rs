//! `listen`: a receiver that prints a line of JSON per event, or posts it to an upstream.

mod forward;
mod output;
mod proxies;

use std::{
    fs::File,
    future::{Future, pending, ready},
    pin::Pin,
    time::Duration,
};

use axum::{Router, middleware::map_request};
use maac_webhook::{Endpoint, Reload, ShareSecrets};
use maac_webhook_inbox::{Inbox, Quarantine, QuarantineStore, postgres::PgStore, sqlite::SqliteStore};
use maac_webhook_sender::HttpTransport;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at},
};

use crate::{
    admin::{Admin, Health},
    cli::{ForwardArgs, InboxUrl, ListenArgs},
    failure::{Answer, Failure},
    listen::{
        forward::{Forwarder, Forwarding},
        output::Lines,
        proxies::Proxies,
    },
    log,
    receiver::{self, Printer, Recorder},
    send,
    server::{self, Limits, connections_at_most},
};

/// The name of what is received here, in logs and metrics.
const ENDPOINT: &str = "maac";

/// How often a secret's file is looked at: a changed one is in force once two looks in a row agree.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long all that is under way may take once the receiver is told to stop. What stops it may kill it after 10 s, as
/// containers' runtimes do.
const GRACE: Duration = Duration::from_secs(8);

/// How much of that is kept for the lines that are being written once the requests are answered.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How long what is being forwarded may take then; it has time left to be given back.
const LAST_POSTS: Duration = Duration::from_secs(6);

pub(crate) async fn run(args: &ListenArgs) -> Result<Answer, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::because("no signals can be had", error))?;
    let secrets = args.secret.secrets()?;
    let forwarder = forwarder(args, &secrets)?;
    let cannot_listen = |error| Failure::because(format!("cannot listen on {}", args.addr), error);
    let listener = server::listen(&args.addr).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    // It counts from before there is anything to count.
    let admin = Admin::bind(args.admin_addr.as_ref()).await?;
    maac_webhook::metrics::register(ENDPOINT);
    maac_webhook_inbox::metrics::register(ENDPOINT);
    let mut health = Health::of(secrets.clone());

    if args.secret.is_file() {
        tokio::spawn(follow(secrets.clone(), || {
            tracing::info!(
                "the share secret changed; the one before it stays in force for {} s more",
                ShareSecrets::DEFAULT_OVERLAP.as_secs()
            );
        }));
    }
    let output = output::standard_output();
    let lines =
        Lines::new(output.map_err(|error| Failure::because("standard output cannot be used", error))?);
    let endpoint = Endpoint::new(ENDPOINT, secrets);
    let Receiving { app, lost, told, end } = match &args.inbox {
        InboxUrl::None => in_memory(&args.path, endpoint, lines),
        InboxUrl::Sqlite(path) => {
            let cannot =
                |error| Failure::because(format!("cannot keep an inbox in {}", path.display()), error);
            let inbox = Inbox::new(health.watching(SqliteStore::open(path).map_err(cannot)?));
            in_inbox(&args.path, endpoint, inbox, forwarder, lines).await?
        }
        InboxUrl::Postgres(url) => {
            let cannot = |error| Failure::because("cannot keep an inbox in that database", error);
            let inbox = Inbox::new(health.watching(PgStore::connect(&url.0).await.map_err(cannot)?));
            in_inbox(&args.path, endpoint, inbox, forwarder, lines).await?
        }
    };
    let proxies = Proxies::new(&args.trusted_proxy);
    let app = app.layer(map_request(move |request| ready(proxies.look_through(request))));
    let limits = Limits { connections: connections_at_most(args.max_connections), ..Limits::default() };
    let (stop, stopped) = oneshot::channel::<()>();
    let mut served = tokio::spawn(server::serve(listener, app, limits, async {
        // Either the word to stop, or whoever could give it is gone.
        let _ = stopped.await;
    }));
    log::line(format_args!("listening on http://{address}{}", args.path));
    let admin = admin.map(|admin| {
        log::line(format_args!("admin on http://{}", admin.address()));
        admin.serve(health)
    });

    let output_lost = tokio::select! {
        () = signals.next() => false,
        () = lost => true,
        _ = &mut served => return Err(Failure::new("the server ended by itself")),
    };
    if !output_lost {
        tracing::info!("told to stop: what is under way comes to its end; told once more, it is cut off");
    }
    let _ = stop.send(());
    // Whoever asks whether it is ready is told that it is not.
    if let Some(admin) = admin {
        admin.abort();
    }
    drop(told);
    tokio::select! {
        () = finish(served, end) => {}
        () = signals.next() => tracing::warn!("told to stop once more: what is under way is cut off"),
    }
    if output_lost {
        return Err(Failure::new("standard output is closed: nobody takes the events"));
    }
    Ok(Answer::Yes)
}

/// What forwards events, where they are to be forwarded.
fn forwarder(args: &ListenArgs, secrets: &ShareSecrets) -> Result<Option<Forwarder<HttpTransport>>, Failure> {
    let ForwardArgs { forward, forward_secret_file, ca_file, .. } = &args.forward;
    let Some(to) = forward else { return Ok(None) };
    if args.inbox == InboxUrl::None {
        return Err(Failure::new(
            "--forward needs an inbox, which keeps events until they are taken: give --inbox sqlite:PATH or --inbox postgres://…",
        ));
    }
    let secrets = match forward_secret_file {
        None => secrets.clone(),
        Some(path) => {
            let unusable = |error| Failure::because("the secret to forward with cannot be used", error);
            let own = ShareSecrets::from_file(path).map_err(unusable)?;
            tokio::spawn(follow(own.clone(), || tracing::info!("the secret to forward with changed")));
            own
        }
    };
    let transport = send::transport(ca_file.as_deref())?.with_response_cap(forward::RESPONSE_CAP);
    tracing::info!(host = to.host(), port = to.port(), "events are forwarded");
    Ok(Some(Forwarder::new(
        transport,
        Forwarding {
            to: to.clone(),
            secrets,
            attempt_timeout: args.forward.forward_timeout,
            give_up_after: args.forward.forward_for,
            concurrency: args.forward.forward_concurrency,
            grace: LAST_POSTS,
        },
    )))
}

/// Follows the secret's file. What is wrong with it is logged by the secrets themselves.
async fn follow(secrets: ShareSecrets, tell: impl Fn()) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(Reload::Changed) = secrets.reload_settled() {
            tell();
        }
    }
}

/// What receives: its routes, what resolves once nobody takes the lines, and what ends it.
struct Receiving {
    app: Router,
    lost: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Dropped at the word to stop, where something is to end while requests are still answered.
    told: Option<oneshot::Sender<()>>,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A line is written before its event is answered.
fn in_memory(path: &str, endpoint: Endpoint, lines: Lines<File>) -> Receiving {
    receiver::warn_of_memory();
    let (recorder, thread) = Recorder::start(lines);
    let app = receiver::router(path, endpoint, recorder.clone());
    let lost = Box::pin({
        let recorder = recorder.clone();
        async move { recorder.lost().await }
    });
    let end = Box::pin(async move {
        drop(recorder);
        // An output that takes nothing holds on to the thread; each line that was answered is out already.
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < LAST_LINES {
            sleep(Duration::from_millis(10)).await;
        }
    });
    Receiving { app, lost, told: None, end }
}

/// An event is stored before it is answered, and its line written or it is forwarded after.
async fn in_inbox(
    path: &str,
    endpoint: Endpoint,
    inbox: Inbox<impl QuarantineStore>,
    forwarder: Option<Forwarder<HttpTransport>>,
    lines: Lines<File>,
) -> Result<Receiving, Failure> {
    let watched = Quarantine::new(inbox.clone()).watch(endpoint).await;
    let (endpoint, keeper) = watched.map_err(|error| Failure::because("the inbox cannot be used", error))?;
    let app = receiver::router(path, endpoint, inbox.clone());
    let (close, closed) = oneshot::channel::<()>();
    let keeper = tokio::spawn(keeper.run(async { drop(closed.await) }));
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    if let Some(forwarder) = forwarder {
        let worker = tokio::spawn(forwarder.worker(inbox).run(stopped));
        // What is not taken by then is in the inbox.
        let end = Box::pin(async move {
            drop(close);
            let _ = tokio::join!(worker, keeper);
        });
        return Ok(Receiving { app, lost: Box::pin(pending()), told: Some(stop), end });
    }
    let printer = Printer::new(lines);
    let worker = tokio::spawn(printer.worker(inbox).run(stopped));
    let lost = Box::pin(async move { printer.lost().await });
    let end = Box::pin(async move {
        drop((stop, close));
        // What is not printed is in the inbox.
        let _ = tokio::join!(worker, keeper);
    });
    Ok(Receiving { app, lost, told: None, end })
}

/// Lets requests and lines that are under way come to their end, for a while.
async fn finish(mut served: JoinHandle<()>, end: impl Future<Output = ()>) {
    let (begun, grace) = (Instant::now(), GRACE - LAST_LINES);
    if timeout(grace, &mut served).await.is_err() {
        tracing::warn!("requests that did not end within {} s are cut off", grace.as_secs());
        served.abort();
        let _ = served.await;
    }
    let _ = timeout_at(begun + GRACE, end).await;
}

/// SIGINT (Ctrl-C) and SIGTERM, as often as they come.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
