//! The transport over real sockets: what is sent, and each way in which no answer comes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use maac_webhook_sender::{
    DeliveryRecord, EventBody, HttpTransport, Outcome, RetrySchedule, Sender, Target, TransportErrorKind,
    WebhookRequest,
    dispatch::{Dispatcher, MemoryLog},
    maac_webhook::{
        ShareSecret,
        event::Topic,
        jiff::{Timestamp, ToSpan},
    },
    platform::{EndpointForm, PlainHttp, Platform, Purchase, Zone},
    samples,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls};

/// A server that does this with its one connection.
async fn server<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    address
}

async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut request = Vec::new();
    while !request.ends_with(b"{\"a\": 1}") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(request).unwrap()
}

async fn answering(answer: &'static str) -> SocketAddr {
    server(move |mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await
}

fn signed(body: Bytes) -> WebhookRequest {
    WebhookRequest::signed(&ShareSecret::new("hush").unwrap(), body)
}

/// A sender of one attempt, which waits longer than any machine takes.
fn patient(transport: HttpTransport) -> Sender<HttpTransport> {
    Sender::new(transport).with_schedule(RetrySchedule::new([])).with_attempt_timeout(Duration::from_secs(60))
}

/// A sender that gives up soon: for receivers that never answer alone, for any other may be too slow.
fn impatient() -> Sender<HttpTransport> {
    patient(HttpTransport::new()).with_attempt_timeout(Duration::from_millis(500))
}

async fn deliver_by(sender: Sender<HttpTransport>, url: &str) -> DeliveryRecord {
    let target: Target = url.parse().unwrap();
    sender.deliver(&target, &signed(Bytes::from_static(b"{\"a\": 1}"))).await
}

async fn deliver(address: SocketAddr) -> DeliveryRecord {
    deliver_by(patient(HttpTransport::new()), &format!("http://{address}/hooks?x=1")).await
}

async fn deliver_impatiently(address: SocketAddr) -> DeliveryRecord {
    deliver_by(impatient(), &format!("http://{address}/")).await
}

async fn failure(record: DeliveryRecord) -> TransportErrorKind {
    assert_eq!(record.outcome, Outcome::Exhausted);
    record.attempts[0].result.as_ref().unwrap_err().kind()
}

#[tokio::test]
async fn the_recorded_request_is_what_went_over_the_wire() {
    let (sent, received) = tokio::sync::oneshot::channel();
    let address = server(|mut stream| async move {
        sent.send(read_request(&mut stream).await).unwrap();
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nOK";
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let record = deliver(address).await;

    let headers: String =
        record.request.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let expected =
        format!("POST /hooks?x=1 HTTP/1.1\r\n{headers}\r\n{}", record.request.body.as_text().unwrap());
    assert_eq!(received.await.unwrap(), expected);

    assert_eq!(record.outcome, Outcome::Delivered);
    let response = record.attempts[0].result.as_ref().unwrap();
    assert_eq!((response.status, response.body.as_text(), response.truncated), (200, Some("OK"), false));
    assert_eq!(response.headers[0], ("Content-Type".to_owned(), "text/plain".to_owned()));
}

#[tokio::test]
async fn header_names_have_the_documented_capitals_and_a_query_needs_no_path() {
    let (sent, received) = tokio::sync::oneshot::channel();
    let address = server(|mut stream| async move {
        sent.send(read_request(&mut stream).await).unwrap();
    })
    .await;
    deliver_by(patient(HttpTransport::new()), &format!("http://{address}?x=1")).await;
    let request = received.await.unwrap();
    assert!(request.starts_with("POST /?x=1 HTTP/1.1\r\nHost: "), "{request}");
    for name in ["CrescLab-Signature", "CrescLab-Idempotency-Key", "Content-Type", "User-Agent", "Accept"] {
        assert!(request.contains(&format!("\r\n{name}: ")), "{name} in {request}");
    }
}

#[tokio::test]
async fn an_ipv6_address_is_delivered_to() {
    // A machine without IPv6 has nothing to show here.
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    });
    let record = deliver(address).await;
    assert_eq!((record.outcome, record.status()), (Outcome::Delivered, Some(204)));
    assert_eq!(record.request.headers[0], ("Host".to_owned(), address.to_string()));
}

#[tokio::test]
async fn an_answer_that_comes_before_the_whole_body_was_read_is_kept() {
    let address = server(|mut stream| async move {
        stream.read_exact(&mut [0; 64]).await.unwrap();
        let answer = b"HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        // Closed with the rest unread: the sender is reset while it writes.
    })
    .await;
    let target: Target = format!("http://{address}/").parse().unwrap();
    let request = signed(Bytes::from(vec![b'x'; 8 << 20]));
    let record = patient(HttpTransport::new()).deliver(&target, &request).await;
    assert_eq!((record.outcome, record.status()), (Outcome::Refused, Some(413)));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = elsewhere.local_addr().unwrap();
    let address = server(move |mut stream| async move {
        read_request(&mut stream).await;
        let answer =
            format!("HTTP/1.1 302 Found\r\nlocation: http://{location}/\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let record = deliver(address).await;
    assert_eq!((record.outcome, record.status()), (Outcome::Refused, Some(302)));
    // The delivery is over: whoever had followed would be connected by now.
    let nobody = elsewhere.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "somebody followed the redirect");
}

#[tokio::test]
async fn a_responses_body_is_cut_at_the_cap() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
    for (cap, kept, truncated) in [(0, "", true), (9, "012345678", true), (10, "0123456789", false)] {
        let url = format!("http://{}/", answering(answer).await);
        let record = deliver_by(patient(HttpTransport::new().with_response_cap(cap)), &url).await;
        let response = record.attempts[0].result.as_ref().unwrap();
        assert_eq!((response.body.as_text(), response.truncated), (Some(kept), truncated), "{cap}");
    }
}

#[tokio::test]
async fn an_endless_response_ends_at_the_cap_or_the_time_out() {
    let endless = |pause: bool| {
        server(move |mut stream| async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while !pause && stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            std::future::pending().await
        })
    };
    let record = deliver(endless(false).await).await;
    assert!(record.attempts[0].result.as_ref().unwrap().truncated);
    assert_eq!(failure(deliver_impatiently(endless(true).await).await).await, TransportErrorKind::Timeout);
}

#[tokio::test]
async fn a_name_without_an_address_is_dns() {
    let record = deliver_by(patient(HttpTransport::new()), "http://nowhere.invalid/").await;
    // A resolver that cannot be reached may take longer than this attempt.
    let kind = failure(record).await;
    assert!(matches!(kind, TransportErrorKind::Dns | TransportErrorKind::Timeout), "{kind:?}");
}

#[tokio::test]
async fn a_port_without_a_listener_is_refused() {
    // Bound, so that nobody else gets this port, but not listened on.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    assert_eq!(failure(deliver(address).await).await, TransportErrorKind::Refused);
}

#[tokio::test]
async fn a_connection_that_is_broken_is_reset() {
    let address = server(|mut stream| async move {
        read_request(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    assert_eq!(failure(deliver(address).await).await, TransportErrorKind::Reset);
}

#[tokio::test]
async fn a_connection_that_ends_before_a_whole_answer_is_closed() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nOK"] {
        let kind = failure(deliver(answering(answer).await).await).await;
        assert_eq!(kind, TransportErrorKind::Closed, "{answer:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_times_out() {
    let address = server(|stream| async move {
        let _open = stream;
        std::future::pending().await
    })
    .await;
    assert_eq!(failure(deliver_impatiently(address).await).await, TransportErrorKind::Timeout);
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for answer in [
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "\u{0}\u{1}\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nOK",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nOK\r\n",
    ] {
        let kind = failure(deliver(answering(answer).await).await).await;
        assert_eq!(kind, TransportErrorKind::Protocol, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greeting_of_another_protocol_is_a_protocol_error_also_before_the_request() {
    let address = server(|mut stream| async move {
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    assert_eq!(failure(deliver(address).await).await, TransportErrorKind::Protocol);
}

#[tokio::test]
async fn https_to_a_receiver_that_speaks_http_is_a_tls_error() {
    let address = server(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let record = deliver_by(patient(HttpTransport::new()), &format!("https://{address}/")).await;
    assert_eq!(failure(record).await, TransportErrorKind::Tls);
}

#[tokio::test]
async fn a_certificate_is_trusted_only_under_a_root_that_is() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let serve = || {
        let acceptor = acceptor.clone();
        server(|stream| async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK").await.unwrap();
            stream.shutdown().await.unwrap();
        })
    };

    let url = |address: SocketAddr| format!("https://localhost:{}/", address.port());
    let untrusting = deliver_by(patient(HttpTransport::new()), &url(serve().await)).await;
    let told = untrusting.attempts[0].result.as_ref().unwrap_err().message().to_owned();
    assert!(told.contains("HttpTransport::with_root_certificate adds one"), "{told}");
    assert_eq!(failure(untrusting).await, TransportErrorKind::Tls);

    let trusting = HttpTransport::new().with_root_certificate(made.cert.pem().as_bytes()).unwrap();
    let record = deliver_by(patient(trusting.clone()), &url(serve().await)).await;
    assert_eq!((record.outcome, record.status()), (Outcome::Delivered, Some(200)));

    let other_name = deliver_by(patient(trusting), &format!("https://{}/", serve().await)).await;
    assert_eq!(failure(other_name).await, TransportErrorKind::Tls);
    for not_one in ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(HttpTransport::new().with_root_certificate(not_one.as_bytes()).is_err(), "{not_one}");
    }
}

/// In TLS 1.3 the refusal comes after the handshake, as the sender sees it.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_wants_a_client_certificate_is_a_tls_error() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = server(|stream| async move {
            let Err((_, mut stream)) = acceptor.accept(stream).into_fallible().await else {
                panic!("there was a certificate")
            };
            // What is left unread would reset the connection, before the alert is read.
            while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
        })
        .await;
        let trusting = HttpTransport::new().with_root_certificate(made.cert.pem().as_bytes()).unwrap();
        let record = deliver_by(patient(trusting), &format!("https://localhost:{}/", address.port())).await;
        assert_eq!(failure(record).await, TransportErrorKind::Tls, "{version:?}");
    }
}

#[tokio::test]
async fn a_dispatcher_delivers_over_a_socket_what_it_recorded() {
    let address = server(|mut stream| async move {
        let mut request = Vec::new();
        while !request.ends_with(b"}}") {
            let mut piece = [0; 1024];
            let read = stream.read(&mut piece).await.unwrap();
            assert_ne!(read, 0);
            request.extend_from_slice(&piece[..read]);
        }
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.len());
        stream.write_all(&[head.as_bytes(), &request].concat()).await.unwrap();
    })
    .await;
    let now = Timestamp::now();
    let purchase = Purchase::new(Zone::ALL, now, now + 1.hour()).unwrap();
    let mut platform = Platform::new(purchase).with_plain_http(PlainHttp::Loopback);
    let form = EndpointForm::new("crm", format!("http://{address}/hooks"), [Topic::MessageFirstOpen]);
    let id = platform.create(form, now).unwrap().id();

    let platform = Arc::new(Mutex::new(platform));
    let dispatcher = Dispatcher::new(platform, patient(HttpTransport::new()), MemoryLog::new());
    let event = EventBody::new(now, &samples::message_first_open().into());
    let delivered = dispatcher.send_test(id, &event).await.unwrap().finished().await.unwrap();
    let sent = delivered.sent.unwrap().request;
    let response = delivered.attempts[0].result.as_ref().unwrap();
    // The receiver answers with what it received.
    let received = response.body.as_text().unwrap();
    assert!(received.ends_with(sent.body.as_text().unwrap()));
    for (name, value) in &sent.headers {
        assert!(received.contains(&format!("\r\n{name}: {value}\r\n")), "{name}");
    }
}
