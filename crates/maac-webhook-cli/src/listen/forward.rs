//! Posts events that are stored already to an upstream.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use maac_webhook::{Delivery, ShareSecrets};
use maac_webhook_inbox::{Backoff, Claimed, Inbox, Store, Worker};
use maac_webhook_sender::{
    ResponseRecord, Target, Transport, TransportError, TransportErrorKind, WebhookRequest,
    http::{HeaderName, HeaderValue, Request},
};
use tokio::time::timeout;
use tower_service::Service;

/// MAAC's own signature, for an upstream that knows the share secret too.
const ORIGINAL_SIGNATURE: HeaderName = HeaderName::from_static("maac-original-signature");

/// How much of an upstream's answer is read, and how much of that or of another error, in characters, an attempt's error
/// says.
pub(super) const RESPONSE_CAP: usize = 4096;
const SHOWN: usize = 200;

/// How long after a failed attempt the next one follows.
const AGAIN: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60 * 60));

/// How long an event is left to a forwarder that was not heard of: after a crash it is posted again.
const LEASE: Duration = Duration::from_secs(10);

/// Where events go, and for how long.
#[derive(Clone, Debug)]
pub(super) struct Forwarding {
    pub(super) to: Target,
    /// What events are signed with: the one in force at each attempt.
    pub(super) secrets: ShareSecrets,
    pub(super) attempt_timeout: Duration,
    /// How long after it was received an event is given up at its next failure.
    pub(super) give_up_after: Duration,
    pub(super) concurrency: usize,
    /// How long what is being posted may take once it is to stop.
    pub(super) grace: Duration,
}

/// Posts each event it is given once; whoever gives them tries again.
#[derive(Debug)]
pub(super) struct Forwarder<T> {
    transport: Arc<T>,
    forwarding: Arc<Forwarding>,
}

/// Why an upstream did not take an event.
#[derive(Debug)]
pub(super) enum NotTaken {
    Answered(ResponseRecord),
    NoAnswer(TransportError),
    NoSecret,
    Unsendable,
}

impl<T: Transport + Send + Sync + 'static> Forwarder<T> {
    pub(super) fn new(transport: T, forwarding: Forwarding) -> Self {
        Self { transport: Arc::new(transport), forwarding: Arc::new(forwarding) }
    }

    /// What forwards an inbox's events.
    pub(super) fn worker<S: Store>(&self, inbox: Inbox<S>) -> Worker<S, Self> {
        Worker::new(inbox, self.clone())
            .with_concurrency(self.forwarding.concurrency)
            .with_lease(LEASE)
            .with_backoff(AGAIN)
            .with_max_attempts(u32::MAX)
            .with_give_up_after(self.forwarding.give_up_after)
            // An attempt ends by itself, and says why.
            .with_attempt_timeout(Duration::MAX)
            .with_grace(self.forwarding.grace)
    }

    async fn forward(self, claimed: Claimed) -> Result<(), NotTaken> {
        let Forwarding { to, secrets, attempt_timeout, .. } = &*self.forwarding;
        let request = request(&claimed, secrets, to)?;
        let answered = match timeout(*attempt_timeout, self.transport.send(to, request)).await {
            Ok(answered) => answered.map_err(NotTaken::NoAnswer)?,
            Err(_) => {
                let message = format!("no answer within {} s", attempt_timeout.as_secs_f64());
                return Err(NotTaken::NoAnswer(TransportError::new(TransportErrorKind::Timeout, message)));
            }
        };
        if (200..300).contains(&answered.status) { Ok(()) } else { Err(NotTaken::Answered(answered)) }
    }
}

/// The event as MAAC sent it, signed anew, with the first signature beside.
fn request(claimed: &Claimed, secrets: &ShareSecrets, to: &Target) -> Result<Request<Bytes>, NotTaken> {
    let delivery = &claimed.delivery;
    let signature = secrets.sign(delivery.body()).ok_or(NotTaken::NoSecret)?;
    let request = WebhookRequest::presigned(signature, delivery.body().clone())
        .with_idempotency_key(&key(delivery, claimed.key_reused))
        .map_err(|_| NotTaken::Unsendable)?;
    let mut request = request.to_http(to);
    let original = delivery.signature().to_string();
    let mut original = HeaderValue::try_from(original).map_err(|_| NotTaken::Unsendable)?;
    original.set_sensitive(true);
    request.headers_mut().insert(ORIGINAL_SIGNATURE, original);
    Ok(request)
}

/// The event's key as it came. Without one, or with one that another event had before it, the event's identity: an upstream
/// that knows events by their keys would take it for the other.
fn key(delivery: &Delivery, reused: bool) -> String {
    match delivery.idempotency_key().filter(|_| !reused) {
        Some(key) => key.as_str().to_owned(),
        None => delivery.identity().to_string(),
    }
}

impl<T> Clone for Forwarder<T> {
    fn clone(&self) -> Self {
        Self { transport: self.transport.clone(), forwarding: self.forwarding.clone() }
    }
}

impl<T: Transport + Send + Sync + 'static> Service<Claimed> for Forwarder<T> {
    type Response = ();
    type Error = NotTaken;
    type Future = Pin<Box<dyn Future<Output = Result<(), NotTaken>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotTaken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, claimed: Claimed) -> Self::Future {
        Box::pin(self.clone().forward(claimed))
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(response) => {
                write!(f, "answered {}", response.status)?;
                if (300..400).contains(&response.status) {
                    f.write_str(", a redirect, which is not followed")?;
                }
                let text = String::from_utf8_lossy(response.body.as_bytes());
                if text.is_empty() { Ok(()) } else { write!(f, ": {}", shown(&text)) }
            }
            // What TLS says of a certificate quotes the names that are in it.
            Self::NoAnswer(error) => write!(f, "{}: {}", error.kind().as_str(), shown(error.message())),
            Self::NoSecret => f.write_str("there is no secret to sign with"),
            Self::Unsendable => f.write_str("no header carries the event's key or signature"),
        }
    }
}

/// What the upstream wrote goes to the log and the inbox: on one line, bounded, and nothing that steers a terminal.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect::<String>().escape_debug().to_string()
}

impl Error for NotTaken {}

#[cfg(test)]
mod tests;
