use std::time::Duration;

use jiff::{Timestamp, ToSpan, civil::date};
use maac_webhook::{Event, event::OpenedMessage};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    EventBody,
    json::BodyStyle,
    payload::{MessageFirstOpen, Payload},
    producers::{Friend, ProducerErrorKind as Kind},
};

fn now() -> Timestamp {
    "2025-11-28T02:00:00Z".parse().unwrap()
}

fn uid(number: usize) -> String {
    format!("U{number:032x}")
}

fn friend(number: usize) -> Friend {
    Friend::new(uid(number))
}

fn messages() -> (Messages, u64) {
    let mut messages = Messages::new();
    let event = messages.create_event("出貨", now()).unwrap().id();
    (messages, event)
}

fn opened(event: MessageFirstOpen) -> OpenedMessage {
    let body = EventBody::new(now(), &Payload::from(event)).encode(BodyStyle::python()).unwrap();
    let Event::MessageFirstOpen(open) = Event::parse(&body) else { panic!("{body:?}") };
    open.message
}

#[test]
fn a_push_under_an_event_is_opened_for_the_first_time_once_and_counted() {
    let (mut messages, event) = messages();
    let id = messages.push(&Push::new(7, Some(event), uid(1)), now()).unwrap().id();
    let first = messages.open(id, &friend(1), now()).unwrap().unwrap();
    assert_eq!(opened(first), OpenedMessage::OpenApi(event.to_string().into()));
    assert_eq!(messages.open(id, &friend(1), now()).unwrap(), Err(NoFirstOpen::OpenedBefore));
    assert_eq!(messages.event(event).unwrap().report(None, None).opens, 1);
}

#[test]
fn without_an_event_and_by_enhanced_multicast_there_is_none() {
    let (mut messages, event) = messages();
    let id = messages.push(&Push::new(7, None, uid(1)), now()).unwrap().id();
    assert_eq!(messages.open(id, &friend(1), now()).unwrap(), Err(NoFirstOpen::NoEventId));
    let id =
        messages.enhanced_multicast(&EnhancedMulticast::new(7, Some(event), [uid(1)]), now()).unwrap().id();
    let later = now() + 2.seconds();
    assert_eq!(messages.open(id, &friend(1), later).unwrap(), Err(NoFirstOpen::EnhancedMulticast));
    assert_eq!(messages.event(event).unwrap().report(None, None).opens, 0);
}

#[test]
fn a_second_push_under_an_event_is_opened_anew_unless_set_otherwise() {
    for anew in [true, false] {
        let (messages, event) = messages();
        let mut messages = messages.with_opens_of_second_push(anew);
        let push = Push::new(7, Some(event), uid(1));
        let ids = [(); 2].map(|()| messages.push(&push, now()).unwrap().id());
        assert!(messages.open(ids[0], &friend(1), now()).unwrap().is_ok());
        let second = messages.open(ids[1], &friend(1), now()).unwrap();
        assert_eq!(second.is_ok(), anew);
        assert_eq!(second.err(), (!anew).then_some(NoFirstOpen::OpenedUnderEventId));
        assert_eq!(messages.event(event).unwrap().report(None, None).opens, 1 + u64::from(anew));
    }
}

#[test]
fn a_broadcast_is_opened_by_anybody_once() {
    let (mut messages, _) = messages();
    let id = messages.broadcast();
    let first = messages.open_broadcast(id, &friend(1)).unwrap().unwrap();
    assert_eq!(opened(first), OpenedMessage::Broadcast(id.to_string().into()));
    assert_eq!(messages.open_broadcast(id, &friend(1)).unwrap(), Err(NoFirstOpen::OpenedBefore));
    assert!(messages.open_broadcast(id, &friend(2)).unwrap().is_ok());
    assert_eq!(messages.broadcasts().collect::<Vec<_>>(), [(id, 2)]);
    let error = messages.open_broadcast(0, &friend(1)).unwrap_err();
    assert_eq!(*error.kind(), Kind::NoSuchBroadcast { id: 0 });
}

