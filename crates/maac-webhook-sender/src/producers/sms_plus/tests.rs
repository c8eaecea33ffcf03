use jiff::{Timestamp, ToSpan};
use maac_webhook::{
    Event,
    event::{self, LinePushErrorCategory, MessageStatus as S, SmsErrorCategory},
};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    EventBody,
    json::BodyStyle,
    payload::{Payload, PnpStatusUpdated},
    producers::ProducerErrorKind as Kind,
};

const PLAIN: &str = "+886912345678";

fn now() -> Timestamp {
    "2025-11-28T02:00:00Z".parse().unwrap()
}

fn sms_plus() -> SmsPlus {
    let mut sms_plus = SmsPlus::new();
    sms_plus.add_setting(PnpSetting::new(1, "出貨通知", true)).unwrap();
    sms_plus.add_setting(PnpSetting::new(2, "不發簡訊", false)).unwrap();
    sms_plus
}

fn push(line_push: bool) -> PnpPush {
    let mut push = PnpPush::new(1, PLAIN);
    push.line_push_template_id = line_push.then_some(2045);
    push
}

fn read(event: &PnpStatusUpdated, at: Timestamp) -> event::PnpStatusUpdated {
    let body = EventBody::new(at, &Payload::from(event.clone())).encode(BodyStyle::python()).unwrap();
    let Event::PnpStatusUpdated(status) = Event::parse(&body) else { panic!("{body:?}") };
    status
}

#[test]
fn a_message_walks_from_line_push_to_pnp_to_sms_and_keeps_what_became_of_each() {
    let mut sms_plus = sms_plus();
    let event = sms_plus.push(&push(true), now()).unwrap();
    assert_eq!(
        (event.status.as_str(), event.line_push_status.as_deref()),
        ("line_push_preparing", Some("preparing"))
    );
    let id = event.pnp_message_id;
    let mut failed = Report::new(S::LinePushFailed);
    failed.line_push_error_category = Some(LinePushErrorCategory::ReachMonthlyLimit);
    sms_plus.report(id, &failed, now()).unwrap();
    for status in [S::PnpPreparing, S::PnpAccepted, S::PnpUndeliverable, S::SmsPreparing, S::SmsAccepted] {
        sms_plus.report(id, &status.into(), now()).unwrap();
    }
    let mut failed = Report::new(S::SmsTemporaryError);
    failed.sms_error_category = Some(SmsErrorCategory::SensitiveWords);
    let event = sms_plus.report(id, &failed, now()).unwrap();
    assert_eq!(event.sms_error_category.as_deref(), Some("sensitive_words"));
    let event = sms_plus.report(id, &Report::new(S::SmsDelivered), now() + 1.second()).unwrap();
    assert_eq!(event.line_push_status.as_deref(), Some("failed"));
    assert_eq!(event.line_push_error_category.as_deref(), Some("reach_monthly_limit"));
    assert_eq!(event.pnp_status.as_deref(), Some("undeliverable"));
    assert_eq!((event.sms_status.as_deref(), event.sms_error_category), (Some("delivered"), None));
    assert_eq!(event.sms_delivered_at.as_deref(), Some("2025-11-28T10:00:01.000000+08:00"));
    assert_eq!((event.line_push_delivered_at, event.pnp_delivered_at), (None, None));
    assert!(sms_plus.message(id).unwrap().next().is_empty());
}

