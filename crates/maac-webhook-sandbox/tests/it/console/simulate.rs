use maac_webhook_sandbox::maac_webhook_sender::maac_webhook::event::Topic;

use super::{Browser, Console};
use crate::support::{Receiver, endpoint};

async fn start() -> (Console, Receiver, Browser) {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    endpoint(&console.sandbox, &receiver.url, Topic::DOCUMENTED).await;
    let browser = console.browser();
    (console, receiver, browser)
}

/// The body of the newest delivery.
async fn newest(console: &Console) -> serde_json::Value {
    console.sandbox.dispatcher().idle().await;
    let page = console.sandbox.deliveries(None, None, 1).await.unwrap();
    let delivery = console.sandbox.delivery(page.items[0].id).await.unwrap().unwrap();
    serde_json::from_slice(delivery.body.as_bytes()).unwrap()
}

fn first_friend(console: &Console) -> String {
    console.sandbox.producers().setup().friends[0].line_uid.clone()
}

#[tokio::test]
async fn a_receipt_gives_an_event_with_the_matching_items_alone_and_says_which_campaign_did_not_match() {
    let (console, _receiver, mut browser) = start().await;
    browser.open("/simulate/campaign").await;
    browser
        .submit(
            "/simulate/campaign",
            &[("name", "茶飲季 & <b>"), ("keywords", "紅茶\n 綠茶 "), ("minimum_amount", "x")],
        )
        .await;
    browser.assert_shows(&["Enter a number.", "茶飲季 &amp; &lt;b&gt;"]);
    browser.submit("/simulate/campaign", &[("name", "茶飲季 & <b>"), ("keywords", "紅茶\n 綠茶 ")]).await;
    browser.assert_shows(&["It is saved.", "紅茶, 綠茶"]);

    let friend = first_friend(&console);
    let receipt = [
        ("friend", friend.as_str()),
        ("number", "AB12345678"),
        ("random_number", "0042"),
        ("datetime", "2025-01-31T12:30"),
        ("channel", "全家"),
        ("description_1", "冰拿鐵"),
        ("unit_price_1", "65"),
        ("quantity_1", "2"),
        ("description_2", "茶葉蛋"),
        ("unit_price_2", "13"),
        ("quantity_2", "1"),
    ];
    assert_eq!(browser.submit("/simulate/receipt", &receipt).await, 200);
    browser.assert_shows(&[
        "No event, because no item matches the campaign's keywords.",
        "All of this delivery",
    ]);
    let event = newest(&console).await;
    assert_eq!(event["topic"], "receipt.receipt_validated");
    let items = event["data"]["items"].as_array().unwrap();
    assert_eq!((items.len(), items[0]["amount"].as_f64()), (1, Some(130.0)));
    assert_eq!(event["data"]["datetime"], "2025-01-31T12:30:00+08:00");

    browser.open("/simulate/receipt").await;
    let mut wrong = receipt;
    wrong[1] = ("number", "ab1");
    wrong[6] = ("unit_price_1", "sixty");
    assert_eq!(browser.submit("/simulate/receipt", &wrong).await, 422);
    browser.assert_shows(&["Item 1 needs a price and a quantity that are numbers.", "value=\"sixty\""]);
}

