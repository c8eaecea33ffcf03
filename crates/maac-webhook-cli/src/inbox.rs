//! `inbox`: looking after an inbox, while a receiver is at it or not.

use std::{fmt::Write, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use comfy_table::{Table, presets};
use maac_webhook::{Delivery, jiff::Timestamp};
use maac_webhook_inbox::{
    Attempt, Entry, EntryId, Filter, LONGEST_ROTATION, QuarantineStats, QuarantineStore, State, Stats, Store,
    StoreError, postgres::PgStore, sqlite::SqliteStore,
};
use serde_json::{Value, json};

use crate::{
    cli::{InboxArgs, InboxCommand, InboxUrl, Output},
    failure::{Answer, Failure},
    sign::print,
};

pub(crate) async fn run(args: &InboxArgs, output: Output) -> Result<Answer, Failure> {
    match &args.inbox {
        InboxUrl::None => Err(Failure::new(
            "there is no inbox to look at: give --inbox sqlite:PATH or --inbox postgres://…",
        )),
        InboxUrl::Sqlite(path) => {
            let cannot = |error| Failure::because(format!("cannot open {}", path.display()), error);
            look_after(&SqliteStore::open_existing(path).map_err(cannot)?, args, output).await
        }
        InboxUrl::Postgres(url) => {
            let cannot = |error| Failure::because("cannot open the database", error);
            look_after(&PgStore::connect(&url.0).await.map_err(cannot)?, args, output).await
        }
    }
}

async fn look_after(
    store: &impl QuarantineStore,
    args: &InboxArgs,
    output: Output,
) -> Result<Answer, Failure> {
    let text = output == Output::Text;
    match &args.command {
        InboxCommand::Stats => {
            let stats = store.stats().await.map_err(failed)?;
            let until = store.rotation().await.map_err(failed)?.filter(|until| *until > Timestamp::now());
            let kept = store.quarantine_stats().await.map_err(failed)?;
            print(&if text {
                stats_text(&stats, until, &kept)
            } else {
                let mut all = stats_json(&stats);
                all["quarantine"] = quarantine_json(until, &kept);
                all.to_string()
            })?;
        }
        InboxCommand::List { state, before, limit } => {
            let mut filter = Filter::default();
            filter.state = *state;
            filter.before = before.map(EntryId::new);
            filter.limit = *limit;
            let entries = store.list(filter).await.map_err(failed)?;
            print(&if text {
                table(&entries)
            } else {
                Value::from_iter(entries.iter().map(entry_json)).to_string()
            })?;
        }
        InboxCommand::Show { id } => {
            let found = store.show(EntryId::new(*id)).await.map_err(failed)?;
            let Some((entry, delivery, attempts)) = found else {
                return Err(Failure::new(format!("there is no event {id}")));
            };
            print(&if text {
                show_text(&entry, &delivery, &attempts)
            } else {
                show_json(&entry, &delivery, &attempts).to_string()
            })?;
        }
        InboxCommand::Rotate { open_for, end } => {
            let until = if *end { None } else { Some(open_until(*open_for)?) };
            store.set_rotation(until).await.map_err(failed)?;
            let kept = store.quarantine_stats().await.map_err(failed)?;
            print(&if text { rotate_text(until, &kept) } else { quarantine_json(until, &kept).to_string() })?;
        }
        InboxCommand::Retry { ids, state } => return retry(store, ids, *state, text).await,
    }
    Ok(Answer::Yes)
}

fn failed(error: StoreError) -> Failure {
    Failure::because("the inbox cannot be used", error)
}

async fn retry(store: &impl Store, ids: &[i64], state: Option<State>, text: bool) -> Result<Answer, Failure> {
    let mut all: Vec<_> = ids.iter().copied().map(EntryId::new).collect();
    if let Some(state) = state {
        let mut filter = Filter::in_state(state);
        filter.limit = usize::try_from(i64::MAX).unwrap_or(usize::MAX);
        all = store.list(filter).await.map_err(failed)?.iter().map(|entry| entry.id).collect();
    }
    let (mut due, mut not) = (Vec::new(), Vec::new());
    for id in all {
        let retried = store.retry(id, Timestamp::now()).await.map_err(failed)?;
        if retried { due.push(id.get()) } else { not.push(id.get()) }
    }
    if text {
        print(&format!("{} due again", count(due.len() as u64)))?;
        for id in &not {
            print(&format!("{id} is not dead, held or done, or is not there"))?;
        }
    } else {
        print(&json!({ "due": due, "not": not }).to_string())?;
    }
    Ok(not.is_empty().into())
}

fn count(events: u64) -> String {
    if events == 1 { "1 event".to_owned() } else { format!("{events} events") }
}

fn stats_text(stats: &Stats, rotating_until: Option<Timestamp>, kept: &QuarantineStats) -> String {
    let mut text = String::new();
    for (state, events) in by_state(stats) {
        let _ = writeln!(text, "{:<12}{events:>10}", state.as_str());
    }
    let _ = writeln!(text, "{:<12}{:>10}", "identities", stats.identities);
    let _ = write!(text, "{:<12}{:>10}", "quarantine", kept.requests);
    if let Some(oldest) = stats.oldest_waiting {
        let _ = write!(text, "\nthe oldest that waits was received at {oldest}");
    }
    if let Some(oldest) = kept.oldest {
        let _ = write!(text, "\nthe oldest in quarantine was received at {oldest}");
    }
    if let Some(until) = rotating_until {
        let _ = write!(text, "\nthe rotation window is open until {until:.0}");
    }
    text
}

fn open_until(open_for: Duration) -> Result<Timestamp, Failure> {
    if open_for > LONGEST_ROTATION {
        return Err(Failure::new("a rotation window stays open for an hour at most"));
    }
    Timestamp::now().checked_add(open_for).map_err(|error| Failure::because("no time", error))
}

fn rotate_text(until: Option<Timestamp>, kept: &QuarantineStats) -> String {
    let kept = match kept.requests {
        0 => "Nothing is in quarantine.".to_owned(),
        1 => "1 request is in quarantine.".to_owned(),
        requests => format!("{requests} requests are in quarantine."),
    };
    match until {
        Some(until) => format!(
            "The rotation window is open until {until:.0}: what no receiver can verify is answered 503, and comes back.\n\
             Now change the share secret in MAAC's console, and give it to the receivers.\n{kept}"
        ),
        None => {
            format!("The rotation window is closed: what no receiver can verify is answered 401.\n{kept}")
        }
    }
}

fn quarantine_json(rotating_until: Option<Timestamp>, kept: &QuarantineStats) -> Value {
    json!({
        "rotating_until": rotating_until.map(|until| until.to_string()),
        "requests": kept.requests,
        "bytes": kept.bytes,
        "oldest": kept.oldest.map(|time| time.to_string()),
    })
}

fn by_state(stats: &Stats) -> [(State, u64); 5] {
    [
        (State::Waiting, stats.waiting),
        (State::Leased, stats.leased),
        (State::Done, stats.done),
        (State::Dead, stats.dead),
        (State::Held, stats.held),
    ]
}

fn stats_json(stats: &Stats) -> Value {
    let mut all = json!({
        "identities": stats.identities,
        "oldest_waiting": stats.oldest_waiting.map(|time| time.to_string()),
    });
    for (state, events) in by_state(stats) {
        all[state.as_str()] = events.into();
    }
    all
}

fn table(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "no events".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "state", "received at", "attempts", "idempotency key", "bytes", "last error"]);
    for entry in entries {
        table.add_row([
            entry.id.to_string(),
            entry.state.as_str().to_owned(),
            format!("{:.3}", entry.received_at),
            entry.attempts.to_string(),
            entry.idempotency_key.clone().unwrap_or_default()
                + if entry.key_reused { " (reused)" } else { "" },
            entry.body_bytes.to_string(),
            one_line(entry.last_error.as_deref().unwrap_or_default()),
        ]);
    }
    table.to_string()
}