#[test]
fn a_multicast_is_pending_then_sending_then_sent_and_reaches_those_whom_it_can() {
    let (messages, event) = messages();
    let mut messages = messages.with_pace(Duration::from_secs(5), Duration::from_secs(10));
    messages.set_reachable(&uid(2), false);
    let mut multicast = Multicast::new(7, None, [uid(1), uid(2)]);
    multicast.data[0].event_id = Some(event);
    let id = messages.multicast(&multicast, now()).unwrap().id();
    let status =
        |messages: &Messages, seconds: i64| messages.message(id).unwrap().status(now() + seconds.seconds());
    let statuses = [0, 4, 5, 14, 15].map(|seconds| status(&messages, seconds));
    use SendStatus as S;
    assert_eq!(statuses, [S::Pending, S::Pending, S::Sending, S::Sending, S::Sent]);
    let sent_at = now() + 15.seconds();
    assert_eq!(messages.message(id).unwrap().sent_at(), sent_at);
    assert_eq!(
        messages.message(id).unwrap().failed().map(|to| to.line_uid.clone()).collect::<Vec<_>>(),
        [uid(2)]
    );
    assert_eq!(messages.message(id).unwrap().event_id(), Some(event));

    let kind = |messages: &mut Messages, number, at| {
        messages.open(id, &friend(number), at).unwrap_err().kind().clone()
    };
    assert_eq!(kind(&mut messages, 1, now()), Kind::NotSentYet { sent_at });
    assert_eq!(kind(&mut messages, 2, sent_at), Kind::NotARecipient);
    assert_eq!(kind(&mut messages, 3, sent_at), Kind::NotARecipient);
    assert!(messages.open(id, &friend(1), sent_at).unwrap().is_ok());
}

#[test]
fn what_is_too_many_is_refused_and_there_are_a_thousand_events() {
    let mut messages = Messages::new();
    for number in 0..1000 {
        messages.create_event(&number.to_string(), now()).unwrap();
    }
    let refused = messages.create_event("one more", now()).unwrap_err();
    assert_eq!(*refused.kind(), Kind::TooManyEvents { limit: 1000 });
    assert_eq!(refused.to_string(), "The number of events has reached the limit of 1000.");
    assert_eq!(messages.events().len(), 1000);

    let many = |count| (0..count).map(uid);
    let multicast = |messages: &mut Messages, count| {
        messages.multicast(&Multicast::new(7, None, many(count)), now()).is_ok()
    };
    assert!(multicast(&mut messages, 150) && !multicast(&mut messages, 151) && !multicast(&mut messages, 0));
    let enhanced = |messages: &mut Messages, count| {
        messages.enhanced_multicast(&EnhancedMulticast::new(7, None, many(count)), now()).is_ok()
    };
    assert!(enhanced(&mut messages, 500) && !enhanced(&mut messages, 501));
    let kind = messages.push(&Push::new(7, Some(1), uid(1)), now()).unwrap_err().kind().clone();
    assert_eq!(kind, Kind::NoSuchEvent { id: 1 });
    assert_eq!(messages.messages().len(), 2);
}

#[test]
fn a_report_counts_the_days_asked_for_by_taiwans_calendar() {
    let (mut messages, event) = messages();
    for (number, hours) in [(1, 0), (2, 13), (3, 14), (4, 38)] {
        let id = messages.push(&Push::new(7, Some(event), uid(number)), now()).unwrap().id();
        messages.open(id, &friend(number), now() + hours.hours()).unwrap().unwrap();
    }
    let event = messages.event(event).unwrap();
    let days = |first, last| event.report(first, last).opens;
    let (friday, saturday) = (date(2025, 11, 28), date(2025, 11, 29));
    assert_eq!(days(None, Some(friday)), 2);
    assert_eq!(days(Some(saturday), Some(saturday)), 1);
    assert_eq!((days(Some(saturday), None), days(None, None)), (2, 4));
}

#[test]
fn a_push_is_read_as_the_reference_writes_it() {
    let push: Push = serde_json::from_str(
        r#"{"template_id": 7, "data": {"line_uid": "U0", "name": "林雅婷", "points": 5}}"#,
    )
    .unwrap();
    assert_eq!((push.event_id, push.data.line_uid.as_str(), push.data.parameters.len()), (None, "U0", 2));
    let multicast: Multicast = serde_json::from_str(
        r#"{"template_id": 7, "event_id": 1, "data": [{"line_uid": "U0", "event_id": 2}]}"#,
    )
    .unwrap();
    assert_eq!((multicast.event_id, multicast.data[0].event_id), (Some(1), Some(2)));
}

