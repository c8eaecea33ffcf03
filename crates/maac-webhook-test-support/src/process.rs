//! Processes that end with their test.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    PATIENCE,
    secrecy::{self, Secrets},
};

/// A process that ends with its test. No line that it logs may hold its secrets or a payload.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: mpsc::Receiver<String>,
    seen: Vec<String>,
    secrets: Secrets,
}

impl Running {
    pub fn start(command: &mut Command) -> (Self, ChildStdout) {
        let secrets = Secrets::of(command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let Lines(stderr) = Lines::of(child.stderr.take().unwrap());
        (Self { child, stderr, seen: Vec::new(), secrets }, stdout)
    }

    /// One whose output somebody else has.
    #[must_use]
    pub fn without_output(child: Child) -> Self {
        Self { child, stderr: mpsc::channel().1, seen: Vec::new(), secrets: Secrets::default() }
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says where it listens, and gives the URL.
    pub fn listening(&mut self) -> String {
        let line = self.line_with("listening on ");
        line.strip_prefix("listening on ").unwrap().to_owned()
    }

    /// Waits for a line of standard error that has this in it.
    pub fn line_with(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
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
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it goes on: {:#?}", self.stderr());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it as a crash would: nothing of it runs any more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&mut self) {
        // The shell's own `kill`: the program of that name is not on every machine.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Tells it to stop, and gives all that it ever logged.
    pub fn log_to_its_end(&mut self) -> String {
        self.terminate();
        assert_eq!(self.wait().code(), Some(0));
        self.rest_of_stderr()
    }

    /// All of standard error, once the process has ended.
    pub fn rest_of_stderr(&mut self) -> String {
        self.seen.extend(self.stderr.iter());
        self.seen.join("\n")
    }

    /// All of standard error so far.
    pub fn stderr(&mut self) -> String {
        self.seen.extend(self.stderr.try_iter());
        self.seen.join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            let log = self.rest_of_stderr();
            self.secrets.assert_absent(&log);
            secrecy::assert_no_payload(&log);
        }
    }
}

/// The lines of a pipe, read as they come.
#[derive(Debug)]
pub struct Lines(mpsc::Receiver<String>);

impl Lines {
    pub fn of(pipe: impl Read + Send + 'static) -> Self {
        let (send, lines) = mpsc::channel();
        let pipe = BufReader::new(pipe);
        thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self(lines)
    }

    /// Waits for the next line.
    #[must_use]
    pub fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).unwrap()
    }

    /// All that are left, once the process has ended.
    #[must_use]
    pub fn rest(&self) -> Vec<String> {
        self.0.iter().collect()
    }
}
