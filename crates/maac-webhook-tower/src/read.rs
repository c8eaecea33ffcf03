use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use maac_webhook::{
    Delivery, PeerAddr, Rejection, RejectionKind, RequestHead, Verification, Verifier, headers,
};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

pin_project! {
    /// Reads a request's body and verifies it: within the endpoint's limit and time-out.
    ///
    /// What [`Verify`](crate::Verify) does before it calls its inner service, for adapters that have no
    /// inner service to call.
    pub struct ReadAndVerify<B> {
        #[pin]
        body: B,
        verification: Option<Verification>,
        // None where the time-out is longer than a clock can tell.
        deadline: Option<Instant>,
        // Most bodies are there already: a timer is made for those that are not.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<B: Body> ReadAndVerify<B> {
    /// Begins, with what can be known before the body is read.
    ///
    /// # Errors
    ///
    /// As [`Verifier::begin`].
    pub fn begin(verifier: &Verifier, parts: &Parts, body: B) -> Result<Self, Rejection> {
        let head = request_head(parts).with_content_length(Some(body.size_hint().lower()));
        let verification = verifier.begin(head)?;
        let deadline = Instant::now().checked_add(verifier.endpoint().body_timeout());
        Ok(Self { body, verification: Some(verification), deadline, timer: None })
    }
}

impl<B> Future for ReadAndVerify<B>
where
    B: Body,
    B::Error: fmt::Display,
{
    type Output = Result<Delivery, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let Some(verification) = this.verification.as_mut() else {
                // Polled again after it was ready, which a future need not answer.
                return Poll::Pending;
            };
            let frame = match this.body.as_mut().poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let Some(deadline) = *this.deadline else { return Poll::Pending };
                    let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                    ready!(timer.as_mut().poll(cx));
                    return Poll::Ready(Err(RejectionKind::BodyTimeout.into()));
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let chunk = data.copy_to_bytes(data.remaining());
                        if let Err(rejection) = verification.update(chunk) {
                            return Poll::Ready(Err(rejection));
                        }
                    }
                    // A body whose next piece is always there must not outlive its time-out either.
                    if this.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                        return Poll::Ready(Err(RejectionKind::BodyTimeout.into()));
                    }
                }
                Some(Err(error)) => {
                    let kind = RejectionKind::BodyIncomplete;
                    return Poll::Ready(Err(Rejection::with_detail(kind, error.to_string())));
                }
                None => {
                    let finished = this.verification.take().map(Verification::finish);
                    return finished.map_or(Poll::Pending, Poll::Ready);
                }
            }
        }
    }
}

impl<B> fmt::Debug for ReadAndVerify<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAndVerify").field("verification", &self.verification).finish_non_exhaustive()
    }
}

/// What of a request's head matters to verification, and whose it is where its extensions have a [`PeerAddr`].
pub fn request_head(parts: &Parts) -> RequestHead<'_> {
    let values = |name| parts.headers.get_all(name).iter().map(http::HeaderValue::as_bytes);
    RequestHead::new(values(headers::SIGNATURE), values(headers::IDEMPOTENCY_KEY))
        .with_peer(parts.extensions.get::<PeerAddr>().map(|peer| peer.ip()))
}

/// The answer to a rejected request: its status, an empty body, and the rejection in the extensions. It writes
/// the rejection's one log line. What the endpoint ignores is an empty 200 and no more.
pub fn rejection_response<B: Default>(rejection: Rejection) -> Response<B> {
    rejection.log();
    let mut response = Response::new(B::default());
    *response.status_mut() =
        StatusCode::from_u16(rejection.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    if !rejection.is_ignored() {
        response.extensions_mut().insert(rejection);
    }
    response
}
