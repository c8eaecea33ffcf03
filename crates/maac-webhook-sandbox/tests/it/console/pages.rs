use std::time::Duration;

use maac_webhook_sandbox::{
    Settings,
    maac_webhook_sender::{RetrySchedule, maac_webhook::event::Topic},
};

use super::Console;
use crate::support::{Receiver, endpoint, points};

#[tokio::test]
async fn the_whole_of_the_console_works_without_scripts() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    let mut browser = console.browser();
    browser.open("/").await;
    browser.assert_shows(&["Welcome to Webhooks", "Purchase valid until", "Number of subscriptions: 0"]);

    browser.open("/webhooks/new").await;
    let wrong = [("name", " "), ("url", "http://shop.example/?a='&b")];
    assert_eq!(browser.submit("/webhooks/new", &wrong).await, 422);
    browser.assert_shows(&[
        "Please correct the following",
        "id=\"name-fault\">Enter a name for the webhook endpoint.",
        "id=\"url-fault\">The URL must begin with https://.",
        "id=\"topics-fault\">Select at least one webhook event.",
        "value=\"http://shop.example/?a='&amp;b\"",
        "aria-invalid=\"true\"",
    ]);
    let right = [
        ("name", "crm <i>"),
        ("url", receiver.url.as_str()),
        ("topics", "message.first_open"),
        ("topics", "prize.points_added"),
    ];
    assert_eq!(browser.submit("/webhooks/new", &right).await, 200);
    browser.assert_shows(&[
        "The webhook endpoint is created",
        "crm &lt;i&gt;",
        "Create time",
        "Update time",
        "Ongoing",
    ]);
    let (id, secret) = {
        let platform = console.sandbox.platform();
        let endpoint = platform.endpoints().next().unwrap();
        (endpoint.id(), endpoint.share_secret().expose_secret().to_owned())
    };
    assert!(!browser.shows(&secret));
    browser.submit(&format!("/webhooks/{id}/secret"), &[]).await;
    browser.assert_shows(&[&secret]);

    browser.open(&format!("/webhooks/{id}")).await;
    browser.submit(&format!("/webhooks/{id}/test"), &[("topic", "prize.points_added")]).await;
    browser.assert_shows(&["Delivered", ">200<", "&quot;topic&quot;: &quot;prize.points_added&quot;", "OK"]);
    receiver.answer(400, "<script>alert(1)</script>");
    browser.submit(&format!("/webhooks/{id}/test"), &[("topic", "message.first_open")]).await;
    browser.assert_shows(&["Refused", ">400<", "&lt;script&gt;alert(1)&lt;/script&gt;"]);

    browser.open(&format!("/webhooks/{id}/secret/change")).await;
    browser.assert_shows(&["stops at once", "cannot verify genuine events", "503"]);
    browser.submit(&format!("/webhooks/{id}/secret/change"), &[]).await;
    browser.assert_shows(&["The Share Secret is changed"]);
    let changed = {
        let platform = console.sandbox.platform();
        platform.endpoint(id).unwrap().share_secret().expose_secret().to_owned()
    };
    assert_ne!(changed, secret);

    browser.submit(&format!("/webhooks/{id}/stop"), &[]).await;
    browser.assert_shows(&[
        "is stopped",
        "Stopped",
        "Number of subscriptions: 1",
        "Working webhooks: 0 of 3",
    ]);
    browser.submit(&format!("/webhooks/{id}/resume"), &[]).await;
    browser.assert_shows(&["Working webhooks: 1 of 3"]);

    browser.open("/purchase").await;
    let days = [("zones", "1"), ("first", "2024-01-01"), ("last", "2024-12-31")];
    browser.submit("/purchase", &days).await;
    browser.assert_shows(&["2024-01-01</time> - <time datetime=\"2024-12-31\">", "Webhook zones: 1"]);
    browser.open(&format!("/webhooks/{id}")).await;
    let refused = browser.submit(&format!("/webhooks/{id}/test"), &[("topic", "prize.points_added")]).await;
    assert_eq!(refused, 409);
    browser.assert_shows(&["Not delivered because the purchase was valid until 2025-01-01 00:00:00."]);

    browser.open(&format!("/webhooks/{id}/delete")).await;
    browser.assert_shows(&["This cannot be undone."]);
    browser.submit(&format!("/webhooks/{id}/delete"), &[]).await;
    browser.assert_shows(&["Welcome to Webhooks", "is deleted"]);
    assert_eq!(browser.open(&format!("/webhooks/{id}")).await, 404);
}

