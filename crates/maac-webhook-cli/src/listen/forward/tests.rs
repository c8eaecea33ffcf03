use std::{
    collections::VecDeque,
    future::pending,
    sync::{Mutex, MutexGuard},
};

use maac_webhook::{
    IdempotencyKey, SecretSlot, ShareSecret, Signature, StoredDelivery, headers, jiff::Timestamp,
};
use maac_webhook_inbox::{Claim, EntryId, Filter, State, sqlite::SqliteStore};
use tokio::{sync::oneshot, time::sleep};

use super::*;

const BODY: &[u8] = br#"{"topic": "t", "data": {"name": "\u5973"}}"#;

fn secret(text: &str) -> ShareSecret {
    ShareSecret::new(text).unwrap()
}

fn delivery(body: &'static [u8], key: &str) -> Delivery {
    Delivery::dangerous_from_verified_store(StoredDelivery {
        endpoint: "test".into(),
        idempotency_key: IdempotencyKey::parse(key.as_bytes()),
        signature: Signature::sign(&secret("share"), body),
        matched: SecretSlot::Current,
        received_at: Timestamp::now(),
        body: body.into(),
    })
}

fn claimed(key: &str, reused: bool) -> Claimed {
    Claimed::new(Claim::new(EntryId::new(1), 1, 1), delivery(BODY, key), reused)
}

/// Answers what it is told to, one after the other, and then 200; keeps what it was sent.
#[derive(Clone, Default)]
struct Upstream(Arc<Mutex<Scripted>>);

#[derive(Default)]
struct Scripted {
    answers: VecDeque<Result<ResponseRecord, TransportError>>,
    hangs: bool,
    at_once: usize,
    most: usize,
    sent: Vec<Request<Bytes>>,
}

impl Upstream {
    fn answering(answers: impl IntoIterator<Item = ResponseRecord>) -> Self {
        let upstream = Self::default();
        upstream.scripted().answers.extend(answers.into_iter().map(Ok));
        upstream
    }

    fn scripted(&self) -> MutexGuard<'_, Scripted> {
        self.0.lock().unwrap()
    }
}

impl Transport for Upstream {
    async fn send(&self, _: &Target, request: Request<Bytes>) -> Result<ResponseRecord, TransportError> {
        let (answer, hangs) = {
            let mut scripted = self.scripted();
            scripted.sent.push(request);
            scripted.at_once += 1;
            scripted.most = scripted.most.max(scripted.at_once);
            (scripted.answers.pop_front(), scripted.hangs)
        };
        if hangs {
            return pending().await;
        }
        sleep(Duration::from_millis(1)).await;
        self.scripted().at_once -= 1;
        answer.unwrap_or_else(|| Ok(ResponseRecord::new(200, "OK")))
    }
}

fn forwarding(secrets: ShareSecrets) -> Forwarding {
    Forwarding {
        to: "http://shop.example/hooks".parse().unwrap(),
        secrets,
        attempt_timeout: Duration::from_millis(50),
        give_up_after: Duration::from_secs(3600),
        concurrency: 2,
        grace: Duration::ZERO,
    }
}

fn forwarder(upstream: &Upstream) -> Forwarder<Upstream> {
    Forwarder::new(upstream.clone(), forwarding(secret("own").into()))
}

async fn error(upstream: &Upstream) -> String {
    forwarder(upstream).call(claimed("key", false)).await.unwrap_err().to_string()
}

#[tokio::test]
async fn an_event_goes_as_it_came_under_its_key_signed_anew_and_with_its_first_signature() {
    let upstream = Upstream::default();
    forwarder(&upstream).call(claimed("key", false)).await.unwrap();
    let sent = &upstream.scripted().sent[0];
    assert_eq!((sent.method().as_str(), sent.uri().path(), &sent.body()[..]), ("POST", "/hooks", BODY));
    let header = |name: &str| sent.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/json; charset=utf-8");
    assert_eq!(header(headers::IDEMPOTENCY_KEY), "key");
    assert_eq!(header(headers::SIGNATURE), Signature::sign(&secret("own"), BODY).to_string());
    assert_eq!(header("maac-original-signature"), Signature::sign(&secret("share"), BODY).to_string());
    let shown = format!("{sent:?}");
    assert!(!shown.contains(header("maac-original-signature")), "{shown}");
}

#[tokio::test]
async fn an_event_without_a_key_of_its_own_goes_under_its_identity() {
    let upstream = Upstream::default();
    for claimed in [claimed("", false), claimed("", false), claimed("key", true)] {
        forwarder(&upstream).call(claimed).await.unwrap();
    }
    let identity = delivery(BODY, "").identity().to_string();
    for sent in &upstream.scripted().sent {
        assert_eq!(sent.headers()[headers::IDEMPOTENCY_KEY], *identity);
    }
}

