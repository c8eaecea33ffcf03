//! The `data` of each topic as the sender writes it (MAAC OpenAPI reference, Webhook; SurveyCake's webhook
//! reference): the fields in their documented order, money as Python floats, ids as in the samples. Fields may be
//! added, so each is made by [`samples`](crate::samples) and changed, or by one of the
//! [`producers`](crate::producers).

mod pnp;
mod survey;

use maac_webhook::event::Topic;
use serde::{Deserialize, Serialize};

/// The `data` of one of the six topics.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Payload {
    /// `receipt.receipt_validated`
    ReceiptValidated(ReceiptValidated),
    /// `form.surveycake_submitted`
    SurveyCakeSubmitted(SurveyCakeSubmitted),
    /// `pnp.status_updated`
    PnpStatusUpdated(PnpStatusUpdated),
    /// `pnp.profile_updated`
    PnpProfileUpdated(PnpProfileUpdated),
    /// `prize.points_added`
    PrizePointsAdded(PrizePointsAdded),
    /// `message.first_open`
    MessageFirstOpen(MessageFirstOpen),
}

impl Payload {
    /// The topic it is of.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::ReceiptValidated(_) => Topic::ReceiptValidated,
            Self::SurveyCakeSubmitted(_) => Topic::SurveyCakeSubmitted,
            Self::PnpStatusUpdated(_) => Topic::PnpStatusUpdated,
            Self::PnpProfileUpdated(_) => Topic::PnpProfileUpdated,
            Self::PrizePointsAdded(_) => Topic::PrizePointsAdded,
            Self::MessageFirstOpen(_) => Topic::MessageFirstOpen,
        }
    }
}

macro_rules! payload_of {
    ($($topic:ident),+) => {$(
        impl From<$topic> for Payload {
            fn from(data: $topic) -> Self {
                Self::$topic(data)
            }
        }
    )+};
}

payload_of!(
    ReceiptValidated,
    SurveyCakeSubmitted,
    PnpStatusUpdated,
    PnpProfileUpdated,
    PrizePointsAdded,
    MessageFirstOpen
);

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the fields are the wire's, as the contract names them")]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)+
        }
    )+};
}

payloads! {
    /// The `data` of `receipt.receipt_validated`.
    ReceiptValidated {
        line_uid: String,
        customer_id: Option<String>,
        campaign_name: Option<String>,
        number: String,
        datetime: String,
        upload_datetime: String,
        random_number: String,
        channel: String,
        items: Vec<ReceiptItem>,
    }

    /// A matching item of a receipt.
    ReceiptItem {
        description: String,
        unit_price: f64,
        quantity: f64,
        amount: f64,
    }

    /// The `data` of `form.surveycake_submitted`.
    SurveyCakeSubmitted {
        line_uid: String,
        customer_id: Option<String>,
        survey_name: Option<String>,
        answer_hash: Option<String>,
        answer: SurveyAnswer,
    }

    /// One answer to a survey.
    SurveyAnswer {
        id: u64,
        svid: String,
        title: String,
        status: String,
        #[serde(rename = "submitTime")]
        submit_time: String,
        mbunq: Option<String>,
        mbrid: Option<String>,
        meta: Members<serde_json::Value>,
        alias: Members<Vec<String>>,
        result: Vec<Question>,
    }

    /// A question and what was answered to it.
    Question {
        subject: String,
        #[serde(rename = "type")]
        question_type: String,
        sn: u64,
        label: String,
        alias: String,
        answer: Vec<String>,
        #[serde(rename = "otherAnswer")]
        other_answer: Vec<String>,
        #[serde(rename = "answerLabel")]
        answer_label: Vec<String>,
        #[serde(rename = "answerAlias")]
        answer_alias: Vec<String>,
    }

    /// The `data` of `pnp.status_updated`.
    #[derive(Deserialize)]
    PnpStatusUpdated {
        pnp_setting_id: u64,
        pnp_setting_name: String,
        pnp_message_id: u64,
        event_id: Option<u64>,
        customized_id: Option<String>,
        phone_number: String,
        status: String,
        line_push_template_id: Option<u64>,
        line_push_status: Option<String>,
        line_push_delivered_at: Option<String>,
        line_push_error_category: Option<String>,
        pnp_status: Option<String>,
        sms_status: Option<String>,
        pnp_delivered_at: Option<String>,
        sms_delivered_at: Option<String>,
        sms_error_category: Option<String>,
    }

    /// The `data` of `pnp.profile_updated`.
    PnpProfileUpdated {
        pnp_setting_id: u64,
        pnp_setting_name: String,
        phone_number: String,
        source: String,
        line_uid: String,
        customer_id: Option<String>,
    }

    /// The `data` of `prize.points_added`.
    PrizePointsAdded {
        prize_name: String,
        points_id: String,
        points_category: Option<String>,
        line_uid: String,
        customer_id: Option<String>,
        points_memo: String,
        points_count: u64,
        points_expire_date: Option<String>,
    }

    /// The `data` of `message.first_open`.
    MessageFirstOpen {
        message_type: String,
        message_id: u64,
        line_uid: String,
        customer_id: Option<String>,
    }
}

/// A JSON object whose members keep their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members<T>(Vec<(String, T)>);

impl<T> Members<T> {
    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find_map(|(own, value)| (own == name).then_some(value))
    }

    /// Sets the member of this name in its place, or adds it as the last one.
    pub fn set(&mut self, name: impl Into<String>, value: T) {
        let name = name.into();
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Every member, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<T> FromIterator<(String, T)> for Members<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl<T: Serialize> Serialize for Members<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
