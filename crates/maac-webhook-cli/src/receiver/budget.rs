//! How many bytes of bodies are held at once, whoever sent them.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many bytes, shared by its clones.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<Semaphore>);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// These bytes until what this gives is dropped; `None` where they are not left.
    pub(super) fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        self.0.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }
}

/// Takes a body from the budget as it is read, until its request is answered.
pub(super) async fn hold(State(budget): State<Budget>, request: Request, next: Next) -> Response {
    // A body that was read to its end is gone, and its bytes are not.
    let until_answered = Arc::new(Mutex::new(None));
    let held = until_answered.clone();
    let response = next.run(request.map(|body| Body::new(Held { body, budget, held }))).await;
    drop(until_answered);
    response
}

struct Held {
    body: Body,
    budget: Budget,
    held: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Held {
    fn take(&self, bytes: usize) -> Result<(), BoxError> {
        let more = self.budget.take(bytes).ok_or("too many bodies are being read at once")?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.as_mut() {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        Ok(())
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?;
        let bytes = frame.as_ref().and_then(Frame::data_ref).map_or(0, Bytes::len);
        self.take(bytes)?;
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::to_bytes, http::StatusCode, middleware::from_fn_with_state, routing::post};
    use tower_service::Service;

    use super::*;

    async fn status(app: &mut Router, body: &str) -> StatusCode {
        let request = Request::post("/").body(Body::from(body.to_owned())).unwrap();
        app.call(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn what_the_budget_has_no_room_for_fails_to_be_read_and_is_given_back() {
        let budget = Budget::new(10);
        let left = budget.clone();
        let read = async move |body: Body| match to_bytes(body, usize::MAX).await {
            Ok(bytes) if left.0.available_permits() == 10 - bytes.len() => StatusCode::OK,
            Ok(_) => StatusCode::IM_A_TEAPOT,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let held = from_fn_with_state(budget.clone(), hold);
        let mut app = Router::new().route("/", post(read)).layer(held);
        for _ in 0..3 {
            assert_eq!(status(&mut app, "0123456789").await, StatusCode::OK);
            assert_eq!(status(&mut app, "0123456789a").await, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(budget.0.available_permits(), 10);
        }
    }
}
