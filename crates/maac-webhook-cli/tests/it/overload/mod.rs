//! More than `listen` can take: connections that do nothing, that drip, that hold bodies, and more events than it can
//! store. Genuine events are answered in time meanwhile, and the memory is bounded.
//!
//! A small number of each in every run; `cargo xtask overload` for the full one, with its figures.

mod events;
mod flood;
mod wire;

use std::{
    env, fs,
    time::{Duration, Instant},
};

use maac_webhook::{ShareSecret, Signature};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

use crate::support::{Listener, SECRET};
use events::Genuine;
use flood::{Flood, What};

/// Within it a genuine event is answered, all but one in a hundred: a test shares its machine.
const IN_TIME: Duration = Duration::from_secs(3);

/// Within it is each. MAAC's own time-out is not documented; the reference sender's is this.
const AT_LAST: Duration = Duration::from_secs(10);

/// How much is sent, and for how long.
#[derive(Clone, Copy, Debug)]
struct Size {
    connections: usize,
    lasts: Duration,
    /// Whether its figures are the ones that count.
    is_full: bool,
}

impl Size {
    /// `OVERLOAD=10000` for so many connections.
    fn of_this_run() -> Self {
        match env::var("OVERLOAD").ok().and_then(|size| size.parse().ok()) {
            Some(connections) => Self { connections, lasts: Duration::from_secs(20), is_full: true },
            None => Self { connections: 300, lasts: Duration::from_secs(3), is_full: false },
        }
    }
}

/// A receiver with an inbox, which may be another build: `MAAC_WEBHOOK_BINARY`.
struct Receiver {
    listener: Listener,
    _folder: tempfile::TempDir,
    runtime: Runtime,
}

impl Receiver {
    fn start(size: Size) -> Self {
        let files = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inbox = format!("sqlite:{}", folder.path().join("inbox.db").display());
        let cap = size.connections.to_string();
        let mut command = crate::support::maac_webhook(&["listen", "--addr", "127.0.0.1:0"]);
        if let Ok(binary) = env::var("MAAC_WEBHOOK_BINARY") {
            let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
            command = std::process::Command::new(binary);
            command.args(args).env_remove("RUST_LOG").env("NO_COLOR", "1");
        }
        command.args(["--inbox", &inbox, "--max-connections", &cap]).env("MAAC_SHARE_SECRET", SECRET);
        let listener = Listener::of(&mut command);
        // More connections than the receiver has places are opened, from several addresses.
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { listener, _folder: folder, runtime }
    }

    /// The most memory that it ever had, in MiB.
    fn peak_memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.listener.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
    }

    /// Floods it, and sends genuine events meanwhile, one every tenth of a second.
    fn flooded(&self, size: Size, what: What) -> (Flood, Vec<Genuine>) {
        let address = self.listener.address().parse().unwrap();
        self.runtime.block_on(async {
            let flood = Flood::start(address, size.connections, what);
            flood.is_up().await;
            let genuine = events::one_by_one(address, size.lasts, Duration::from_millis(100)).await;
            flood.stop();
            (flood, genuine)
        })
    }
}

fn sign(body: &[u8]) -> String {
    Signature::sign(&ShareSecret::new(SECRET).unwrap(), body).to_string()
}

/// Each was answered 200 in time, at once or by a retry as MAAC makes it.
fn assert_answered_in_time(what: &str, genuine: &[Genuine]) {
    assert!(genuine.len() > 10, "{what}: {} events are too few to tell", genuine.len());
    let lost: Vec<_> = genuine.iter().filter(|event| event.status != Some(200)).collect();
    assert!(lost.is_empty(), "{what}: {} of {} events, as {:?}", lost.len(), genuine.len(), lost.first());
    let slow = genuine.iter().filter(|event| event.took > IN_TIME).count();
    assert!(slow * 100 <= genuine.len(), "{what}: {slow} of {} in more than {IN_TIME:?}", genuine.len());
    let slowest = genuine.iter().map(|event| event.took).max().unwrap();
    assert!(slowest < AT_LAST, "{what}: {slowest:?}");
}

