//! What is told where the reason is likely to be the setting and not the receiver.

use maac_webhook_conformance::{Report, Selection, Status, Suite, SuiteErrorKind, maac_webhook::ShareSecret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    attackers::{answer_all, serve},
    flaw::Flaw,
    flawed::start,
    support::{SECRET, case, suite},
};

async fn first_case(url: &str) -> String {
    let suite = suite(url, None).with_selection(Selection::all().case("MAAC-SIG-001"));
    let report = suite.run().await.unwrap();
    assert_eq!(case(&report, "MAAC-SIG-001").status, Status::Fail, "{report}");
    case(&report, "MAAC-SIG-001").actual.clone()
}

#[tokio::test]
async fn an_answer_that_is_always_the_same_has_a_likely_reason() {
    for (answer, hint) in [
        ("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "share secret set"),
        ("HTTP/1.1 307 There\r\nLocation: /hooks/\r\nContent-Length: 0\r\n\r\n", "follows no redirect"),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "the right one"),
        ("HTTP/1.1 400 No\r\nContent-Length: 5\r\n\r\nHTTPS", "is it https"),
    ] {
        let url = serve(move |stream| answer_all(stream, answer)).await;
        let actual = first_case(&url).await;
        assert!(actual.contains(hint), "{actual}");
    }
}

#[tokio::test]
async fn who_speaks_tls_is_not_to_be_posted_to_without() {
    let url = serve(async |mut stream| {
        let _ = stream.read(&mut [0; 4096]).await;
        // An alert: unexpected message.
        let _ = stream.write_all(b"\x15\x03\x01\x00\x02\x02\x0a").await;
        let _ = stream.shutdown().await;
    })
    .await;
    let actual = first_case(&url).await;
    assert!(actual.contains("is it https that is spoken there?"), "{actual}");
}

#[tokio::test]
async fn who_speaks_plain_http_is_not_to_be_posted_to_by_tls() {
    let (url, _) = start(Flaw::None).await;
    let error = suite(&url.replace("http://", "https://"), None).run().await.unwrap_err();
    assert_eq!(error.kind(), SuiteErrorKind::NobodyListens);
    let told = error.to_string();
    assert!(told.contains("no TLS connection") && told.contains("begin with http://?"), "{told}");
}

/// Grades a receiver with this secret that answers this to each.
async fn secrets(secret: &'static str, body: &'static str) -> Report {
    let url = serve(move |mut stream| async move {
        let mut piece = vec![0; 65536];
        let _ = stream.read(&mut piece).await;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await;
    let suite = Suite::new(url.parse().unwrap(), ShareSecret::new(secret).unwrap());
    suite.with_selection(Selection::all().case("MAAC-SIG-001").case("MAAC-ANS-004")).run().await.unwrap()
}

#[tokio::test]
async fn a_secret_that_is_a_plain_word_is_not_told_by_whoever_uses_the_word() {
    for secret in ["OK", "answered", "12345"] {
        let body = if secret == "answered" { "it was answered" } else { "OK 1234567" };
        let report = secrets(secret, body).await;
        let told = case(&report, "MAAC-ANS-004");
        assert_eq!(told.status, Status::NonStrict, "{report}");
        assert!(told.actual.contains("so plain a word"), "{report}");
        // The suite's own words stay.
        assert!(case(&report, "MAAC-SIG-001").actual.contains("answered 200"), "{report}");
    }
    let report = secrets(SECRET, "the secret is test-share-secret").await;
    assert_eq!(case(&report, "MAAC-ANS-004").status, Status::Fail, "{report}");
}
