use fantoccini::{Locator, key::Key};
use maac_webhook_sandbox::Settings;

use super::driver::Chromium;
use crate::{console::Console, support::Receiver};

/// All that the console is for, from the welcome page to an empty list, with MAAC's own delays between attempts.
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_of_the_console_is_walked() {
    let (console, receiver) = (Console::with(Settings::new(), None).await, Receiver::start().await);
    let Some(chromium) = Chromium::start(&console, true).await else { return };
    chromium.open("/").await;
    chromium.sees("Welcome to Webhooks").await;
    chromium.sees("Number of subscriptions: 0").await;

    chromium.follow("Create webhook endpoint").await;
    chromium.press("Create").await;
    chromium.sees("Please correct the following").await;
    // The faults have the focus, and lead to their fields.
    assert_eq!(chromium.run("return document.activeElement.id").await, "faults");
    chromium.follow("Enter a name for the webhook endpoint.").await;
    chromium.fill("Webhook endpoint name", "門市 CRM").await;
    chromium.fill("Webhook endpoint URL", &receiver.url).await;
    for event in ["Prize Points Added", "Message First Open"] {
        chromium.field(event).await.click().await.unwrap();
    }
    chromium.press("Create").await;
    chromium.sees("The webhook endpoint is created").await;
    chromium.sees("Ongoing").await;

    let secret = |console: &Console| {
        let platform = console.sandbox.platform();
        platform.endpoints().next().unwrap().share_secret().expose_secret().to_owned()
    };
    let before = secret(&console);
    assert!(!chromium.client.source().await.unwrap().contains(&before));
    chromium.press("Show").await;
    chromium.sees(&before).await;
    assert!(!chromium.client.current_url().await.unwrap().as_str().contains(&before));
    chromium.follow("Hide").await;

    chromium.press("Send test").await;
    chromium.within("Delivered", "#result").await;
    chromium.within("\"topic\": \"prize.points_added\"", "#result").await;
    chromium.within("Status code: 200", "#result").await;
    receiver.answer(422, "<b>no such prize</b>");
    chromium.press("Send test").await;
    chromium.within("Refused, not tried again", "#result").await;
    chromium.within("Status code: 422", "#result").await;
    chromium.within("<b>no such prize</b>", "#result").await;

    // A retry is counted down to and comes, and the page is not loaded anew for it.
    receiver.answer(503, "busy");
    receiver.answer(503, "busy yet");
    chromium.press("Send test").await;
    chromium.within("Under way", "#result").await;
    chromium.run("window.same = true").await;
    // Found and read at once: the next update takes its place.
    chromium.find("//*[@class='countdown'][starts-with(text(), 'in ') and contains(text(), ' s')]").await;
    chromium.within("Delivered", "#result").await;
    chromium.within("Status code: 200", "#result").await;
    assert_eq!(chromium.run("return window.same").await, true);
    chromium.follow("All of this delivery").await;
    chromium.sees("Attempt 3").await;
    chromium.sees("busy yet").await;
    chromium.press("Send again").await;
    chromium.within("Delivered", "#now").await;
    chromium.sees("sent again, after this one").await;

    chromium.open("/webhooks").await;
    chromium.follow("門市 CRM").await;
    chromium.follow("Change Share Secret").await;
    chromium.sees("The old one stops at once").await;
    chromium.press("Change Share Secret").await;
    chromium.sees("The Share Secret is changed").await;
    assert_ne!(secret(&console), before);

    chromium.open("/webhooks").await;
    chromium.find("//summary[starts-with(normalize-space(), 'Menu')]").await.click().await.unwrap();
    chromium.press("Stop").await;
    chromium.sees("The webhook endpoint is stopped").await;
    chromium.sees("Working webhooks: 0 of 3").await;
    // By the keyboard alone.
    let menu = chromium.find("//summary[starts-with(normalize-space(), 'Menu')]").await;
    menu.send_keys(&Key::Enter.to_string()).await.unwrap();
    let resume = chromium.find("//main//button[normalize-space()='Resume']").await;
    resume.send_keys(&Key::Enter.to_string()).await.unwrap();
    chromium.sees("The webhook endpoint is ongoing again").await;
    chromium.follow("門市 CRM").await;
    chromium.follow("Delete").await;
    chromium.sees("This cannot be undone").await;
    chromium.press("Delete").await;
    chromium.sees("Welcome to Webhooks").await;
    assert_eq!(chromium.path().await, "/webhooks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_the_live_log_follow_what_happens_and_what_is_open_stays_open() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    let Some(chromium) = Chromium::start(&console, true).await else { return };
    let topics = maac_webhook_sandbox::maac_webhook_sender::maac_webhook::event::Topic::DOCUMENTED;
    crate::support::endpoint(&console.sandbox, &receiver.url, topics).await;
    chromium.open("/deliveries").await;
    chromium.sees("Nothing was sent yet.").await;
    console.sandbox.publish(crate::support::points()).await.unwrap();
    chromium.sees("Prize Points Added").await;
    chromium.within("Delivered", "#list").await;
    chromium.open("/log").await;
    chromium.sees("attempt 1 was answered 200").await;
    receiver.answer(401, "");
    console.sandbox.publish(crate::support::points()).await.unwrap();
    chromium.sees("attempt 1 was answered 401").await;
    let policy = chromium.client.find_all(Locator::Css("[style]")).await.unwrap();
    assert!(policy.is_empty());
}
