use std::collections::BTreeSet;

use maac_webhook::{
    Event,
    event::{OpenedMessage, PhoneNumber},
};
use maac_webhook_sender::json::BodyStyle;

use super::*;

const MANY: usize = 2500;

fn events(seed: u64) -> impl Iterator<Item = Event> {
    Generator::new(seed).take(MANY).map(|event| Event::parse(&event.body(BodyStyle::python()).unwrap()))
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_keys_and_another_seed_gives_others() {
    let all = |seed| {
        let events = Generator::new(seed).take(200);
        events
            .map(|event| (event.idempotency_key.clone(), event.body(BodyStyle::python()).unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(all(1), all(1));
    let (one, other) = (all(1), all(2));
    assert!(one.iter().all(|event| !other.contains(event)));
}

#[test]
fn the_time_is_the_tests_own() {
    let start: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    let events = Generator::new(1).starting_at(start).take(3);
    for event in events {
        let event = Event::parse(&event.body(BodyStyle::python()).unwrap());
        assert!(event.timestamp().unwrap().as_str().starts_with("2030-01-01T08:0"), "{event:?}");
    }
}

#[test]
fn every_event_is_read_as_its_topic_and_all_topics_and_keys_of_friends_occur() {
    let mut topics = BTreeSet::new();
    let mut natural_keys = BTreeSet::new();
    for (event, sent) in events(3).zip(Generator::new(3)) {
        assert!(!matches!(event, Event::Unknown(_)), "{event:?}");
        assert_eq!(event.topic().unwrap().as_str(), sent.topic().unwrap());
        topics.insert(event.topic().unwrap().to_string());
        natural_keys.insert(format!("{:?}", event.natural_key()));
    }
    assert_eq!(topics.len(), Topic::DOCUMENTED.len());
    assert_eq!(natural_keys.len(), MANY, "no two are one event");
}

#[test]
fn all_statuses_and_both_forms_of_a_phone_number_occur_where_they_can() {
    let mut seen = BTreeSet::new();
    let mut categories = BTreeSet::new();
    for event in events(4) {
        match event {
            Event::PnpStatusUpdated(message) => {
                let status = message.status.unwrap();
                let hashed = matches!(message.phone_number, Some(PhoneNumber::Sha256(_)));
                assert!(hashed || matches!(message.phone_number, Some(PhoneNumber::E164(_))));
                assert!(!(hashed && status.as_str().starts_with("sms_")));
                seen.insert((status.to_string(), hashed));
                categories
                    .extend(message.line_push_error_category.map(|category| format!("line {category}")));
                categories.extend(message.sms_error_category.map(|category| format!("sms {category}")));
            }
            Event::PnpProfileUpdated(profile) => {
                let hashed = matches!(profile.phone_number, PhoneNumber::Sha256(_));
                seen.insert((format!("profile of {:?}", profile.source.unwrap()), hashed));
            }
            _ => {}
        }
    }
    let sms = MessageStatus::DOCUMENTED.iter().filter(|status| status.as_str().starts_with("sms_")).count();
    // Each status plain, those that are not of SMS hashed too, and three profiles.
    assert_eq!(seen.len(), 2 * MessageStatus::DOCUMENTED.len() - sms + 3, "{seen:#?}");
    let documented = LinePushErrorCategory::DOCUMENTED.len() + SmsErrorCategory::DOCUMENTED.len();
    assert_eq!(categories.len(), documented, "{categories:#?}");
}

#[test]
fn aliases_with_and_without_answers_and_friends_with_and_without_a_customer_id_occur() {
    let mut seen = BTreeSet::new();
    for event in events(5) {
        match event {
            Event::SurveyCakeSubmitted(survey) => {
                for (alias, question) in ["remarks", "flavours", "maac_member_birthday"].map(|alias| {
                    (
                        alias,
                        survey.answer.result.iter().find(|one| one.alias.as_deref() == Some(alias)).unwrap(),
                    )
                }) {
                    let answers = survey.answer.alias.get(alias).unwrap();
                    assert_eq!(answers, &question.answer);
                    seen.insert(format!("{alias} answered: {}", !answers.is_empty()));
                }
                seen.insert(format!("survey of a customer: {}", survey.customer_id.is_some()));
            }
            Event::MessageFirstOpen(open) => {
                let broadcast = matches!(open.message, OpenedMessage::Broadcast(_));
                seen.insert(format!("broadcast: {broadcast}"));
                seen.insert(format!("open of a customer: {}", open.customer_id.is_some()));
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), 12, "{seen:#?}");
}
