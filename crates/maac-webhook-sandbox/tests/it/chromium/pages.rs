//! Every page of the console, with something on it.

use std::time::Duration;

use maac_webhook_sandbox::{
    Settings,
    maac_webhook_sender::{
        RetrySchedule,
        maac_webhook::event::Topic,
        producers::{PnpPush, Push},
    },
};

use crate::{
    console::Console,
    support::{Receiver, endpoint, points},
};

/// A console with something on each page, the paths of them all, and the receiver.
pub(crate) async fn filled() -> (Console, Vec<(&'static str, String)>, Receiver) {
    let schedule = RetrySchedule::new([Duration::from_secs(3600); 3]);
    let console = Console::with(Settings::new().with_schedule(schedule), None).await;
    let receiver = Receiver::start().await;
    let sandbox = &console.sandbox;
    let id = endpoint(sandbox, &receiver.url, Topic::DOCUMENTED).await;
    let stopped = endpoint(
        sandbox,
        "https://crm.shop.example/webhooks/maac/a/rather/long/path/of/a/receiver",
        &[Topic::ReceiptValidated, Topic::MessageFirstOpen],
    )
    .await;
    sandbox.change_platform(move |platform, now| platform.stop(stopped, now).map(|_| ())).await.unwrap();
    let delivered = sandbox.publish(points()).await.unwrap();
    sandbox.dispatcher().idle().await;
    receiver.answer(400, "<h1>no</h1>");
    let refused = sandbox.send_test(id, &Topic::ReceiptValidated).await.unwrap().id();
    sandbox.dispatcher().idle().await;
    receiver.answer(503, "later");
    let mut updates = sandbox.dispatcher().watch();
    let waiting = sandbox.send_test(id, &Topic::SurveyCakeSubmitted).await.unwrap().id();
    while !format!("{:?}", updates.next().await.unwrap().unwrap()).contains("AttemptEnded") {}
    let message = {
        let (mut producers, now) = (sandbox.producers(), sandbox.now());
        let friend = producers.setup().friends[0].line_uid.clone();
        producers.messages.broadcast();
        let event = producers.messages.create_event("會員日", now).unwrap().id();
        producers.messages.push(&Push::new(1001, Some(event), friend), now).unwrap();
        let mut push = PnpPush::new(118, "+886912345678");
        push.line_push_template_id = Some(7);
        producers.sms_plus.push(&push, now).unwrap().pnp_message_id
    };
    let (svid, friend) = {
        let producers = sandbox.producers();
        let setup = producers.setup();
        (setup.surveys[0].svid.clone(), setup.friends[0].line_uid.clone())
    };
    let event = delivered.id;
    let delivery = delivered.endpoints[0].delivery.unwrap();
    let pages = vec![
        ("list", "/webhooks".to_owned()),
        ("create", "/webhooks/new".to_owned()),
        ("details", format!("/webhooks/{id}")),
        ("test-red", format!("/webhooks/{id}?test={refused}")),
        ("test-waiting", format!("/webhooks/{id}?test={waiting}")),
        ("change-secret", format!("/webhooks/{id}/secret/change")),
        ("delete", format!("/webhooks/{id}/delete")),
        ("purchase", "/purchase".to_owned()),
        ("deliveries", "/deliveries".to_owned()),
        ("delivery", format!("/deliveries/{delivery}")),
        ("delivery-waiting", format!("/deliveries/{waiting}")),
        ("event", format!("/events/{event}")),
        ("log", "/log".to_owned()),
        ("simulate", "/simulate".to_owned()),
        ("receipt", "/simulate/receipt".to_owned()),
        ("campaign", "/simulate/campaign".to_owned()),
        ("survey", "/simulate/survey".to_owned()),
        ("survey-add", "/simulate/survey/edit".to_owned()),
        ("survey-edit", format!("/simulate/survey/edit?svid={svid}")),
        ("friends", "/simulate/friends".to_owned()),
        ("friend", format!("/simulate/friend?line_uid={friend}")),
        ("delete-template", "/simulate/delete/template?id=118".to_owned()),
        ("openapi", "/openapi".to_owned()),
        ("sms-plus", "/simulate/sms-plus".to_owned()),
        ("sms-plus-template", "/simulate/sms-plus/template?id=118".to_owned()),
        ("sms-plus-message", format!("/simulate/sms-plus/messages/{message}")),
        ("profile", "/simulate/profile".to_owned()),
        ("points", "/simulate/points".to_owned()),
        ("messages", "/simulate/messages".to_owned()),
        ("login", "/login".to_owned()),
        ("not-found", "/nothing".to_owned()),
    ];
    (console, pages, receiver)
}
