//! A process that is started again whenever it ends, as whoever watches over a receiver does it.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader},
    panic::{self, AssertUnwindSafe},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::secrecy::{self, Secrets};

/// How many lines of that are shown where a test fails.
const LINES: usize = 100;

/// A receiver that says on standard error where it listens, and is started again at the same address.
#[derive(Debug)]
pub struct Supervised {
    pub url: String,
    child: Arc<Mutex<Child>>,
    said: Said,
    stopped: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

type Said = Arc<Mutex<Log>>;

/// What it said on standard error.
#[derive(Debug)]
struct Log {
    /// The last of it.
    lines: VecDeque<String>,
    /// Whether no line held a secret or a payload.
    is_hushed: bool,
}

impl Supervised {
    /// Starts what is to listen at the address that it is given, at first one of the system's choice.
    pub fn start(command: impl Fn(&str) -> Command + Send + 'static) -> Self {
        let said = Arc::new(Mutex::new(Log { lines: VecDeque::new(), is_hushed: true }));
        let (child, url) = spawn(&mut command("127.0.0.1:0"), &said);
        let address = url.split('/').nth(2).unwrap().to_owned();
        let (child, stopped) = (Arc::new(Mutex::new(child)), Arc::new(AtomicBool::new(false)));
        let (own, told, heard) = (child.clone(), stopped.clone(), said.clone());
        let watcher = thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                if own.lock().unwrap().try_wait().unwrap().is_some() && !told.load(Ordering::SeqCst) {
                    let (again, _) = spawn(&mut command(&address), &heard);
                    *own.lock().unwrap() = again;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { url, child, said, stopped, watcher: Some(watcher) }
    }

    /// Ends it as a crash would. It is started again.
    pub fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }
}

/// It, and where it listens.
fn spawn(command: &mut Command, said: &Said) -> (Child, String) {
    let secrets = Secrets::of(command);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    let url = loop {
        let mut line = String::new();
        if stderr.read_line(&mut line).unwrap() == 0 {
            panic!("it does not listen: {seen}");
        }
        if let Some(url) = line.strip_prefix("listening on ") {
            break url.trim().to_owned();
        }
        seen.push_str(&line);
    };
    let said = said.clone();
    thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            let hush = || {
                secrets.assert_absent(&line);
                secrecy::assert_no_payload(&line);
            };
            let is_hushed = panic::catch_unwind(AssertUnwindSafe(hush)).is_ok();
            let mut said = said.lock().unwrap();
            said.is_hushed &= is_hushed;
            said.lines.push_back(line);
            if said.lines.len() > LINES {
                said.lines.pop_front();
            }
        }
    });
    (child, url)
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
        let said = self.said.lock().unwrap();
        if thread::panicking() {
            said.lines.iter().for_each(|line| eprintln!("| {line}"));
        } else {
            assert!(said.is_hushed, "a secret or a payload is in the log: {:#?}", said.lines);
        }
    }
}
