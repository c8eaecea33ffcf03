//! The flags. They are an interface: they change only with a note in the changelog.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use maac_webhook::{
    ProxyNetwork,
    jiff::{Span, SpanRelativeTo},
};
use maac_webhook_inbox::State;
use maac_webhook_sender::{RetrySchedule, Target, json::BodyStyle, transport::policy::AllowedTarget};

use crate::{check::CheckArgs, secret::SecretArgs, server::Limits};

/// Receive, send, sign and verify MAAC webhooks.
///
/// Data goes to standard output, logs to standard error (RUST_LOG sets how much). The exit status is 0 for yes,
/// 1 for no, 2 for what could not be run.
#[derive(Debug, Parser)]
#[command(name = "maac-webhook", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// How the result is written (`listen` prints lines of JSON in any case)
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Output,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole of it on this machine: a receiver, a sender, and what became of each event
    Demo(DemoArgs),
    /// Receive: verify each request and print a line of JSON per event, or forward it
    Listen(Box<ListenArgs>),
    /// MAAC on this machine: its console in the browser, to create webhook endpoints and let events happen
    Sandbox(SandboxArgs),
    /// Send one signed event, with MAAC's retries; exit status 0 only if it was answered 200. Or a whole scenario
    Send(Box<SendArgs>),
    /// Grade a receiver in any language; exit status 0 only if it does all that it must
    Check(Box<CheckArgs>),
    /// Sign a body from standard input
    Sign(SignArgs),
    /// Verify a signature of a body from standard input, and explain a mismatch
    Verify(VerifyArgs),
    /// Look after an inbox, while a receiver is at it or not
    Inbox(InboxArgs),
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// End once the table is printed, instead of staying up for the console
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Args, Debug)]
pub(crate) struct SandboxArgs {
    /// The address or name, and the port, to listen on; port 0 is one of the system's choice. One that others can reach
    /// needs --token-file
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090", value_parser = address)]
    pub(crate) addr: String,

    /// Where what is set up and the log of deliveries are kept, share secrets among them: sqlite:PATH, or none to keep
    /// them in memory
    #[arg(long, value_name = "URL", default_value = DEFAULT_SANDBOX, value_parser = sandbox_data)]
    pub(crate) data: SandboxData,

    /// Ask whoever uses the console, or its API, for the token in this file: 16 characters at least, none of them a space. It
    /// is that of MAAC's OpenAPI calls too, unless they have their own
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Ask whoever makes MAAC's OpenAPI calls for the token in this file. Without it, it is that of --token-file, or one of
    /// this run; the console shows it
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi_token_file: Option<PathBuf>,

    /// Serve the console under this host name too, as behind a proxy; may be given several times. Addresses and localhost
    /// are served in any case
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,

    /// Let endpoints be on this host or network too, such as a receiver in a container: a name, an address or 172.17.0.0/16;
    /// may be given several times. Unless it is told more, a sandbox delivers to this machine alone
    #[arg(long, value_name = "HOST|NETWORK")]
    pub(crate) allow_target: Vec<AllowedTarget>,
}

/// What a sandbox keeps, in the working folder.
const DEFAULT_SANDBOX: &str = "sqlite:maac-sandbox.db";

/// Where a sandbox keeps what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SandboxData {
    Memory,
    Sqlite(PathBuf),
}

fn sandbox_data(url: &str) -> Result<SandboxData, &'static str> {
    match url.split_once(':') {
        None if url == "none" => Ok(SandboxData::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Ok(SandboxData::Sqlite(path.into())),
        _ => Err("it is neither sqlite:PATH nor none"),
    }
}

