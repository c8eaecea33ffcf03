//! For tests: a Postgres server of their own, from the machine's packages.
//!
//! A shell stands between: it waits for its input to end, which it does however the test ends, stops the server
//! and removes its folder. So nothing is left by a test that panics, is killed, or shares a server it never drops.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "for tests alone")]

use std::{
    env, fs,
    io::Write,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Longer than any machine takes.
const PATIENCE: Duration = Duration::from_secs(60);

const SUPERVISOR: &str = r#"
    folder=$1; shift
    "$@" </dev/null >>"$folder/log" 2>&1 &
    server=$!
    read -r then
    kill -QUIT $server
    wait $server
    [ "$then" = keep ] || rm -rf "$folder"
"#;

/// A server with a data directory of its own.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    user: Option<(u32, u32)>,
    folder: PathBuf,
    port: u16,
    supervisor: Mutex<Option<Child>>,
    databases: AtomicU32,
}

impl Postgres {
    /// One that the tests of a binary share, each with a database of its own; see [`start`](Self::start).
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(|| programs().map(Self::start_in)).as_ref().or_else(skip)
    }

    /// A server, once it accepts connections. `None` where Postgres is not installed, which is told as a test that was skipped;
    /// in CI it panics, since CI skips none.
    pub fn start() -> Option<Self> {
        programs().map(Self::start_in).or_else(skip)
    }

    fn start_in(programs: PathBuf) -> Self {
        let folder = tempfile::Builder::new().prefix("maac-pg-").tempdir().unwrap().keep();
        let user = unprivileged_user();
        if let Some((user, group)) = user {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let postgres = Self {
            programs,
            user,
            folder,
            port: free_port(),
            supervisor: Mutex::default(),
            databases: AtomicU32::new(0),
        };
        let initdb = postgres
            .command("initdb")
            .args(["--username=maac", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync", "data"])
            .output()
            .unwrap();
        assert!(initdb.status.success(), "{initdb:?}");
        postgres.run();
        postgres
    }

    /// Starts it again after [`stop`](Self::stop), on its data and port.
    pub fn run(&self) {
        let port = self.port.to_string();
        let mut shell = self.command("/bin/sh");
        let shell =
            shell.args(["-c", SUPERVISOR, "sh"]).arg(&self.folder).arg(self.programs.join("postgres"));
        shell.args(["-D", "data", "-p", &port, "-c", "listen_addresses=127.0.0.1", "-k"]).arg(&self.folder);
        shell.args(["-c", "max_connections=300", "-c", "shared_buffers=64MB"]);
        // Nothing that the test was started from may wait for it, or stop it first.
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        *self.supervisor() = Some(shell.spawn().unwrap());

        let begun = Instant::now();
        let ready = || {
            let mut ready = self.command("pg_isready");
            ready.args([
                "--quiet",
                "--host=127.0.0.1",
                "--port",
                &port,
                "--username=maac",
                "--dbname=postgres",
            ]);
            ready.status().is_ok_and(|status| status.success())
        };
        while !ready() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "Postgres does not start: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it at once, as `pg_ctl stop -m immediate` does: as if it had crashed.
    pub fn stop(&self) {
        self.end("keep\n");
    }

    /// The URL of a database that is new and empty.
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        let mut createdb = self.command("createdb");
        createdb.args(["--host=127.0.0.1", "--port", &port, "--username=maac", &name]);
        let created = createdb.output().unwrap();
        assert!(created.status.success(), "{created:?}");
        format!("postgres://maac@127.0.0.1:{port}/{name}")
    }

    /// One of Postgres's programs, run as who may run it, in the server's folder.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(&self.folder).env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn supervisor(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, then: &str) {
        if let Some(mut supervisor) = self.supervisor().take() {
            if let Some(mut input) = supervisor.stdin.take() {
                let _ = input.write_all(then.as_bytes());
            }
            let _ = supervisor.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.supervisor().is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
        self.end("");
    }
}

fn skip<T>() -> Option<T> {
    maac_webhook_test_support::skip(
        "Postgres is not installed: on Debian or Ubuntu, `apt-get install postgresql`",
    )
}

/// The folder with `postgres` in it: Debian keeps it out of the path, in a folder for each version.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|version| version.path()).collect();
    let number = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = versions.iter().map(|version| version.join("bin")).chain(env::split_paths(&path));
    folders.find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
}

/// Postgres does not run as root.
fn unprivileged_user() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let id = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(id.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id(&["-u", user]).is_some())?;
    Some((id(&["-u", user])?, id(&["-g", user])?))
}

/// Below those that the system gives to clients: it must be free again once the server starts again.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let mut candidates = std::iter::repeat_with(|| {
        let number = process::id().wrapping_mul(31) + NEXT.fetch_add(1, Ordering::Relaxed);
        20_000 + u16::try_from(number % 10_000).unwrap()
    });
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
