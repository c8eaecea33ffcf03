//! One realistic event per topic, which happened just before `now`. What must differ from event to event is drawn
//! anew by each call.

use jiff::{Timestamp, ToSpan};
use maac_webhook::event::{QuestionType, Topic};
use uuid::Uuid;

use crate::{
    body::wire_time,
    draw::draw,
    payload::{
        MessageFirstOpen, Payload, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptItem,
        ReceiptValidated, SurveyCakeSubmitted,
    },
    producers::{
        Choice, Friend, QuestionAnswers, ReceiptUpload, Receipts, Submission, Survey, SurveyCake,
        SurveyQuestion,
    },
};

/// A sample of this topic; `None` for a topic that is not documented.
#[must_use]
pub fn of(topic: &Topic, now: Timestamp) -> Option<Payload> {
    Some(match topic {
        Topic::ReceiptValidated => Payload::ReceiptValidated(receipt_validated(now)),
        Topic::SurveyCakeSubmitted => Payload::SurveyCakeSubmitted(surveycake_submitted(now)),
        Topic::PnpStatusUpdated => Payload::PnpStatusUpdated(pnp_status_updated(now)),
        Topic::PnpProfileUpdated => Payload::PnpProfileUpdated(pnp_profile_updated()),
        Topic::PrizePointsAdded => Payload::PrizePointsAdded(prize_points_added(now)),
        Topic::MessageFirstOpen => Payload::MessageFirstOpen(message_first_open()),
        _ => return None,
    })
}

fn friend() -> String {
    format!("U{}", Uuid::new_v4().simple())
}

/// A receipt of which two items match.
#[must_use]
pub fn receipt_validated(now: Timestamp) -> ReceiptValidated {
    let item = |description: &str, unit_price, quantity| ReceiptItem {
        description: description.to_owned(),
        unit_price,
        quantity,
        amount: unit_price * quantity,
    };
    let upload = ReceiptUpload {
        friend: Friend::new(friend()),
        number: format!("KX{:08}", draw(100_000_000)),
        datetime: now - 15.hours(),
        random_number: format!("{:04}", draw(10_000)),
        channel: "小巷咖啡 台北永康店".to_owned(),
        items: Vec::new(),
    };
    let items = vec![item("拿鐵咖啡(大)", 65.0, 2.0), item("可頌", 45.5, 1.0)];
    Receipts::new().event(&upload, Some("週年慶發票登錄送好禮"), items, now)
}

/// A survey with aliases, one of them unanswered.
#[must_use]
#[allow(clippy::expect_used, reason = "the survey is ours, and so are its answers")]
pub fn surveycake_submitted(now: Timestamp) -> SurveyCakeSubmitted {
    let question = |sn, question_type, alias: &str, subject: &str, choices: &[(&str, &str)]| {
        let mut question = SurveyQuestion::new(sn, question_type, subject);
        alias.clone_into(&mut question.alias);
        question.choices = choices.iter().map(|(text, alias)| Choice::new(*text, *alias)).collect();
        question
    };
    let genders = [("女", "female"), ("男", "male")];
    let flavours = [("烏龍茶", "oolong"), ("桂花", ""), ("黑糖", "brown_sugar")];
    let questions = [
        question(1, QuestionType::ShortText, "maac_member_name", "您的大名", &[]),
        question(2, QuestionType::ChoiceOne, "maac_member_gender", "性別", &genders),
        question(3, QuestionType::DatePicker, "maac_member_birthday", "生日", &[]),
        question(5, QuestionType::ChoiceMulti, "flavours", "想試吃的口味", &flavours),
        question(6, QuestionType::DigitInput, "guests", "同行人數", &[]),
        question(8, QuestionType::LongText, "remarks", "其他建議", &[]),
    ];
    let mut survey = Survey::new("x7QpL", "秋季新品試吃會報名", questions);
    survey.name = Some("秋季新品試吃會".to_owned());
    let mut submission = Submission::new(Friend::new(friend()));
    submission.id = Some(1_000_000 + draw(9_000_000));
    submission.meta.insert("utm_source".to_owned(), "line".into());
    submission.answers = vec![
        QuestionAnswers::new(1, ["林雅婷"]),
        QuestionAnswers::new(2, ["女"]),
        QuestionAnswers::new(3, ["1992-07-14"]),
        QuestionAnswers::new(5, ["烏龍茶", "桂花"]),
        QuestionAnswers::new(6, ["2"]),
    ];
    SurveyCake::new().submit(&survey, &submission, now - 1.minute()).expect("the answers fit the questions")
}

