use super::{
    Event, MessageFirstOpen, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptValidated,
    SurveyCakeSubmitted,
};

text_enum! {
    /// What an event is about (MAAC OpenAPI, Webhook). The list has grown four times since 2021.
    pub enum Topic {
        /// Receipt Validated; sold as webhook zone 1.
        ReceiptValidated = "receipt.receipt_validated",
        /// SurveyCake Submitted; zone 1.
        SurveyCakeSubmitted = "form.surveycake_submitted",
        /// LINE Notification Message Status Updated (SMS+); zone 1.
        PnpStatusUpdated = "pnp.status_updated",
        /// LINE Notification Message Profile Updated (SMS+); zone 1.
        PnpProfileUpdated = "pnp.profile_updated",
        /// Prize Points Added; zone 1.
        PrizePointsAdded = "prize.points_added",
        /// Message First Open; zone 2.
        MessageFirstOpen = "message.first_open",
    }
}

/// The event of one topic. Sealed: the topics are MAAC's.
pub trait TopicEvent: sealed::Sealed + Sized {
    /// The topic.
    const TOPIC: Topic;

    /// Takes the event of this topic out of an [`Event`].
    ///
    /// # Errors
    ///
    /// Another event, given back.
    fn from_event(event: Event) -> Result<Self, Box<Event>>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! topic_events {
    ($($name:ident),+) => {$(
        impl sealed::Sealed for $name {}

        impl TopicEvent for $name {
            const TOPIC: Topic = Topic::$name;

            fn from_event(event: Event) -> Result<Self, Box<Event>> {
                match event {
                    Event::$name(event) => Ok(event),
                    other => Err(Box::new(other)),
                }
            }
        }
    )+};
}

topic_events!(
    ReceiptValidated,
    SurveyCakeSubmitted,
    PnpStatusUpdated,
    PnpProfileUpdated,
    PrizePointsAdded,
    MessageFirstOpen
);
