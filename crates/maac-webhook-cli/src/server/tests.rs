use std::{
    convert::Infallible,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    thread,
    time::Instant,
};

use axum::{body::Bytes, routing::post};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Frame,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{runtime::Runtime, sync::oneshot, task::JoinHandle};

use super::*;

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(200);

/// Patient in all: a test is impatient in the one thing it is about.
const PATIENT: Limits =
    Limits { connections: 100, head: LONG, idle: LONG, end: LONG, proof: LONG, undisturbed: LONG };

/// How long what must come about is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

/// A request that is under way until its body is there, "hi".
const BODY_TO_COME: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";

struct Served {
    runtime: Runtime,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Served {
    fn start(limits: Limits, app: Router) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = runtime.spawn(serve(listener, app, limits, async {
            let _ = stopped.await;
        }));
        Self { runtime, address, stop: Some(stop), served }
    }

    fn echo(limits: Limits) -> Self {
        Self::start(limits, Router::new().route("/", post(async |body: Bytes| body)))
    }

    /// Counts the requests that it was given, and answers each once it has a permit.
    fn gated(limits: Limits) -> (Self, Arc<AtomicUsize>, Arc<Semaphore>) {
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (counted, entered) = (begun.clone(), gate.clone());
        let app = Router::new().route(
            "/",
            post(async move || {
                counted.fetch_add(1, Ordering::SeqCst);
                entered.acquire().await.unwrap().forget();
                "hi"
            }),
        );
        (Self::start(limits, app), begun, gate)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    async fn connect_http_2<B>(&self) -> (SendRequest<B>, JoinHandle<hyper::Result<()>>)
    where
        B: hyper::body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        let stream = tokio::net::TcpStream::connect(self.address).await.unwrap();
        let io = TokioIo::new(stream);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        (sender, tokio::spawn(connection))
    }

    /// Stops it and gives how long the end took.
    fn stop(mut self) -> Duration {
        let begun = Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        self.runtime.block_on(&mut self.served).unwrap();
        begun.elapsed()
    }
}

fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"hi") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend_from_slice(&byte);
    }
    String::from_utf8(answer).unwrap()
}

/// Waits until the server closes the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

fn until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "it does not come about");
        thread::yield_now();
    }
}

#[test]
fn a_head_that_does_not_come_whole_is_cut_off_and_others_are_served() {
    let served = Served::echo(Limits { head: SHORT, end: SHORT, ..PATIENT });
    let nothing = b"";
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n";
    for half in [&nothing[..], b"POST / HTTP/1.1\r\nHo", preface] {
        let mut slow = served.connect();
        slow.write_all(half).unwrap();
        let mut other = served.connect();
        other.write_all(REQUEST).unwrap();
        assert!(answer(&mut other).starts_with("HTTP/1.1 200"));
        assert!(is_closed(&mut slow), "{}", half.escape_ascii());
    }
}

#[test]
fn the_head_of_a_further_request_is_as_little_waited_for() {
    let served = Served::echo(Limits { head: SHORT, end: SHORT, ..PATIENT });
    let mut stream = served.connect();
    for _ in 0..3 {
        stream.write_all(REQUEST).unwrap();
        answer(&mut stream);
    }
    stream.write_all(b"P").unwrap();
    assert!(is_closed(&mut stream));
}

#[test]
fn a_connection_is_kept_for_its_next_request_and_no_longer() {
    let served = Served::echo(Limits { head: SHORT, idle: 5 * SHORT, end: SHORT, ..PATIENT });
    let mut stream = served.connect();
    let begun = Instant::now();
    stream.write_all(REQUEST).unwrap();
    answer(&mut stream);
    assert!(is_closed(&mut stream));
    assert!(begun.elapsed() >= 5 * SHORT, "longer than a head is waited for");
}

