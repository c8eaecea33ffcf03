//! `cargo xtask test`: every test there is.

use std::time::{Duration, Instant};

use crate::{
    fuzz,
    needs::{self, Need},
    run::{self, Failure, cargo},
};

pub(crate) fn run(fuzz_seconds: u32) -> Result<(), Failure> {
    let mut passed = Vec::new();
    let mut step = |name: &'static str, step: &dyn Fn() -> Result<(), Failure>| {
        println!("\n== {name}");
        let start = Instant::now();
        step().map_err(|failure| Failure::new(format!("{name}: {failure}")))?;
        passed.push((name, start.elapsed()));
        Ok(())
    };

    step("needs", &|| {
        needs::provide(&[
            Need::Python,
            Need::CppCompiler,
            Need::Node,
            Need::Postgres,
            #[cfg(target_os = "linux")]
            Need::Strace,
            Need::Chromium,
            Need::Chromedriver,
            Need::Npm,
            Need::CargoFuzz,
            Need::CargoDeny,
        ])
    })?;
    step("dependencies: what is banned, licences and sources", &dependencies)?;
    step("unit, integration and doc tests", &tests)?;
    step("the core in a program that changes serde_json", &with_features_of_others)?;
    step("fuzz targets, their corpora and some seconds of each", &|| fuzz::all(fuzz_seconds))?;

    println!("\n== passed");
    for (name, took) in passed {
        println!("{name} ({})", seconds(took));
    }
    Ok(())
}

/// As `deny.toml` says.
fn dependencies() -> Result<(), Failure> {
    run::run(cargo().args(["deny", "--locked", "--workspace", "check", "bans", "licenses", "sources"]))
}

/// The benchmarks are no tests, and their peers would be compiled for nothing.
fn tests() -> Result<(), Failure> {
    run::run(cargo().args(["test", "--locked", "--workspace", "--exclude", "maac-webhook-bench"]))
}

/// A customer's program may switch these on, and then they hold for the core too.
fn with_features_of_others() -> Result<(), Failure> {
    let features = "serde_json/arbitrary_precision,serde_json/preserve_order";
    run::run(cargo().args(["test", "--locked", "--package", "maac-webhook", "--lib", "--features", features]))
}

fn seconds(took: Duration) -> String {
    format!("{} s", took.as_secs_f32().round())
}
