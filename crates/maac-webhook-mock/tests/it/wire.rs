//! What each behaviour puts on the wire, to the byte.

use std::time::Duration;

use maac_webhook_mock::{Behaviour, MockEvent, Sent};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::receivers::sender;

const BODY: &str = r#"{"topic": "t", "data": {"padding": "0123456789012345678901234567890123456789"}}"#;

/// What came in by one connection: the head, the rest, and in how many pieces.
struct Arrived {
    head: String,
    rest: String,
    pieces: usize,
}

impl Arrived {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(own, _)| *own == name))
            .map(|(_, value)| value)
    }
}

/// Sends it once to a receiver that answers when it has read so many bytes of the body, or its end.
async fn arrived(behaviour: Behaviour, enough: usize) -> (Arrived, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        loop {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).await.unwrap_or_default();
            bytes.extend_from_slice(&piece[..read]);
            pieces += 1;
            let text = String::from_utf8_lossy(&bytes);
            let (head, rest) = text.split_once("\r\n\r\n").unwrap_or_default();
            if read == 0 || (!head.is_empty() && rest.len() >= enough) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                return Arrived { head: head.to_owned(), rest: rest.to_owned(), pieces };
            }
        }
    });
    let schedule = maac_webhook_mock::maac_webhook_sender::RetrySchedule::new([]);
    let delivery = sender().schedule(schedule).event(MockEvent::raw(BODY)).behaviour(behaviour);
    let sent = delivery.send_to(&url).await;
    (serving.await.unwrap(), sent)
}

#[tokio::test]
async fn a_drip_comes_in_many_pieces() {
    let drip = Behaviour::Dripped { pause: Duration::from_millis(1) };
    let (arrived, sent) = arrived(drip, BODY.len()).await;
    sent.assert_accepted();
    assert_eq!((arrived.rest.as_str(), arrived.header("Content-Length")), (BODY, Some("79")));
    assert!(arrived.pieces > BODY.len() / 4, "{}", arrived.pieces);
}

#[tokio::test]
async fn chunks_have_their_lengths_and_no_content_length() {
    let (first, second) = BODY.split_at(64);
    let chunked = format!("40\r\n{first}\r\nF\r\n{second}\r\n0\r\n\r\n");
    let (arrived, sent) = arrived(Behaviour::Chunked, chunked.len()).await;
    sent.assert_accepted();
    assert_eq!(arrived.rest, chunked);
    assert_eq!(
        (arrived.header("Content-Length"), arrived.header("Transfer-Encoding")),
        (None, Some("chunked"))
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_in_the_midst_of_it() {
    let (arrived, sent) = arrived(Behaviour::Aborted, BODY.len()).await;
    sent.assert_unanswered();
    assert_eq!((arrived.rest.as_str(), arrived.header("Content-Length")), (&BODY[..39], Some("79")));
}

#[tokio::test]
async fn a_wrong_length_is_declared() {
    let (small, sent) = arrived(Behaviour::ContentLengthTooSmall, 69).await;
    sent.assert_accepted();
    assert_eq!((small.rest.as_str(), small.header("Content-Length")), (&BODY[..69], Some("69")));

    let (large, sent) = arrived(Behaviour::ContentLengthTooLarge, 89).await;
    sent.assert_unanswered();
    assert_eq!((large.rest.as_str(), large.header("Content-Length")), (BODY, Some("89")));
}
