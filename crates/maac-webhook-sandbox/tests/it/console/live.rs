use maac_webhook_sandbox::maac_webhook_sender::maac_webhook::event::Topic;
use maac_webhook_test_support::PATIENCE;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::Console;
use crate::support::{Receiver, endpoint, points};

#[tokio::test]
async fn whoever_follows_is_told_which_delivery_changed_and_nothing_of_what_is_in_it() {
    let (console, receiver) = (Console::start().await, Receiver::start().await);
    endpoint(&console.sandbox, &receiver.url, &[Topic::PrizePointsAdded]).await;
    let mut stream = TcpStream::connect(console.address).await.unwrap();
    stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut until = async |wanted: &str| {
        let mut seen = Vec::new();
        let look = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                seen.push(line);
                if seen.last().unwrap().contains(wanted) {
                    return;
                }
            }
            panic!("the stream ended after {seen:?}");
        };
        timeout(PATIENCE, look).await.unwrap();
        seen
    };
    // Without data a browser would not tell the page of it.
    until("event: ready").await;
    until("data: now").await;
    let event = console.sandbox.publish(points()).await.unwrap();
    let id = event.endpoints[0].delivery.unwrap();
    let seen = until(&format!("data: {id}")).await;
    assert!(seen.iter().all(|line| !line.contains("points_id")), "{seen:?}");
}
