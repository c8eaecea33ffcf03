//! Attacks on verification: `cargo xtask forgeries` and `cargo xtask timing`.

#![allow(clippy::print_stdout, reason = "it prints what came of it")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use maac_webhook_attacks::{forgery, timing};

/// Attacks on verification.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    attack: Attack,
}

#[derive(Debug, Subcommand)]
enum Attack {
    /// Sends mutated signatures, bodies and secrets through the verifier, and fails where one is accepted.
    Forgeries {
        /// How many.
        #[arg(long, default_value_t = 10_000_000)]
        count: u64,
        /// What they are drawn from: the same ones again.
        #[arg(long, default_value_t = 20_251_128)]
        seed: u64,
    },
    /// Measures whether the time of a comparison tells where a signature differs, and fails where it does.
    Timing {
        /// How many samples of each pair.
        #[arg(long, default_value_t = 1_000_000)]
        samples: usize,
        /// What they are drawn from.
        #[arg(long, default_value_t = 20_251_128)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let is_safe = match Arguments::parse().attack {
        Attack::Forgeries { count, seed } => {
            let report = forgery::run(count, seed);
            println!("{report}");
            report.is_safe()
        }
        Attack::Timing { samples, seed } => {
            let report = timing::run(samples, seed);
            println!("{report}");
            report.is_safe()
        }
    };
    if is_safe { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