#[test]
fn a_status_that_does_not_follow_is_refused_and_changes_nothing() {
    let mut sms_plus = sms_plus();
    let id = sms_plus.push(&push(false), now()).unwrap().pnp_message_id;
    for status in
        S::DOCUMENTED.iter().filter(|status| !next_statuses(&S::PnpPreparing, true).contains(status))
    {
        let refused = sms_plus.report(id, &Report::new(status.clone()), now()).unwrap_err();
        assert!(matches!(refused.kind(), Kind::StatusNotNext { from: S::PnpPreparing, .. }), "{refused}");
    }
    let refused = |report: Report, at| sms_plus.clone().report(id, &report, at).unwrap_err().kind().clone();
    assert_eq!(refused(S::PnpAccepted.into(), now() - 1.second()), Kind::ReportedBefore { at: now() });
    let mut failed = Report::new(S::PnpFailed);
    failed.sms_error_category = Some(SmsErrorCategory::Others);
    assert_eq!(refused(failed, now()), Kind::NoErrorCategory { status: S::PnpFailed });
    assert_eq!(*sms_plus.message(id).unwrap().status(), S::PnpPreparing);
    assert_eq!(
        *sms_plus.report(1, &S::PnpFailed.into(), now()).unwrap_err().kind(),
        Kind::NoSuchPnpMessage { id: 1 }
    );

    sms_plus.report(id, &S::PnpFailed.into(), now()).unwrap();
    sms_plus.report(id, &S::SmsPreparing.into(), now()).unwrap();
    let mut failed = Report::new(S::SmsFailed);
    failed.sms_error_category = Some("new".into());
    assert_eq!(*sms_plus.report(id, &failed, now()).unwrap_err().kind(), Kind::UnknownErrorCategory);
}

#[test]
fn a_hashed_number_is_only_for_a_template_without_sms_which_ends_with_pnp() {
    let mut sms_plus = sms_plus();
    let hashed = "a".repeat(64);
    let refused = sms_plus.push(&PnpPush::new(1, hashed.clone()), now()).unwrap_err();
    assert_eq!(*refused.kind(), Kind::HashedPhoneNumberWithSms);
    let id = sms_plus.push(&PnpPush::new(2, hashed), now()).unwrap().pnp_message_id;
    sms_plus.report(id, &S::PnpFailed.into(), now()).unwrap();
    let refused = sms_plus.report(id, &S::SmsPreparing.into(), now()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "A message does not become sms_preparing after pnp_failed, which is its end."
    );
    let local = sms_plus.push(&PnpPush::new(2, "0912345678"), now()).unwrap_err();
    assert_eq!(*local.kind(), Kind::InvalidPhoneNumber);
    assert_eq!(
        *sms_plus.push(&PnpPush::new(3, PLAIN), now()).unwrap_err().kind(),
        Kind::NoSuchPnpSetting { id: 3 }
    );
}

#[test]
fn a_report_after_the_callback_timed_out_is_a_setting() {
    for may in [false, true] {
        let mut sms_plus = sms_plus().with_reports_after_timeout(may);
        let id = sms_plus.push(&push(false), now()).unwrap().pnp_message_id;
        for status in [S::PnpFailed, S::SmsPreparing, S::SmsAccepted, S::SmsCallbackTimeout] {
            sms_plus.report(id, &status.into(), now()).unwrap();
        }
        assert_eq!(sms_plus.report(id, &S::SmsDelivered.into(), now()).is_ok(), may);
    }
}

#[test]
fn a_multicast_is_pushed_whole_or_not_at_all() {
    let mut sms_plus = sms_plus().with_points(3).with_message_limit(2);
    let refused = |sms_plus: &mut SmsPlus, pushes: &[PnpPush]| {
        let kind = sms_plus.multicast(pushes, now()).unwrap_err().kind().clone();
        assert_eq!(sms_plus.messages().count(), 0);
        kind
    };
    assert_eq!(refused(&mut sms_plus, &[]), Kind::NoRecipient);
    assert_eq!(refused(&mut sms_plus, &vec![push(false); 151]), Kind::TooManyRecipients { limit: 150 });
    assert_eq!(refused(&mut sms_plus, &[push(false), push(true)]), Kind::NoLinePushInMulticast);
    assert_eq!(refused(&mut sms_plus, &[push(false), PnpPush::new(1, "")]), Kind::InvalidPhoneNumber);
    assert_eq!(refused(&mut sms_plus, &vec![push(false); 4]), Kind::PointsInsufficient);
    let ids: Vec<_> = sms_plus
        .multicast(&vec![push(false); 3], now())
        .unwrap()
        .iter()
        .map(|event| event.pnp_message_id)
        .collect();
    assert_eq!(*sms_plus.push(&push(false), now()).unwrap_err().kind(), Kind::PointsInsufficient);
    assert_eq!(sms_plus.messages().map(PnpMessage::id).collect::<Vec<_>>(), [ids[2], ids[1]]);
}