#[test]
fn no_more_connections_than_the_limit_are_served_at_once_and_the_others_after_them() {
    struct Count {
        now: AtomicUsize,
        most: AtomicUsize,
        gate: Semaphore,
    }
    let count =
        Arc::new(Count { now: AtomicUsize::new(0), most: AtomicUsize::new(0), gate: Semaphore::new(0) });
    let counted = count.clone();
    let app = Router::new().route(
        "/",
        post(async move || {
            let now = counted.now.fetch_add(1, Ordering::SeqCst) + 1;
            counted.most.fetch_max(now, Ordering::SeqCst);
            counted.gate.acquire().await.unwrap().forget();
            counted.now.fetch_sub(1, Ordering::SeqCst);
            "hi"
        }),
    );
    let served = Served::start(Limits { connections: 2, ..PATIENT }, app);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let mut stream = served.connect();
                let request = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
                stream.write_all(request).unwrap();
                assert!(answer(&mut stream).starts_with("HTTP/1.1 200"));
            });
        }
        until(|| count.now.load(Ordering::SeqCst) == 2);
        count.gate.add_permits(10);
    });
    assert_eq!(count.most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_quiet_connection_makes_room_for_another() {
    let served = Served::echo(Limits { connections: 1, ..PATIENT });
    let mut quiet = served.connect();
    quiet.write_all(REQUEST).unwrap();
    answer(&mut quiet);
    let mut other = served.connect();
    other.write_all(REQUEST).unwrap();
    assert!(answer(&mut other).starts_with("HTTP/1.1 200"));
    assert!(is_closed(&mut quiet));
}

#[test]
fn a_connection_without_a_success_makes_room_for_another_whatever_it_is_doing() {
    let served = Served::echo(Limits { connections: 1, undisturbed: SHORT, ..PATIENT });
    let nothing = b"";
    for sent in [&nothing[..], b"POST / HTTP/1.1\r\nHo", BODY_TO_COME, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut unproven = served.connect();
        unproven.write_all(sent).unwrap();
        let mut other = served.connect();
        other.write_all(REQUEST).unwrap();
        assert!(answer(&mut other).starts_with("HTTP/1.1 200"));
        while !is_closed(&mut unproven) {}
    }
}

#[test]
fn a_request_under_way_keeps_its_place_where_one_before_it_was_a_success() {
    let limits = Limits { connections: 1, undisturbed: SHORT, ..PATIENT };
    let (served, begun, gate) = Served::gated(limits);
    let mut proven = served.connect();
    gate.add_permits(1);
    proven.write_all(REQUEST).unwrap();
    answer(&mut proven);
    proven.write_all(REQUEST).unwrap();
    until(|| begun.load(Ordering::SeqCst) == 2);

    let mut other = served.connect();
    other.write_all(REQUEST).unwrap();
    other.set_read_timeout(Some(5 * SHORT)).unwrap();
    assert!(other.read(&mut [0]).is_err(), "nothing of an answer");
    gate.add_permits(2);
    assert!(answer(&mut proven).starts_with("HTTP/1.1 200"));
    other.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(answer(&mut other).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_slow_body_is_waited_for_where_nobody_wants_its_place() {
    let served = Served::echo(Limits { connections: 1, undisturbed: SHORT, ..PATIENT });
    let mut slow = served.connect();
    slow.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n").unwrap();
    slow.set_read_timeout(Some(SHORT / 2)).unwrap();
    for byte in b"12345678h" {
        slow.write_all(&[*byte]).unwrap();
        assert!(slow.read(&mut [0]).is_err(), "nothing of an answer");
    }
    slow.write_all(b"i").unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(answer(&mut slow).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_connection_without_a_success_is_cut_in_time_though_a_request_is_under_way() {
    let served = Served::echo(Limits { proof: 5 * SHORT, end: SHORT, ..PATIENT });
    let mut unproven = served.connect();
    let begun = Instant::now();
    unproven.write_all(BODY_TO_COME).unwrap();
    assert!(is_closed(&mut unproven));
    assert!(begun.elapsed() >= 5 * SHORT, "its time was not up");
}

#[test]
fn a_connection_with_a_success_is_kept_though_a_request_is_under_way_for_longer() {
    let served = Served::echo(Limits { proof: 5 * SHORT, end: SHORT, ..PATIENT });
    let mut proven = served.connect();
    proven.write_all(REQUEST).unwrap();
    answer(&mut proven);
    proven.write_all(BODY_TO_COME).unwrap();
    proven.set_read_timeout(Some(10 * SHORT)).unwrap();
    assert!(proven.read(&mut [0]).is_err(), "neither an answer nor an end");
    proven.write_all(b"hi").unwrap();
    assert!(answer(&mut proven).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_end_does_not_wait_for_connections_without_a_success() {
    let (served, begun, _gate) = Served::gated(Limits { end: SHORT, ..PATIENT });
    let mut busy = served.connect();
    busy.write_all(REQUEST).unwrap();
    until(|| begun.load(Ordering::SeqCst) == 1);
    assert!(served.stop() < PATIENCE);
    assert!(is_closed(&mut busy));
}

#[test]
fn the_end_waits_for_requests_that_are_being_answered_and_for_nothing_else() {
    let (served, begun, gate) = Served::gated(Limits { end: SHORT, ..PATIENT });
    let connected = served.connect();
    let mut half = served.connect();
    half.write_all(b"POST / HTTP/1.1\r\nHo").unwrap();
    let mut whole = served.connect();
    gate.add_permits(1);
    whole.write_all(REQUEST).unwrap();
    answer(&mut whole);
    whole.write_all(REQUEST).unwrap();
    until(|| begun.load(Ordering::SeqCst) == 2);

    thread::scope(|scope| {
        let end = scope.spawn(move || served.stop());
        assert!(is_closed(&mut half));
        assert!(!end.is_finished(), "one is being answered");
        gate.add_permits(1);
        assert!(answer(&mut whole).starts_with("HTTP/1.1 200"));
        assert!(end.join().unwrap() < Duration::from_secs(20));
    });
    drop(connected);
}

#[test]
fn an_answer_is_seen_though_most_of_the_request_was_not_read() {
    let app = Router::new().route("/", post(async || axum::http::StatusCode::PAYLOAD_TOO_LARGE));
    let served = Served::start(PATIENT, app);
    let body = vec![b' '; 3 * 1024 * 1024];
    for _ in 0..20 {
        let mut stream = served.connect();
        write!(stream, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(&body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    }
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let served = Served::echo(PATIENT);
    let mut stream = served.connect();
    let _ = write!(stream, "POST / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", answer.escape_ascii());
}

#[test]
fn http_2_is_served_and_its_quiet_connections_are_taken_leave_of() {
    let served = Served::echo(Limits { head: SHORT, idle: 5 * SHORT, ..PATIENT });
    served.runtime.block_on(async {
        let (mut sender, ended) = served.connect_http_2().await;
        for _ in 0..3 {
            let body = vec![b'x'; 300 * 1024];
            let request = Request::post("http://a/").body(Full::new(Bytes::from(body.clone()))).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), body);
        }
        ended.await.unwrap().unwrap();
    });
}

/// A body of which nothing comes.
struct Never;

impl hyper::body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[test]
fn http_2_requests_that_overlap_do_not_keep_a_connection_without_a_success() {
    let served = Served::echo(Limits { proof: 5 * SHORT, end: SHORT, ..PATIENT });
    served.runtime.block_on(async {
        let (mut sender, mut ended) = served.connect_http_2().await;
        let mut request = || sender.send_request(Request::post("http://a/").body(Never).unwrap());
        let (begun, mut under_way) = (Instant::now(), request());
        while timeout(SHORT / 2, &mut ended).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "it is kept");
            let next = request();
            drop(std::mem::replace(&mut under_way, next));
        }
        assert!(begun.elapsed() >= 5 * SHORT, "its time was not up");
    });
}

#[test]
fn a_large_head_of_http_2_is_refused() {
    let served = Served::echo(PATIENT);
    served.runtime.block_on(async {
        let (mut sender, _ended) = served.connect_http_2().await;
        for (size, status) in [(2 * 1024, 200), (5 * 1024, 431)] {
            let request = Request::post("http://a/").header("x", "x".repeat(size));
            let response = sender.send_request(request.body(Full::<Bytes>::default()).unwrap()).await;
            assert_eq!(response.unwrap().status(), status, "{size}");
        }
    });
}
