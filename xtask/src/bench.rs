//! `cargo xtask bench`: us beside our peers.

use crate::run::{self, Failure, cargo};

pub(crate) fn run(args: &[String]) -> Result<(), Failure> {
    run::run(cargo().args(["run", "--release", "--locked", "-p", "maac-webhook-bench", "--"]).args(args))
}
