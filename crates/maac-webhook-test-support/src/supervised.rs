//! A process that is started again whenever it ends, as whoever watches over a receiver does it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A receiver that says on standard error where it listens, and is started again at the same address.
#[derive(Debug)]
pub struct Supervised {
    pub url: String,
    child: Arc<Mutex<Child>>,
    stopped: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl Supervised {
    /// Starts what is to listen at the address that it is given, at first one of the system's choice.
    pub fn start(command: impl Fn(&str) -> Command + Send + 'static) -> Self {
        let (child, url) = spawn(&mut command("127.0.0.1:0"));
        let address = url.split('/').nth(2).unwrap().to_owned();
        let (child, stopped) = (Arc::new(Mutex::new(child)), Arc::new(AtomicBool::new(false)));
        let (own, told) = (child.clone(), stopped.clone());
        let watcher = thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                if own.lock().unwrap().try_wait().unwrap().is_some() && !told.load(Ordering::SeqCst) {
                    let (again, _) = spawn(&mut command(&address));
                    *own.lock().unwrap() = again;
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { url, child, stopped, watcher: Some(watcher) }
    }

    /// Ends it as a crash would. It is started again.
    pub fn kill(&self) {
        self.child.lock().unwrap().kill().unwrap();
    }
}

/// It, and where it listens.
fn spawn(command: &mut Command) -> (Child, String) {
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
    drain(stderr);
    (child, url)
}

/// What it says later is for whoever looks at a test that failed.
fn drain(stderr: BufReader<ChildStderr>) {
    thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| eprintln!("| {line}")));
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
    }
}