#[tokio::test]
async fn whatever_is_not_2xx_fails_and_says_what_was_answered() {
    for status in [200, 201, 202, 204, 299] {
        let upstream = Upstream::answering([ResponseRecord::new(status, "")]);
        forwarder(&upstream).call(claimed("key", false)).await.unwrap();
    }
    for (status, body, says) in [
        (503, "down\n\u{1b}[31m", r"answered 503: down\n\u{1b}[31m"),
        (404, "", "answered 404"),
        (302, "", "answered 302, a redirect, which is not followed"),
        (199, "", "answered 199"),
        (300, "many", "answered 300, a redirect, which is not followed: many"),
    ] {
        assert_eq!(error(&Upstream::answering([ResponseRecord::new(status, body)])).await, says);
    }
    let long = ResponseRecord::new(500, "女".repeat(RESPONSE_CAP / 3));
    assert_eq!(error(&Upstream::answering([long])).await, format!("answered 500: {}", "女".repeat(SHOWN)));
    let bytes = ResponseRecord::new(500, &b"\xff\0"[..]);
    assert_eq!(error(&Upstream::answering([bytes])).await, "answered 500: \u{fffd}\\0");
}

#[tokio::test]
async fn an_upstream_that_gives_no_answer_is_told_by_name() {
    let upstream = Upstream::default();
    let refused = TransportError::new(TransportErrorKind::Refused, "nobody");
    upstream.scripted().answers.push_back(Err(refused));
    assert_eq!(error(&upstream).await, "refused: nobody");
    let names = format!("valid for\nERROR {}", "x".repeat(SHOWN));
    let untrusted = TransportError::new(TransportErrorKind::Tls, names);
    upstream.scripted().answers.push_back(Err(untrusted));
    let shown = format!(r"tls: valid for\nERROR {}", "x".repeat(SHOWN - 16));
    assert_eq!(error(&upstream).await, shown);
    upstream.scripted().hangs = true;
    assert_eq!(error(&upstream).await, "timeout: no answer within 0.05 s");
}

#[tokio::test]
async fn a_changed_secret_signs_the_next_attempt() {
    let (upstream, secrets) = (Upstream::default(), ShareSecrets::empty());
    let mut forwarder = Forwarder::new(upstream.clone(), forwarding(secrets.clone()));
    let unsigned = forwarder.call(claimed("key", false)).await.unwrap_err();
    assert_eq!(unsigned.to_string(), "there is no secret to sign with");
    for own in ["one", "two"] {
        secrets.rotate(secret(own), ShareSecrets::DEFAULT_OVERLAP);
        forwarder.call(claimed("key", false)).await.unwrap();
        let signature = Signature::sign(&secret(own), BODY).to_string();
        assert_eq!(upstream.scripted().sent.last().unwrap().headers()[headers::SIGNATURE], *signature);
    }
}

struct Fixture {
    inbox: Inbox<SqliteStore>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn with(bodies: &[&'static [u8]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::new(SqliteStore::open(folder.path().join("inbox.db")).unwrap());
        for body in bodies {
            inbox.accept(delivery(body, "")).await.unwrap();
        }
        Self { inbox, _folder: folder }
    }

    /// Lets the upstream's forwarder work until so many are in a state.
    async fn forward(&self, forwarder: &Forwarder<Upstream>, until: State, events: usize) {
        let no_time = Backoff::new(Duration::from_millis(1), Duration::from_millis(2));
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = forwarder.worker(self.inbox.clone()).with_backoff(no_time);
        let worker = tokio::spawn(worker.run(async { drop(stopped.await) }));
        while self.inbox.store().list(Filter::in_state(until)).await.unwrap().len() < events {
            sleep(Duration::from_millis(1)).await;
        }
        drop(stop);
        worker.await.unwrap();
    }
}

#[tokio::test]
async fn it_is_tried_again_until_it_is_taken_and_no_more_at_once_than_was_said() {
    let fixture = Fixture::with(&[b"1", b"2", b"3", b"4", b"5"]).await;
    let upstream = Upstream::answering([500, 302, 404, 401, 500, 503].map(|s| ResponseRecord::new(s, "")));
    fixture.forward(&forwarder(&upstream), State::Done, 5).await;
    let scripted = upstream.scripted();
    assert_eq!((scripted.sent.len(), scripted.most), (11, 2));
}

#[tokio::test]
async fn it_is_given_up_once_its_time_is_over_and_sent_again_by_hand() {
    let fixture = Fixture::with(&[BODY]).await;
    let upstream = Upstream::answering((0..10_000).map(|_| ResponseRecord::new(500, "no")));
    let time = Duration::from_millis(200);
    let forwarding = Forwarding { give_up_after: time, ..forwarding(secret("own").into()) };
    let forwarder = Forwarder::new(upstream.clone(), forwarding);
    fixture.forward(&forwarder, State::Dead, 1).await;
    let store = fixture.inbox.store();
    let dead = store.list(Filter::in_state(State::Dead)).await.unwrap().remove(0);
    assert!(dead.attempts > 1, "{dead:?}");
    assert_eq!(dead.last_error.as_deref(), Some("answered 500: no"));

    upstream.scripted().answers.clear();
    assert!(store.retry(dead.id, Timestamp::now()).await.unwrap());
    fixture.forward(&forwarder, State::Done, 1).await;
}
