//! `cargo xtask fuzz`: each target on its committed corpus, and then on what libFuzzer makes of it.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    needs::{self, Need},
    run::{self, Failure, cargo, output, root, run_quietly},
};

/// Without a sanitizer, cargo-fuzz runs on a stable toolchain.
const STABLE: [&str; 2] = ["--sanitizer", "none"];

/// One input may not take longer: the slowest takes some milliseconds.
const SECONDS_PER_INPUT: u32 = 10;

pub(crate) fn run(seconds: u32, target: Option<&str>) -> Result<(), Failure> {
    needs::provide(&[Need::CppCompiler, Need::CargoFuzz])?;
    match target {
        None => all(seconds),
        Some(target) => one(target, seconds),
    }
}

/// Each target in turn, for so many seconds.
pub(crate) fn all(seconds: u32) -> Result<(), Failure> {
    let targets = targets()?;
    build()?;
    targets.iter().try_for_each(|target| replay_and_fuzz(target, seconds))
}

fn one(target: &str, seconds: u32) -> Result<(), Failure> {
    let targets = targets()?;
    if !targets.iter().any(|known| known == target) {
        let message = format!("there is no fuzz target `{target}`, only {}", targets.join(", "));
        return Err(Failure::new(message));
    }
    build()?;
    replay_and_fuzz(target, seconds)
}

fn targets() -> Result<Vec<String>, Failure> {
    let list = output(&mut cargo_fuzz("list"))?;
    let targets: Vec<String> = list.lines().map(str::to_owned).collect();
    if targets.is_empty() { Err(Failure::new("there are no fuzz targets")) } else { Ok(targets) }
}

fn build() -> Result<(), Failure> {
    // cargo-fuzz has no `--locked`.
    run::run(cargo().args(["fetch", "--locked", "--manifest-path", "fuzz/Cargo.toml"]))?;
    run::run(cargo_fuzz("build").args(STABLE))
}

fn replay_and_fuzz(target: &str, seconds: u32) -> Result<(), Failure> {
    let corpus = root().join("fuzz/corpus").join(target);
    let new_inputs = new_inputs(target)?;
    println!("\n-- {target}");
    run_quietly(cargo_fuzz("run").args(STABLE).arg(target).arg(&corpus).args(["--", "-runs=0"]))?;
    if seconds == 0 {
        return Ok(());
    }
    run_quietly(
        cargo_fuzz("run")
            .args(STABLE)
            .arg(target)
            .args([new_inputs, corpus])
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-timeout={SECONDS_PER_INPUT}")),
    )
}

/// What libFuzzer finds is kept for the next time, but not among what is committed.
fn new_inputs(target: &str) -> Result<PathBuf, Failure> {
    let folder = root().join("fuzz/target/new-inputs").join(target);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot create {}: {error}", folder.display())))?;
    Ok(folder)
}

fn cargo_fuzz(subcommand: &str) -> Command {
    let mut command = cargo();
    command.args(["fuzz", subcommand, "--fuzz-dir", "fuzz"]);
    command
}
