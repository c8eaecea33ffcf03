//! `cargo xtask mutants`: whether the tests notice a change in what decides about a request.

use crate::{
    needs::{self, Need},
    run::{self, Failure, cargo},
};

/// Code where a change that no test notices would admit a forged request, lose a genuine event, or handle one twice.
struct Decided {
    package: &'static str,
    files: &'static [&'static str],
    /// The tests that are run for each change: few, since they are run hundreds of times.
    tests: &'static [&'static str],
}

const DECIDED: [Decided; 2] = [
    // The crate's unit tests alone: they are the ones beside the code, and they take seconds where doc and
    // compile-fail tests take minutes over all mutants.
    Decided {
        package: "maac-webhook",
        files: &["signature.rs", "verify.rs", "rejection.rs", "answer.rs", "identity.rs", "endpoint.rs"],
        tests: &["--lib"],
    },
    Decided {
        package: "maac-webhook-inbox",
        files: &["verdict.rs", "sqlite/accept.rs"],
        tests: &["--features=sqlite", "--test=it", "--", "sqlite::"],
    },
];

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    needs::provide(&[Need::CargoMutants])?;
    DECIDED.iter().try_for_each(|decided| {
        let Decided { package, files, tests } = decided;
        let files = files.iter().map(|file| format!("--file=crates/{package}/src/{file}"));
        let mutants = ["mutants", "--package", package, "--jobs", "2"];
        // Jobs that share one target folder would wait for each other.
        let mut command = cargo();
        command.env_remove("CARGO_TARGET_DIR");
        run::run(command.args(mutants).args(files).args(args).arg("--").args(*tests))
    })
}
