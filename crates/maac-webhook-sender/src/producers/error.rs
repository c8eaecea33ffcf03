use std::fmt;

use jiff::Timestamp;
use maac_webhook::event::{MessageStatus, QuestionType};

use super::Field;
use crate::wire_time_in_seconds;

error_of_kind! {
    /// What a producer refuses, and why. Its text is for whoever uses the console.
    ProducerError, ProducerErrorKind
}

/// What a producer refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProducerErrorKind {
    /// A field is not filled in.
    #[non_exhaustive]
    Missing {
        /// The field.
        field: Field,
    },
    /// A LINE user id is not of the documented form.
    InvalidLineUid,

    /// A receipt's number is not an invoice's.
    InvalidInvoiceNumber,
    /// A receipt's random number is not four digits.
    InvalidRandomNumber,
    /// A purchase was made after its receipt is uploaded.
    PurchaseInFuture,
    /// A receipt has no items.
    NoItem,
    /// An item has no description, or a number that is no amount.
    #[non_exhaustive]
    InvalidItem {
        /// Which one, from 1 on.
        item: usize,
    },

    /// The amount that a campaign asks for is none.
    #[non_exhaustive]
    InvalidMinimumAmount {
        /// The campaign's name.
        campaign: String,
    },

    /// A survey has no questions.
    NoQuestion,
    /// Two questions have one serial number.
    #[non_exhaustive]
    RepeatedQuestion {
        /// The question's serial number.
        sn: u64,
    },
    /// Two questions have one alias.
    #[non_exhaustive]
    RepeatedAlias {
        /// The alias.
        alias: String,
    },
    /// A question is of a type that is not documented.
    #[non_exhaustive]
    UnknownQuestionType {
        /// The question's serial number.
        sn: u64,
        /// The type.
        question_type: QuestionType,
    },
    /// A question has nothing to choose from.
    #[non_exhaustive]
    NoChoice {
        /// The question's serial number.
        sn: u64,
    },
    /// A choice has no text, or another one has it too.
    #[non_exhaustive]
    IndistinctChoices {
        /// The question's serial number.
        sn: u64,
    },
    /// There is no friend of this LINE user id among those that are remembered.
    NoSuchFriend {
        /// The LINE user id.
        line_uid: String,
    },
    /// There is no campaign of this name.
    NoSuchCampaign {
        /// The name.
        name: String,
    },
    /// There is no survey of this id.
    NoSuchSurvey {
        /// The survey's `svid`.
        svid: String,
    },
    /// An answer is to a question that the survey has not.
    #[non_exhaustive]
    NoSuchQuestion {
        /// The question's serial number.
        sn: u64,
    },
    /// A question is among the answers twice.
    #[non_exhaustive]
    AnsweredTwice {
        /// The question's serial number.
        sn: u64,
    },
    /// A question that must be answered is not.
    #[non_exhaustive]
    NotAnswered {
        /// The question's serial number.
        sn: u64,
    },
    /// An answer is to what is no question.
    #[non_exhaustive]
    TakesNoAnswer {
        /// The question's serial number.
        sn: u64,
    },
    /// A question has several answers and takes one.
    #[non_exhaustive]
    OneAnswerOnly {
        /// The question's serial number.
        sn: u64,
    },
    /// An answer is none of the choices.
    #[non_exhaustive]
    NotAChoice {
        /// The question's serial number.
        sn: u64,
    },
    /// A question has one answer twice.
    #[non_exhaustive]
    ChosenTwice {
        /// The question's serial number.
        sn: u64,
    },
    /// Items that are to be sorted are not all there.
    #[non_exhaustive]
    NotAllSorted {
        /// The question's serial number.
        sn: u64,
    },
    /// An answer is not a number.
    #[non_exhaustive]
    NotANumber {
        /// The question's serial number.
        sn: u64,
    },
    /// An answer is not a date.
    #[non_exhaustive]
    NotADate {
        /// The question's serial number.
        sn: u64,
    },
    /// A text stands beside an answer that takes none.
    #[non_exhaustive]
    NoTextBeside {
        /// The question's serial number.
        sn: u64,
    },

    /// A phone number is neither in E.164 form nor hashed.
    InvalidPhoneNumber,
    /// A hashed phone number is pushed to by a template with SMS.
    HashedPhoneNumberWithSms,
    /// A hashed phone number is said to have been found out by an SMS.
    HashedPhoneNumberBySms,
    /// A profile's source is not documented.
    UnknownProfileSource,
    /// There is no SMS+ template of this id.
    NoSuchPnpSetting {
        /// The id.
        id: u64,
    },
    /// A template cannot be removed while messages of it are on their way.
    #[non_exhaustive]
    PnpSettingInUse {
        /// The template's id.
        id: u64,
        /// How many messages are on their way.
        messages: usize,
    },
    /// There is no SMS+ message of this id, or it was forgotten.
    NoSuchPnpMessage {
        /// The id.
        id: u64,
    },
    /// An SMS+ multicast is to try a LINE push.
    NoLinePushInMulticast,
    /// There are not enough points for a message.
    PointsInsufficient,
    /// A status does not follow the one before.
    #[non_exhaustive]
    StatusNotNext {
        /// The status it has.
        from: MessageStatus,
        /// The status it was to have.
        to: MessageStatus,
        /// The statuses that it may have.
        next: &'static [MessageStatus],
    },
    /// A report is of a time before the last one.
    #[non_exhaustive]
    ReportedBefore {
        /// The last report's time.
        at: Timestamp,
    },
    /// An error category is given with a status that has none of that channel.
    #[non_exhaustive]
    NoErrorCategory {
        /// The status.
        status: MessageStatus,
    },
    /// An error category is not documented.
    UnknownErrorCategory,

    /// A grant is of no points.
    NoPoints,
    /// The points of a grant have expired.
    PointsExpired,

    /// There are as many OpenAPI events as there may be.
    #[non_exhaustive]
    TooManyEvents {
        /// How many there may be.
        limit: usize,
    },
    /// There is no OpenAPI event of this id.
    #[non_exhaustive]
    NoSuchEvent {
        /// The id.
        id: u64,
    },
    /// There is no message of this id, or it was forgotten.
    #[non_exhaustive]
    NoSuchMessage {
        /// The id.
        id: u64,
    },
    /// There is no broadcast of this id, or it was forgotten.
    #[non_exhaustive]
    NoSuchBroadcast {
        /// The id.
        id: u64,
    },
    /// A message is for nobody.
    NoRecipient,
    /// A message is for more than its call takes.
    #[non_exhaustive]
    TooManyRecipients {
        /// How many there may be.
        limit: usize,
    },
    /// A message was not for this friend, or did not reach them.
    NotARecipient,
    /// A message is opened before it is sent.
    #[non_exhaustive]
    NotSentYet {
        /// When it is sent.
        sent_at: Timestamp,
    },
}

