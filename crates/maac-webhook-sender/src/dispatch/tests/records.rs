use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::Outcome;

fn name(update: &DeliveryUpdate) -> &'static str {
    match update {
        DeliveryUpdate::Accepted { .. } => "accepted",
        DeliveryUpdate::Signed { .. } => "signed",
        DeliveryUpdate::AttemptBegan { .. } => "began",
        DeliveryUpdate::AttemptEnded { .. } => "ended",
        DeliveryUpdate::Finished { .. } => "finished",
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_is_told_of_each_step_and_when_the_next_attempt_is_due() {
    let (platform, _) = platform(&["a.example"]);
    let receivers = Receivers::default();
    receivers.answer("a.example", [503; 4]);
    receivers.take("a.example", Duration::from_millis(100));
    let dispatcher = dispatcher(&platform, &receivers);
    let mut updates = dispatcher.watch();
    let id = publish_one(&dispatcher).await.id();
    let (mut names, mut due) = (Vec::new(), Vec::new());
    while names.last() != Some(&"finished") {
        let update = updates.next().await.unwrap().unwrap();
        assert_eq!(update.id(), id);
        names.push(name(&update));
        // The log has it before anyone is told.
        let mut told = dispatcher.log().delivery(id).unwrap();
        match update {
            DeliveryUpdate::AttemptEnded { next_attempt_at, .. } => {
                assert_eq!(told.next_attempt_at, next_attempt_at);
                due.push(next_attempt_at.map(|at| (at - start()).as_millis()));
            }
            DeliveryUpdate::AttemptBegan { at, .. } => assert_eq!(told.attempt_began_at.take(), Some(at)),
            _ => {}
        }
    }
    let attempts = ["began", "ended"].repeat(4);
    assert_eq!(names, [&["accepted", "signed"][..], &attempts, &["finished"]].concat());
    assert_eq!(due, [Some(1100), Some(3200), Some(7300), None]);
    let logged = dispatcher.log().delivery(id).unwrap();
    assert_eq!(logged.ending.clone().unwrap().outcome, Outcome::Exhausted);
    assert_eq!(logged.ending.unwrap().at, start() + 7400.milliseconds());
    let began: Vec<_> = logged.attempts.iter().map(|attempt| attempt.started_at).collect();
    assert_eq!(began, [0, 1100, 3200, 7300].map(|after| start() + after.milliseconds()));
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_is_what_was_recorded_and_debug_shows_no_signature() {
    let (platform, _) = platform(&["a.example"]);
    let receivers = Receivers::default();
    let dispatcher = dispatcher(&platform, &receivers);
    let mut updates = dispatcher.watch();
    let logged = publish_one(&dispatcher).await.finished().await.unwrap();
    let sent = logged.sent.clone().unwrap();
    let received = receivers.requests("a.example").remove(0);
    assert_eq!(sent.url, "https://a.example/hooks");
    assert_eq!(sent.request.body.as_bytes(), received.body());
    assert_eq!(logged.accepted.body.as_bytes(), received.body());
    let signature = received.headers()["cresclab-signature"].to_str().unwrap();
    assert!(sent.request.headers.iter().any(|(_, value)| value == signature));
    let mut shown = format!("{logged:?} {dispatcher:?}");
    while let Ok(Some(update)) = tokio::time::timeout(Duration::from_millis(1), updates.next()).await {
        shown += &format!("{update:?}");
    }
    let secret =
        platform.lock().unwrap().endpoints().next().unwrap().share_secret().expose_secret().to_owned();
    assert!(shown.contains("Finished") && !shown.contains(signature) && !shown.contains(&secret));

    let json = serde_json::to_value(&logged).unwrap();
    assert_eq!(json["accepted"]["topic"], "prize.points_added");
    assert_eq!(json["accepted"]["body"].as_str().unwrap().as_bytes(), received.body());
    assert_eq!(json["attempts"][0]["response"]["status"], 200);
    assert_eq!(json["ending"]["outcome"], "delivered");
    assert!(!json.to_string().contains(&secret));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_too_slow_is_told_how_many_updates_were_missed() {
    let (platform, ids) = platform(&["a.example"]);
    let dispatcher = dispatcher(&platform, &Receivers::default());
    let mut updates = dispatcher.watch();
    for _ in 0..300 {
        dispatcher.send_test(ids[0], &event()).await.unwrap();
    }
    dispatcher.idle().await;
    // Five of each delivery, of which the last 1,024 are kept.
    assert_eq!(updates.next().await.unwrap().unwrap_err().count, 300 * 5 - 1024);
    assert!(updates.next().await.unwrap().is_ok());
}

/// Fails from this update on.
struct Failing(usize, AtomicUsize);

impl DeliveryLog for Failing {
    type Error = std::io::Error;

    async fn record(&self, _: &DeliveryUpdate) -> Result<(), std::io::Error> {
        let failed = self.1.fetch_add(1, Ordering::Relaxed) >= self.0;
        if failed { Err(std::io::Error::other("disk full")) } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_cannot_be_recorded_is_refused_and_one_that_was_goes_on() {
    let (platform, ids) = platform(&["a.example"]);
    let receivers = Receivers::default();
    let with = |fails_from| {
        let sender = Sender::new(receivers.clone());
        let log = Failing(fails_from, AtomicUsize::new(0));
        let now = start();
        Dispatcher::new(Arc::clone(&platform), sender.with_clock(Clock::new(move || now)), log)
    };
    let dispatcher = with(0);
    let refused = dispatcher.send_test(ids[0], &event()).await.unwrap_err();
    assert_eq!(*refused.kind(), DispatchErrorKind::LogUnavailable);
    let text = maac_webhook::error_with_causes(&refused).to_string();
    assert_eq!(text, "The delivery could not be recorded, so it was not sent.: disk full");
    assert_eq!((dispatcher.in_flight(), receivers.requests("a.example").len()), (0, 0));

    let delivered = with(1).send_test(ids[0], &event()).await.unwrap().finished().await.unwrap();
    assert_eq!((delivered.ending.unwrap().outcome, delivered.attempts.len()), (Outcome::Delivered, 1));
}
