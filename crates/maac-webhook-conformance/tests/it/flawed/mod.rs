//! A receiver in memory with a probe, which is right but for one flaw.

mod state;

pub(crate) use state::{ListsBy, ProbeFails, Receiver};

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::{
    Router,
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
    maac_webhook::{ShareSecret, Signature, bytes},
    maac_webhook_sender::json::{BodyStyle, reencode},
};
use serde_json::Value;
use tokio::{net::TcpListener, time::sleep};

use crate::{flaw::Flaw, front::front, support::secret};
use state::{Received, list, suffer};

/// One that was started.
pub(crate) struct Started {
    pub(crate) url: String,
    pub(crate) probe: String,
    pub(crate) receiver: Receiver,
}

/// Starts it, and gives its URL and its probe's.
pub(crate) async fn start(flaw: Flaw) -> (String, String) {
    let Started { url, probe, .. } = start_with(flaw, ListsBy::Body, ProbeFails::Never).await;
    (url, probe)
}

/// The same with a probe that is otherwise.
pub(crate) async fn start_with(flaw: Flaw, lists_by: ListsBy, probe_fails: ProbeFails) -> Started {
    let receiver = Receiver::new(flaw, lists_by, probe_fails);
    let probe = Router::new().route("/probe", get(list).post(suffer)).with_state(receiver.clone());
    let hooks = post(receive);
    let hooks = if flaw == Flaw::AnswersGet { hooks.get(async || "a receiver") } else { hooks };
    let app = Router::new().route("/hooks", hooks).with_state(receiver.clone());
    let hooks = front(serve(app, flaw == Flaw::ServesOneAtATime).await, flaw).await;
    Started { url: hooks + "/hooks", probe: serve(probe, false).await + "/probe", receiver }
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
        Flaw::IsImpatient => match patience_of_one_read(body, declared).await {
            Some(body) => to_bytes(body, limit).await,
            None => return StatusCode::BAD_REQUEST.into_response(),
        },
        Flaw::HandlesHalves => Ok(receiver.read_on(&head.headers, body).await),
        _ => to_bytes(body, limit).await,
    };
    let Ok(body) = body else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let _busy = match flaw {
        Flaw::Answers400WhenItIsBusy => {
            let busy = Busy::new(&receiver.0.busy);
            if busy.count > 12 {
                receiver.0.crowd.send_replace(false);
                return StatusCode::BAD_REQUEST.into_response();
            }
            let _ = receiver.0.crowd.subscribe().wait_for(|held| !held).await;
            Some(busy)
        }
        _ => None,
    };
    match flaw {
        Flaw::ParsesBeforeItChecks if !(body.starts_with(b"{") && body.trim_ascii().ends_with(b"}")) => {
            return StatusCode::BAD_REQUEST.into_response();
        }
        Flaw::HandlesBeforeItChecks => {
            let event = Received::new(&head.headers, &body);
            let _ = receiver.commit(event.digest.clone(), &event);
        }
        Flaw::IsSlow => sleep(Duration::from_millis(60)).await,
        Flaw::AnswersAKnownKeyUnverified
            if key.is_some_and(|key| receiver.0.store.lock().unwrap().keys.contains(key)) =>
        {
            return "OK".into_response();
        }
        Flaw::SkipsAnEmptyBody if body.is_empty() => return "OK".into_response(),
        _ => {}
    }
    if !receiver.is_genuine(&head.headers, &body) {
        if flaw == Flaw::TakesAForgeryAtItsRetry {
            let event = Received::new(&head.headers, &body);
            let first = receiver.0.store.lock().unwrap().refused.insert(event.digest);
            if !first {
                return receiver.accept(&head.headers, &body).await;
            }
        }
        return receiver.refusal(&head.headers, &body);
    }
    if let Some(status) = receiver.dislikes(&head.headers, &body) {
        return status.into_response();
    }
    if flaw == Flaw::Redirects {
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/hooks/")]).into_response();
    }
    receiver.accept(&head.headers, &body).await
}

