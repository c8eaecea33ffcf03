//! What every producer has in common.

use jiff::{Timestamp, ToSpan};
use maac_webhook::{
    Event,
    event::{MessageStatus, ProfileSource, QuestionType, Topic},
};
use proptest::{option, prelude::*};

use super::*;
use crate::{EventBody, json::BodyStyle, payload::Payload};

fn now() -> Timestamp {
    "2025-11-28T02:00:00.5Z".parse().unwrap()
}

/// An event of each topic, with these texts wherever a text is free.
fn events(text: &str, customer_id: Option<String>) -> Result<Vec<Payload>, ProducerError> {
    let friend = Friend { line_uid: format!("U{}", "0a".repeat(16)), customer_id };
    let text = text.to_owned();
    let upload = ReceiptUpload {
        friend: friend.clone(),
        number: "KX12345678".to_owned(),
        datetime: now() - 1.hour(),
        random_number: "0042".to_owned(),
        channel: text.clone(),
        items: vec![UploadedItem {
            description: text.clone(),
            unit_price: 65.0,
            quantity: 2.0,
            amount: None,
        }],
    };
    let campaigns = [Campaign { name: text.clone(), conditions: MatchConditions::default() }];
    let receipt = Receipts::new().upload(&upload, &campaigns, now())?.remove(0).event.unwrap();

    let mut question = SurveyQuestion::new(1, QuestionType::ChoiceOne, text.clone());
    (question.alias, question.choices) = (text.clone(), vec![Choice::new(text.clone(), "")]);
    let survey = Survey::new(text.clone(), text.clone(), [question]);
    let mut submission = Submission::new(friend.clone());
    submission.answers.push(QuestionAnswers::new(1, [text.clone()]));
    let survey = SurveyCake::new().submit(&survey, &submission, now())?;

    let mut sms_plus = SmsPlus::new();
    sms_plus.add_setting(PnpSetting::new(1, text.clone(), true))?;
    let mut push = PnpPush::new(1, "+886912345678");
    push.customized_id = Some(text.clone());
    let id = sms_plus.push(&push, now())?.pnp_message_id;
    let status = sms_plus.report(id, &MessageStatus::PnpAccepted.into(), now())?;

    let profile = ProfileBinding {
        pnp_setting_id: 1,
        pnp_setting_name: text.clone(),
        phone_number: "+886912345678".into(),
        source: ProfileSource::Sms,
        friend: friend.clone(),
    };
    let points = PointsGrant {
        friend: friend.clone(),
        prize_name: text.clone(),
        points_category: Some(text.clone()),
        points_memo: text.clone(),
        points_count: 1,
        points_expire_date: Some(now() + 1.hour()),
    };

    let mut messages = Messages::new();
    let event_id = messages.create_event(&text, now())?.id();
    let id = messages.push(&Push::new(7, Some(event_id), friend.line_uid.clone()), now())?.id();
    let open = messages.open(id, &friend, now())?.unwrap();
    Ok(vec![
        receipt.into(),
        survey.into(),
        status.into(),
        profile.event()?.into(),
        points.event(now())?.into(),
        open.into(),
    ])
}

proptest! {
    #[test]
    fn a_receiver_reads_what_is_produced_as_its_topic_whatever_the_texts_are(
        text in ".{1,40}",
        customer_id in option::of(".{0,20}"),
        (raw_utf8, compact) in any::<(bool, bool)>(),
    ) {
        let style = BodyStyle::python();
        let style = if raw_utf8 { style.raw_utf8() } else { style };
        let style = if compact { style.compact() } else { style };
        match events(&text, customer_id) {
            Ok(events) => {
                for (payload, topic) in events.iter().zip(Topic::DOCUMENTED) {
                    let body = EventBody::new(now(), payload).encode(style).unwrap();
                    let event = Event::parse(&body);
                    prop_assert!(!matches!(event, Event::Unknown(_)), "{:?}", event);
                    prop_assert_eq!(event.topic(), Some(topic.clone()));
                }
            }
            Err(refused) => {
                let missing = matches!(refused.kind(), ProducerErrorKind::Missing { .. } | ProducerErrorKind::InvalidItem { .. });
                prop_assert!(text.trim().is_empty() && missing, "{}", refused);
            }
        }
    }
}
