//! `listen` with its inbox on a disk that is really full: a small file system of its own, which then grows.

use std::{
    collections::HashSet,
    path::Path,
    process::{Command, Output},
};

use maac_webhook_test_support::{PATIENCE, skip};

use crate::{
    inbox::event,
    support::{Listener, SECRET, maac_webhook},
};

/// Who may mount: root, or whoever gets a user namespace.
struct Disk {
    unshare: &'static [&'static str],
    nsenter: &'static [&'static str],
}

impl Disk {
    const AS_ROOT: Self = Self { unshare: &["--mount"], nsenter: &["--mount"] };
    const IN_A_NAMESPACE: Self = Self {
        unshare: &["--mount", "--map-root-user"],
        nsenter: &["--mount", "--user", "--preserve-credentials"],
    };

    /// `None` where nobody may, which is told.
    fn new(folder: &Path) -> Option<Self> {
        let disk = [Self::AS_ROOT, Self::IN_A_NAMESPACE].into_iter().find(|disk| {
            disk.with(folder, Command::new("true")).output().is_ok_and(|output| output.status.success())
        });
        disk.or_else(|| skip("this machine lets nobody mount a file system"))
    }

    /// The command where `folder` is a disk of 8 MiB, which ends with it.
    fn with(&self, folder: &Path, command: Command) -> Command {
        let mut unshare = Command::new("unshare");
        unshare.args(self.unshare).args(["sh", "-c", r#"mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@""#]);
        unshare.arg(folder).arg(command.get_program()).args(command.get_args());
        unshare
    }

    /// Makes room on the disk of a process.
    fn grow(&self, folder: &Path, process: u32) -> Output {
        let mut nsenter = Command::new("nsenter");
        nsenter.arg("--target").arg(process.to_string()).args(self.nsenter);
        nsenter.args(["mount", "-o", "remount,size=64m"]).arg(folder).output().unwrap()
    }
}

#[test]
fn a_full_disk_is_answered_503_and_what_was_refused_is_taken_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new(folder.path()) else { return };
    let inbox = format!("sqlite:{}", folder.path().join("inbox.db").display());
    let command = maac_webhook(&["listen", "--addr", "127.0.0.1:0", "--inbox", &inbox]);
    let mut command = disk.with(folder.path(), command);
    command.env("MAAC_SHARE_SECRET", SECRET).env_remove("RUST_LOG").env("NO_COLOR", "1");
    let mut listener = Listener::of(&mut command);
    let large = |number: usize| {
        event(number).replace(r#""data": {"#, &format!(r#""data": {{"memo": "{}", "#, "x".repeat(20_000)))
    };
    let post = |listener: &Listener, number| listener.post(large(number).as_bytes(), None);

    let (mut accepted, mut refused) = (HashSet::new(), Vec::new());
    for number in 0..200 {
        match post(&listener, number) {
            200 => drop(accepted.insert(number)),
            503 => refused.push(number),
            status => panic!("{status}"),
        }
    }
    assert!(accepted.len() > 20 && refused.len() > 20, "{} and {}", accepted.len(), refused.len());
    listener.process.line_with("there is no room left for the inbox");

    let grown = disk.grow(folder.path(), listener.process.id());
    assert!(grown.status.success(), "{}", String::from_utf8_lossy(&grown.stderr));
    for number in refused {
        let begun = std::time::Instant::now();
        while post(&listener, number) != 200 {
            assert!(begun.elapsed() < PATIENCE, "{number}");
        }
        accepted.insert(number);
    }
    // A line whose end could not be written down comes again; none is missing.
    let mut printed = HashSet::new();
    while printed != accepted {
        let line = listener.next();
        let number = line["event"]["points_id"].as_str().unwrap().strip_prefix("p-").unwrap();
        assert!(accepted.contains(&number.parse().unwrap()), "{number} was never answered 200");
        printed.insert(number.parse().unwrap());
    }
}