#[allow(clippy::print_stdout, reason = "the figures of a run")]
fn tell(what: &str, receiver: &Receiver, flood: &Flood, genuine: &[Genuine]) {
    let mut took: Vec<Duration> = genuine.iter().map(|event| event.took).collect();
    took.sort_unstable();
    let retried = genuine.iter().filter(|event| event.attempts > 1).count();
    println!(
        "{what}: {} connections at once at most, {} in all; {} genuine events, all answered 200, {retried} by a retry, \
         median {:?}, slowest {:?}; {:.0} MiB at most",
        flood.most(),
        flood.opened(),
        genuine.len(),
        took[took.len() / 2],
        took[took.len() - 1],
        receiver.peak_memory()
    );
}

#[test]
fn idle_connections_keep_no_event_out() {
    let size = Size::of_this_run();
    let receiver = Receiver::start(size);
    let (flood, genuine) = receiver.flooded(size, What::Idle);
    assert_answered_in_time("idle", &genuine);
    tell("idle", &receiver, &flood, &genuine);
    assert!(receiver.peak_memory() < memory_bound(size, 0.0));
}

#[test]
fn connections_that_drip_keep_no_event_out() {
    let size = Size::of_this_run();
    for (what, name) in [(What::DrippedHead, "dripped heads"), (What::DrippedBody, "dripped bodies")] {
        let receiver = Receiver::start(size);
        let (flood, genuine) = receiver.flooded(size, what);
        assert_answered_in_time(name, &genuine);
        tell(name, &receiver, &flood, &genuine);
        assert!(receiver.peak_memory() < memory_bound(size, 0.0));
    }
}

#[test]
fn bodies_that_do_not_end_hold_no_more_than_their_budget() {
    let size = Size::of_this_run();
    let receiver = Receiver::start(size);
    let (flood, genuine) = receiver.flooded(size, What::HeldBody);
    assert_answered_in_time("held bodies", &genuine);
    tell("held bodies", &receiver, &flood, &genuine);
    // All of them together would be ten times the budget.
    assert!(receiver.peak_memory() < memory_bound(size, 2.0 * 64.0));
    if size.is_full {
        assert!(flood.refused() > 0, "the budget was never full");
    }
}

/// What a release is told to take for a connection, and what is there anyway; in MiB.
fn memory_bound(size: Size, bodies: f64) -> f64 {
    64.0 + size.connections as f64 * 64.0 / 1024.0 + bodies
}

/// Many times the senders that keep it busy: it answers as many events as before, each in time, or 503.
#[test]
fn thousands_of_senders_at_once_are_answered_in_time_or_503_and_none_otherwise() {
    let size = Size::of_this_run();
    let receiver = Receiver::start(size);
    let address = receiver.listener.address().parse().unwrap();
    let (few, many) = (32, size.connections / 2);
    let lasts = size.lasts;
    let (before, begun) =
        (receiver.runtime.block_on(events::as_fast_as_can_be(address, few, lasts)), Instant::now());
    let within = receiver.runtime.block_on(events::as_fast_as_can_be(address, many, lasts));
    let took = begun.elapsed();
    let after = receiver.runtime.block_on(events::as_fast_as_can_be(address, few, lasts));
    for (name, load) in [("before", &before), ("overload", &within), ("after", &after)] {
        println!("{name}: {load}");
    }
    println!("{:.0} MiB at most; {took:?}", receiver.peak_memory());
    assert!(within.slowest_accepted() < IN_TIME + Duration::from_secs(2), "{within}");
    assert_eq!(within.others(), 0, "{within}");
    assert!(
        within.accepted_each_second() > 0.3 * before.accepted_each_second(),
        "it collapses: {before}, {within}"
    );
    assert!(
        after.accepted_each_second() > 0.3 * before.accepted_each_second(),
        "it does not recover: {before}, {after}"
    );
}
