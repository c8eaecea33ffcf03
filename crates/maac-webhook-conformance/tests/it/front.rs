//! What stands before a flawed receiver and sees the bytes of a request, for flaws that no HTTP server has.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::flaw::Flaw;

/// As many requests as MAAC tries an event.
const DROPPED: usize = 4;

/// Puts it before the receiver at this URL, where it has such a flaw.
pub(crate) async fn front(url: String, flaw: Flaw) -> String {
    let seen_here =
        [Flaw::WantsItsHeadersCapitals, Flaw::StopsAtNoHttp, Flaw::TakesTwoLengths, Flaw::DiesOfAForgery];
    if !seen_here.contains(&flaw) {
        return url;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let to_drop = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        let dead = Arc::new(Notify::new());
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                () = dead.notified() => return,
            };
            let (inner, to_drop) = (url.strip_prefix("http://").unwrap().to_owned(), to_drop.clone());
            let dead = dead.clone();
            tokio::spawn(async move { pass_on(stream, &inner, flaw, &to_drop, &dead).await });
        }
    });
    own
}

async fn pass_on(
    mut stream: TcpStream,
    inner: &str,
    flaw: Flaw,
    to_drop: &AtomicUsize,
    dead: &Notify,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < 2 << 20 {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            break;
        }
    }
    let one_less = |count: usize| count.checked_sub(1);
    // Who looks whether it is there sends nothing.
    if !head.is_empty() && to_drop.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
        return None;
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    match flaw {
        Flaw::WantsItsHeadersCapitals if text.contains("\r\ncresclab-signature:") => {
            let refusal = b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(refusal).await.ok()?;
            return stream.shutdown().await.ok();
        }
        Flaw::StopsAtNoHttp if text.starts_with('\u{16}') => {
            to_drop.store(DROPPED, Ordering::SeqCst);
            return None;
        }
        Flaw::DiesOfAForgery if text.starts_with("POST") && !text.contains("CrescLab-Signature") => {
            dead.notify_one();
            return None;
        }
        Flaw::TakesTwoLengths if text.matches("\r\nContent-Length:").count() == 2 => {
            head = text.replacen("\r\nContent-Length: 1\r\n", "\r\n", 1).into_bytes();
        }
        _ => {}
    }
    let mut receiver = TcpStream::connect(inner).await.ok()?;
    receiver.write_all(&head).await.ok()?;
    copy_bidirectional(&mut stream, &mut receiver).await.ok().map(drop)
}
