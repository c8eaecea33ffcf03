//! Whether anybody listens at all.

use std::time::{Duration, Instant};

use maac_webhook_sender::Target;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    cli::Output,
    failure::{Answer, Failure},
    sign::print,
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long after one that failed the next follows.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn run(url: &Target, wait: Duration, output: Output) -> Result<Answer, Failure> {
    let until = Instant::now() + wait;
    let mut listens = connects(url).await;
    while !listens && Instant::now() < until {
        sleep(PAUSE).await;
        listens = connects(url).await;
    }
    match output {
        Output::Text if listens => print(&format!("somebody listens at {url}"))?,
        Output::Text => print(&format!("nobody listens at {url}"))?,
        Output::Json => print(&serde_json::json!({ "listening": listens }).to_string())?,
    }
    Ok(listens.into())
}

/// Whether a connection can be had, whatever would be spoken over it.
async fn connects(url: &Target) -> bool {
    let connected = timeout(CONNECT, TcpStream::connect((url.host(), url.port()))).await;
    matches!(connected, Ok(Ok(_)))
}
