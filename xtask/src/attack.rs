//! `cargo xtask forgeries` and `cargo xtask timing`: attacks on verification.

use crate::run::{self, Failure, cargo};

pub(crate) fn run(attack: &str, args: &[String]) -> Result<(), Failure> {
    let attacks = ["run", "--release", "--locked", "-p", "maac-webhook-attacks", "--", attack];
    run::run(cargo().args(attacks).args(args))
}