impl ProducerErrorKind {
    /// Its name, in snake case.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::InvalidLineUid => "invalid_line_uid",
            Self::InvalidInvoiceNumber => "invalid_invoice_number",
            Self::InvalidRandomNumber => "invalid_random_number",
            Self::PurchaseInFuture => "purchase_in_future",
            Self::NoItem => "no_item",
            Self::InvalidItem { .. } => "invalid_item",
            Self::InvalidMinimumAmount { .. } => "invalid_minimum_amount",
            Self::NoQuestion => "no_question",
            Self::RepeatedQuestion { .. } => "repeated_question",
            Self::RepeatedAlias { .. } => "repeated_alias",
            Self::UnknownQuestionType { .. } => "unknown_question_type",
            Self::NoChoice { .. } => "no_choice",
            Self::IndistinctChoices { .. } => "indistinct_choices",
            Self::NoSuchFriend { .. } => "no_such_friend",
            Self::NoSuchCampaign { .. } => "no_such_campaign",
            Self::NoSuchSurvey { .. } => "no_such_survey",
            Self::NoSuchQuestion { .. } => "no_such_question",
            Self::AnsweredTwice { .. } => "answered_twice",
            Self::NotAnswered { .. } => "not_answered",
            Self::TakesNoAnswer { .. } => "takes_no_answer",
            Self::OneAnswerOnly { .. } => "one_answer_only",
            Self::NotAChoice { .. } => "not_a_choice",
            Self::ChosenTwice { .. } => "chosen_twice",
            Self::NotAllSorted { .. } => "not_all_sorted",
            Self::NotANumber { .. } => "not_a_number",
            Self::NotADate { .. } => "not_a_date",
            Self::NoTextBeside { .. } => "no_text_beside",
            Self::InvalidPhoneNumber => "invalid_phone_number",
            Self::HashedPhoneNumberWithSms => "hashed_phone_number_with_sms",
            Self::HashedPhoneNumberBySms => "hashed_phone_number_by_sms",
            Self::UnknownProfileSource => "unknown_profile_source",
            Self::NoSuchPnpSetting { .. } => "no_such_pnp_setting",
            Self::PnpSettingInUse { .. } => "pnp_setting_in_use",
            Self::NoSuchPnpMessage { .. } => "no_such_pnp_message",
            Self::NoLinePushInMulticast => "no_line_push_in_multicast",
            Self::PointsInsufficient => "points_insufficient",
            Self::StatusNotNext { .. } => "status_not_next",
            Self::ReportedBefore { .. } => "reported_before",
            Self::NoErrorCategory { .. } => "no_error_category",
            Self::UnknownErrorCategory => "unknown_error_category",
            Self::NoPoints => "no_points",
            Self::PointsExpired => "points_expired",
            Self::TooManyEvents { .. } => "too_many_events",
            Self::NoSuchEvent { .. } => "no_such_event",
            Self::NoSuchMessage { .. } => "no_such_message",
            Self::NoSuchBroadcast { .. } => "no_such_broadcast",
            Self::NoRecipient => "no_recipient",
            Self::TooManyRecipients { .. } => "too_many_recipients",
            Self::NotARecipient => "not_a_recipient",
            Self::NotSentYet { .. } => "not_sent_yet",
        }
    }
}

