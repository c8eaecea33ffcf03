//! `listen`: a receiver that prints a line of JSON per event.

mod output;

use std::time::Duration;

use maac_webhook::{Endpoint, Reload, ShareSecrets};
use tokio::{
    net::TcpListener,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::{
    cli::{InboxKind, ListenArgs},
    failure::{Answer, Failure},
    listen::output::Lines,
    log,
    receiver::{self, Recorder},
};

/// How often a secret's file is looked at.
const RELOAD_EVERY: Duration = Duration::from_secs(1);

/// How long requests that are under way may take once the receiver is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long lines that are being written may take after that.
const LAST_LINES: Duration = Duration::from_secs(1);

pub(crate) async fn run(args: &ListenArgs) -> Result<Answer, Failure> {
    let secrets = args.secret.secrets()?;
    let InboxKind::None = args.inbox;
    let cannot_listen = |error| Failure::because(format!("cannot listen on {}", args.addr), error);
    let listener = TcpListener::bind(args.addr).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;

    receiver::warn_of_memory();
    if args.secret.is_file() {
        tokio::spawn(reload(secrets.clone()));
    }
    let output = output::standard_output();
    let output = output.map_err(|error| Failure::because("standard output cannot be used", error))?;
    let (recorder, thread) = Recorder::start(Lines::new(output));
    let app = receiver::router(&args.path, Endpoint::new("maac", secrets), recorder.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serve = axum::serve(listener, app).with_graceful_shutdown(async {
        // Either the word to stop, or whoever could give it is gone.
        let _ = stopped.await;
    });
    let mut served = tokio::spawn(serve.into_future());
    log::line(format_args!("listening on http://{address}{}", args.path));

    let output_lost = tokio::select! {
        () = told_to_stop() => false,
        () = recorder.lost() => true,
        _ = &mut served => return Err(Failure::new("the server ended by itself")),
    };
    let _ = stop.send(());
    if timeout(GRACE, &mut served).await.is_err() {
        tracing::warn!("requests that did not end within {} s are cut off", GRACE.as_secs());
        served.abort();
        let _ = served.await;
    }
    drop(recorder);
    // A connection that is still open holds on to the thread; each line that was answered is out already.
    let begun = Instant::now();
    while !thread.is_finished() && begun.elapsed() < LAST_LINES {
        sleep(Duration::from_millis(10)).await;
    }
    if output_lost {
        return Err(Failure::new("standard output is closed: nobody takes the events"));
    }
    Ok(Answer::Yes)
}

/// Follows the secret's file. What is wrong with it is logged once per change, by the secrets themselves.
async fn reload(secrets: ShareSecrets) {
    let mut ticks = interval(RELOAD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(Reload::Changed) = secrets.reload() {
            tracing::info!(
                "the share secret changed; the one before it stays in force for {} s more",
                ShareSecrets::DEFAULT_OVERLAP.as_secs()
            );
        }
    }
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
