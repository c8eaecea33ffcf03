//! What is seen of a queue that has no room.

use std::time::Duration;

use maac_webhook_sandbox::{
    Settings,
    maac_webhook_sender::{
        RetrySchedule, maac_webhook::event::Topic, platform::EndpointId, producers::NoFirstOpen,
    },
};

use super::{Browser, Console};
use crate::support::{Receiver, endpoint};

/// A console whose queue is full of tests that wait for an hour.
async fn full() -> (Console, Browser, EndpointId) {
    let schedule = RetrySchedule::new([Duration::from_secs(3600)]);
    let console = Console::with(Settings::new().with_schedule(schedule), None).await;
    let receiver = Receiver::start().await;
    let id = endpoint(&console.sandbox, &receiver.url, Topic::DOCUMENTED).await;
    receiver.answer_always(503);
    while console.sandbox.send_test(id, &Topic::PrizePointsAdded).await.is_ok() {}
    let browser = console.browser();
    (console, browser, id)
}

/// Makes room: what waits for a retry is given up when its endpoint is stopped.
async fn empty(console: &Console, id: EndpointId) {
    let sandbox = &console.sandbox;
    sandbox.change_platform(move |platform, _| platform.delete(id).map(|_| ())).await.unwrap();
}

#[tokio::test]
async fn a_form_without_room_for_its_event_is_shown_as_it_was_filled_in_and_nothing_has_happened() {
    let (console, mut browser, id) = full().await;
    let friend = console.sandbox.producers().setup().friends[0].line_uid.clone();
    let broadcast = console.sandbox.broadcast().await.unwrap();
    let said = "1024 deliveries wait or are under way already. Try again when some of them are done. Nothing has \
                happened yet, and the form is as you filled it in.";

    browser.open("/simulate/points").await;
    let points = [("friend", friend.as_str()), ("prize_name", "週年慶 & 生日"), ("points_count", "5")];
    assert_eq!(browser.submit("/simulate/points", &points).await, 503);
    browser.assert_shows(&["Please send it again in a moment", said, "value=\"週年慶 &amp; 生日\""]);

    browser.open("/simulate/messages").await;
    let open = [("kind", "broadcast"), ("message", &broadcast.to_string()), ("friend", &friend)];
    assert_eq!(browser.submit("/simulate/messages/open", &open).await, 503);
    browser.assert_shows(&[said]);
    assert_eq!(console.sandbox.producers().messages.broadcasts().next(), Some((broadcast, 0)));

    browser.open("/simulate/sms-plus").await;
    let push = [("pnp_setting_id", "118"), ("phone_number", "+886912345678")];
    assert_eq!(browser.submit("/simulate/sms-plus", &push).await, 503);
    browser.assert_shows(&[said, "value=\"+886912345678\""]);
    assert_eq!(console.sandbox.producers().sms_plus.messages().count(), 0);

    browser.open(&format!("/webhooks/{id}")).await;
    let test = [("topic", "prize.points_added")];
    assert_eq!(browser.submit(&format!("/webhooks/{id}/test"), &test).await, 503);
    browser.assert_shows(&["1024 deliveries wait or are under way already."]);

    // Later it happens, and for the first time.
    empty(&console, id).await;
    browser.open("/simulate/messages").await;
    assert_eq!(browser.submit("/simulate/messages/open", &open).await, 200);
    browser.assert_shows(&["There is no webhook endpoint, so the event went nowhere."]);
    let again = console.sandbox.producers().setup().friends[0].clone();
    let again = console.sandbox.open_broadcast(broadcast, again).await.unwrap();
    assert_eq!(again.map(|_| ()), Err(NoFirstOpen::OpenedBefore));
}