impl fmt::Display for ProducerErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => write!(f, "Enter {field}."),
            Self::InvalidLineUid => {
                f.write_str("A LINE user id is U and 32 characters of 0 to 9 and a to f.")
            }
            Self::InvalidInvoiceNumber => {
                f.write_str("An invoice number is two capital letters and eight digits.")
            }
            Self::InvalidRandomNumber => f.write_str("An invoice's random number is four digits."),
            Self::PurchaseInFuture => f.write_str("The purchase was made after the receipt is uploaded."),
            Self::NoItem => f.write_str("A receipt has at least one item."),
            Self::InvalidItem { item } => write!(
                f,
                "Item {item} needs a description, and a price, a quantity and an amount that are not negative."
            ),
            Self::InvalidMinimumAmount { campaign } => {
                write!(f, "The minimum amount of {campaign} must be a number that is not negative.")
            }
            Self::NoQuestion => f.write_str("A survey has at least one question."),
            Self::RepeatedQuestion { sn } => write!(f, "Two questions have the serial number {sn}."),
            Self::RepeatedAlias { alias } => write!(f, "Two questions have the alias {alias}."),
            Self::UnknownQuestionType { sn, question_type } => {
                write!(f, "Question {sn} is of the type {question_type}, which SurveyCake does not have.")
            }
            Self::NoChoice { sn } => write!(f, "Question {sn} needs something to choose from."),
            Self::IndistinctChoices { sn } => {
                write!(f, "Each choice of question {sn} needs a text of its own.")
            }
            Self::NoSuchFriend { line_uid } => write!(f, "There is no friend {line_uid}."),
            Self::NoSuchCampaign { name } => write!(f, "There is no campaign {name}."),
            Self::NoSuchSurvey { svid } => write!(f, "There is no survey {svid}."),
            Self::NoSuchQuestion { sn } => write!(f, "The survey has no question {sn}."),
            Self::AnsweredTwice { sn } => write!(f, "Question {sn} is answered twice."),
            Self::NotAnswered { sn } => write!(f, "Question {sn} must be answered."),
            Self::TakesNoAnswer { sn } => write!(f, "Question {sn} takes no answer."),
            Self::OneAnswerOnly { sn } => write!(f, "Question {sn} takes one answer only."),
            Self::NotAChoice { sn } => write!(f, "The answer to question {sn} is not among its choices."),
            Self::ChosenTwice { sn } => write!(f, "Question {sn} has the same answer twice."),
            Self::NotAllSorted { sn } => write!(f, "Question {sn} asks for all of its items, in an order."),
            Self::NotANumber { sn } => write!(f, "The answer to question {sn} is not a number."),
            Self::NotADate { sn } => write!(f, "The answer to question {sn} is not a date as 1992-07-14."),
            Self::NoTextBeside { sn } => write!(f, "Nothing can be written beside this answer to question {sn}."),
            Self::InvalidPhoneNumber => f.write_str(
                "A phone number is in E.164 form, as +886912345678, or the SHA-256 of it in 64 hexadecimal characters.",
            ),
            Self::HashedPhoneNumberWithSms => {
                f.write_str("A hashed phone number is accepted only by a template with SMS switched off.")
            }
            Self::HashedPhoneNumberBySms => f.write_str("No SMS is sent to a hashed phone number."),
            Self::UnknownProfileSource => f.write_str("The source is pnp or sms."),
            Self::NoSuchPnpSetting { id } => write!(f, "There is no SMS+ template {id}."),
            Self::PnpSettingInUse { id, messages } => write!(
                f,
                "The SMS+ template {id} cannot be deleted while messages of it are on their way: {messages}. Report how they end first."
            ),
            Self::NoSuchPnpMessage { id } => write!(f, "There is no SMS+ message {id}."),
            Self::NoLinePushInMulticast => f.write_str("An SMS+ multicast has no LINE push."),
            Self::PointsInsufficient => f.write_str("There are not enough points for the message."),
            Self::StatusNotNext { from, to, next: [] } => {
                write!(f, "A message does not become {to} after {from}, which is its end.")
            }
            Self::StatusNotNext { from, to, next } => {
                write!(f, "A message does not become {to} after {from}. It may become ")?;
                for (index, status) in next.iter().enumerate() {
                    write!(f, "{}{status}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(".")
            }
            Self::ReportedBefore { at } => write!(f, "The message had its last status at {}, which is later.", wire_time_in_seconds(*at)),
            Self::NoErrorCategory { status } => write!(f, "{status} has no error category of this channel."),
            Self::UnknownErrorCategory => f.write_str("There is no such error category."),
            Self::NoPoints => f.write_str("A grant is of at least one point."),
            Self::PointsExpired => f.write_str("The points have expired already."),
            Self::TooManyEvents { limit } => {
                write!(f, "The number of events has reached the limit of {limit}.")
            }
            Self::NoSuchEvent { id } => write!(f, "There is no event {id}."),
            Self::NoSuchMessage { id } => write!(f, "There is no message {id}."),
            Self::NoSuchBroadcast { id } => write!(f, "There is no broadcast {id}."),
            Self::NoRecipient => f.write_str("The message has no recipient."),
            Self::TooManyRecipients { limit } => write!(f, "A message takes {limit} recipients at most."),
            Self::NotARecipient => f.write_str("The message did not reach this friend."),
            Self::NotSentYet { sent_at } => write!(f, "The message is sent at {}.", wire_time_in_seconds(*sent_at)),
        }
    }
}