#[tokio::test]
async fn a_survey_is_asked_answered_and_edited() {
    let (console, _receiver, mut browser) = start().await;
    let friend = first_friend(&console);
    browser.open("/simulate/survey").await;
    browser.assert_shows(&["您的大名", "alias: maac_member_name", "female"]);
    let svid = console.sandbox.producers().setup().surveys[0].svid.clone();
    let answers = [
        ("svid", svid.as_str()),
        ("friend", &friend),
        ("q1", "林雅婷"),
        ("q2", "女"),
        ("q5", "烏龍茶"),
        ("q5", "桂花"),
        ("q6", "2"),
    ];
    assert_eq!(browser.submit("/simulate/survey", &answers[..2]).await, 422);
    browser.assert_shows(&["Question 1 must be answered."]);
    assert_eq!(browser.submit("/simulate/survey", &answers).await, 200);
    let alias = newest(&console).await["data"]["answer"]["alias"].clone();
    assert_eq!(alias["maac_member_gender"], serde_json::json!(["female"]));
    assert_eq!(alias["flavours"], serde_json::json!(["oolong", "桂花"]));

    browser.open("/simulate/survey/edit").await;
    let sorted = [
        ("svid", "sort"),
        ("title", "排序"),
        ("q0-sn", "1"),
        ("q0-type", "ITEMSORT"),
        ("q0-subject", "喜好"),
        ("q0-alias", "order"),
        ("q0-c0-text", "茶"),
        ("q0-c1-text", "咖啡"),
        ("q1-sn", "2"),
        ("q1-type", "CHOICEONE"),
        ("q1-subject", "來源"),
        ("q1-alias", "from"),
        ("q1-c0-text", "其他"),
        ("q1-c0-takes-text", "on"),
    ];
    assert_eq!(browser.submit("/simulate/survey/edit", &sorted).await, 200);
    browser.assert_shows(&["It is saved.", "喜好"]);
    let answers = [
        ("svid", "sort"),
        ("friend", &friend),
        ("q1-1", "咖啡"),
        ("q1-2", "茶"),
        ("q2", "其他"),
        ("q2-other-0", "朋友"),
    ];
    assert_eq!(browser.submit("/simulate/survey", &answers).await, 200);
    let answer = newest(&console).await["data"]["answer"].clone();
    assert_eq!(answer["alias"]["order"], serde_json::json!(["咖啡", "茶"]));
    assert_eq!(answer["result"][1]["otherAnswer"], serde_json::json!(["朋友"]));
}

#[tokio::test]
async fn an_sms_plus_message_is_walked_from_status_to_status() {
    let (console, _receiver, mut browser) = start().await;
    browser.open("/simulate/sms-plus").await;
    let push = [("pnp_setting_id", "118"), ("phone_number", "0912")];
    assert_eq!(browser.submit("/simulate/sms-plus", &push).await, 422);
    browser.assert_shows(&["A phone number is in E.164 form"]);
    let push = [("pnp_setting_id", "118"), ("phone_number", "+886912345678"), ("line_push_template_id", "7")];
    assert_eq!(browser.submit("/simulate/sms-plus", &push).await, 200);
    browser.assert_shows(&["line_push_preparing", "reach_monthly_limit", "What became of it"]);
    let id = console.sandbox.producers().sms_plus.messages().next().unwrap().id();
    let action = format!("/simulate/sms-plus/messages/{id}");
    browser.submit(&action, &[("status", "line_push_failed"), ("category", "reach_monthly_limit")]).await;
    let event = newest(&console).await;
    assert_eq!(event["data"]["line_push_error_category"], "reach_monthly_limit");
    assert_eq!(browser.submit(&action, &[("status", "sms_delivered")]).await, 422);
    browser.assert_shows(&["A message does not become sms_delivered after line_push_failed."]);
    for status in ["pnp_preparing", "pnp_accepted", "pnp_delivered"] {
        assert_eq!(browser.submit(&action, &[("status", status)]).await, 200);
    }
    browser.assert_shows(&["The message is at its end."]);
    let page = console.sandbox.deliveries(None, None, 100).await.unwrap();
    assert_eq!(page.items.len(), 5);

    browser.open("/simulate/sms-plus/template").await;
    browser.submit("/simulate/sms-plus/template", &[("id", "500"), ("name", "取貨通知")]).await;
    browser.assert_shows(&["It is saved.", "取貨通知 (500)"]);
}

