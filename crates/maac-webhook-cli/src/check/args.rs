use std::{path::PathBuf, time::Duration};

use clap::Args;
use maac_webhook::event::Topic;
use maac_webhook_conformance::{Group, Level};
use maac_webhook_sender::Target;

use crate::{
    cli::{Delays, delays, seconds},
    secret::SecretArgs,
};

/// What somebody needs who has a receiver and nothing else.
const HOW: &str = "\
Start the receiver with a secret for this test alone, and grade it with the same:
  MAAC_SHARE_SECRET=test-secret maac-webhook check http://127.0.0.1:8080/webhooks/maac --html report.html

The exit status is 0 where every MUST passes, 1 where one fails, and 2 where the receiver could not be graded.";

#[derive(Args, Debug)]
#[command(after_help = HOW)]
pub(crate) struct CheckArgs {
    /// The receiver's URL. It is sent some 300 requests of events that never happened, forged, large and malformed ones
    /// among them: not for one in production
    #[arg(value_name = "URL", required_unless_present = "list")]
    pub(super) url: Option<Target>,

    /// The receiver's probe, which shows what it handled and may take faults: docs/conformance.md has its protocol
    #[arg(long, value_name = "URL")]
    pub(super) probe: Option<Target>,

    /// What the receiver's endpoint is subscribed to, where it is not all six topics, such as
    /// receipt.receipt_validated,prize.points_added: no event of another topic is sent, and what takes one is skipped
    #[arg(long, value_name = "TOPIC,…", value_delimiter = ',', value_parser = topic)]
    pub(super) topic: Vec<Topic>,

    /// These cases alone, such as MAAC-SIG-003,MAAC-SIG-004
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub(super) case: Vec<String>,

    /// The cases of these groups alone: signature, body, idempotency, answers, retries, robustness, topics
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',', value_parser = group)]
    pub(super) group: Vec<Group>,

    /// The cases of these levels alone: must, should, info
    #[arg(long, value_name = "LEVEL,…", value_delimiter = ',', value_parser = level)]
    pub(super) level: Vec<Level>,

    /// List the cases, and run none
    #[arg(long)]
    pub(super) list: bool,

    /// Look alone whether anybody listens at the URL, and send nothing: exit status 0 if so, 1 if nobody does
    #[arg(long, requires = "url", conflicts_with = "list")]
    pub(super) listening: bool,

    /// Write the report with all that went over the wire to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    /// Write the report to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,

    /// Write the report with all that went over the wire to this file, as a page
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// How long to wait until somebody listens at the URL, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(super) wait: Duration,

    /// How long all of it may take, in seconds; what is not graded then is inconclusive
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = seconds)]
    pub(super) time_limit: Duration,

    /// How long one attempt may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(super) attempt_timeout: Duration,

    /// How long after each failed attempt the next one follows, in seconds; an empty text tries once
    #[arg(long, value_name = "SECONDS,…", default_value = "1,2,4", value_parser = delays)]
    pub(super) retry_delays: Delays,

    /// Within which time an event is to be handled once it was answered 200, in seconds
    #[arg(long, value_name = "SECONDS", requires = "probe", default_value = "10", value_parser = seconds)]
    pub(super) handling_time: Duration,

    /// Trust the certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) secret: SecretArgs,
}

impl CheckArgs {
    /// What the command that runs a case again must have, besides what the suite knows: never the secret itself.
    pub(super) fn repeat_arguments(&self) -> Vec<String> {
        let files = [("--ca-file", self.ca_file.as_deref()), ("--secret-file", self.secret.file())];
        let given =
            files.into_iter().filter_map(|(flag, path)| Some([flag.to_owned(), path?.display().to_string()]));
        given.flatten().collect()
    }
}

fn topic(name: &str) -> Result<Topic, String> {
    let topic = Topic::from(name.trim());
    if Topic::DOCUMENTED.contains(&topic) {
        return Ok(topic);
    }
    let all: Vec<_> = Topic::DOCUMENTED.iter().map(Topic::as_str).collect();
    Err(format!("it is none of {}", all.join(", ")))
}

fn group(name: &str) -> Result<Group, String> {
    named(name, &Group::ALL, Group::as_str)
}

fn level(name: &str) -> Result<Level, String> {
    named(name, &Level::ALL, Level::as_str)
}

fn named<T: Copy>(name: &str, all: &[T], told: impl Fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| told(*one).eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let all: Vec<_> = all.iter().map(|one| told(*one).to_lowercase()).collect();
        format!("it is none of {}", all.join(", "))
    })
}