#[derive(Args, Debug)]
pub(crate) struct ListenArgs {
    /// The address or name, and the port, to listen on; port 0 is one of the system's choice
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) addr: String,

    /// The path that is posted to
    #[arg(long, value_name = "PATH", default_value = "/webhooks/maac", value_parser = path)]
    pub(crate) path: String,

    /// Where events are kept from before they are answered until they are printed or forwarded: sqlite:PATH, postgres://…,
    /// or none to keep the identities of the last ones in memory
    #[arg(long, value_name = "URL", default_value = DEFAULT_INBOX)]
    pub(crate) inbox: InboxUrl,

    /// The address or name, and the port, of /metrics (for Prometheus), /healthz and /readyz, or none [default:
    /// 127.0.0.1:9464, if it is free]
    #[arg(long, value_name = "ADDR", value_parser = admin_address)]
    pub(crate) admin_addr: Option<AdminAddr>,

    /// Connections at once; further ones wait. The limit on open files is raised for them where it may be
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT_CONNECTIONS, value_parser = connections)]
    pub(crate) max_connections: usize,

    /// Take the word of the proxies in this network, such as 10.0.0.0/8 or 127.0.0.1, for whose request it is: the
    /// X-Forwarded-For header. For the quarantine, which nobody is to fill alone; may be given several times
    #[arg(long, value_name = "NETWORK", default_values = ["127.0.0.0/8", "::1"])]
    pub(crate) trusted_proxy: Vec<ProxyNetwork>,

    #[command(flatten)]
    pub(crate) forward: ForwardArgs,

    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

/// Where what is for whoever looks after a receiver is served.
#[derive(Clone, Debug)]
pub(crate) enum AdminAddr {
    None,
    At(String),
}

/// Where events are posted to instead of being printed.
#[derive(Args, Debug)]
pub(crate) struct ForwardArgs {
    /// Post each event as it came to this URL instead of printing it, again with backoff until it is answered 2xx: at
    /// least once, several at once, and what is tried again later than its successors (SMS+ statuses say which is later)
    #[arg(long, value_name = "URL")]
    pub(crate) forward: Option<Target>,

    /// Sign what is forwarded with the secret in this file, which is followed [default: the current share secret]
    #[arg(long, value_name = "FILE", requires = "forward")]
    pub(crate) forward_secret_file: Option<PathBuf>,

    /// How long after it was received an event is given up where it fails once more, such as 7d or 12h: a dead letter,
    /// which `inbox retry` sends again
    #[arg(long, value_name = "DURATION", requires = "forward", default_value = "7d", value_parser = duration)]
    pub(crate) forward_for: Duration,

    /// How many events are forwarded at once
    #[arg(long, value_name = "N", requires = "forward", default_value = "16", value_parser = concurrency)]
    pub(crate) forward_concurrency: usize,

    /// How long one attempt may take, such as 30s
    #[arg(long, value_name = "DURATION", requires = "forward", default_value = "30s", value_parser = duration)]
    pub(crate) forward_timeout: Duration,

    /// Trust the certificates in this PEM file too where events are forwarded to
    #[arg(long, value_name = "FILE", requires = "forward")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// An inbox in the working folder.
const DEFAULT_INBOX: &str = "sqlite:maac-inbox.db";

/// Where an inbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InboxUrl {
    None,
    Sqlite(PathBuf),
    Postgres(PostgresUrl),
}

/// A URL that may have a password in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl(pub(crate) String);

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