/// The body, unless it is a short one of which less than all is there at once.
async fn patience_of_one_read(mut body: Body, declared: Option<usize>) -> Option<Body> {
    const SHORT: usize = 4096;

    let Some(declared) = declared.filter(|declared| (1..SHORT).contains(declared)) else { return Some(body) };
    let first = body.frame().await?.ok()?.into_data().unwrap_or_default();
    (first.len() == declared).then(|| first.into())
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
    async fn read_on(&self, headers: &HeaderMap, mut body: Body) -> Bytes {
        let mut read = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Err(_) => self.handle(&Received::new(headers, &read)),
            }
        }
        read.into()
    }

    fn is_genuine(&self, headers: &HeaderMap, body: &Bytes) -> bool {
        let mut given = headers.get_all("cresclab-signature").iter();
        let (first, second) = (given.next(), given.next());
        let flaw = self.0.flaw;
        let is_json = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|own| own.as_bytes().starts_with(b"application/json"));
        match flaw {
            Flaw::ChecksNothing => return true,
            Flaw::SkipsAMissingSignature if first.is_none() => return true,
            Flaw::ChecksJsonAlone if !is_json => return true,
            _ => {}
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
            // HMAC pads its key with zeros.
            Flaw::TakesTheEmptySecret => {
                let empty = Signature::sign(&ShareSecret::new("\0").unwrap(), &signed).to_string();
                given == expected.as_bytes() || given == empty.as_bytes()
            }
            _ => given == expected.as_bytes(),
        }
    }

    fn refusal(&self, headers: &HeaderMap, body: &Bytes) -> Response {
        let tells = match self.0.flaw {
            Flaw::TellsTheExpectedSignature => true,
            Flaw::TellsTheSignatureOfACompactBody => body.starts_with(b"{\"timestamp\":\""),
            _ => false,
        };
        if tells {
            let expected = Signature::sign(&secret(), body).to_string();
            return (StatusCode::UNAUTHORIZED, format!("expected {expected}")).into_response();
        }
        match self.0.flaw {
            Flaw::Answers403ToAForgery => StatusCode::FORBIDDEN.into_response(),
            Flaw::Answers503ToAForgery | Flaw::TakesAForgeryAtItsRetry => {
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
            Flaw::BurnsAForgerysKey | Flaw::RefusesAForgerysKey => {
                let key = Received::new(headers, body).key;
                self.0.store.lock().unwrap().keys.extend(key);
                StatusCode::UNAUTHORIZED.into_response()
            }
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
                let both =
                    format!("{} {}", String::from_utf8_lossy(key), Received::new(headers, body).digest);
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

    /// What it knows an event by.
    fn id(&self, event: &Received, body: &Bytes) -> String {
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let of = |topic: &str, field: &str| {
            (json["topic"] == topic).then(|| format!("{topic} {}", json["data"][field]))
        };
        let other = match self.0.flaw {
            Flaw::KnowsByKeyAlone => event.key.clone(),
            Flaw::KnowsAMessageByItsId => of("pnp.status_updated", "pnp_message_id"),
            Flaw::KnowsAReceiptByItsNumber => of("receipt.receipt_validated", "number"),
            Flaw::KnowsAnOpenByItsNumber => of("message.first_open", "message_id"),
            _ => None,
        };
        other.unwrap_or_else(|| event.digest.clone())
    }

    async fn accept(&self, headers: &HeaderMap, body: &Bytes) -> Response {
        let (flaw, event) = (self.0.flaw, Received::new(headers, body));
        let id = self.id(&event, body);
        match flaw {
            Flaw::AcknowledgesBeforeItCommits => {
                self.0.late.lock().unwrap().push((id, event));
                return "OK".into_response();
            }
            Flaw::ChecksThenInserts => {
                if self.0.store.lock().unwrap().known.contains(&id) {
                    return "OK".into_response();
                }
                self.race(&id).await;
                if self.0.down.load(Ordering::SeqCst) {
                    return StatusCode::SERVICE_UNAVAILABLE.into_response();
                }
                self.0.store.lock().unwrap().known.insert(id);
                self.handle(&event);
                return "OK".into_response();
            }
            Flaw::BurnsAForgerysKey | Flaw::RefusesAForgerysKey
                if event.key.as_ref().is_some_and(|key| self.0.store.lock().unwrap().keys.contains(key)) =>
            {
                let burns = flaw == Flaw::BurnsAForgerysKey;
                return if burns { "OK".into_response() } else { StatusCode::CONFLICT.into_response() };
            }
            Flaw::StopsAtWhatItCannotHandle => {
                let json: Value = serde_json::from_slice(body).unwrap_or_default();
                let odd = !json.is_object() || json["topic"] == "coupon.redeemed";
                self.0.store.lock().unwrap().is_stuck |= odd;
            }
            _ => {}
        }
        let committed = self.commit(id, &event);
        if let (Some(_), Flaw::AnswersAKnownKeyUnverified, Some(key)) = (committed, flaw, &event.key) {
            self.0.store.lock().unwrap().keys.insert(key.clone());
        }
        match (committed, flaw) {
            (None, Flaw::Answers400WhenItsStoreIsDown) => StatusCode::BAD_REQUEST.into_response(),
            (None, _) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            (Some(false), Flaw::Answers409ToACopy) => StatusCode::CONFLICT.into_response(),
            (Some(false), Flaw::Answers202ToACopy) => StatusCode::ACCEPTED.into_response(),
            (Some(_), Flaw::AnswersAtLength) => "OK".repeat(100_000).into_response(),
            (Some(_), Flaw::Answers204) => StatusCode::NO_CONTENT.into_response(),
            (Some(_), Flaw::EchoesItsRequest) => format!("{headers:?}").into_response(),
            (Some(_), _) => "OK".into_response(),
        }
    }
}
