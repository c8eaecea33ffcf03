//! maac-webhook beside its peers: `cargo run --release -p maac-webhook-bench`.
//!
//! Every figure that counts is a ratio of two measurements of one run, taken in turn.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it is wrong"
)]

mod durable;
mod fixture;
mod harness;
mod http;
mod peers;
mod report;
mod verify;

use std::{error::Error, time::Duration};

use clap::Parser;

use harness::Plan;

/// maac-webhook beside its peers, in ratios of one run.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many rounds: each gives one ratio per row.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// A short run that shows that it works; its figures are rough.
    #[arg(long)]
    quick: bool,
    /// Only the rows without a network, those with one, or those with a disk.
    #[arg(long)]
    only: Option<Group>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    Verify,
    Http,
    Durable,
}

impl Arguments {
    /// A plan of turns that take so many microseconds.
    fn plan(&self, turns: usize, micros: u64) -> Plan {
        let (rounds, turn) = (usize::from(self.rounds), Duration::from_micros(micros));
        if self.quick {
            Plan { rounds: rounds.min(3), turns: turns.min(9), turn: turn.min(Duration::from_millis(30)) }
        } else {
            Plan { rounds, turns, turn }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let (verify, http) = (arguments.plan(75, 300), arguments.plan(5, 100_000));
    let durable = arguments.plan(1, 500_000);
    let fixtures = fixture::all()?;
    let [survey, .., smallest] = fixtures.as_slice() else { return Err("too few fixtures".into()) };

    let mut rows = Vec::new();
    let wanted = |group| arguments.only.is_none_or(|only| only == group);
    if wanted(Group::Verify) {
        rows.push(verify::verify_row(verify, survey)?);
        rows.extend(verify::event_rows(verify, &fixtures)?);
    }
    if wanted(Group::Http) {
        rows.extend(http::rows(http, survey, true)?);
        rows.extend(http::rows(http, smallest, false)?);
    }
    if wanted(Group::Durable) {
        rows.extend(durable::rows(durable, survey)?);
    }
    report::print(&rows);
    println!("\n{}", notes(verify, http));
    Ok(())
}

fn notes(verify: Plan, http: Plan) -> String {
    format!(
        "Figures are of {} rounds, what is compared taking turns in each, A B C A B C …: {} turns of {} µs, over
the network {} of {} ms. A round's figure is the median of its turns, a ratio is of one round; min and
median are over the rounds. A goal is for the median, and for the 2 KiB survey.

verify  `Verifier::verify` against a copy of the keyed HMAC state, `update`, `finalize`: the same hmac
        and sha2, the body handed over in both.
event   verify, headers out of a `HeaderMap`, and `Delivery::event()`, against verify and a `Value`. svix
        and standardwebhooks sign `id.timestamp.payload`, check the timestamp, and bring an HMAC of their
        own without the CPU's SHA instructions. By hand is the key schedule in each request, hex, subtle.
axum    a `VerifyLayer` and `Webhook<Event>`, {} keep-alive connections on loopback, one request at a time
        on each, from one thread; each route has a server of one thread. Server CPU is the latter's,
        system calls included: another process moves it less than requests/s. Bytes + HMAC is the least
        that a verified route can do.
actix   `VerifyWebhook` and `Webhook<Event>`, on one worker of actix-web's: the same otherwise, in the same
        rounds. A ratio is within one framework.",
        verify.rounds,
        verify.turns,
        verify.turn.as_micros(),
        http.turns,
        http.turn.as_millis(),
        http::CONNECTIONS,
    )
}
