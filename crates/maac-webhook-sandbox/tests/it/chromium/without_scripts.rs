use super::driver::Chromium;
use crate::{console::Console, support::Receiver};

/// The same browser with its scripts switched off.
#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_used_without_scripts() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    let Some(chromium) = Chromium::start(&console, false).await else { return };
    chromium.open("/webhooks/new").await;
    chromium.fill("Webhook endpoint name", "crm").await;
    chromium.fill("Webhook endpoint URL", &receiver.url).await;
    chromium.field("Prize Points Added").await.click().await.unwrap();
    chromium.press("Create").await;
    chromium.sees("The webhook endpoint is created").await;
    chromium.press("Show").await;
    chromium.sees("Hide").await;
    chromium.follow("Hide").await;
    chromium.press("Send test").await;
    chromium.within("Delivered", "#result").await;
    chromium.follow("Simulate").await;
    chromium.follow("Prize points").await;
    chromium.press("Grant").await;
    chromium.sees("At each webhook endpoint").await;
    chromium.open("/webhooks").await;
    chromium.find("//summary[starts-with(normalize-space(), 'Menu')]").await.click().await.unwrap();
    chromium.press("Stop").await;
    chromium.sees("Stopped").await;
    chromium.language("繁體中文").await;
    chromium.sees("已停用").await;
}
