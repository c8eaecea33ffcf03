use fantoccini::Locator;

use super::driver::Chromium;
use crate::{
    console::{Console, OPENAPI_TOKEN},
    support::{Receiver, endpoint},
};

/// What events are made of is edited by whoever has no scripts, an event is made of it, and it is deleted.
async fn edit(chromium: &Chromium, console: &Console, scripts: bool) {
    chromium.open("/simulate").await;
    chromium.follow("Surveys").await;
    chromium.follow("Add a survey").await;
    chromium.fill("Title", "門市滿意度").await;
    chromium.fill_at("q0-subject", "整體評分").await;
    let types = chromium.client.find(Locator::Id("q0-type")).await.unwrap();
    types.select_by_value("CHOICEONE").await.unwrap();
    for _ in 0..2 {
        chromium.press_first("Add a choice").await;
    }
    // One goes on where the row was added.
    chromium.find("//*[@id='q0-c1-text']").await;
    if scripts {
        assert_eq!(chromium.run("return document.activeElement.id").await, "q0-c1-text");
    }
    chromium.fill_at("q0-c0-text", "滿意").await;
    chromium.fill_at("q0-c0-alias", "good").await;
    chromium.press("Add a question").await;
    chromium.find("//*[@id='q1-subject']").await;
    chromium.press("Save").await;
    chromium.sees("Please correct the following").await;
    chromium.sees("Each choice of question 1 needs a text of its own.").await;
    chromium.fill_at("q0-c1-text", "不滿意").await;
    chromium.press_first("Remove the question: Question 2").await;
    chromium.find("//*[@id='questions'][not(.//*[@id='q1-subject'])]").await;
    chromium.press("Save").await;
    chromium.sees("It is saved.").await;
    chromium.field("滿意").await.click().await.unwrap();
    chromium.press("Submit").await;
    chromium.sees("At each webhook endpoint").await;
    console.sandbox.dispatcher().idle().await;
    let newest = console.sandbox.deliveries(None, None, 1).await.unwrap().items.remove(0);
    let body = console.sandbox.delivery(newest.id).await.unwrap().unwrap().body;
    let body: serde_json::Value = serde_json::from_slice(body.as_bytes()).unwrap();
    assert_eq!(body["data"]["answer"]["result"][0]["answerAlias"][0], "good");

    chromium.open("/simulate/survey").await;
    chromium.follow("門市滿意度").await;
    chromium.follow_first("Delete").await;
    chromium.sees("“門市滿意度” will be deleted. This cannot be undone.").await;
    chromium.press("Delete").await;
    chromium.sees("It is deleted.").await;
    assert_eq!(console.sandbox.producers().setup().surveys.len(), 1);

    chromium.open("/simulate/friends").await;
    chromium.follow("Add a friend").await;
    chromium.fill("LINE user id", &format!("U{}", "e".repeat(32))).await;
    chromium.fill("Customer id", "C-77").await;
    chromium.press("Save").await;
    chromium.sees("C-77").await;

    chromium.follow("OpenAPI").await;
    chromium.sees("$MAAC_OPENAPI_TOKEN").await;
    assert!(!chromium.client.source().await.unwrap().contains(OPENAPI_TOKEN));
    chromium.press("Show").await;
    chromium.sees(&format!("Authorization: Bearer {OPENAPI_TOKEN}")).await;
    assert!(!chromium.client.current_url().await.unwrap().as_str().contains(OPENAPI_TOKEN));
    chromium.follow("Hide").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_events_are_made_of_is_edited_with_and_without_scripts() {
    let receiver = Receiver::start().await;
    let topics = maac_webhook_sandbox::maac_webhook_sender::maac_webhook::event::Topic::DOCUMENTED;
    for scripts in [true, false] {
        let console = Console::start().await;
        endpoint(&console.sandbox, &receiver.url, topics).await;
        let Some(chromium) = Chromium::start(&console, scripts).await else { return };
        edit(&chromium, &console, scripts).await;
    }
}
