//! Which opens give an event, whatever is pushed and opened in whichever order.

use std::collections::HashSet;

use maac_webhook_sender::producers::{Friend, NoFirstOpen};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use super::{Calls, friend};

#[derive(Clone, Copy, Debug)]
enum Step {
    Push { with_event: bool },
    Multicast { with_event: bool },
    EnhancedMulticast { with_event: bool },
    Open { message: usize, friend: usize },
}

const FRIENDS: usize = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        any::<bool>().prop_map(|with_event| Step::Push { with_event }),
        any::<bool>().prop_map(|with_event| Step::Multicast { with_event }),
        any::<bool>().prop_map(|with_event| Step::EnhancedMulticast { with_event }),
        (0..8_usize, 0..FRIENDS).prop_map(|(message, friend)| Step::Open { message, friend }),
        (0..8_usize, 0..FRIENDS).prop_map(|(message, friend)| Step::Open { message, friend }),
    ];
    vec(step, 0..40)
}

/// A message, and whether its opens are to give events.
struct Pushed {
    id: u64,
    gives_events: bool,
    to: usize,
}

async fn holds(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let calls = Calls::new();
    let event_id = calls.event("opens").await;
    let everybody: Vec<_> = (0..FRIENDS).map(friend).collect();
    let mut messages: Vec<Pushed> = Vec::new();
    let mut opened = HashSet::new();
    for step in steps {
        let (call, mut body, with_event, enhanced) = match step {
            Step::Push { with_event } => {
                ("push", json!({"data": {"line_uid": friend(0)}}), with_event, false)
            }
            Step::Multicast { with_event } => {
                let data: Vec<_> = everybody.iter().map(|uid| json!({"line_uid": uid})).collect();
                ("multicast", json!({"data": data}), with_event, false)
            }
            Step::EnhancedMulticast { with_event } => {
                ("enhanced_multicast", json!({"line_uids": everybody}), with_event, true)
            }
            Step::Open { message, friend: by } => {
                let Some(message) = messages.get(message) else { continue };
                calls.after_seconds(5);
                let (now, by) = (calls.sandbox.now(), friend(by));
                let result = calls.sandbox.producers().messages.open(message.id, &Friend::new(&by), now);
                let Ok(result) = result else {
                    prop_assert!(message.to == 1 && by != friend(0));
                    continue;
                };
                let first = opened.insert((message.id, by));
                match result {
                    Ok(event) => {
                        prop_assert!(message.gives_events && first);
                        prop_assert_eq!(
                            (event.message_type.as_str(), event.message_id),
                            ("openapi", event_id)
                        );
                    }
                    Err(NoFirstOpen::OpenedBefore) => prop_assert!(message.gives_events && !first),
                    Err(_) => prop_assert!(!message.gives_events),
                }
                continue;
            }
        };
        body["template_id"] = json!(5);
        if with_event {
            body["event_id"] = json!(event_id);
        }
        let answer = calls.post(&format!("/direct_message/{call}/"), body).await;
        // Ten multicasts in a second, and no more.
        if answer.status.as_u16() == 429 {
            continue;
        }
        let id = answer.json(200)["id"].as_u64().unwrap();
        let to = if call == "push" { 1 } else { FRIENDS };
        messages.push(Pushed { id, gives_events: with_event && !enhanced, to });
    }
    let report = calls.get(&format!("/event/{event_id}/report/")).await.json(200);
    let gave_events = |id: &u64| messages.iter().any(|message| message.id == *id && message.gives_events);
    let opens = opened.iter().filter(|(id, _)| gave_events(id)).count();
    prop_assert_eq!(&report["report"]["total"]["opens"], &json!(opens));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_open_gives_an_event_only_once_only_under_an_event_id_and_never_of_an_enhanced_multicast(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(holds(steps))?;
    }
}
