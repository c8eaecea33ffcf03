//! Running the binary.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use maac_webhook::{ShareSecret, Signature, headers};
use maac_webhook_wire::{self as wire, Answer};
use tokio::runtime::Builder;

pub(crate) const SECRET: &str = "test-share-secret";

/// The binary with no settings of the machine's own.
pub(crate) fn maac_webhook(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_maac-webhook"));
    command.args(args).env_remove("MAAC_SHARE_SECRET").env_remove("RUST_LOG").env("NO_COLOR", "1");
    command
}

/// Runs it with this on standard input, and shows all that came of it.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What fails before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    format!(
        "exit status: {}\n----- stdout -----\n{}----- stderr -----\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
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

/// A process that ends with its test.
pub(crate) struct Running {
    child: Child,
    stderr: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> (Self, ChildStdout) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (send, stderr) = mpsc::channel();
        let pipe = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        (Self { child, stderr, seen: Vec::new() }, stdout)
    }

    /// One whose output somebody else has.
    pub(crate) fn without_output(child: Child) -> Self {
        Self { child, stderr: mpsc::channel().1, seen: Vec::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line of standard error that has this in it.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let deadline = Instant::now() + wire::PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(_) => panic!("no line with {text:?} in {:#?}", self.seen),
            }
        }
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + wire::PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it goes on: {:#?}", self.stderr());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a crash would: nothing of it runs any more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn terminate(&mut self) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Tells it to stop, and gives all that it ever logged.
    pub(crate) fn log_to_its_end(&mut self) -> String {
        self.terminate();
        assert_eq!(self.wait().code(), Some(0));
        self.rest_of_stderr()
    }

    /// All of standard error, once the process has ended.
    pub(crate) fn rest_of_stderr(&mut self) -> String {
        self.seen.extend(self.stderr.iter());
        self.seen.join("\n")
    }

    /// All of standard error so far.
    pub(crate) fn stderr(&mut self) -> String {
        self.seen.extend(self.stderr.try_iter());
        self.seen.join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `listen` with its output.
pub(crate) struct Listener {
    pub(crate) process: Running,
    pub(crate) client: Client,
    lines: mpsc::Receiver<serde_json::Value>,
}

impl Listener {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = maac_webhook(&["listen", "--addr", "127.0.0.1:0"]);
        command.args(args);
        if !args.contains(&"--inbox") {
            command.args(["--inbox", "none"]);
        }
        if !args.contains(&"--secret-file") {
            command.env("MAAC_SHARE_SECRET", SECRET);
        }
        let (mut process, stdout) = Running::start(&mut command);
        let line = process.line_with("listening on ");
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(()) = send.send(serde_json::from_str(&line).unwrap()) else { break };
            }
        });
        Self { process, client: Client { url }, lines }
    }

    /// The next line that it prints.
    pub(crate) fn next(&self) -> serde_json::Value {
        self.lines.recv_timeout(wire::PATIENCE).unwrap()
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

    /// Posts a signed body and gives the status.
    pub(crate) fn post(&self, body: &[u8], key: Option<&str>) -> u16 {
        self.post_signed(SECRET, body, key)
    }

    pub(crate) fn post_signed(&self, secret: &str, body: &[u8], key: Option<&str>) -> u16 {
        let signature = Signature::sign(&ShareSecret::new(secret).unwrap(), body).to_string();
        let key = key.map(|key| (headers::IDEMPOTENCY_KEY, key.into()));
        let headers: Vec<_> = [(headers::SIGNATURE, signature.into())].into_iter().chain(key).collect();
        self.exchange(&wire::fixed(&headers, body)).status
    }

    /// Posts a signed body and gives the status, or nothing where the receiver is gone before it answered.
    pub(crate) fn try_post(&self, body: &[u8], key: &str) -> Option<u16> {
        let signature = Signature::sign(&ShareSecret::new(SECRET).unwrap(), body).to_string();
        let headers = [(headers::SIGNATURE, signature.into()), (headers::IDEMPOTENCY_KEY, key.into())];
        let mut stream = TcpStream::connect(self.address()).ok()?;
        stream.write_all(&wire::fixed(&headers, body)).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    }

    pub(crate) fn exchange(&self, request: &[u8]) -> Answer {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(wire::exchange(self.address(), request))
    }
}
