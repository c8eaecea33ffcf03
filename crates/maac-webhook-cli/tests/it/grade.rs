//! The template of a customer's CI: a shell script that starts a receiver, grades it and stops it.

use std::{
    env,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use maac_webhook_test_support::{
    PATIENCE,
    process::{Lines, Running},
};
use tempfile::TempDir;

use crate::support::{Listener, SECRET};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The receiver in Python.
fn python() -> String {
    format!("python3 {}", root().join("examples/python-stdlib/receiver.py").display())
}

/// The template, for a receiver at an address of its own.
struct Template {
    folder: TempDir,
    address: SocketAddr,
}

/// How it ended, and what it said.
struct Said {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Template {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { folder, address }
    }

    fn command(&self, receiver: &str) -> Command {
        let binaries = Path::new(env!("CARGO_BIN_EXE_maac-webhook")).parent().unwrap().to_owned();
        let path =
            env::join_paths([binaries].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap())));
        let mut command = Command::new("sh");
        command
            .arg(root().join("docs/ci/grade.sh"))
            .args(["--retry-delays", "0.1,0.1,0.1"])
            .current_dir(self.folder.path())
            .env("PATH", path.unwrap())
            .env("RECEIVER", receiver)
            .env("MAAC_SHARE_SECRET", SECRET)
            .env("LISTEN_ADDR", self.address.to_string())
            .env("URL", format!("http://{}/webhooks/maac", self.address))
            .env_remove("MAAC_PROBE")
            .env_remove("PROBE");
        command
    }

    /// Grades by these cases, with the receiver's probe where they are all.
    fn grade(&self, receiver: &str, cases: &[&str]) -> Said {
        let mut command = self.command(receiver);
        if cases.is_empty() {
            command.env("MAAC_PROBE", "1").env("PROBE", format!("http://{}/probe", self.address));
        } else {
            command.args(["--case", &cases.join(",")]);
        }
        let output = command.output().unwrap();
        Said {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn is_free(&self) -> bool {
        TcpStream::connect(self.address).is_err()
    }
}

#[test]
fn it_starts_a_receiver_grades_it_by_its_probe_and_stops_it() {
    let template = Template::new();
    let said = template.grade(&python(), &[]);
    assert_eq!(said.status, 0, "{}{}", said.stdout, said.stderr);
    for crash in ["MAAC-RETRY-006 MUST   pass", "MAAC-RETRY-008 SHOULD pass"] {
        assert!(said.stdout.contains(crash), "{}", said.stdout);
    }
    assert!(template.is_free());
    for report in ["report.json", "report.xml", "report.html", "receiver.log"] {
        assert!(template.folder.path().join("maac-reports").join(report).is_file(), "{report}");
    }
    let log = std::fs::read_to_string(template.folder.path().join("maac-reports/receiver.log")).unwrap();
    // Two cases crash it.
    assert_eq!(log.matches("ended with status 137, and is started again").count(), 2, "{log}");
    assert_eq!(log.matches("listening on ").count(), 3, "{log}");
}

#[test]
fn the_command_may_set_its_environment_and_change_its_folder() {
    let template = Template::new();
    let case = ["MAAC-SIG-001"];
    let said = template.grade(&format!("cd / && MAAC_SHARE_SECRET=another-secret {}", python()), &case);
    assert_eq!(said.status, 1, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("does the receiver have the same share secret?"), "{}", said.stdout);
    assert!(
        said.stderr.contains("what the receiver said is in maac-reports/receiver.log"),
        "{}",
        said.stderr
    );
    assert!(template.is_free());
}

#[test]
fn what_the_command_starts_ends_with_it_however_deep_it_is() {
    let template = Template::new();
    // As npm does it: a shell that waits for a child of its own, and passes no signal on.
    let said = template
        .grade(&format!("sh -c 'trap : TERM; sh -c \"{} & wait\"; true'", python()), &["MAAC-SIG-001"]);
    assert_eq!(said.status, 0, "{}{}", said.stdout, said.stderr);
    assert!(template.is_free());
}

#[test]
fn somebody_elses_process_is_not_graded() {
    let somebody = Listener::start(&[]);
    let template = Template { address: somebody.address().parse().unwrap(), ..Template::new() };
    let said = template.grade("touch started", &["MAAC-SIG-001"]);
    assert_eq!((said.status, said.stdout.as_str()), (2, ""), "{}", said.stderr);
    assert!(said.stderr.contains("somebody listens at"), "{}", said.stderr);
    assert!(!template.folder.path().join("started").exists(), "nothing was started");
}

#[test]
fn a_receiver_that_ends_before_it_listens_is_told_at_once_with_its_last_words() {
    for (receiver, status, words) in [
        ("maac-no-such-command", 127, "not found"),
        ("echo 'no database'; exit 3", 3, "    no database"),
        ("/dev/null", 126, "ermission denied"),
        ("sleep 1000 & true", 0, "is to stay in the foreground"),
    ] {
        let template = Template::new();
        let said = template.grade(receiver, &["MAAC-SIG-001"]);
        assert_eq!((said.status, said.stdout.as_str()), (2, ""), "{receiver}: {}", said.stderr);
        let told = format!("the receiver ended with status {status} before it listened");
        assert!(said.stderr.contains(&told) && said.stderr.contains(words), "{receiver}: {}", said.stderr);
    }
}

#[test]
fn a_receiver_that_listens_elsewhere_is_not_waited_for_without_end() {
    let template = Template::new();
    let mut command = template.command("echo waiting; sleep 1000");
    let output = command.env("WAIT", "2").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("after 2 s: is it there that it listens?"), "{stderr}");
    assert!(stderr.contains("    waiting"), "{stderr}");
}

#[test]
fn a_signal_ends_it_and_the_receiver() {
    let template = Template::new();
    let (mut script, stdout) = Running::start(&mut template.command(&python()));
    // The first case is done, and others are under way.
    assert!(Lines::of(stdout).next().contains("1 of "));
    script.terminate();
    assert_eq!(script.wait().code(), Some(2));
    let began = Instant::now();
    while !template.is_free() {
        assert!(began.elapsed() < PATIENCE, "the receiver goes on");
    }
}

#[test]
fn what_is_not_set_is_told() {
    let template = Template::new();
    for variable in ["RECEIVER", "MAAC_SHARE_SECRET"] {
        let output = template.command(&python()).env_remove(variable).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(&format!("set {variable} to")), "{stderr}");
    }
}
