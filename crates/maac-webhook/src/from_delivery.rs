use serde::de::DeserializeOwned;

use crate::{
    Delivery, Event, Rejection, RejectionKind,
    event::{SurveyAnswers, SurveyCakeSubmitted, TopicEvent},
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

impl<T: TopicEvent> FromDelivery for T {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        T::from_event(delivery.event()).map_err(|other| rejection(T::TOPIC.as_str(), &other))
    }
}

fn rejection(expected: &str, event: &Event) -> Rejection {
    match event {
        // Without a topic it may well be ours: nothing may be ignored for being unreadable.
        Event::Unknown(unknown) if unknown.topic().is_none_or(|topic| topic == expected) => {
            Rejection::with_detail(RejectionKind::UnreadablePayload, unknown.error().to_string())
        }
        other => {
            let topic = other.topic();
            let topic = topic.as_ref().map_or("", |topic| topic.as_str());
            let detail = format!("{} where {expected} is expected", topic.escape_debug());
            Rejection::with_detail(RejectionKind::UnexpectedTopic, detail)
        }
    }
}

impl<T: DeserializeOwned> FromDelivery for SurveyAnswers<T> {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        let survey = SurveyCakeSubmitted::from_delivery(delivery)?;
        let answers = survey
            .answers()
            .map_err(|error| Rejection::with_detail(RejectionKind::UnreadablePayload, error.to_string()))?;
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