#[tokio::test]
async fn a_delivery_shows_its_bytes_its_signature_and_how_to_repeat_it_and_no_secret() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    receiver.answer(503, "\u{7}busy");
    let id = endpoint(&console.sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let event = console.sandbox.publish(points()).await.unwrap();
    console.sandbox.dispatcher().idle().await;
    let delivery = event.endpoints[0].delivery.unwrap();
    let mut browser = console.browser();
    browser.open(&format!("/deliveries/{delivery}")).await;
    let kept = console.sandbox.delivery(delivery).await.unwrap().unwrap();
    let signature = &kept.headers.iter().find(|(name, _)| name == "CrescLab-Signature").unwrap().1;
    browser.assert_shows(&[
        "Attempt 1",
        "Attempt 2",
        ">503<",
        "busy",
        &format!("CrescLab-Signature: {signature}"),
        "curl --include --globoff",
        "--data-binary '{&quot;timestamp&quot;",
        "00000000  7b 22 74 69 6d 65 73 74",
        "Send again",
    ]);
    let secret = console.sandbox.platform().endpoint(id).unwrap().share_secret().expose_secret().to_owned();
    assert!(!browser.shows(&secret));

    browser.submit(&format!("/deliveries/{delivery}/again"), &[]).await;
    browser.assert_shows(&["sent again, after this one", &kept.summary.idempotency_key]);
    console.sandbox.dispatcher().idle().await;
    browser.open(&format!("/events/{}", event.id)).await;
    browser.assert_shows(&["At each webhook endpoint", "Delivered"]);
    browser.open(&format!("/deliveries?endpoint={id}")).await;
    assert_eq!(browser.page.matches("/deliveries/").count(), 2);
    browser.open("/log").await;
    browser.assert_shows(&["attempt 1 was answered 503", "attempt 2 was answered 200"]);
}

#[tokio::test]
async fn a_retry_that_is_waited_for_is_shown_with_when_it_is_due() {
    let schedule = RetrySchedule::new([Duration::from_secs(3600)]);
    let (console, receiver) =
        (Console::with(Settings::new().with_schedule(schedule), None).await, Receiver::start().await);
    receiver.answer(503, "");
    let id = endpoint(&console.sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let mut browser = console.browser();
    browser.open(&format!("/webhooks/{id}")).await;
    browser.submit(&format!("/webhooks/{id}/test"), &[("topic", "prize.points_added")]).await;
    browser.assert_shows(&["Under way", ">503<", "Attempt 2 at", "data-countdown", "<noscript>"]);
}

#[tokio::test]
async fn a_fourth_working_endpoint_is_refused_in_the_consoles_words_with_what_was_filled_in() {
    let console = Console::start().await;
    for _ in 0..3 {
        endpoint(&console.sandbox, "https://shop.example/", &[Topic::ReceiptValidated]).await;
    }
    let mut browser = console.browser();
    browser.language = "zh-TW";
    browser.open("/webhooks/new").await;
    let fields =
        [("name", "第四個"), ("url", "https://shop.example/"), ("topics", "receipt.receipt_validated")];
    assert_eq!(browser.submit("/webhooks/new", &fields).await, 422);
    browser.assert_shows(&["每個平台最多可有 3 個運作中的 Webhook", "value=\"第四個\"", "lang=\"zh-Hant\""]);
}

#[tokio::test]
async fn a_deliveries_list_goes_on_page_by_page() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    endpoint(&console.sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    for _ in 0..60 {
        console.sandbox.publish(points()).await.unwrap();
    }
    console.sandbox.dispatcher().idle().await;
    let mut browser = console.browser();
    browser.open("/deliveries").await;
    assert_eq!(browser.page.matches("<tr ").count(), 51);
    let next = browser
        .page
        .split("href=\"/deliveries?before=")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    browser.open(&format!("/deliveries?before={next}")).await;
    assert_eq!(browser.page.matches("<tr ").count(), 11);
    assert!(!browser.shows("rel=\"next\""));
}

#[tokio::test]
async fn the_language_is_switched_and_stays() {
    let console = Console::start().await;
    let mut browser = console.browser();
    browser.open("/webhooks").await;
    browser.submit("/language", &[("language", "zh-Hant"), ("next", "/purchase")]).await;
    browser.assert_shows(&["<h1>購買內容</h1>", "lang=\"zh-Hant\""]);
    browser.open("/deliveries").await;
    browser.assert_shows(&["<h1>傳送紀錄</h1>"]);
    browser.submit("/language", &[("language", "en"), ("next", "//evil.example")]).await;
    browser.assert_shows(&["Welcome to Webhooks"]);
}

#[tokio::test]
async fn what_there_is_not_is_a_page_that_says_so() {
    let console = Console::start().await;
    let mut browser = console.browser();
    let nil = "00000000-0000-0000-0000-000000000000";
    for path in [
        "/nothing",
        &format!("/webhooks/{nil}"),
        &format!("/deliveries/{nil}"),
        &format!("/events/{nil}"),
        "/simulate/sms-plus/messages/1",
    ] {
        assert_eq!(browser.open(path).await, 404, "{path}");
        browser.assert_shows(&["There is no such page"]);
    }
    for path in ["/webhooks/x", "/deliveries/x", "/deliveries?before=-1"] {
        assert_eq!(browser.open(path).await, 400, "{path}");
    }
}
