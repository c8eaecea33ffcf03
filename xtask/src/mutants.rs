//! `cargo xtask mutants`: whether the unit tests notice a change in what decides about a request.

use crate::{
    needs::{self, Need},
    run::{self, Failure, cargo},
};

/// Where a change that no test notices would admit a forged request, or lose a genuine event.
const FILES: [&str; 4] = ["signature.rs", "verify.rs", "rejection.rs", "answer.rs"];

/// The crate's unit tests alone: they are the ones beside the code, and they take seconds where doc and
/// compile-fail tests take minutes over all mutants.
const TESTS: [&str; 2] = ["--cargo-test-arg", "--lib"];

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    needs::provide(&[Need::CargoMutants])?;
    let files = FILES.iter().map(|file| format!("--file=crates/maac-webhook/src/{file}"));
    let mutants = ["mutants", "--package", "maac-webhook", "--jobs", "2"];
    // Jobs that share one target folder would wait for each other.
    let mut command = cargo();
    command.env_remove("CARGO_TARGET_DIR");
    run::run(command.args(mutants).args(TESTS).args(files).args(args))
}
