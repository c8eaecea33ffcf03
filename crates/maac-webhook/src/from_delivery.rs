use serde::de::DeserializeOwned;

use crate::{
    Delivery, Event, Rejection, RejectionKind,
    event::{SurveyAnswers, SurveyCakeSubmitted, Topic, TopicEvent},
};

/// What a handler can take out of a verified [`Delivery`].
///
/// | type | takes | otherwise |
/// | --- | --- | --- |
/// | [`Delivery`] | any | – |
/// | [`Event`] | any: what cannot be read is [`Event::Unknown`] | – |
/// | one topic's struct | that topic | [`UnexpectedTopic`](RejectionKind::UnexpectedTopic) or [`UnreadablePayload`](RejectionKind::UnreadablePayload) |
/// | [`SurveyAnswers<T>`] | a survey whose aliases read as `T` | the same |
/// | `Option<T>` | `T`, or another topic as `None` | `UnreadablePayload` |
/// | `(A, B)` | both | whichever fails first |
#[diagnostic::on_unimplemented(
    message = "a verified delivery cannot be taken as `{Self}`",
    note = "for a form of your own take `SurveyAnswers<{Self}>`, for any topic `Event`, for the raw bytes `Delivery`"
)]
pub trait FromDelivery: Sized {
    /// Takes it out.
    ///
    /// # Errors
    ///
    /// Another topic than this type's, or a payload that cannot be read as it.
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection>;
}

impl FromDelivery for Delivery {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Ok(delivery.clone())
    }
}

impl FromDelivery for Event {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Ok(delivery.event())
    }
}

/// What is of one topic, and so can have a handler of its own in a [`TopicRouter`](crate::TopicRouter): one topic's
/// struct, [`SurveyAnswers<T>`], or a pair whose first is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not of one topic",
    note = "for a form of your own take `SurveyAnswers<{Self}>`; for other topics set a fallback, which takes a `Delivery`"
)]
pub trait OfTopic: FromDelivery {
    /// Its topic.
    const TOPIC: Topic;

    /// Takes it out of a delivery's event, which has been read already.
    ///
    /// # Errors
    ///
    /// As [`from_delivery`](FromDelivery::from_delivery).
    fn from_event(event: Event, delivery: &Delivery) -> Result<Self, Rejection>;
}

impl<T: TopicEvent> FromDelivery for T {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        <Self as OfTopic>::from_event(delivery.event(), delivery)
    }
}

impl<T: TopicEvent> OfTopic for T {
    const TOPIC: Topic = <T as TopicEvent>::TOPIC;

    fn from_event(event: Event, _: &Delivery) -> Result<Self, Rejection> {
        <T as TopicEvent>::from_event(event)
            .map_err(|other| unexpected(<T as TopicEvent>::TOPIC.as_str(), &other))
    }
}

fn unexpected(expected: &str, event: &Event) -> Rejection {
    match event.topic() {
        Some(topic) if topic.as_str() != expected => {
            let detail = format!("{} where {expected} is expected", topic.as_str().escape_debug());
            Rejection::with_detail(RejectionKind::UnexpectedTopic, detail)
        }
        // Without a topic it may well be ours: nothing may be ignored for being unreadable.
        Some(_) | None => unreadable(event),
    }
}

pub(crate) fn unreadable(event: &Event) -> Rejection {
    match event {
        Event::Unknown(unknown) => Rejection::with_detail(RejectionKind::UnreadablePayload, unknown.error()),
        _ => RejectionKind::UnreadablePayload.into(),
    }
}

impl<T: DeserializeOwned> FromDelivery for SurveyAnswers<T> {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Self::from_event(delivery.event(), delivery)
    }
}

impl<T: DeserializeOwned> OfTopic for SurveyAnswers<T> {
    const TOPIC: Topic = Topic::SurveyCakeSubmitted;

    fn from_event(event: Event, delivery: &Delivery) -> Result<Self, Rejection> {
        let survey = <SurveyCakeSubmitted as OfTopic>::from_event(event, delivery)?;
        let unreadable = |error| Rejection::with_detail(RejectionKind::UnreadablePayload, error);
        let answers = survey.answers().map_err(unreadable)?;
        Ok(Self { answers, survey })
    }
}

impl<T: FromDelivery> FromDelivery for Option<T> {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        match T::from_delivery(delivery) {
            Ok(taken) => Ok(Some(taken)),
            Err(rejection) if rejection.kind() == RejectionKind::UnexpectedTopic => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

impl<A: FromDelivery, B: FromDelivery> FromDelivery for (A, B) {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        Ok((A::from_delivery(delivery)?, B::from_delivery(delivery)?))
    }
}

impl<A: OfTopic, B: FromDelivery> OfTopic for (A, B) {
    const TOPIC: Topic = A::TOPIC;

    fn from_event(event: Event, delivery: &Delivery) -> Result<Self, Rejection> {
        Ok((A::from_event(event, delivery)?, B::from_delivery(delivery)?))
    }
}
