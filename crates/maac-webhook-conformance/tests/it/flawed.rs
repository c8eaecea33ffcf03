//! A receiver in memory with a probe, which is right but for one flaw.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use maac_webhook_conformance::{
    maac_webhook::{Signature, bytes},
    maac_webhook_sender::json::{BodyStyle, reencode},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{flaw::Flaw, front::front, support::secret};

/// What survives a crash.
#[derive(Debug, Default)]
struct Store {
    known: HashSet<String>,
    keys: HashSet<String>,
    handled: Vec<String>,
}

struct Inner {
    flaw: Flaw,
    store: Mutex<Store>,
    down: AtomicBool,
    /// What is written after it was acknowledged, and lost in a crash.
    late: Mutex<Vec<JoinHandle<()>>>,
    /// How many requests are under way.
    busy: AtomicUsize,
}

#[derive(Clone)]
struct Receiver(Arc<Inner>);

/// Starts it, and gives its URL and its probe's.
pub(crate) async fn start(flaw: Flaw) -> (String, String) {
    let receiver = Receiver(Arc::new(Inner {
        flaw,
        store: Mutex::default(),
        down: AtomicBool::new(false),
        late: Mutex::default(),
        busy: AtomicUsize::new(0),
    }));
    let probe = Router::new().route("/probe", get(list).post(suffer)).with_state(receiver.clone());
    let hooks = post(receive);
    let hooks = if flaw == Flaw::AnswersGet { hooks.get(async || "a receiver") } else { hooks };
    let app = Router::new().route("/hooks", hooks).with_state(receiver);
    let hooks = front(serve(app, flaw == Flaw::ServesOneAtATime).await, flaw).await;
    (hooks + "/hooks", serve(probe, false).await + "/probe")
}

async fn serve(app: Router, one_at_a_time: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        if !one_at_a_time {
            return axum::serve(listener, app).await.unwrap();
        }
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(app.clone());
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    });
    url
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let flaw = receiver.0.flaw;
    let (head, body) = request.into_parts();
    let limit = match flaw {
        Flaw::Takes100Kib => 100 * 1024,
        Flaw::TakesAnything => usize::MAX,
        _ => 2 << 20,
    };
    let declared =
        head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if flaw == Flaw::TakesNoChunks && declared.is_none() {
        return StatusCode::LENGTH_REQUIRED.into_response();
    }
    if declared.is_some_and(|declared: usize| declared > limit) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let key = head.headers.get("cresclab-idempotency-key").and_then(|key| key.to_str().ok());
    if matches!(flaw, Flaw::MarksAKeyBeforeItReads | Flaw::RefusesAKeyThatItSaw)
        && let Some(key) = key
        && !receiver.0.store.lock().unwrap().keys.insert(key.to_owned())
    {
        let marks = flaw == Flaw::MarksAKeyBeforeItReads;
        return if marks { "OK".into_response() } else { StatusCode::CONFLICT.into_response() };
    }
    let body = match flaw {
        Flaw::IsImpatient => match timeout(Duration::from_millis(500), to_bytes(body, limit)).await {
            Ok(body) => body,
            Err(_) => return StatusCode::BAD_REQUEST.into_response(),
        },
        Flaw::HandlesHalves => Ok(receiver.read_on(body).await),
        _ => to_bytes(body, limit).await,
    };
    let Ok(body) = body else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let _busy = match flaw {
        Flaw::Answers400WhenItIsBusy => {
            let busy = Busy::new(&receiver.0.busy);
            if busy.count > 12 {
                return StatusCode::BAD_REQUEST.into_response();
            }
            sleep(Duration::from_millis(50)).await;
            Some(busy)
        }
        _ => None,
    };
    match flaw {
        Flaw::ParsesBeforeItChecks if !(body.starts_with(b"{") && body.trim_ascii().ends_with(b"}")) => {
            return StatusCode::BAD_REQUEST.into_response();
        }
        Flaw::HandlesBeforeItChecks => drop(receiver.commit(digest(&body), &digest(&body))),
        Flaw::IsSlow => sleep(Duration::from_millis(60)).await,
        _ => {}
    }
    if !receiver.is_genuine(&head.headers, &body) {
        return receiver.refusal(&body);
    }
    if let Some(status) = receiver.dislikes(&head.headers, &body) {
        return status.into_response();
    }
    if flaw == Flaw::Redirects {
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/hooks/")]).into_response();
    }
    receiver.accept(&head.headers, &body).await
}