/// The beginning of a text, harmless to look at.
fn one_line(text: &str) -> String {
    const SHOWN: usize = 60;
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", harmless(&shown))
}

/// A text whose letters stay as they are; what would steer a terminal does not.
fn harmless(text: &str) -> String {
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\")
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id.get(),
        "state": entry.state.as_str(),
        "endpoint": entry.endpoint,
        "idempotency_key": entry.idempotency_key,
        "key_reused": entry.key_reused,
        "received_at": entry.received_at.to_string(),
        "attempts": entry.attempts,
        "due": entry.due.map(|due| due.to_string()),
        "last_error": entry.last_error,
        "body_bytes": entry.body_bytes,
    })
}

fn show_json(entry: &Entry, delivery: &Delivery, attempts: &[Attempt]) -> Value {
    let mut shown = entry_json(entry);
    let failures = attempts.iter().map(|attempt| {
        json!({
            "attempt": attempt.number,
            "ended_at": attempt.ended_at.to_string(),
            "error": attempt.error,
        })
    });
    shown["failed_attempts"] = failures.collect();
    match std::str::from_utf8(delivery.body()) {
        Ok(text) => shown["body"] = text.into(),
        Err(_) => shown["body_base64"] = BASE64_STANDARD.encode(delivery.body()).into(),
    }
    shown
}

fn show_text(entry: &Entry, delivery: &Delivery, attempts: &[Attempt]) -> String {
    let mut text = String::new();
    let key = entry.idempotency_key.as_deref().unwrap_or("none");
    let reused = if entry.key_reused { " (another event had it before)" } else { "" };
    let _ = writeln!(
        text,
        "event {}: {}, {} begun",
        entry.id,
        entry.state.as_str(),
        attempts_text(entry.attempts)
    );
    let _ = writeln!(text, "endpoint: {}", entry.endpoint.escape_debug());
    let _ = writeln!(text, "idempotency key: {key}{reused}");
    let _ = writeln!(text, "received at: {}", entry.received_at);
    if let Some(due) = entry.due {
        let _ = writeln!(text, "due at: {due}");
    }
    for attempt in attempts {
        let error = harmless(&attempt.error);
        let _ = writeln!(text, "attempt {} failed at {}: {error}", attempt.number, attempt.ended_at);
    }
    match std::str::from_utf8(delivery.body()) {
        Ok(body) => body.lines().for_each(|line| {
            let _ = write!(text, "\n{}", harmless(line));
        }),
        Err(_) => {
            let _ = write!(text, "\n{}", BASE64_STANDARD.encode(delivery.body()));
        }
    }
    text
}

fn attempts_text(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") }
}