#[tokio::test]
async fn a_binding_and_points_are_of_a_friend_who_is_remembered() {
    let (console, _receiver, mut browser) = start().await;
    let other = format!("U{}", "c".repeat(32));
    browser.open("/simulate/profile").await;
    let binding = [
        ("pnp_setting_id", "118"),
        ("phone_number", "+886912345678"),
        ("source", "sms"),
        ("line_uid", &other),
        ("customer_id", "C-9"),
    ];
    assert_eq!(browser.submit("/simulate/profile", &binding).await, 200);
    assert_eq!(newest(&console).await["data"]["customer_id"], "C-9");
    assert_eq!(first_friend(&console), other);

    browser.open("/simulate/points").await;
    browser.assert_shows(&[&other]);
    let points = [("friend", other.as_str()), ("prize_name", "生日禮"), ("points_count", "0")];
    assert_eq!(browser.submit("/simulate/points", &points).await, 422);
    browser.assert_shows(&["A grant is of at least one point."]);
    let points = [("friend", other.as_str()), ("prize_name", "生日禮"), ("points_count", "5")];
    assert_eq!(browser.submit("/simulate/points", &points).await, 200);
    let event = newest(&console).await;
    assert_eq!(
        (event["data"]["points_count"].as_u64(), &event["data"]["points_expire_date"]),
        (Some(5), &serde_json::Value::Null)
    );
}

#[tokio::test]
async fn an_open_is_an_event_once_and_only_of_what_is_tracked() {
    let (console, _receiver, mut browser) = start().await;
    let friend = first_friend(&console);
    browser.open("/simulate/messages").await;
    browser.submit("/simulate/messages/broadcast", &[]).await;
    let broadcast = console.sandbox.producers().messages.broadcasts().next().unwrap().0.to_string();
    let open = [("kind", "broadcast"), ("message", &broadcast), ("friend", &friend)];
    assert_eq!(browser.submit("/simulate/messages/open", &open).await, 200);
    assert_eq!(newest(&console).await["data"]["message_type"], "broadcast");
    browser.open("/simulate/messages").await;
    browser.submit("/simulate/messages/open", &open).await;
    browser.assert_shows(&["No event, because the friend has opened this message before."]);

    browser.open("/simulate/messages").await;
    browser.submit("/simulate/messages/event", &[("name", "")]).await;
    browser.assert_shows(&["Enter the event"]);
    browser.submit("/simulate/messages/event", &[("name", "會員日")]).await;
    browser.assert_shows(&["會員日"]);
    let event = console.sandbox.producers().messages.events().next().unwrap().id().to_string();
    browser
        .submit("/simulate/messages/push", &[("kind", "push"), ("template_id", "1"), ("event_id", &event)])
        .await;
    browser.assert_shows(&["Choose a friend."]);
    let push = [("kind", "push"), ("template_id", "1"), ("event_id", &event), ("to", &friend)];
    browser.submit("/simulate/messages/push", &push).await;
    let message = console.sandbox.producers().messages.messages().next().unwrap().id().to_string();
    let open = [("kind", "push"), ("message", &message), ("friend", &friend)];
    assert_eq!(browser.submit("/simulate/messages/open", &open).await, 200);
    assert_eq!(newest(&console).await["data"]["message_id"].to_string(), event);

    browser.open("/simulate/messages").await;
    browser
        .submit("/simulate/messages/push", &[("kind", "push"), ("template_id", "1"), ("to", &friend)])
        .await;
    let message = console.sandbox.producers().messages.messages().next().unwrap().id().to_string();
    browser
        .submit("/simulate/messages/open", &[("kind", "push"), ("message", &message), ("friend", &friend)])
        .await;
    browser.assert_shows(&["No event, because the message was pushed without an event_id."]);
}

#[tokio::test]
async fn an_event_with_no_endpoint_that_gets_it_says_why_at_each() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    let mut browser = console.browser();
    let friend = first_friend(&console);
    browser.open("/simulate/points").await;
    let points = [("friend", friend.as_str()), ("prize_name", "生日禮"), ("points_count", "5")];
    browser.submit("/simulate/points", &points).await;
    browser.assert_shows(&["There is no webhook endpoint, so the event went nowhere."]);
    endpoint(&console.sandbox, &receiver.url, &[Topic::MessageFirstOpen]).await;
    browser.language = "zh-TW";
    browser.open("/simulate/points").await;
    browser.submit("/simulate/points", &points).await;
    browser.assert_shows(&["未送出，因為此 Webhook 端點未訂閱這個事件。"]);
}
