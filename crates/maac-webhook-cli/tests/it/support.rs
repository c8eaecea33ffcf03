//! Running the binary.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use maac_webhook::{ShareSecret, Signature};

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
        let path = std::env::temp_dir().join(format!("maac-webhook-cli-{}-{name}", std::process::id()));
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
        let deadline = Instant::now() + Duration::from_secs(20);
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
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it goes on: {:#?}", self.stderr());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn terminate(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
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
        self.lines.recv_timeout(Duration::from_secs(20)).unwrap()
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
        let signature = Signature::sign(&ShareSecret::new(secret).unwrap(), body);
        let key = key.map_or_else(String::new, |key| format!("CrescLab-Idempotency-Key: {key}\r\n"));
        let headers = format!("CrescLab-Signature: {signature}\r\n{key}");
        self.request("POST", "/webhooks/maac", &headers, body).0
    }

    /// Sends a request and gives the status and the body of the answer.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let answer = self.answer(method, path, headers, body);
        let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {answer:?}"));
        (status.parse().unwrap(), answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Sends a request and gives the whole answer.
    pub(crate) fn answer(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address(),
            body.len()
        );
        // A body that is refused may not be read to its end.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }
}
