//! One handler per topic: [`TopicRouter`].

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{
    Delivery, Event, OfTopic, Rejection, RejectionKind, error_with_causes, event::Topic, from_delivery,
};

/// Hands each delivery to the handler of its topic.
///
/// | a delivery | goes to | without one |
/// | --- | --- | --- |
/// | of a topic that has a handler | [`on`](Self::on) | – |
/// | of any other topic, documented or not | [`fallback`](Self::fallback) | [`UnexpectedTopic`](RejectionKind::UnexpectedTopic) |
/// | that cannot be read as what its topic's handler takes, or names no topic at all | [`unreadable`](Self::unreadable) | [`UnreadablePayload`](RejectionKind::UnreadablePayload) |
///
/// A handler is any `async` function or closure that returns a `Result<(), E>`; its error is a
/// [`HandlerFailed`](RejectionKind::HandlerFailed), whose log line has the error's text and its causes', unless it is a [`Rejection`]
/// itself: leave out of it what must not be logged.
/// So whatever is not handled is answered 503 and logged as an ERROR: nothing is dropped that nobody named.
///
/// It needs no web framework: call [`dispatch`](Self::dispatch) from a handler of any, or use it as the
/// `tower::Service<Delivery>` that it is. Cheap to clone.
///
/// ```
/// use maac_webhook::{Delivery, Rejection, TopicRouter, event::{MessageFirstOpen, ReceiptValidated}};
///
/// let router = TopicRouter::new()
///     .on(async |receipt: ReceiptValidated| {
///         println!("upsert {}", receipt.natural_key());
///         Ok::<_, std::io::Error>(())
///     })
///     // With the delivery beside it.
///     .on(async |(open, delivery): (MessageFirstOpen, Delivery)| {
///         println!("{} opened {:?}, known to us since {}", open.line_uid, open.message, delivery.received_at());
///         Ok::<_, std::io::Error>(())
///     })
///     .fallback(async |delivery: Delivery| {
///         println!("kept for later: {} bytes", delivery.body().len());
///         Ok::<_, std::io::Error>(())
///     });
/// # let _: TopicRouter = router;
/// ```
///
/// A handler that needs something of its own takes a clone of it into each call, for it may be called many times at once:
///
/// ```
/// # #[derive(Clone)] struct Pool;
/// # impl Pool { async fn upsert(&self, _: &str) -> std::io::Result<()> { Ok(()) } }
/// use maac_webhook::{TopicRouter, event::PrizePointsAdded};
///
/// fn topics(pool: Pool) -> TopicRouter {
///     TopicRouter::new().on(move |points: PrizePointsAdded| {
///         let pool = pool.clone();
///         async move { pool.upsert(points.natural_key().as_str()).await }
///     })
/// }
/// # let _ = topics(Pool);
/// ```
#[derive(Clone, Default)]
pub struct TopicRouter {
    routes: Vec<(Topic, Route)>,
    fallback: Option<Arc<dyn EventHandler<Delivery>>>,
    unreadable: Option<Arc<dyn EventHandler<Delivery>>>,
}

/// Takes out of an event what a handler wants, and begins to handle it.
type Route = Arc<dyn Fn(Event, &Delivery) -> Result<HandlerFuture, Rejection> + Send + Sync>;

/// What a [`TopicRouter`] can call with a `T`: any function or closure of a `T` that returns a future of a
/// `Result<(), E>`, for any error `E`.
pub trait EventHandler<T>: Send + Sync + 'static {
    /// Handles it.
    fn handle(&self, event: T) -> HandlerFuture;
}

/// What becomes of an event in an [`EventHandler`].
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send>>;

impl<T, F, R, E> EventHandler<T> for F
where
    F: Fn(T) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn handle(&self, event: T) -> HandlerFuture {
        let handled = self(event);
        Box::pin(async { handled.await.map_err(Into::into) })
    }
}

