//! "Change Share Secret" in mid-load, and `inbox rotate`.

use std::{
    collections::HashSet,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use maac_webhook::{ShareSecret, Signature, headers, jiff::Timestamp};
use maac_webhook_mock::{MockEvent, MockSender};
use maac_webhook_test_support::{PATIENCE, wire};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    inbox::Inbox,
    support::{File, Listener},
};

/// An event of its own for each number, of now.
fn event(number: usize, padding: usize) -> String {
    let now = Timestamp::now();
    let memo = "x".repeat(padding);
    format!(
        r#"{{"timestamp": "{now}", "topic": "prize.points_added", "data": {{"points_id": "p-{number}", "points_memo": "{memo}"}}}}"#
    )
}

/// MAAC as far as it matters here: it has one secret at a time, and tries for seven seconds.
struct Maac {
    secret: Mutex<ShareSecret>,
}

impl Maac {
    fn new() -> Self {
        Self { secret: Mutex::new(secret("old-secret")) }
    }

    fn change_secret(&self) {
        *self.secret.lock().unwrap() = secret("new-secret");
    }

    /// Sends an event every 40 ms until it is told to stop, and gives how many there were and how many it gave up.
    async fn send_to(&self, url: &str, stop: &AtomicBool) -> (usize, usize) {
        let (mut sent, mut sending) = (0, JoinSet::new());
        let mut ticks = interval(Duration::from_millis(40));
        while !stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            let event = MockEvent::raw(event(sent, 0));
            let (url, secret) = (url.to_owned(), self.secret.lock().unwrap().clone());
            sending.spawn(async move {
                MockSender::new(secret).event(event).send_to(&url).await.events[0].status()
            });
            sent += 1;
        }
        let answers = sending.join_all().await;
        (sent, answers.iter().filter(|status| **status != Some(200)).count())
    }
}

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

/// Three receivers under the same load while the secret changes: with a rotation window; without one; and without an inbox, and
/// so without a quarantine. The new secret comes later than MAAC tries.
#[test]
fn a_secret_change_under_load_loses_nothing_with_a_rotation_window() {
    let (with, without) = (Inbox::new(), Inbox::new());
    let file = File::new("secret", "old-secret");
    let listen = |inbox: &str| Listener::start(&["--secret-file", file.path(), "--inbox", inbox]);
    let receivers = [listen(with.url()), listen(without.url()), listen("none")];
    let urls: Vec<_> = receivers.iter().map(|receiver| receiver.client.url.clone()).collect();

    let runtime = Runtime::new().unwrap();
    let counts = runtime.block_on(async {
        let (maac, stop) = (Maac::new(), AtomicBool::new(false));
        let steps = async {
            sleep(Duration::from_secs(1)).await;
            assert!(with.said(&["rotate"]).contains("exit status: 0"));
            // Every receiver sees it within a second.
            sleep(Duration::from_secs(1)).await;
            maac.change_secret();
            sleep(Duration::from_secs(9)).await;
            let new = File::new("new-secret", "new-secret");
            fs::rename(new.path(), file.path()).unwrap();
            sleep(Duration::from_secs(4)).await;
            stop.store(true, Ordering::Relaxed);
        };
        let [with, without, bare] = [0, 1, 2].map(|number: usize| maac.send_to(&urls[number], &stop));
        let (with, without, bare, ()) = tokio::join!(with, without, bare, steps);
        [with, without, bare]
    });
    let [(of_with, gave_up_with), (of_without, gave_up_without), (of_bare, gave_up_bare)] = counts;
    assert!(of_with > 200 && of_without > 200 && of_bare > 200, "{counts:?}");
    // MAAC gave up more where it was told 401 at once than where it was told to come back. Whatever it gave up was kept.
    assert!(0 < gave_up_with && gave_up_with < gave_up_without, "{counts:?}");
    with.until("done", of_with);
    without.until("done", of_without);
    assert_eq!(with.json(&["stats"])["quarantine"]["requests"], 0);
    let printed: HashSet<_> =
        (0..of_bare - gave_up_bare).map(|_| receivers[2].next()["event"]["points_id"].to_string()).collect();
    assert!(gave_up_bare > 100 && printed.len() == of_bare - gave_up_bare, "{gave_up_bare} were lost");

    assert!(with.said(&["rotate", "--end"]).contains("The rotation window is closed"));
    println!(
        "lost of {of_bare}: {gave_up_bare} without a quarantine, none with one; MAAC gave up {gave_up_with} with the window"
    );
}