#[derive(Clone, Debug)]
enum Step {
    Push { friend: usize, with_event: bool },
    Enhanced { friend: usize },
    Broadcast,
    Open { message: prop::sample::Index, friend: usize },
    OpenBroadcast { broadcast: prop::sample::Index, friend: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let friend = 0usize..3;
    prop_oneof![
        2 => (friend.clone(), any::<bool>()).prop_map(|(friend, with_event)| Step::Push { friend, with_event }),
        1 => friend.clone().prop_map(|friend| Step::Enhanced { friend }),
        1 => Just(Step::Broadcast),
        4 => (any::<prop::sample::Index>(), friend.clone()).prop_map(|(message, friend)| Step::Open { message, friend }),
        2 => (any::<prop::sample::Index>(), friend)
            .prop_map(|(broadcast, friend)| Step::OpenBroadcast { broadcast, friend }),
    ]
}

proptest! {
    #[test]
    fn there_is_one_first_open_at_most_for_each_friend_and_message(
        steps in vec(step(), 1..80),
        anew in any::<bool>(),
    ) {
        let (messages, event) = messages();
        let mut messages =
            messages.with_opens_of_second_push(anew).with_pace(Duration::ZERO, Duration::ZERO);
        let (mut tracked, mut untracked, mut broadcasts) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = std::collections::HashSet::new();
        for step in steps {
            match step {
                Step::Push { friend, with_event } => {
                    let push = Push::new(7, with_event.then_some(event), uid(friend));
                    let id = messages.push(&push, now()).unwrap().id();
                    if with_event { &mut tracked } else { &mut untracked }.push(id);
                }
                Step::Enhanced { friend } => {
                    let push = EnhancedMulticast::new(7, Some(event), [uid(friend)]);
                    untracked.push(messages.enhanced_multicast(&push, now()).unwrap().id());
                }
                Step::Broadcast => broadcasts.push(messages.broadcast()),
                Step::Open { message, friend: by } => {
                    let all: Vec<_> = tracked.iter().chain(&untracked).copied().collect();
                    if all.is_empty() {
                        continue;
                    }
                    let id = *message.get(&all);
                    if let Ok(Ok(event)) = messages.open(id, &friend(by), now()) {
                        prop_assert!(tracked.contains(&id) && event.line_uid == uid(by));
                        let key = if anew { id } else { 0 };
                        prop_assert!(seen.insert((key, by)), "a second first open");
                    }
                }
                Step::OpenBroadcast { broadcast, friend: by } => {
                    if broadcasts.is_empty() {
                        continue;
                    }
                    let id = *broadcast.get(&broadcasts);
                    if messages.open_broadcast(id, &friend(by)).unwrap().is_ok() {
                        prop_assert!(seen.insert((id, by)), "a second first open");
                    }
                }
            }
        }
        let of_broadcasts: usize = messages.broadcasts().map(|(_, opens)| opens).sum();
        let opens = messages.event(event).unwrap().report(None, None).opens;
        prop_assert_eq!(opens as usize + of_broadcasts, seen.len());
    }
}

#[test]
fn what_was_written_down_is_opened_for_the_first_time_once_in_all() {
    let (mut messages, event) = messages();
    let id = messages.multicast(&Multicast::new(7, Some(event), [uid(1), uid(2)]), now()).unwrap().id();
    let broadcast = messages.broadcast();
    let later = now() + 2.seconds();
    messages.open(id, &friend(1), later).unwrap().unwrap();
    let written = serde_json::to_string(messages.message(id).unwrap()).unwrap();
    let event_written = serde_json::to_string(messages.event(event).unwrap()).unwrap();
    assert!(!written.contains("opened_by"));

    let mut again = Messages::new();
    again.restore_event(serde_json::from_str(&event_written).unwrap());
    again.restore_message(serde_json::from_str(&written).unwrap());
    again.restore_broadcast(broadcast);
    for opened in [id, broadcast] {
        again.restore_open(opened, uid(1));
    }
    assert_eq!(again.event(event).unwrap(), messages.event(event).unwrap());
    assert_eq!(again.open(id, &friend(1), later).unwrap(), Err(NoFirstOpen::OpenedBefore));
    assert_eq!(again.open_broadcast(broadcast, &friend(1)).unwrap(), Err(NoFirstOpen::OpenedBefore));
    assert!(again.open(id, &friend(2), later).unwrap().is_ok());
    assert_eq!(again.event(event).unwrap().report(None, None).opens, 2);
    assert!(again.broadcast() > broadcast);

    for opened in [id, broadcast] {
        again.forget_open(opened, &uid(1));
    }
    assert!(again.open(id, &friend(1), later).unwrap().is_ok());
    assert!(again.open_broadcast(broadcast, &friend(1)).unwrap().is_ok());
    again.forget(broadcast);
    assert!(again.open_broadcast(broadcast, &friend(2)).is_err());
}
