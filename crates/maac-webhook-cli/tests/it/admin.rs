//! What `listen` serves at its admin address.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use maac_webhook_test_postgres::Postgres;
use maac_webhook_test_support::{PATIENCE, process::Running};

use crate::support::{Client, File, Listener, SECRET, binary, get, maac_webhook, run};

fn event(number: usize) -> String {
    format!(r#"{{"topic": "prize.points_added", "data": {{"points_id": "p-{number}"}}}}"#)
}

/// A `listen` with an admin address.
struct Admin {
    listener: Listener,
    address: String,
}

impl Admin {
    fn start(args: &[&str]) -> Self {
        let mut listener = Listener::start(&[&["--admin-addr", "127.0.0.1:0"], args].concat());
        let line = listener.process.line_with("admin on ");
        let address = line.strip_prefix("admin on http://").unwrap().to_owned();
        Self { listener, address }
    }

    fn metrics(&self) -> String {
        let answer = get(&self.address, "/metrics");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        String::from_utf8(answer.body).unwrap()
    }

    fn value(&self, series: &str) -> Option<f64> {
        let text = self.metrics();
        text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
    }

    /// Waits until a series has this value.
    fn until(&self, series: &str, value: f64) {
        let begun = Instant::now();
        while self.value(series) != Some(value) {
            assert!(begun.elapsed() < PATIENCE, "{series}: {}", self.metrics());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn ready(&self) -> (u16, String) {
        let answer = get(&self.address, "/readyz");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    /// Waits until it is ready, or not, and gives what it says.
    fn until_ready(&self, status: u16) -> String {
        let begun = Instant::now();
        loop {
            let (now, said) = self.ready();
            if now == status {
                return said;
            }
            assert!(begun.elapsed() < PATIENCE, "{now} {said}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn sqlite() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("inbox.db").display());
    (folder, url)
}

#[test]
fn what_comes_is_counted_by_what_became_of_it() {
    let (_folder, url) = sqlite();
    for inbox in [url.as_str(), "none"] {
        let admin = Admin::start(&["--inbox", inbox]);
        let rejected =
            |kind: &str| format!(r#"maac_webhook_rejected_total{{endpoint="maac",kind="{kind}"}}"#);
        assert_eq!(admin.value(&rejected("signature_mismatch")), Some(0.0), "it is there before the first");

        let listener = &admin.listener;
        let drifted = br#"{"topic": "prize.points_added", "data": "a stranger's"}"#;
        assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200);
        assert_eq!(listener.post(event(1).as_bytes(), Some("key-1")), 200, "a retry");
        assert_eq!(listener.post(event(1).as_bytes(), Some("fresh")), 200, "a replay");
        assert_eq!(listener.post(event(2).as_bytes(), Some("key-1")), 200, "another under its key");
        assert_eq!(listener.post(drifted, Some("key-2")), 200);
        assert_eq!(listener.post(br#"{"topic": "a.strangers", "data": {}}"#, None), 200);
        assert_eq!(listener.post_signed("another", event(3).as_bytes(), None), 401);

        let accepted = |topic: &str, verdict: &str| {
            let labels = format!(r#"endpoint="maac",topic="{topic}",verdict="{verdict}""#);
            admin.value(&format!("maac_webhook_accepted_total{{{labels}}}"))
        };
        assert_eq!(accepted("prize.points_added", "new"), Some(2.0));
        for verdict in ["duplicate", "replay", "key_reused"] {
            assert_eq!(accepted("prize.points_added", verdict), Some(1.0), "{verdict}");
        }
        assert_eq!(accepted("other", "new"), Some(1.0));
        assert_eq!(admin.value(&rejected("signature_mismatch")), Some(1.0));
        let verified = r#"maac_webhook_verified_total{endpoint="maac",secret="current"}"#;
        assert_eq!(admin.value(verified), Some(6.0));
        if inbox != "none" {
            admin.until(r#"maac_webhook_attempts_total{endpoint="maac",outcome="handled"}"#, 4.0);
            admin.until(r#"maac_webhook_handler_duration_seconds_count{endpoint="maac"}"#, 4.0);
            admin.until(r#"maac_webhook_inbox_events{state="dead"}"#, 0.0);
        }
        let text = admin.metrics();
        assert!(!text.contains("strangers") && !text.contains("key-1") && !text.contains("p-1"), "{text}");
    }
}

#[test]
fn the_page_has_every_metric_with_its_kind_and_no_other() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    let of_row = |row: &str| {
        let mut cells = row.strip_prefix("| `maac_webhook_")?.split('|').map(str::trim);
        Some(format!("maac_webhook_{} {}", cells.next()?.trim_end_matches('`'), cells.next()?))
    };
    let documented: BTreeSet<String> = page.lines().filter_map(of_row).collect();

    let (_folder, url) = sqlite();
    let admin = Admin::start(&["--inbox", &url]);
    assert_eq!(admin.listener.post(event(1).as_bytes(), None), 200);
    admin.until(r#"maac_webhook_handler_duration_seconds_count{endpoint="maac"}"#, 1.0);
    admin.until(r#"maac_webhook_inbox_events{state="waiting"}"#, 0.0);
    let text = admin.metrics();
    let lines = |prefix: &'static str| text.lines().filter_map(move |line| line.strip_prefix(prefix));
    let exported: BTreeSet<String> = lines("# TYPE ").map(String::from).collect();
    assert_eq!(exported, documented);
    let described: BTreeSet<&str> = lines("# HELP ").filter_map(|line| line.split(' ').next()).collect();
    let names: BTreeSet<&str> = exported.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(described, names);
}

#[test]
fn it_is_ready_while_its_store_answers_and_lives_while_it_does_not() {
    let Some(postgres) = Postgres::start() else { return };
    let database = postgres.new_database();
    let admin = Admin::start(&["--inbox", &database]);
    assert_eq!(admin.ready(), (200, "{\"ready\":true}\n".to_owned()));

    postgres.stop();
    let said = admin.until_ready(503);
    assert!(
        said.starts_with(r#"{"ready":false,"reason":"the inbox's store has not answered for "#),
        "{said}"
    );
    assert_eq!(said.matches('\n').count(), 1, "{said}");
    assert!(!said.contains("postgres") && !said.contains("127.0.0.1"), "{said}");
    assert_eq!(get(&admin.address, "/healthz").status, 200);
    assert!(admin.metrics().contains("maac_webhook_store_errors_total"));

    postgres.run();
    admin.until_ready(200);
    assert_eq!(admin.listener.post(event(1).as_bytes(), None), 200);
}

#[test]
fn a_scrape_stays_quick_while_forgeries_come() {
    const FORGERIES: usize = 1000;
    let admin = Admin::start(&[]);
    let (client, senders) = (&admin.listener.client, 4);
    let slowest = thread::scope(|scope| {
        let forge = || {
            for number in 0..FORGERIES / senders {
                assert_eq!(client.post_signed("another", event(number).as_bytes(), None), 401);
            }
        };
        let forgers: Vec<_> = (0..senders).map(|_| scope.spawn(forge)).collect();
        let mut slowest = Duration::ZERO;
        while !forgers.iter().all(|forger| forger.is_finished()) {
            let begun = Instant::now();
            admin.metrics();
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    });
    // Generous, since a machine may be busy.
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let forged = r#"maac_webhook_rejected_total{endpoint="maac",kind="signature_mismatch"}"#;
    assert_eq!(admin.value(forged), Some(FORGERIES as f64));
}

#[test]
fn the_address_of_events_has_nothing_of_it_and_the_admin_address_takes_no_event() {
    let mut admin = Admin::start(&[]);
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(get(&admin.address, path).status, 200, "{path}");
        assert_eq!(get(admin.listener.address(), path).status, 404, "{path}");
    }
    let client = Client { url: format!("http://{}/webhooks/maac", admin.address) };
    assert_eq!(client.post(event(1).as_bytes(), None), 404);
    let log = admin.listener.process.log_to_its_end();
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn an_admin_address_that_cannot_be_had_is_an_error_where_it_was_asked_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let args = ["listen", "--inbox", "none", "--addr", "127.0.0.1:0", "--admin-addr", &address];
    let said = run(maac_webhook(&args).env("MAAC_SHARE_SECRET", SECRET), b"");
    assert!(said.starts_with("exit status: 2\n"), "{said}");
    assert!(said.contains(&format!("error: cannot listen on {address}, the admin address: ")), "{said}");

    // Whether or not somebody else has it.
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let secret = File::new("secret", SECRET);
    let args = ["listen", "--inbox", "none", "--addr", "127.0.0.1:0", "--secret-file", secret.path()];
    let (mut process, _stdout) = Running::start(&mut binary(&args));
    process.line_with("cannot listen on 127.0.0.1:9464: there are no metrics");
    let client = Client { url: process.listening() };
    assert_eq!(client.post_signed(SECRET, event(1).as_bytes(), None), 200);
    assert!(!process.log_to_its_end().contains("admin on"));
}