#[test]
fn a_rotation_window_is_opened_looked_at_and_ended() {
    let inbox = Inbox::new();
    let listener = Listener::start(&["--inbox", inbox.url()]);
    let event = event(1, 0);
    let post = || listener.post_signed("another", event.as_bytes(), Some("key-1"));
    assert_eq!(post(), 401);
    let begun = std::time::Instant::now();
    while inbox.json(&["stats"])["quarantine"]["requests"] != 1 {
        assert!(begun.elapsed() < PATIENCE);
    }
    for (name, args) in [
        ("rotate", &["rotate"][..]),
        ("rotate_json", &["rotate", "--for", "5m", "--output", "json"]),
        ("rotate_too_long", &["rotate", "--for", "2h"]),
        ("rotating_stats", &["stats"]),
        ("rotating_stats_json", &["stats", "--output", "json"]),
        ("rotate_end", &["rotate", "--end"]),
    ] {
        insta::with_settings!({
            filters => vec![(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z *", "TIME ")],
            omit_expression => true,
        }, { insta::assert_snapshot!(format!("inbox_{name}"), inbox.said(args)); });
        if name == "rotate_json" {
            let begun = std::time::Instant::now();
            while post() != 503 {
                assert!(begun.elapsed() < PATIENCE);
            }
        }
    }
}

/// How many forgeries there are: those of a minute in the figures of `docs/reliability.md`.
fn flood() -> usize {
    std::env::var("FORGERIES").map_or(4000, |number| number.parse().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_flood_of_forgeries_from_one_address_keeps_no_genuine_event_out_and_the_disk_is_bounded() {
    let inbox = Inbox::new();
    let took = keeps_no_genuine_event_out(&inbox);
    let disk = inbox.bytes_on_disk();
    println!("{took}, {} MiB on the disk", disk >> 20);
    // 128 MiB of quarantine, and what SQLite writes ahead.
    assert!(disk < 256 * 1024 * 1024, "{disk} bytes");
}

#[cfg(target_os = "linux")]
#[test]
fn a_flood_of_forgeries_from_one_address_keeps_no_genuine_event_out_on_postgres() {
    let Some(inbox) = Inbox::on_postgres() else { return };
    println!("{}", keeps_no_genuine_event_out(&inbox));
}

/// A thousand well-formed forgeries a second from one address, as far as the machine makes so many, the largest that are kept, beside
/// genuine events from another, from which none ever came before, and whose secret is not known yet.
fn keeps_no_genuine_event_out(inbox: &Inbox) -> String {
    const CONNECTIONS: u64 = 20;
    const A_SECOND: u64 = 1000;
    let file = File::new("secret", "old-secret");
    let receiver = Listener::start(&["--secret-file", file.path(), "--inbox", inbox.url()]);
    let address: SocketAddr = receiver.address().parse().unwrap();

    let begun = std::time::Instant::now();
    let genuine = Runtime::new().unwrap().block_on(async {
        let next = Arc::new(AtomicUsize::new(0));
        let mut flooding = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let next = next.clone();
            flooding.spawn(async move {
                let mut connection = Connection::from(Ipv4Addr::new(127, 0, 0, 2), address);
                let mut ticks = interval(Duration::from_millis(1000 * CONNECTIONS / A_SECOND));
                ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
                loop {
                    ticks.tick().await;
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= flood() {
                        return;
                    }
                    assert_eq!(connection.post("forged", &event(number, 64_000)).await, 401);
                }
            });
        }
        let mut genuine = 0;
        let mut connection = Connection::from(Ipv4Addr::LOCALHOST, address);
        let mut ticks = interval(Duration::from_millis(50));
        while !flooding.is_empty() {
            ticks.tick().await;
            assert_eq!(connection.post("new-secret", &event(genuine, 1000)).await, 401);
            genuine += 1;
            while flooding.try_join_next().is_some_and(|ended| ended.is_ok()) {}
        }
        genuine
    });
    let took = begun.elapsed();
    let new = File::new("new-secret", "new-secret");
    fs::rename(new.path(), file.path()).unwrap();
    inbox.until("done", genuine);
    assert!(genuine > 50, "{genuine}");
    format!("{} forgeries in {took:.1?}, {genuine} genuine events of {genuine} kept", flood())
}

/// One that is kept open, from an address of its own. The receiver closes those that bring no verified event, and then it is opened anew.
struct Connection {
    own: Ipv4Addr,
    to: SocketAddr,
    stream: Option<TcpStream>,
}

impl Connection {
    fn from(own: Ipv4Addr, to: SocketAddr) -> Self {
        Self { own, to, stream: None }
    }

    async fn post(&mut self, signed_with: &str, body: &str) -> u16 {
        let signature = Signature::sign(&secret(signed_with), body.as_bytes());
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\n{}: {signature}\r\nContent-Length: {}\r\n\r\n",
            wire::PATH,
            headers::SIGNATURE,
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        for _ in 0..10 {
            if let Ok(status) = self.exchange(&request).await {
                return status;
            }
            self.stream = None;
        }
        panic!("the receiver closes every connection");
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((self.own, 0).into())?;
                socket.connect(self.to).await?
            }
        };
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.stream = Some(stream);
        std::str::from_utf8(&answer[9..12]).unwrap().parse().map_err(io::Error::other)
    }
}
