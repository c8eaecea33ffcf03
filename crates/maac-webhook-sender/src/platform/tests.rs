use std::collections::HashSet;

use jiff::{Timestamp, ToSpan};
use maac_webhook::{ShareSecret, event::Topic};
use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::{PlatformErrorKind as Kind, *};

fn now() -> Timestamp {
    "2025-11-28T02:00:00Z".parse().unwrap()
}

fn purchase(zones: impl IntoIterator<Item = Zone>) -> Purchase {
    Purchase::new(zones, now(), now() + 100.seconds()).unwrap()
}

fn platform() -> Platform {
    Platform::new(purchase(Zone::ALL))
}

fn form(topics: &[Topic]) -> EndpointForm {
    EndpointForm::new("crm", "https://shop.example/hooks", topics.iter().cloned())
}

fn kind<T: std::fmt::Debug>(result: Result<T, PlatformError>) -> Kind {
    result.unwrap_err().kind().clone()
}

#[test]
fn an_endpoint_is_created_ongoing_with_a_secret_of_its_own() {
    let mut platform = platform();
    let chosen = [Topic::MessageFirstOpen, Topic::ReceiptValidated, Topic::MessageFirstOpen];
    let one = platform.create(form(&chosen), now()).unwrap().clone();
    let other = platform.create(form(&chosen), now()).unwrap();
    assert_eq!((one.name(), one.url().to_string().as_str()), ("crm", "https://shop.example/hooks"));
    assert_eq!(one.topics(), [Topic::ReceiptValidated, Topic::MessageFirstOpen]);
    assert_eq!((one.status(), one.created_at(), one.updated_at()), (EndpointStatus::Ongoing, now(), now()));
    let secrets = [&one, other].map(|endpoint| endpoint.share_secret().expose_secret().to_owned());
    assert_ne!(secrets[0], secrets[1]);
    assert!(secrets[0].len() == 64 && secrets[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(!format!("{one:?} {platform:?}").contains(&secrets[0]));
}

#[test]
fn a_form_is_refused_with_what_is_wrong_in_it() {
    let mut platform = Platform::new(purchase([Zone::One]));
    let mut refused = |change: fn(&mut EndpointForm)| {
        let mut form = form(&[Topic::ReceiptValidated]);
        change(&mut form);
        kind(platform.create(form, now()))
    };
    let loopback_allowed = false;
    assert_eq!(refused(|form| form.name = " ".to_owned()), Kind::NameMissing);
    assert_eq!(refused(|form| form.name = "名".repeat(101)), Kind::NameTooLong { limit: 100 });
    assert_eq!(refused(|form| form.name = "a\nb".to_owned()), Kind::NameNotPrintable);
    assert_eq!(
        refused(|form| form.url = "http://127.0.0.1/".to_owned()),
        Kind::NotHttps { loopback_allowed }
    );
    assert_eq!(
        refused(|form| form.url = "shop.example".to_owned()),
        Kind::InvalidUrl { fault: crate::InvalidTargetKind::NoScheme }
    );
    assert_eq!(refused(|form| form.topics.clear()), Kind::NoTopic);
    let topic = Topic::from("new.topic");
    assert_eq!(refused(|form| form.topics.push("new.topic".into())), Kind::UnknownTopic { topic });
    assert_eq!(
        refused(|form| form.topics.push(Topic::MessageFirstOpen)),
        Kind::ZoneNotBought { topic: Topic::MessageFirstOpen, zone: Zone::Two }
    );
    assert_eq!(platform.endpoints().len(), 0);
}

#[test]
fn all_that_is_wrong_with_a_form_is_told_in_the_order_of_its_fields() {
    let platform = platform();
    assert_eq!(platform.faults(&form(&[Topic::ReceiptValidated])), []);
    let fault = crate::InvalidTargetKind::NoScheme;
    assert_eq!(
        platform.faults(&EndpointForm::new(" ", "shop.example", [])),
        [Kind::NameMissing, Kind::InvalidUrl { fault }, Kind::NoTopic]
    );
}

#[test]
fn plain_http_is_for_this_machine_alone_unless_it_may_be_anywhere() {
    let accepts = |plain_http, url: &str| {
        let mut platform = platform().with_plain_http(plain_http);
        let form = EndpointForm::new("crm", url, [Topic::ReceiptValidated]);
        platform.create(form, now()).is_ok()
    };
    let own = ["http://127.0.0.1:8080/", "http://127.1.2.3/", "http://[::1]/", "http://LOCALHOST:1/"];
    let mapped = ["http://[::ffff:127.0.0.1]/", "http://a.localhost/"];
    for url in own.into_iter().chain(mapped) {
        assert!(accepts(PlainHttp::Loopback, url) && accepts(PlainHttp::Anywhere, url), "{url}");
        assert!(!accepts(PlainHttp::Refused, url), "{url}");
    }
    for url in
        ["http://10.0.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "http://0.0.0.0/"]
    {
        assert!(!accepts(PlainHttp::Loopback, url) && accepts(PlainHttp::Anywhere, url), "{url}");
    }
    assert!(accepts(PlainHttp::Refused, "https://10.0.0.1/"));
}

#[test]
fn a_fourth_working_endpoint_is_refused_until_one_of_the_three_is_stopped() {
    let mut platform = platform();
    let topics = [Topic::ReceiptValidated];
    let ids = [(); 3].map(|()| platform.create(form(&topics), now()).unwrap().id());
    let refused = platform.create(form(&topics), now()).unwrap_err();
    assert_eq!(*refused.kind(), Kind::TooManyWorkingEndpoints { limit: 3 });
    assert!(refused.to_string().contains("through support only"), "{refused}");

    let stopped = platform.stop(ids[0], now() + 1.second()).unwrap();
    assert_eq!((stopped.status(), stopped.updated_at()), (EndpointStatus::Stopped, now() + 1.second()));
    assert_eq!(kind(platform.stop(ids[0], now())), Kind::AlreadyInStatus { status: EndpointStatus::Stopped });
    let fourth = platform.create(form(&topics), now()).unwrap().id();
    assert_eq!(kind(platform.resume(ids[0], now())), Kind::TooManyWorkingEndpoints { limit: 3 });
    platform.delete(fourth).unwrap();
    assert_eq!(kind(platform.delete(fourth)), Kind::NoSuchEndpoint);
    platform.resume(ids[0], now()).unwrap();
    assert_eq!(
        kind(platform.resume(ids[0], now())),
        Kind::AlreadyInStatus { status: EndpointStatus::Ongoing }
    );
}

#[test]
fn a_changed_secret_is_another_one_at_once() {
    let mut platform = platform();
    let before = platform.create(form(&[Topic::ReceiptValidated]), now()).unwrap().clone();
    let after = platform.change_share_secret(before.id(), now() + 5.seconds()).unwrap();
    assert_ne!(after.share_secret().expose_secret(), before.share_secret().expose_secret());
    assert_eq!((after.created_at(), after.updated_at()), (now(), now() + 5.seconds()));
    let own = ShareSecret::new("hush").unwrap();
    let after = platform.set_share_secret(before.id(), own, now()).unwrap();
    assert_eq!(after.share_secret().expose_secret(), "hush");
    assert_eq!(kind(platform.change_share_secret(EndpointId::random(), now())), Kind::NoSuchEndpoint);
}

#[test]
fn an_endpoint_is_edited_only_where_the_console_offers_it() {
    let mut platform = platform();
    let id = platform.create(form(&[Topic::ReceiptValidated]), now()).unwrap().id();
    let other = EndpointForm::new("shop", "https://shop.example/", [Topic::PrizePointsAdded]);
    assert_eq!(kind(platform.edit(id, other.clone(), now())), Kind::EditingNotOffered);
    let mut platform = platform.with_editing(true);
    let edited = platform.edit(id, other, now() + 1.second()).unwrap();
    assert_eq!((edited.name(), edited.topics()), ("shop", &[Topic::PrizePointsAdded][..]));
    assert_eq!((edited.created_at(), edited.updated_at()), (now(), now() + 1.second()));
    assert_eq!(kind(platform.edit(id, EndpointForm::default(), now())), Kind::NameMissing);
}

#[test]
fn an_event_goes_where_zone_period_status_and_subscription_say_and_else_says_why_not() {
    let mut platform = platform();
    let id = platform.create(form(&[Topic::MessageFirstOpen]), now()).unwrap().id();
    let why = |platform: &Platform, topic: Topic, at: Timestamp| {
        let decisions = platform.decide(&topic, at);
        assert_eq!((decisions.len(), decisions[0].endpoint), (1, id));
        decisions[0].verdict.clone().err()
    };
    assert_eq!(why(&platform, Topic::MessageFirstOpen, now()), None);
    assert_eq!(why(&platform, Topic::ReceiptValidated, now()), Some(NotDelivered::NotSubscribed));
    assert_eq!(why(&platform, "new.topic".into(), now()), Some(NotDelivered::UnknownTopic));
    let (from, until) = (now(), now() + 100.seconds());
    assert_eq!(
        why(&platform, Topic::MessageFirstOpen, from - 1.second()),
        Some(NotDelivered::BeforePeriod { from })
    );
    assert_eq!(why(&platform, Topic::MessageFirstOpen, until), Some(NotDelivered::AfterPeriod { until }));
    platform.stop(id, now()).unwrap();
    assert_eq!(why(&platform, Topic::MessageFirstOpen, now()), Some(NotDelivered::Stopped));
    platform.set_purchase(purchase([Zone::One]));
    let zone = Zone::Two;
    assert_eq!(why(&platform, Topic::MessageFirstOpen, now()), Some(NotDelivered::ZoneNotBought { zone }));
    let gone = platform.receives(EndpointId::random(), &Topic::ReceiptValidated, now());
    assert_eq!(gone.unwrap_err(), NotDelivered::Deleted);
}

#[test]
fn a_test_reaches_a_stopped_endpoint_and_its_own_topics_unless_set_otherwise() {
    let mut platform = platform();
    let id = platform.create(form(&[Topic::ReceiptValidated]), now()).unwrap().id();
    platform.stop(id, now()).unwrap();
    let why = |platform: &Platform, topic: &Topic, at| platform.receives_test(id, topic, at).err();
    let (own, other) = (&Topic::ReceiptValidated, &Topic::PrizePointsAdded);
    assert_eq!(why(&platform, own, now()), None);
    assert_eq!(why(&platform, other, now()), Some(NotDelivered::NotSubscribed));
    let until = now() + 100.seconds();
    assert_eq!(why(&platform, own, until), Some(NotDelivered::AfterPeriod { until }));
    let platform = platform.with_tests_of_any_topic(true);
    assert_eq!(why(&platform, other, now()), None);
    let platform = platform.with_tests_when_stopped(false);
    assert_eq!(why(&platform, own, now()), Some(NotDelivered::Stopped));
}

#[test]
fn a_stored_endpoint_is_restored_as_it_was_within_the_limit() {
    let mut platform = platform();
    let topics = [Topic::MessageFirstOpen];
    let created = platform.create(form(&topics), now()).unwrap().id();
    platform.stop(created, now() + 1.second()).unwrap();
    let stored: Vec<_> = platform.endpoints().map(StoredEndpoint::from).collect();
    assert!(!format!("{stored:?}").contains(stored[0].share_secret.expose_secret()));

    let mut other = Platform::new(purchase([Zone::One])).with_working_limit(0);
    let restored = other.restore(stored[0].clone()).unwrap();
    assert_eq!((restored.id(), restored.status()), (created, EndpointStatus::Stopped));
    assert_eq!((restored.created_at(), restored.updated_at()), (now(), now() + 1.second()));
    assert_eq!(restored.share_secret().expose_secret(), stored[0].share_secret.expose_secret());
    assert_eq!(kind(other.restore(stored[0].clone())), Kind::RestoredTwice);
    let ongoing =
        StoredEndpoint { id: EndpointId::random(), status: EndpointStatus::Ongoing, ..stored[0].clone() };
    assert_eq!(kind(other.restore(ongoing)), Kind::TooManyWorkingEndpoints { limit: 0 });
}

/// What a user of the console, or time, may do next.
#[derive(Clone, Debug)]
enum Step {
    Create(Vec<Topic>),
    Stop(usize),
    Resume(usize),
    Delete(usize),
    Buy(Vec<Zone>),
    Wait(i64),
    Limit(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let topics = subsequence(Topic::DOCUMENTED.to_vec(), 1..=6);
    prop_oneof![
        4 => topics.prop_map(Step::Create),
        2 => any::<usize>().prop_map(Step::Stop),
        2 => any::<usize>().prop_map(Step::Resume),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => subsequence(Zone::ALL.to_vec(), 1..=2).prop_map(Step::Buy),
        2 => (-60i64..60).prop_map(Step::Wait),
        1 => (0usize..5).prop_map(Step::Limit),
    ]
}

proptest! {
    #[test]
    fn no_steps_make_a_fourth_endpoint_work_or_deliver_outside_of_zone_period_and_subscription(
        steps in vec(step(), 1..60),
    ) {
        let (mut platform, mut at, mut limit) = (platform(), now(), Platform::DEFAULT_WORKING_LIMIT);
        for step in steps {
            let ids: Vec<_> = platform.endpoints().map(WebhookEndpoint::id).collect();
            let one = |index: usize| ids.get(index.checked_rem(ids.len()).unwrap_or(0)).copied();
            let before = platform.working();
            let refused = match step {
                Step::Create(topics) => platform.create(form(&topics), at).is_err(),
                Step::Stop(index) => one(index).is_none_or(|id| platform.stop(id, at).is_err()),
                Step::Resume(index) => one(index).is_none_or(|id| platform.resume(id, at).is_err()),
                Step::Delete(index) => one(index).is_none_or(|id| platform.delete(id).is_err()),
                Step::Buy(zones) => {
                    platform.set_purchase(purchase(zones));
                    false
                }
                Step::Wait(seconds) => {
                    at += seconds.seconds();
                    false
                }
                // Support may take back what it gave; what works goes on, and no more comes to it.
                Step::Limit(endpoints) => {
                    (limit, platform) = (endpoints, platform.with_working_limit(endpoints));
                    false
                }
            };
            prop_assert!(platform.working() <= limit.max(before));
            prop_assert!(!refused || platform.working() == before);
            let ids: HashSet<_> = platform.endpoints().map(WebhookEndpoint::id).collect();
            prop_assert_eq!(ids.len(), platform.endpoints().len());

            for topic in Topic::DOCUMENTED {
                let decisions = platform.decide(topic, at);
                prop_assert_eq!(decisions.len(), platform.endpoints().len());
                for (decision, endpoint) in decisions.iter().zip(platform.endpoints()) {
                    let bought = platform.purchase().has(Zone::of(topic).unwrap());
                    let in_period = platform.purchase().from() <= at && at < platform.purchase().until();
                    let ongoing = endpoint.status() == EndpointStatus::Ongoing;
                    let expected = bought && in_period && ongoing && endpoint.topics().contains(topic);
                    prop_assert_eq!(decision.verdict.is_ok(), expected);
                }
            }
        }
    }
}
