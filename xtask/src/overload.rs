//! `cargo xtask overload`: more than `listen` can take, against a release build of it.

use std::{env, path::PathBuf};

use crate::run::{self, Failure, cargo, root};

pub(crate) fn run(connections: u32, test: Option<&str>) -> Result<(), Failure> {
    run::run(cargo().args(["build", "--release", "--locked", "-p", "maac-webhook-cli"]))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target.join("release/maac-webhook");
    let tests = ["test", "--locked", "-p", "maac-webhook-cli", "--test", "it", "overload::"];
    // One after another: each floods the machine.
    let shown = ["--nocapture", "--test-threads", "1"];
    run::run(
        cargo()
            .env("OVERLOAD", connections.to_string())
            .env("MAAC_WEBHOOK_BINARY", binary)
            .args(tests)
            .arg("--")
            .args(test)
            .args(shown),
    )
}