impl FromStr for InboxUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        match url.split_once(':') {
            None if url == "none" => Ok(Self::None),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(PostgresUrl(url.to_owned()))),
            _ => Err("it is none of sqlite:PATH, postgres://… and none"),
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct InboxArgs {
    /// Where the inbox is: sqlite:PATH or postgres://…
    #[arg(long, global = true, value_name = "URL", default_value = DEFAULT_INBOX)]
    pub(crate) inbox: InboxUrl,

    #[command(subcommand)]
    pub(crate) command: InboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Count the events in each state
    Stats,
    /// List events, the newest first
    List {
        /// Those in this state alone
        #[arg(long, value_parser = state)]
        state: Option<State>,

        /// Those before this one alone
        #[arg(long, value_name = "ID")]
        before: Option<i64>,

        /// At most so many
        #[arg(long, value_name = "N", default_value = "100")]
        limit: usize,
    },
    /// Show an event: its failed attempts and its body
    Show {
        /// The event's number
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Make events that are dead, held or done due again
    Retry {
        /// The events' numbers
        #[arg(value_name = "ID", required_unless_present = "state")]
        ids: Vec<i64>,

        /// All that are in this state
        #[arg(long, value_parser = state, conflicts_with = "ids")]
        state: Option<State>,
    },
    /// Open the rotation window before the share secret is changed: for minutes, every receiver on the inbox answers what it
    /// cannot verify 503, so that it comes back, and not 401. What looks like an event is kept in any case, and enters the inbox
    /// once its secret is known
    Rotate {
        /// How long the window stays open, 1h at most
        #[arg(long = "for", value_name = "DURATION", default_value = "10m", value_parser = duration, conflicts_with = "end")]
        open_for: Duration,

        /// End the window now
        #[arg(long)]
        end: bool,
    },
}

fn state(name: &str) -> Result<State, String> {
    let names: Vec<_> = State::ALL.iter().map(|state| state.as_str()).collect();
    State::parse(name).ok_or_else(|| format!("it is none of {}", names.join(", ")))
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").args(["topic", "scenario"]).required(true)))]
pub(crate) struct SendArgs {
    /// The event's topic
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Option<String>,

    /// A file with a scenario, which is sent step by step; `-` is standard input. Exit status 0 only if each step came
    /// out as expected
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "key"])]
    pub(crate) scenario: Option<PathBuf>,

    /// The receiver's URL
    #[arg(long, value_name = "URL")]
    pub(crate) to: Target,

    /// A file with the event's `data` as JSON, or with the whole event; `-` is standard input [default: a
    /// realistic sample]
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// The idempotency key [default: a fresh one]
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// Write characters outside ASCII as UTF-8 and not as \uXXXX
    #[arg(long)]
    pub(crate) raw_utf8: bool,

    /// Write no spaces after commas and colons
    #[arg(long)]
    pub(crate) compact: bool,

    /// How long one attempt may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) attempt_timeout: Duration,

    /// How long after each failed attempt the next one follows, in seconds; an empty text tries once
    #[arg(long, value_name = "SECONDS,…", default_value = "1,2,4", value_parser = delays)]
    pub(crate) retry_delays: Delays,

    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SignArgs {
    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The value of the CrescLab-Signature header
    #[arg(long, value_name = "HEX", allow_hyphen_values = true)]
    pub(crate) signature: String,

    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
}

impl SendArgs {
    pub(crate) fn style(&self) -> BodyStyle {
        let style = BodyStyle::python();
        let style = if self.raw_utf8 { style.raw_utf8() } else { style };
        if self.compact { style.compact() } else { style }
    }

    pub(crate) fn schedule(&self) -> RetrySchedule {
        RetrySchedule::new(self.retry_delays.0.iter().copied())
    }
}

/// The delays between attempts.
#[derive(Clone, Debug)]
pub(crate) struct Delays(pub(crate) Vec<Duration>);

pub(crate) fn delays(text: &str) -> Result<Delays, String> {
    if text.trim().is_empty() {
        return Ok(Delays(Vec::new()));
    }
    text.split(',').map(seconds).collect::<Result<_, _>>().map(Delays)
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.trim().parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} s is no duration"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let no = || format!("`{text}` is no duration such as 7d, 12h, 90min or 30s");
    let span: Span = text.parse().map_err(|_| no())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| no())?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero()).ok_or_else(no)
}

fn concurrency(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err("it is no number from 1 to 1000".to_owned()),
    }
}

fn address(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("it is not HOST:PORT, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080".to_owned()),
    }
}

fn admin_address(text: &str) -> Result<AdminAddr, String> {
    if text == "none" {
        return Ok(AdminAddr::None);
    }
    address(text).map(AdminAddr::At)
}

fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err("it is no number from 1 to 1000000".to_owned()),
    }
}

fn path(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    match text.strip_prefix('/') {
        None => Err("a path begins with /".to_owned()),
        Some(_) if !text.bytes().all(plain) => {
            Err("a path is made of letters, digits and / - . _ ~".to_owned())
        }
        Some(_) => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_and_is_some_time() {
        const HOUR: u64 = 60 * 60;
        for (text, seconds) in
            [("7d", 168 * HOUR), ("12h", 12 * HOUR), ("1 week", 168 * HOUR), ("1h 30m", 5400)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "7", "0s", "-1s", "1 month", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
