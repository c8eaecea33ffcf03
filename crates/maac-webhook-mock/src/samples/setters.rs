use maac_webhook_sender::payload::{
    MessageFirstOpen, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptValidated,
    SurveyCakeSubmitted,
};

use super::Sample;

/// Setters of fields on which no other field depends.
macro_rules! setters {
    ($($payload:ident { $($(#[$doc:meta])* $field:ident: $kind:ident,)+ })+) => {$(
        impl Sample<$payload> {
            $(setters!(@one $(#[$doc])* $field $kind);)+
        }
    )+};
    (@one $(#[$doc:meta])* $field:ident text) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(self, $field: impl Into<String>) -> Self {
            self.with(|data| data.$field = $field.into())
        }
    };
    (@one $(#[$doc:meta])* $field:ident optional) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(self, $field: impl Into<String>) -> Self {
            self.with(|data| data.$field = Some($field.into()))
        }
    };
    (@one $(#[$doc:meta])* $field:ident number) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(self, $field: u64) -> Self {
            self.with(|data| data.$field = $field)
        }
    };
    (@one $(#[$doc:meta])* $field:ident optional_number) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(self, $field: u64) -> Self {
            self.with(|data| data.$field = Some($field))
        }
    };
}

setters! {
    ReceiptValidated {
        /// Sets the friend.
        line_uid: text,
        /// Sets the brand's own id of the friend.
        customer_id: optional,
        /// Sets the campaign's name.
        campaign_name: optional,
        /// Sets the invoice number.
        number: text,
        /// Sets the transaction's time, as RFC 3339.
        datetime: text,
        /// Sets the random number: four digits.
        random_number: text,
        /// Sets the shop.
        channel: text,
    }

    SurveyCakeSubmitted {
        /// Sets the friend.
        line_uid: text,
        /// Sets the brand's own id of the friend.
        customer_id: optional,
        /// Sets the survey's name in MAAC.
        survey_name: optional,
    }

    PnpStatusUpdated {
        /// Sets the message's id.
        pnp_message_id: number,
        /// Sets the `event_id` the message was pushed with.
        event_id: optional_number,
        /// Sets the brand's own id of the message.
        customized_id: optional,
    }

    PnpProfileUpdated {
        /// Sets the friend.
        line_uid: text,
        /// Sets the brand's own id of the friend.
        customer_id: optional,
        /// Sets the phone number, as E.164 or hashed. A hashed one comes from `pnp` alone.
        phone_number: text,
        /// Sets the source: `pnp` or `sms`.
        source: text,
    }

    PrizePointsAdded {
        /// Sets the prize's name.
        prize_name: text,
        /// Sets the grant's id.
        points_id: text,
        /// Sets the points' category.
        points_category: optional,
        /// Sets the friend.
        line_uid: text,
        /// Sets the brand's own id of the friend.
        customer_id: optional,
        /// Sets how many points.
        points_count: number,
        /// Sets when they expire, as RFC 3339.
        points_expire_date: optional,
    }

    MessageFirstOpen {
        /// Sets the friend.
        line_uid: text,
        /// Sets the brand's own id of the friend.
        customer_id: optional,
    }
}

impl Sample<MessageFirstOpen> {
    /// A message that was pushed through the OpenAPI with this `event_id`.
    #[must_use]
    pub fn openapi(self, event_id: u64) -> Self {
        self.of("openapi", event_id)
    }

    /// The broadcast of this id.
    #[must_use]
    pub fn broadcast(self, broadcast_id: u64) -> Self {
        self.of("broadcast", broadcast_id)
    }

    fn of(self, message_type: &str, message_id: u64) -> Self {
        self.with(|open| (open.message_type, open.message_id) = (message_type.to_owned(), message_id))
    }
}
