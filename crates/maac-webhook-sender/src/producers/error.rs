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
#[allow(missing_docs, reason = "the texts below say what each is")]
pub enum ProducerErrorKind {
    #[non_exhaustive]
    Missing {
        field: Field,
    },
    InvalidLineUid,

    InvalidInvoiceNumber,
    InvalidRandomNumber,
    PurchaseInFuture,
    NoItem,
    /// Items count from 1.
    #[non_exhaustive]
    InvalidItem {
        item: usize,
    },

    NoQuestion,
    #[non_exhaustive]
    RepeatedQuestion {
        sn: u64,
    },
    #[non_exhaustive]
    RepeatedAlias {
        alias: String,
    },
    #[non_exhaustive]
    UnknownQuestionType {
        sn: u64,
        question_type: QuestionType,
    },
    #[non_exhaustive]
    NoChoice {
        sn: u64,
    },
    #[non_exhaustive]
    IndistinctChoices {
        sn: u64,
    },
    #[non_exhaustive]
    NoSuchQuestion {
        sn: u64,
    },
    #[non_exhaustive]
    AnsweredTwice {
        sn: u64,
    },
    #[non_exhaustive]
    NotAnswered {
        sn: u64,
    },
    #[non_exhaustive]
    TakesNoAnswer {
        sn: u64,
    },
    #[non_exhaustive]
    OneAnswerOnly {
        sn: u64,
    },
    #[non_exhaustive]
    NotAChoice {
        sn: u64,
    },
    #[non_exhaustive]
    ChosenTwice {
        sn: u64,
    },
    #[non_exhaustive]
    NotAllSorted {
        sn: u64,
    },
    #[non_exhaustive]
    NotANumber {
        sn: u64,
    },
    #[non_exhaustive]
    NotADate {
        sn: u64,
    },
    #[non_exhaustive]
    NoTextBeside {
        sn: u64,
    },

    InvalidPhoneNumber,
    HashedPhoneNumberWithSms,
    HashedPhoneNumberBySms,
    UnknownProfileSource,
    #[non_exhaustive]
    NoSuchPnpSetting {
        id: u64,
    },
    #[non_exhaustive]
    NoSuchPnpMessage {
        id: u64,
    },
    NoLinePushInMulticast,
    PointsInsufficient,
    #[non_exhaustive]
    StatusNotNext {
        from: MessageStatus,
        to: MessageStatus,
        next: &'static [MessageStatus],
    },
    #[non_exhaustive]
    ReportedBefore {
        at: Timestamp,
    },
    #[non_exhaustive]
    NoErrorCategory {
        status: MessageStatus,
    },
    UnknownErrorCategory,

    NoPoints,
    PointsExpired,

    #[non_exhaustive]
    TooManyEvents {
        limit: usize,
    },
    #[non_exhaustive]
    NoSuchEvent {
        id: u64,
    },
    #[non_exhaustive]
    NoSuchMessage {
        id: u64,
    },
    #[non_exhaustive]
    NoSuchBroadcast {
        id: u64,
    },
    NoRecipient,
    #[non_exhaustive]
    TooManyRecipients {
        limit: usize,
    },
    NotARecipient,
    #[non_exhaustive]
    NotSentYet {
        sent_at: Timestamp,
    },
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
