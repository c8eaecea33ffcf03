use proptest::{prelude::*, sample::select};

use super::super::{MessageStatus as S, PnpStatusUpdated};
use crate::event::OffsetDateTime;

fn event(status: Option<&str>, second: Option<u32>) -> PnpStatusUpdated {
    let json = serde_json::json!({ "pnp_message_id": 7, "status": status });
    let mut event: PnpStatusUpdated = serde_json::from_value(json).unwrap();
    event.timestamp = second.map(|s| OffsetDateTime::new(format!("2025-11-28T10:00:{s:02}.000000+08:00")));
    event
}

fn newer(one: &str, at: u32, other: &str, other_at: u32) -> Option<bool> {
    event(Some(one), Some(at)).supersedes(&event(Some(other), Some(other_at)))
}

#[test]
fn the_higher_channel_wins_whatever_the_time() {
    assert_eq!(newer("pnp_preparing", 1, "line_push_failed", 2), Some(true));
    assert_eq!(newer("sms_preparing", 1, "pnp_delivered", 2), Some(true));
    assert_eq!(newer("line_push_delivered", 2, "sms_preparing", 1), Some(false));
}

#[test]
fn within_a_channel_final_wins_over_under_way() {
    assert_eq!(newer("sms_delivered", 1, "sms_accepted", 2), Some(true));
    assert_eq!(newer("sms_temporary_error", 2, "sms_failed", 1), Some(false));
    assert_eq!(newer("sms_callback_timeout", 1, "sms_accepted", 2), Some(true));
}

#[test]
fn a_report_wins_over_the_lack_of_one() {
    assert_eq!(newer("sms_delivered", 1, "sms_callback_timeout", 2), Some(true));
    assert_eq!(newer("sms_callback_timeout", 2, "sms_blocked", 1), Some(false));
}

#[test]
fn otherwise_the_later_timestamp_wins() {
    assert_eq!(newer("pnp_accepted", 2, "pnp_preparing", 1), Some(true));
    assert_eq!(newer("pnp_preparing", 1, "pnp_accepted", 2), Some(false));
    assert_eq!(newer("sms_accepted", 2, "sms_accepted", 1), Some(true));
}

#[test]
fn what_cannot_be_told_is_none() {
    assert_eq!(newer("pnp_accepted", 1, "pnp_preparing", 1), None, "one time, two statuses");
    assert_eq!(newer("sms_new_status", 2, "sms_accepted", 1), None, "undocumented: final or not?");
    assert_eq!(newer("carrier_pigeon", 2, "sms_accepted", 1), None);
    assert_eq!(event(None, Some(2)).supersedes(&event(Some("sms_failed"), Some(1))), None);
    assert_eq!(event(Some("pnp_accepted"), None).supersedes(&event(Some("pnp_preparing"), Some(1))), None);
    let mut other = event(Some("sms_failed"), Some(1));
    other.pnp_message_id = crate::event::PnpMessageId::new("8");
    assert_eq!(event(Some("sms_failed"), Some(2)).supersedes(&other), None, "another message");
}

#[test]
fn an_undocumented_status_is_placed_by_its_channel() {
    assert_eq!(newer("sms_new_status", 1, "pnp_delivered", 2), Some(true));
    assert_eq!(newer("sms_new_status", 2, "sms_new_status", 1), Some(true), "one status, two times");
}

#[test]
fn an_event_does_not_supersede_itself() {
    for at in [None, Some(1)] {
        let event = event(Some("sms_failed"), at);
        assert_eq!(event.supersedes(&event), Some(false));
    }
}

#[test]
fn each_documented_status_has_a_channel_and_an_end_or_none() {
    for status in S::DOCUMENTED {
        assert!(status.channel().is_some() && status.is_final().is_some(), "{status}");
    }
    let open: Vec<_> = S::DOCUMENTED.iter().filter(|s| s.is_final() == Some(false)).map(S::as_str).collect();
    assert_eq!(
        open,
        [
            "line_push_preparing",
            "pnp_preparing",
            "pnp_accepted",
            "sms_preparing",
            "sms_accepted",
            "sms_temporary_error"
        ]
    );
}

proptest! {
    #[test]
    fn of_two_events_at_most_one_supersedes_and_the_order_is_transitive(
        a in (select(S::DOCUMENTED), 0..4_u32),
        b in (select(S::DOCUMENTED), 0..4_u32),
        c in (select(S::DOCUMENTED), 0..4_u32),
    ) {
        let [a, b, c] = [a, b, c].map(|(status, at)| event(Some(status.as_str()), Some(at)));
        match a.supersedes(&b) {
            Some(true) => prop_assert_eq!(b.supersedes(&a), Some(false)),
            Some(false) if a != b => prop_assert_eq!(b.supersedes(&a), Some(true)),
            Some(false) => prop_assert_eq!(b.supersedes(&a), Some(false)),
            None => prop_assert_eq!(b.supersedes(&a), None),
        }
        if a.supersedes(&b) == Some(true) && b.supersedes(&c) == Some(true) {
            prop_assert_eq!(a.supersedes(&c), Some(true));
        }
    }
}