/// An SMS+ message that LINE delivered.
#[must_use]
pub fn pnp_status_updated(now: Timestamp) -> PnpStatusUpdated {
    PnpStatusUpdated {
        pnp_setting_id: 118,
        pnp_setting_name: "出貨通知".to_owned(),
        pnp_message_id: 1_000_000 + draw(9_000_000),
        event_id: None,
        customized_id: Some(format!("order-{:05}", draw(100_000))),
        phone_number: format!("+8869{:08}", draw(100_000_000)),
        status: "pnp_delivered".to_owned(),
        line_push_template_id: None,
        line_push_status: None,
        line_push_delivered_at: None,
        line_push_error_category: None,
        pnp_status: Some("delivered".to_owned()),
        sms_status: None,
        pnp_delivered_at: Some(wire_time(now - 2.seconds())),
        sms_delivered_at: None,
        sms_error_category: None,
    }
}

/// The profile behind a phone number.
#[must_use]
pub fn pnp_profile_updated() -> PnpProfileUpdated {
    PnpProfileUpdated {
        pnp_setting_id: 118,
        pnp_setting_name: "出貨通知".to_owned(),
        phone_number: format!("+8869{:08}", draw(100_000_000)),
        source: "pnp".to_owned(),
        line_uid: friend(),
        customer_id: None,
    }
}

/// Points for a friend with a customer id.
#[must_use]
pub fn prize_points_added(now: Timestamp) -> PrizePointsAdded {
    PrizePointsAdded {
        prize_name: "週年慶加碼點數".to_owned(),
        points_id: Uuid::new_v4().to_string(),
        points_category: None,
        line_uid: friend(),
        customer_id: Some(format!("C-{:05}", draw(100_000))),
        points_memo: "滿千送百".to_owned(),
        points_count: 100,
        points_expire_date: Some(wire_time(now + (24 * 365).hours())),
    }
}

/// The first open of a push through the OpenAPI.
#[must_use]
pub fn message_first_open() -> MessageFirstOpen {
    MessageFirstOpen {
        message_type: "openapi".to_owned(),
        message_id: 100 + draw(900),
        line_uid: friend(),
        customer_id: None,
    }
}

#[cfg(test)]
mod tests {
    use maac_webhook::{Event, event::SurveyCakeSubmitted, event::TopicEvent};

    use super::*;
    use crate::{EventBody, json::BodyStyle};

    fn event(topic: &Topic) -> Event {
        let now = "2025-11-28T02:00:00.5Z".parse().unwrap();
        let body = EventBody::new(now, &of(topic, now).unwrap()).encode(BodyStyle::python()).unwrap();
        Event::parse(&body)
    }

    #[test]
    fn a_sample_is_read_as_the_event_of_its_topic_and_no_two_are_one_event() {
        for topic in Topic::DOCUMENTED {
            let (one, other) = (event(topic), event(topic));
            assert!(!matches!(one, Event::Unknown(_)), "{one:?}");
            assert_eq!(one.topic().as_ref(), Some(topic));
            assert_eq!(one.timestamp().unwrap().as_str(), "2025-11-28T10:00:00.500000+08:00");
            assert_ne!(one.natural_key(), other.natural_key());
        }
        assert_eq!(of(&Topic::Other("new.topic".to_owned()), Timestamp::now()), None);
    }

    #[test]
    fn the_surveys_alias_map_has_the_answers_aliases_and_an_unanswered_question() {
        let survey = SurveyCakeSubmitted::from_event(event(&Topic::SurveyCakeSubmitted)).unwrap();
        assert_eq!(survey.answer.alias.get("maac_member_gender").unwrap(), ["female"]);
        assert_eq!(survey.answer.alias.get("flavours").unwrap(), ["oolong", "桂花"]);
        assert!(survey.answer.alias.get("remarks").unwrap().is_empty());
        assert!(survey.answer.submit_time.as_ref().unwrap().civil().is_ok());
    }

    #[test]
    fn the_receipts_times_are_whole_seconds() {
        let Event::ReceiptValidated(receipt) = event(&Topic::ReceiptValidated) else { panic!() };
        assert_eq!(receipt.datetime.as_str(), "2025-11-27T19:00:00+08:00");
        assert_eq!(receipt.upload_datetime.unwrap().as_str(), "2025-11-28T02:00:00+08:00");
    }
}
