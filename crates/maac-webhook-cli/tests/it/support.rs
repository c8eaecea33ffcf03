//! Running the binary.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use maac_webhook::ShareSecret;
use maac_webhook_mock::{MockEvent, MockSender, Tampering};
use maac_webhook_sender::RetrySchedule;
use maac_webhook_test_support::{
    PATIENCE,
    process::{Lines, Running},
    secrecy::{self, Secrets},
    wire::{self, Answer},
};
use tokio::runtime::Builder;

pub(crate) const SECRET: &str = "test-share-secret";

/// The binary with no settings of the machine's own.
pub(crate) fn binary(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maac-webhook"));
    command.args(args).env_remove("MAAC_SHARE_SECRET").env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

/// The same, with no admin address unless it is told one: there is one port by default, and tests run at once.
pub(crate) fn maac_webhook(args: &[&str]) -> Command {
    let mut command = binary(args);
    if args.first() == Some(&"listen") && !args.contains(&"--admin-addr") {
        command.args(["--admin-addr", "none"]);
    }
    command
}

/// Runs it with this on standard input, and shows all that came of it, in which no secret of its own may be.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> String {
    let secrets = Secrets::of(command);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What fails before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let status = output.status.code().unwrap();
    secrecy::assert_no_payload(&stderr);
    let all = format!("exit status: {status}\n----- stdout -----\n{stdout}----- stderr -----\n{stderr}");
    secrets.assert_absent(&all);
    all
}

/// A file of one test's own, gone with it.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let own = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("maac-webhook-cli-{own}-{name}"));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A `listen` with its output.
pub(crate) struct Listener {
    pub(crate) process: Running,
    pub(crate) client: Client,
    lines: Lines,
}

impl Listener {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = maac_webhook(&[&["listen", "--addr", "127.0.0.1:0"], args].concat());
        if !args.contains(&"--inbox") {
            command.args(["--inbox", "none"]);
        }
        if !args.contains(&"--secret-file") {
            command.env("MAAC_SHARE_SECRET", SECRET);
        }
        Self::of(&mut command)
    }

    /// What this command starts.
    pub(crate) fn of(command: &mut Command) -> Self {
        let (mut process, stdout) = Running::start(command);
        let url = process.listening();
        Self { process, client: Client { url }, lines: Lines::of(stdout) }
    }

    /// The next line that it prints.
    pub(crate) fn next(&self) -> serde_json::Value {
        serde_json::from_str(&self.lines.next()).unwrap()
    }
}

impl std::ops::Deref for Listener {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Posts to a receiver.
pub(crate) struct Client {
    pub(crate) url: String,
}

impl Client {
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    /// Posts a signed body once and gives the status.
    pub(crate) fn post(&self, body: &[u8], key: Option<&str>) -> u16 {
        self.post_signed(SECRET, body, key)
    }

    pub(crate) fn post_signed(&self, secret: &str, body: &[u8], key: Option<&str>) -> u16 {
        self.try_post(secret, body, key).unwrap()
    }

    /// The same, with nothing where the receiver is gone before it answered.
    pub(crate) fn try_post(&self, secret: &str, body: &[u8], key: Option<&str>) -> Option<u16> {
        let sender = MockSender::new(ShareSecret::new(secret).unwrap()).attempt_timeout(PATIENCE);
        let sender = sender.schedule(RetrySchedule::new([]));
        let event = sender.event(MockEvent::raw(body.to_vec()));
        let event = match key {
            Some(key) => event.idempotency_key(key),
            None => event.tampering(Tampering::KeyMissing),
        };
        block_on(event.send_to(&self.url)).events[0].status()
    }

    pub(crate) fn exchange(&self, request: &[u8]) -> Answer {
        block_on(wire::exchange(self.address(), request))
    }
}

/// What is at this path of an address.
pub(crate) fn get(address: &str, path: &str) -> Answer {
    let answer = block_on(wire::exchange(address, &wire::request("GET", path, &[], b"")));
    let body = String::from_utf8_lossy(&answer.body);
    secrecy::assert_no_payload(&body);
    Secrets::new(SECRET).assert_absent(&body);
    answer
}

fn block_on<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