/// A request under way.
struct Busy<'a> {
    all: &'a AtomicUsize,
    count: usize,
}

impl<'a> Busy<'a> {
    fn new(all: &'a AtomicUsize) -> Self {
        Self { all, count: all.fetch_add(1, Ordering::SeqCst) + 1 }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Receiver {
    /// What came of a body, which is handled where it breaks off.
    async fn read_on(&self, mut body: Body) -> Bytes {
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(_) => self.handle(&digest(&read)),
            }
        }
        read.into()
    }

    fn is_genuine(&self, headers: &HeaderMap, body: &Bytes) -> bool {
        let mut given = headers.get_all("cresclab-signature").iter();
        let (first, second) = (given.next(), given.next());
        let flaw = self.0.flaw;
        if flaw == Flaw::ChecksNothing || (flaw == Flaw::SkipsAMissingSignature && first.is_none()) {
            return true;
        }
        let (Some(given), None) = (first.map(|value| value.as_bytes()), second) else { return false };
        let signed = match flaw {
            Flaw::ChecksWhatItWritesAnew => match reencode(body, BodyStyle::python()) {
                Ok(anew) => bytes::Bytes::from(anew),
                Err(_) => return false,
            },
            _ => body.clone(),
        };
        let expected = Signature::sign(&secret(), &signed).to_string();
        match flaw {
            Flaw::ComparesHalf => given.len() >= 32 && given[..32] == expected.as_bytes()[..32],
            Flaw::ComparesWhatItIsGiven => expected.as_bytes().starts_with(given),
            _ => given == expected.as_bytes(),
        }
    }

    fn refusal(&self, body: &Bytes) -> Response {
        match self.0.flaw {
            Flaw::TellsTheExpectedSignature => {
                let expected = Signature::sign(&secret(), body).to_string();
                (StatusCode::UNAUTHORIZED, format!("expected {expected}")).into_response()
            }
            Flaw::Answers403ToAForgery => StatusCode::FORBIDDEN.into_response(),
            _ => StatusCode::UNAUTHORIZED.into_response(),
        }
    }

