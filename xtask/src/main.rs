//! The project's own chores, each a subcommand of `cargo xtask`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to the one who calls it")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod attack;
mod bench;
mod fuzz;
mod mutants;
mod needs;
mod overload;
mod run;
mod test;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Runs every test: unit, integration and doc tests, then each fuzz target on its corpus and for a
    /// few seconds more. Installs what they need, or says what is missing.
    Test {
        /// How long to fuzz each target, once its corpus has been replayed.
        #[arg(long, value_name = "N", default_value_t = 5)]
        fuzz_seconds: u32,
    },
    /// Replays each fuzz target's corpus, then fuzzes it.
    Fuzz {
        /// How long to fuzz each target.
        #[arg(long, value_name = "N")]
        seconds: u32,
        /// One target alone.
        target: Option<String>,
    },
    /// Runs the benchmarks.
    Bench {
        /// What is passed on to them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Sends ten million mutated signatures, bodies and secrets through the verifier, and fails where one is accepted.
    Forgeries {
        /// What is passed on: `--count N --seed N`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measures whether the time of a comparison tells where a signature differs, and fails where it does, or where a
    /// naive comparison is not seen to. For a quiet machine.
    Timing {
        /// What is passed on: `--samples N --seed N`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Floods a release build of `listen` with connections and events, and fails where a genuine event is not answered in
    /// time or more memory is taken than is allowed. Linux; about five minutes.
    Overload {
        /// Connections at once.
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        connections: u32,
        /// One test alone, by a part of its name.
        test: Option<String>,
    },
    /// Changes the code that decides about requests, one small thing at a time, and fails where no unit
    /// test notices.
    Mutants {
        /// What is passed on to cargo-mutants.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().chore {
        Chore::Test { fuzz_seconds } => test::run(fuzz_seconds),
        Chore::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
        Chore::Bench { args } => bench::run(&args),
        Chore::Forgeries { args } => attack::run("forgeries", &args),
        Chore::Timing { args } => attack::run("timing", &args),
        Chore::Overload { connections, test } => overload::run(connections, test.as_deref()),
        Chore::Mutants { args } => mutants::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nFAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}
