//! The flags. They are an interface: they change only with a note in the changelog.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use maac_webhook_sender::{RetrySchedule, Target, json::BodyStyle};

use crate::secret::SecretArgs;

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
    /// Receive: verify each request and print a line of JSON per event
    Listen(ListenArgs),
    /// Send one signed event, with MAAC's retries; exit status 0 only if it was answered 200. Or a whole scenario
    Send(Box<SendArgs>),
    /// Sign a body from standard input
    Sign(SignArgs),
    /// Verify a signature of a body from standard input, and explain a mismatch
    Verify(VerifyArgs),
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// End once the table is printed (as it does anyway, until there is a console to stay up for)
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ListenArgs {
    /// The address to listen on; port 0 is one of the system's choice
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) addr: SocketAddr,

    /// The path that is posted to
    #[arg(long, value_name = "PATH", default_value = "/webhooks/maac", value_parser = path)]
    pub(crate) path: String,

    /// Where events are kept; `none`, the only one yet, keeps their identities in memory
    #[arg(long, value_name = "URL", default_value = "none")]
    pub(crate) inbox: InboxKind,

    #[command(flatten)]
    pub(crate) secret: SecretArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum InboxKind {
    None,
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
pub(crate) struct Delays(Vec<Duration>);

fn delays(text: &str) -> Result<Delays, String> {
    if text.trim().is_empty() {
        return Ok(Delays(Vec::new()));
    }
    text.split(',').map(seconds).collect::<Result<_, _>>().map(Delays)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.trim().parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} s is no duration"))
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
