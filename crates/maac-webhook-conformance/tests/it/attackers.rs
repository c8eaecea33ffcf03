//! Receivers that are out to break the suite: each ends in bounded time and memory, with the grade that it deserves.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maac_webhook_conformance::{
    Report, Selection, Status, SuiteErrorKind, Verdict,
    maac_webhook_sender::{HttpTransport, Resolver},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::support::{case, ids, suite};

/// Starts a server that does this with each connection.
pub(crate) async fn serve<F: Future<Output = ()> + Send + 'static>(
    answer: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    url
}

/// Reads a request to its end, as far as its length tells, and answers it with these bytes.
pub(crate) async fn answer_all(mut stream: TcpStream, answer: &'static str) {
    let (mut seen, mut piece) = (Vec::new(), [0; 65536]);
    loop {
        let head = seen.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&seen[..head]).to_lowercase();
            let length = text
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if seen.len() >= head + 4 + length.unwrap_or(0) {
                break;
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(read) => seen.extend_from_slice(&piece[..read]),
        }
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn grade(url: &str) -> (Report, Duration) {
    let began = Instant::now();
    let suite = suite(url, None)
        .with_attempt_timeout(Duration::from_millis(500))
        .with_time_limit(Duration::from_secs(20));
    (suite.run().await.unwrap(), began.elapsed())
}

/// It fails by the first case, and nothing else is known of it.
fn assert_refuses_all(report: &Report) {
    assert_eq!(report.verdict(), Verdict::Failed, "{report}");
    assert_eq!(ids(report, Status::Fail), ["MAAC-SIG-001"], "{report}");
}

#[tokio::test]
async fn one_that_answers_200_to_all_fails_by_every_forgery() {
    let url = serve(|stream| answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")).await;
    let (report, _) = grade(&url).await;
    assert_eq!(report.verdict(), Verdict::Failed);
    for id in 2..=8 {
        let id = format!("MAAC-SIG-00{id}");
        assert_eq!(case(&report, &id).status, Status::Fail, "{id}");
    }
    assert_eq!(case(&report, "MAAC-SIG-001").status, Status::Pass);
    // Nobody saw what it handled.
    assert_eq!(case(&report, "MAAC-SIG-009").status, Status::Inconclusive);
    assert_eq!(case(&report, "MAAC-TOPIC-007").status, Status::Inconclusive);
}

#[tokio::test]
async fn one_that_answers_401_to_all_passes_no_forgery() {
    let url = serve(|stream| answer_all(stream, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")).await;
    let (report, _) = grade(&url).await;
    assert_refuses_all(&report);
    assert_eq!(case(&report, "MAAC-SIG-003").status, Status::Inconclusive);
    assert!(case(&report, "MAAC-SIG-001").actual.contains("the same share secret"), "{report}");
    // And alone it proves nothing.
    let alone = suite(&url, None).with_selection(Selection::all().case("MAAC-SIG-003")).run().await.unwrap();
    assert_eq!(alone.verdict(), Verdict::Ungraded);
}

#[tokio::test]
async fn one_that_hangs_is_given_up() {
    let url = serve(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let (report, took) = grade(&url).await;
    assert_refuses_all(&report);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn one_that_closes_at_once_passes_nothing() {
    let url = serve(|stream| async move { drop(stream) }).await;
    let (report, _) = grade(&url).await;
    assert_refuses_all(&report);
    assert_eq!(ids(&report, Status::Pass), [""; 0], "{report}");
}

#[tokio::test]
async fn one_whose_answer_never_ends_is_cut_off() {
    let url = serve(|mut stream| async move {
        let mut piece = [0; 65536];
        let _ = stream.read(&mut piece).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    })
    .await;
    let (report, _) = grade(&url).await;
    assert_eq!(case(&report, "MAAC-ANS-005").status, Status::Fail, "{report}");
    assert_eq!(report.verdict(), Verdict::Failed, "it accepts forgeries");
    assert!(report.to_json().len() < 4 << 20);
}

#[tokio::test]
async fn one_whose_headers_never_end_is_no_http() {
    let url = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        for number in 0..u64::MAX {
            let header = format!("X-{number}: {}\r\n", "a".repeat(60_000));
            if stream.write_all(header.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let (report, _) = grade(&url).await;
    assert_refuses_all(&report);
    assert!(report.to_json().len() < 1 << 20);
}

#[tokio::test]
async fn one_that_drips_its_answer_is_given_up() {
    let url = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let (report, took) = grade(&url).await;
    assert_refuses_all(&report);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn one_that_goes_away_after_the_first_event_fails_and_ends_the_run() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move {
        // One connection is to see whether it is there.
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
        }
    });
    let (report, _) = grade(&url).await;
    let first = case(&report, "MAAC-SIG-001");
    assert_eq!((first.status, first.ended_the_run), (Status::Fail, true), "{report}");
    assert_eq!(case(&report, "MAAC-SIG-002").status, Status::Skip, "{report}");
    assert_eq!(report.verdict(), Verdict::Failed, "{report}");
}

/// Whatever the level of the case.
#[tokio::test]
async fn one_that_any_request_ends_does_not_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let told = Arc::new(Notify::new());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = tokio::select! {
                accepted = listener.accept() => accepted.unwrap(),
                () = told.notified() => return,
            };
            let told = told.clone();
            tokio::spawn(async move {
                let mut first = [0; 3];
                if stream.peek(&mut first).await.is_ok_and(|read| read == 3) && &first == b"GET" {
                    told.notify_one();
                    let _ = stream.shutdown().await;
                    return;
                }
                answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
            });
        }
    });
    let selection = Selection::all().case("MAAC-ANS-007").case("MAAC-TOPIC-001");
    let report = suite(&url, None).with_selection(selection).run().await.unwrap();
    assert_eq!(ids(&report, Status::Fail), ["MAAC-ANS-007"], "{report}");
    assert_eq!(ids(&report, Status::Skip), ["MAAC-TOPIC-001"], "{report}");
    assert_eq!(report.verdict(), Verdict::Failed, "{report}");
    assert_eq!(report.to_junit().matches("<failure ").count(), 1);
}

/// By whoever watches over it.
#[tokio::test]
async fn one_that_is_started_again_after_a_forgery_ended_it_fails_all_the_same() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    // For how many connections it is gone: one looks at once, and one once the case has ended.
    let gone = Arc::new(AtomicUsize::new(0));
    let ended = gone.clone();
    let url = serve(move |stream| {
        let ended = ended.clone();
        async move {
            let mut head = [0; 1024];
            let read = stream.peek(&mut head).await.unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..read]);
            if head.starts_with("POST") && !head.contains("CrescLab-Signature") {
                return ended.store(2, Ordering::SeqCst);
            }
            answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
        }
    })
    .await;
    let here: SocketAddr = url.split('/').nth(2).unwrap().parse().unwrap();
    let resolver = Resolver::new(move |_, _| {
        let one_less = gone.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1));
        async move { Ok(vec![if one_less.is_ok() { nobody } else { here }]) }
    });
    let selection = Selection::all().case("MAAC-SIG-003").case("MAAC-TOPIC-001");
    let suite = suite(&url, None).with_transport(HttpTransport::new().with_resolver(resolver));
    let report = suite.with_selection(selection).run().await.unwrap();
    let forged = case(&report, "MAAC-SIG-003");
    assert_eq!((forged.status, forged.ended_the_run), (Status::Fail, false), "{report}");
    assert!(forged.actual.contains("nobody listens any more after it"), "{report}");
    assert_eq!(case(&report, "MAAC-TOPIC-001").status, Status::Pass, "the run goes on: {report}");
}

#[tokio::test]
async fn one_that_accepts_and_then_hangs_is_cut_short_by_the_time_limit() {
    let count = Arc::new(AtomicUsize::new(0));
    let url = serve(move |stream| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < 2 {
                return answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK").await;
            }
            let _held = stream;
            std::future::pending::<()>().await;
        }
    })
    .await;
    let began = Instant::now();
    let suite = suite(&url, None).with_time_limit(Duration::from_secs(2));
    let report = suite.run().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(report.verdict(), Verdict::Ungraded, "{report}");
    assert!(case(&report, "MAAC-TOPIC-001").actual.contains("time for the whole run"), "{report}");
}

#[tokio::test]
async fn nobody_who_listens_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    drop(listener);
    let error = suite(&url, None).run().await.unwrap_err();
    assert_eq!(error.kind(), SuiteErrorKind::NobodyListens);
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_probe_that_is_none_is_an_error() {
    let url = serve(|stream| answer_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")).await;
    let error = suite(&url, Some(&url)).run().await.unwrap_err();
    assert_eq!(error.kind(), SuiteErrorKind::Probe);
}
