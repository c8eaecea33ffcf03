//! Ids: text newtypes that also read numbers, since documentation and samples differ on which they are.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// Text, whether it was sent as a text or as a number.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// An id of this text.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::lenient::text(deserializer).map(Self)
            }
        }
    )+};
}

ids! {
    /// A friend's LINE user id: 33 characters, `U` and 32 lower-case hexadecimal ones. Not checked.
    LineUid;
    /// The brand's own id of a customer, once a friend is bound to one.
    CustomerId;
    /// The id of an OpenAPI event (`POST /event/`), given when a message is pushed.
    EventId;
    /// The id of a broadcast. Broadcast 999 and event 999 are different things.
    BroadcastId;
    /// The id of an SMS+ template.
    PnpSettingId;
    /// The id of one SMS+ message: what `POST /pnp/message/push/` answers as `id`.
    PnpMessageId;
    /// The id of the LINE push template that an SMS+ message tried first.
    LinePushTemplateId;
    /// The id of a grant of points, a UUID: grant points once per `PointsId`.
    PointsId;
    /// SurveyCake's id of a survey, its `svid`.
    SurveyId;
    /// SurveyCake's id of one answer to a survey.
    AnswerId;
    /// SurveyCake's serial number of a question, its `sn`: it stays when the survey is edited.
    QuestionNumber;
}
