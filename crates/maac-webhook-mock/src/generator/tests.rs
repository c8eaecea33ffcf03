use std::collections::{BTreeMap, BTreeSet};

use maac_webhook::{
    Event,
    event::{OpenedMessage, PhoneNumber, PnpStatusUpdated},
};
use maac_webhook_sender::json::BodyStyle;
use sha2::{Digest, Sha256};

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
        let key = event.natural_key();
        if !natural_keys.insert(key.clone()) {
            assert!(matches!(event, Event::PnpStatusUpdated(_)), "twice: {key:?}");
        }
    }
    assert_eq!(topics.len(), Topic::DOCUMENTED.len());
}

#[test]
fn the_events_of_a_seed_are_those_of_this_version() {
    let mut digest = Sha256::new();
    for event in Generator::new(7).take(100) {
        digest.update(event.idempotency_key.as_deref().unwrap());
        digest.update(event.body(BodyStyle::python()).unwrap());
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "fa0fce7328bd5b443a4924f63bb6df20dd25a71cef5c5c7c8fcb4ce189cabd6c");
}

#[test]
fn a_message_that_comes_again_has_a_later_status_and_is_the_same_else() {
    let mut messages: BTreeMap<String, PnpStatusUpdated> = BTreeMap::new();
    let mut again = 0;
    for event in events(6) {
        let Event::PnpStatusUpdated(message) = event else { continue };
        let id = message.pnp_message_id.to_string();
        if let Some(before) = messages.get(&id) {
            again += 1;
            assert_eq!(message.supersedes(before), Some(true), "{before:?} {message:?}");
            assert_eq!(
                (&message.phone_number, &message.pnp_setting_id, &message.customized_id),
                (&before.phone_number, &before.pnp_setting_id, &before.customized_id)
            );
        }
        messages.insert(id, message);
    }
    assert!(again > 50, "{again}");
}

#[test]
fn surveys_templates_genders_and_friends_are_several_and_some_friends_come_again() {
    let (mut seen, mut friends) = (BTreeSet::new(), BTreeMap::new());
    for event in events(8) {
        match event {
            Event::SurveyCakeSubmitted(survey) => {
                let member = survey.member();
                seen.insert(format!("survey {:?}", survey.answer.svid));
                seen.insert(format!("gender {:?}", member.gender.unwrap()));
            }
            Event::PnpStatusUpdated(message) => {
                seen.insert(format!("template {:?}", message.pnp_setting_id));
            }
            Event::PrizePointsAdded(points) => {
                let customer = friends
                    .entry(points.line_uid.unwrap().to_string())
                    .or_insert((0, points.customer_id.clone()));
                customer.0 += 1;
                assert_eq!(customer.1, points.customer_id, "a friend has one customer id or none");
            }
            _ => {}
        }
    }
    assert_eq!(seen.len(), 3 + 3 + 4, "{seen:#?}");
    assert!(friends.values().any(|(times, _)| *times > 1));
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
                    let aliased = question.answer.iter().zip(&question.answer_alias);
                    let aliased = aliased.map(|(answer, own)| if own.is_empty() { answer } else { own });
                    assert!(aliased.eq(answers), "{question:?}");
                    let differs = *answers != question.answer;
                    assert!(!differs || alias == "flavours");
                    seen.insert(format!("{alias} with an alias of its own: {differs}"));
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
    assert_eq!(seen.len(), 16, "{seen:#?}");
}