    /// What it refuses of what is genuine.
    fn dislikes(&self, headers: &HeaderMap, body: &Bytes) -> Option<StatusCode> {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let (topic, data) = (event["topic"].as_str().unwrap_or_default(), &event["data"]);
        let has = |text: &str| data.to_string().contains(text);
        let key = headers.get("cresclab-idempotency-key").map(|key| key.as_bytes());
        let fails = match self.0.flaw {
            Flaw::StoresNoEmoji => data.to_string().chars().any(|character| character > '\u{ffff}'),
            Flaw::StoresNoAccents => has("é"),
            Flaw::StoresNoNul => String::from_utf8_lossy(body).contains("\\u0000"),
            _ => false,
        };
        if fails {
            return Some(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let refused = match self.0.flaw {
            Flaw::RefusesAKnownKey => key.is_some_and(|key| {
                let both = format!("{} {}", String::from_utf8_lossy(key), digest(body));
                let (key, _) = both.split_once(' ').unwrap();
                let mut store = self.0.store.lock().unwrap();
                let other = store.keys.iter().any(|own| own.starts_with(&format!("{key} ")) && *own != both);
                store.keys.insert(both);
                other
            }),
            Flaw::WantsHexadecimalKeys => key.is_some_and(|key| !key.iter().all(u8::is_ascii_hexdigit)),
            Flaw::WantsShortKeys => key.is_some_and(|key| key.len() > 255),
            Flaw::HasAFirewall => has("</script>"),
            Flaw::WantsSmallAmounts => data["items"][1]["unit_price"].as_f64() > Some(1e6),
            Flaw::KnowsOneTopic => !topic.is_empty() && topic != "prize.points_added",
            Flaw::RefusesUnknownValues => has("carrier_pigeon"),
            Flaw::RefusesWithoutKey => !headers.contains_key("cresclab-idempotency-key"),
            Flaw::RefusesUnknownTopics => topic == "coupon.redeemed",
            Flaw::RefusesUnknownFields => data.get("new_field").is_some(),
            Flaw::WantsEveryField => {
                data.is_object() && topic != "coupon.redeemed" && {
                    let has_none = topic == "pnp.status_updated";
                    data.get("customer_id").is_none() && !has_none
                }
            }
            Flaw::WantsNumbers => {
                ["message_id", "pnp_message_id"].iter().any(|id| data.get(id).is_some_and(Value::is_string))
            }
            _ => false,
        };
        refused.then_some(StatusCode::BAD_REQUEST)
    }

    async fn accept(&self, headers: &HeaderMap, body: &Bytes) -> Response {
        let (flaw, digest) = (self.0.flaw, digest(body));
        let key = headers.get("cresclab-idempotency-key").and_then(|key| key.to_str().ok());
        let id = match (flaw, key) {
            (Flaw::KnowsByKeyAlone, Some(key)) => key.to_owned(),
            _ => digest.clone(),
        };
        if flaw == Flaw::AcknowledgesBeforeItCommits {
            let receiver = self.clone();
            let late = tokio::spawn(async move {
                sleep(Duration::from_millis(100)).await;
                let _ = receiver.commit(id, &digest);
            });
            self.0.late.lock().unwrap().push(late);
            return "OK".into_response();
        }
        if flaw == Flaw::ChecksThenInserts {
            if self.0.store.lock().unwrap().known.contains(&id) {
                return "OK".into_response();
            }
            sleep(Duration::from_millis(20)).await;
            if self.0.down.load(Ordering::SeqCst) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            self.0.store.lock().unwrap().known.insert(id);
            self.handle(&digest);
            return "OK".into_response();
        }
        match (self.commit(id, &digest), flaw) {
            (None, Flaw::Answers400WhenItsStoreIsDown) => StatusCode::BAD_REQUEST.into_response(),
            (None, _) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            (Some(false), Flaw::Answers409ToACopy) => StatusCode::CONFLICT.into_response(),
            (Some(_), Flaw::AnswersAtLength) => "OK".repeat(100_000).into_response(),
            (Some(_), Flaw::Answers204) => StatusCode::NO_CONTENT.into_response(),
            (Some(_), _) => "OK".into_response(),
        }
    }

    /// Whether it was new; `None` where the store is down.
    fn commit(&self, id: String, digest: &str) -> Option<bool> {
        if self.0.down.load(Ordering::SeqCst) {
            return None;
        }
        let flaw = self.0.flaw;
        let new = self.0.store.lock().unwrap().known.insert(id);
        if (new || flaw == Flaw::KnowsNothing) && flaw != Flaw::HandlesNothing {
            self.handle(digest);
        }
        if !new && flaw == Flaw::HandlesACopyLater {
            let (receiver, digest) = (self.clone(), digest.to_owned());
            tokio::spawn(async move {
                sleep(Duration::from_millis(700)).await;
                receiver.handle(&digest);
            });
        }
        Some(new)
    }

    fn handle(&self, digest: &str) {
        self.0.store.lock().unwrap().handled.push(digest.to_owned());
    }
}

fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn list(State(receiver): State<Receiver>) -> Json<Value> {
    let store = receiver.0.store.lock().unwrap();
    let handled: Vec<_> = store.handled.iter().map(|digest| json!({"body_sha256": digest})).collect();
    Json(json!({"handled": handled, "faults": ["store_down", "store_up", "crash"]}))
}

async fn suffer(State(receiver): State<Receiver>, Json(fault): Json<Value>) -> StatusCode {
    match fault["fault"].as_str() {
        Some("store_down") => receiver.0.down.store(true, Ordering::SeqCst),
        Some("store_up") => receiver.0.down.store(false, Ordering::SeqCst),
        Some("crash") => receiver.0.late.lock().unwrap().drain(..).for_each(|late| late.abort()),
        _ => return StatusCode::BAD_REQUEST,
    }
    StatusCode::NO_CONTENT
}
