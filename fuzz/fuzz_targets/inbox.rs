//! Whatever is done to an inbox in SQLite, in any order: it does what the model does, and holds what the model holds.

#![no_main]

use std::{path::Path, sync::LazyLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use maac_webhook_inbox::{
    acceptance::{Body, Ending, Operation, follow_the_model},
    sqlite::SqliteStore,
};
use tokio::runtime::{Builder, Runtime};

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Accept { event: u8, build: u8, key: Option<u8>, hold: bool, hold_if_key_reused: bool },
    AcceptUnreadable { number: u8, key: Option<u8> },
    Claim { limit: u8 },
    Extend { claim: u8 },
    Done { claim: u8 },
    Failed { claim: u8 },
    Dead { claim: u8 },
    Returned { claim: u8 },
    Reap,
    Retry { entry: u8 },
    Prune,
    Pass { seconds: u8 },
}

impl From<Step> for Operation {
    fn from(step: Step) -> Self {
        let settle = |claim, ending| Self::Settle { claim, ending };
        match step {
            Step::Accept { event, build, key, hold, hold_if_key_reused } => {
                Self::Accept { body: Body::Event { event, build }, key, hold, hold_if_key_reused }
            }
            Step::AcceptUnreadable { number, key } => Self::Accept {
                body: Body::Unreadable { number },
                key,
                hold: false,
                hold_if_key_reused: false,
            },
            Step::Claim { limit } => Self::Claim { limit },
            Step::Extend { claim } => Self::Extend { claim },
            Step::Done { claim } => settle(claim, Ending::Done),
            Step::Failed { claim } => settle(claim, Ending::Failed),
            Step::Dead { claim } => settle(claim, Ending::Dead),
            Step::Returned { claim } => settle(claim, Ending::Returned),
            Step::Reap => Self::Reap,
            Step::Retry { entry } => Self::Retry { entry },
            Step::Prune => Self::Prune,
            Step::Pass { seconds } => Self::Pass { seconds },
        }
    }
}

/// Each is looked at with all that the store holds.
const STEPS: usize = 100;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

fuzz_target!(|steps: Vec<Step>| {
    // In memory where the system has such a folder: what is flushed to a disk is not the question here.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    let store = SqliteStore::open(folder.path().join("inbox.db")).expect("a store");
    let operations = steps.into_iter().take(STEPS).map(Operation::from);
    RUNTIME.block_on(follow_the_model(&store, operations));
});