impl TopicRouter {
    /// A router without a handler: every delivery is refused with 503.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the handler of `T`'s topic: one topic's struct, [`SurveyAnswers`](crate::event::SurveyAnswers), or either in a
    /// pair with a [`Delivery`].
    ///
    /// # Panics
    ///
    /// Where the topic has a handler already.
    #[must_use]
    #[track_caller]
    pub fn on<T: OfTopic + Send + 'static>(mut self, handler: impl EventHandler<T>) -> Self {
        let topic = T::TOPIC;
        assert!(self.route(&topic).is_none(), "{topic} has a handler already");
        let route = move |event, delivery: &_| Ok(handler.handle(T::from_event(event, delivery)?));
        self.routes.push((topic, Arc::new(route)));
        self
    }

    /// Sets the handler of deliveries of every other topic.
    #[must_use]
    pub fn fallback(mut self, handler: impl EventHandler<Delivery>) -> Self {
        self.fallback = Some(Arc::new(handler));
        self
    }

    /// Ignores deliveries of every other topic: a [`fallback`](Self::fallback) that does nothing.
    #[must_use]
    pub fn ignore_others(self) -> Self {
        self.fallback(async |_: Delivery| Ok::<_, Rejection>(()))
    }

    /// Sets the handler of deliveries that are of a topic with a handler and cannot be read as what it takes, or that name no
    /// topic at all. Their [`event`](Delivery::event) may say why.
    #[must_use]
    pub fn unreadable(mut self, handler: impl EventHandler<Delivery>) -> Self {
        self.unreadable = Some(Arc::new(handler));
        self
    }

    /// Hands a delivery to its handler.
    ///
    /// # Errors
    ///
    /// A delivery that nobody handles; a handler that failed.
    pub async fn dispatch(&self, delivery: Delivery) -> Result<(), Rejection> {
        let of = delivery.clone();
        self.handled(delivery).await.map_err(|rejection| rejection.of(&of))
    }

    async fn handled(&self, delivery: Delivery) -> Result<(), Rejection> {
        let event = delivery.event();
        let begun = match event.topic() {
            None => Err(from_delivery::unreadable(&event)),
            Some(topic) => match (self.route(&topic), &self.fallback) {
                (Some(route), _) => route(event, &delivery),
                (None, Some(fallback)) => Ok(fallback.handle(delivery.clone())),
                (None, None) => {
                    let detail = format!("{} has no handler", topic.as_str().escape_debug());
                    Err(Rejection::with_detail(RejectionKind::UnexpectedTopic, detail))
                }
            },
        };
        let handled = match (begun, &self.unreadable) {
            (Err(rejection), Some(handler)) if rejection.kind() == RejectionKind::UnreadablePayload => {
                handler.handle(delivery)
            }
            (begun, _) => begun?,
        };
        handled.await.map_err(failed)
    }

    fn route(&self, topic: &Topic) -> Option<&Route> {
        self.routes.iter().find(|(of, _)| of == topic).map(|(_, route)| route)
    }
}

/// What a handler's error is answered: itself, where it is a rejection.
fn failed(error: Box<dyn Error + Send + Sync>) -> Rejection {
    match error.downcast::<Rejection>() {
        Ok(rejection) => *rejection,
        Err(error) => Rejection::with_detail(RejectionKind::HandlerFailed, error_with_causes(&*error)),
    }
}

/// Always ready: a limit on how many are handled at once is a layer's.
impl Service<Delivery> for TopicRouter {
    type Response = ();
    type Error = Rejection;
    type Future = Pin<Box<dyn Future<Output = Result<(), Rejection>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, delivery: Delivery) -> Self::Future {
        let router = self.clone();
        Box::pin(async move { router.dispatch(delivery).await })
    }
}

impl fmt::Debug for TopicRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics: Vec<_> = self.routes.iter().map(|(topic, _)| topic.as_str()).collect();
        f.debug_struct("TopicRouter")
            .field("topics", &topics)
            .field("fallback", &self.fallback.is_some())
            .field("unreadable", &self.unreadable.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests;
