//! Over real sockets, with a resolver that says what it is told.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use maac_webhook::ShareSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    DeliveryRecord, HttpTransport, Outcome, Resolver, RetrySchedule, Sender, TargetPolicy,
    TransportErrorKind, WebhookRequest,
};

/// A receiver that answers 200 and counts its connections.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        });
        Self { address, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// A resolver by which each name has these addresses, and how often it was asked.
fn resolver(addresses: &[&str]) -> (Resolver, Arc<AtomicUsize>) {
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let resolver = Resolver::new(move |_, port| {
        counted.fetch_add(1, Ordering::Relaxed);
        let addresses = addresses.iter().map(|address| SocketAddr::new(*address, port)).collect();
        async { Ok(addresses) }
    });
    (resolver, asked)
}

async fn deliver(transport: HttpTransport, url: &str) -> DeliveryRecord {
    let request = WebhookRequest::signed(&ShareSecret::new("hush").unwrap(), Bytes::from_static(b"{}"));
    let sender = Sender::new(transport).with_attempt_timeout(Duration::from_secs(60)).without_waiting();
    sender.deliver(&url.parse().unwrap(), &request).await
}

fn error(record: &DeliveryRecord) -> (TransportErrorKind, String) {
    let error = record.attempts[0].result.as_ref().unwrap_err();
    (error.kind(), error.message().to_owned())
}

#[tokio::test]
async fn a_name_of_this_machine_is_delivered_to_and_one_of_another_is_not_even_connected_to() {
    let receiver = Receiver::start().await;
    let url = format!("http://receiver.internal:{}/", receiver.address.port());
    let transport = HttpTransport::new().with_target_policy(TargetPolicy::loopback());

    let here = deliver(transport.clone().with_resolver(resolver(&["127.0.0.1"]).0), &url).await;
    assert_eq!((here.outcome, receiver.connections()), (Outcome::Delivered, 1));

    let (elsewhere, asked) = resolver(&["10.1.2.3"]);
    let refused = deliver(transport.with_resolver(elsewhere), &url).await;
    let (kind, message) = error(&refused);
    assert_eq!(kind, TransportErrorKind::NotAllowed);
    assert!(message.contains("10.1.2.3 is not an allowed target"), "{message}");
    assert!(message.contains("--allow-target 10.1.2.3"), "{message}");
    // It is not tried again, whatever the schedule.
    let once = (refused.outcome, refused.attempts.len(), asked.load(Ordering::Relaxed));
    assert_eq!(once, (Outcome::Exhausted, 1, 1));
}

#[tokio::test]
async fn an_address_in_the_url_is_judged_as_it_is_connected_to() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let transport = HttpTransport::new().with_target_policy(TargetPolicy::loopback());
    // The system's resolver reads more than one spelling of an address.
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"] {
        let record = deliver(transport.clone(), &format!("http://{host}:{port}/")).await;
        assert_eq!(record.outcome, Outcome::Delivered, "{host}: {record:?}");
    }
    let connections = receiver.connections();
    for host in ["0.0.0.0", "[::]", "[::ffff:0.0.0.0]", "0", "0x0a000001", "167772161", "169.254.169.254"] {
        let record = deliver(transport.clone(), &format!("http://{host}:{port}/")).await;
        let (kind, message) = error(&record);
        // Where the system's resolver does not read a spelling, there is no address at all.
        assert!(
            matches!(kind, TransportErrorKind::NotAllowed | TransportErrorKind::Dns),
            "{host}: {message}"
        );
    }
    assert_eq!(receiver.connections(), connections);
}

#[tokio::test]
async fn a_name_is_resolved_once_so_that_it_cannot_have_another_address_when_it_is_connected_to() {
    let receiver = Receiver::start().await;
    let url = format!("http://rebinding.example:{}/", receiver.address.port());
    // First an address that may be delivered to, and from then on one that may not.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let rebinding = Resolver::new(move |_, port| {
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        async move { Ok(vec![SocketAddr::new(if first { [127, 0, 0, 1] } else { [10, 0, 0, 1] }.into(), port)]) }
    });
    let transport =
        HttpTransport::new().with_target_policy(TargetPolicy::loopback()).with_resolver(rebinding);
    let first = deliver(transport.clone(), &url).await;
    assert_eq!((first.outcome, asked.load(Ordering::Relaxed)), (Outcome::Delivered, 1));
    // The next delivery judges anew.
    assert_eq!(error(&deliver(transport, &url).await).0, TransportErrorKind::NotAllowed);
    assert_eq!((receiver.connections(), asked.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test]
async fn of_several_addresses_those_that_may_not_be_delivered_to_are_left_out() {
    let receiver = Receiver::start().await;
    let url = format!("http://both.example:{}/", receiver.address.port());
    let transport = HttpTransport::new().with_target_policy(TargetPolicy::loopback());
    let (both, _) = resolver(&["169.254.169.254", "10.0.0.1", "127.0.0.1"]);
    let record = deliver(transport.clone().with_resolver(both), &url).await;
    assert_eq!(record.outcome, Outcome::Delivered, "{record:?}");

    let (neither, _) = resolver(&["169.254.169.254", "10.0.0.1"]);
    let (kind, message) = error(&deliver(transport.with_resolver(neither), &url).await);
    assert_eq!(kind, TransportErrorKind::NotAllowed);
    assert_eq!(
        message,
        "169.254.169.254 is never delivered to: it is the address of a cloud's metadata service"
    );
}

#[tokio::test]
async fn a_name_that_is_allowed_is_delivered_to_wherever_it_leads_but_for_what_no_receiver_has() {
    // Another of this machine's addresses stands for one of the network's: it is not known which there are.
    let receiver = Receiver::start().await;
    let url = format!("http://receiver.internal:{}/", receiver.address.port());
    let policy = TargetPolicy::loopback().with_allowed("receiver.internal".parse().unwrap());
    let transport = HttpTransport::new().with_target_policy(policy);
    let record = deliver(transport.clone().with_resolver(resolver(&["127.0.0.1"]).0), &url).await;
    assert_eq!(record.outcome, Outcome::Delivered);
    for metadata in ["169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"] {
        let record = deliver(transport.clone().with_resolver(resolver(&[metadata]).0), &url).await;
        assert_eq!(error(&record).0, TransportErrorKind::NotAllowed, "{metadata}");
    }
}

#[tokio::test]
async fn a_resolver_that_fails_or_knows_no_address_is_dns_and_is_tried_again() {
    let failing = Resolver::new(|_, _| async { Err(io::Error::other("the resolver is away")) });
    for resolver in [failing, resolver(&[]).0] {
        let transport = HttpTransport::new().with_resolver(resolver);
        let record = deliver(transport, "http://receiver.internal/").await;
        assert_eq!(error(&record).0, TransportErrorKind::Dns);
        assert_eq!(record.attempts.len(), RetrySchedule::default().delays().len() + 1);
    }
}