proptest! {
    #[test]
    fn a_walk_has_documented_statuses_alone_each_of_which_supersedes_those_before(
        choices in vec(any::<prop::sample::Index>(), 0..12),
        (line_push, sms, hashed, late) in any::<(bool, bool, bool, bool)>(),
    ) {
        let hashed = hashed && !sms;
        let mut sms_plus = sms_plus().with_reports_after_timeout(late);
        let mut push = push(line_push);
        push.pnp_setting_id = if sms { 1 } else { 2 };
        if hashed {
            push.phone_number = "0f".repeat(32).into();
        }
        let mut at = now();
        let event = sms_plus.push(&push, at).unwrap();
        let id = event.pnp_message_id;
        let mut seen = vec![read(&event, at)];
        for choice in choices {
            let next = sms_plus.message(id).unwrap().next();
            if next.is_empty() {
                break;
            }
            at += 1.second();
            let status = choice.get(next).clone();
            seen.push(read(&sms_plus.report(id, &status.into(), at).unwrap(), at));
        }
        for (index, event) in seen.iter().enumerate() {
            let status = event.status.as_ref().unwrap();
            prop_assert!(S::DOCUMENTED.contains(status));
            prop_assert!(sms || !status.as_str().starts_with("sms_"));
            for before in &seen[..index] {
                prop_assert_eq!(event.supersedes(before), Some(true), "{:?} {:?}", event.status, before.status);
                prop_assert_eq!(before.supersedes(event), Some(false));
            }
        }
    }
}

#[test]
fn every_documented_status_is_reached() {
    let mut reached = vec![S::LinePushPreparing, S::PnpPreparing];
    let mut index = 0;
    while index < reached.len() {
        for next in next_statuses(&reached[index], true) {
            if !reached.contains(next) {
                reached.push(next.clone());
            }
        }
        index += 1;
    }
    assert!(S::DOCUMENTED.iter().all(|status| reached.contains(status)), "{reached:?}");
}

#[test]
fn a_message_that_was_written_down_goes_on_where_it_was() {
    let mut sms_plus = sms_plus().with_reports_after_timeout(true);
    let id = sms_plus.push(&push(true), now()).unwrap().pnp_message_id;
    sms_plus.report(id, &Report::new(S::LinePushFailed), now()).unwrap();
    let text = serde_json::to_string(sms_plus.message(id).unwrap()).unwrap();
    let kept: PnpMessage = serde_json::from_str(&text).unwrap();
    assert_eq!(kept, *sms_plus.message(id).unwrap());

    let mut again = SmsPlus::new().with_message_limit(2);
    again.restore(kept);
    let event = again.report(id, &Report::new(S::PnpPreparing), now()).unwrap();
    assert_eq!(event.line_push_status.as_deref(), Some("failed"));
    again.add_setting(PnpSetting::new(1, "出貨通知", true)).unwrap();
    let later = again.push(&push(false), now()).unwrap().pnp_message_id;
    assert!(later > id);
    again.forget(id);
    assert_eq!(again.messages().map(PnpMessage::id).collect::<Vec<_>>(), [later]);
}

#[test]
fn a_template_is_removed_once_none_of_its_messages_is_on_its_way() {
    let mut sms_plus = sms_plus();
    let id = sms_plus.push(&push(true), now()).unwrap().pnp_message_id;
    sms_plus.remove_setting(2).unwrap();
    let used = Kind::PnpSettingInUse { id: 1, messages: 1 };
    assert_eq!(*sms_plus.remove_setting(1).unwrap_err().kind(), used);
    sms_plus.report(id, &Report::new(S::LinePushDelivered), now()).unwrap();
    sms_plus.remove_setting(1).unwrap();
    assert_eq!(*sms_plus.remove_setting(1).unwrap_err().kind(), Kind::NoSuchPnpSetting { id: 1 });
    assert_eq!(sms_plus.message(id).unwrap().event().pnp_setting_name, "出貨通知");
}
