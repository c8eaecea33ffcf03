//! Whatever happens, and however much is logged: no line has a secret or a payload in it. [`Running`] looks at each.
//!
//! [`Running`]: maac_webhook_test_support::process::Running

use maac_webhook::{ShareSecret, event::Topic};
use maac_webhook_mock::{MockEvent, MockSender, Tampering, samples};
use maac_webhook_sender::RetrySchedule;
use maac_webhook_test_support::{
    PATIENCE,
    process::{Lines, Running},
};
use tokio::runtime::Runtime;

use crate::support::{File, SECRET, maac_webhook};

const TAMPERINGS: [Tampering; 8] = [
    Tampering::BodyByteFlipped,
    Tampering::BodyReserialised,
    Tampering::SignatureMissing,
    Tampering::SignatureCutOff,
    Tampering::SignatureDoubled,
    Tampering::SignatureOfAnotherSecret,
    Tampering::KeyMissing,
    Tampering::KeyReused,
];

/// Events of each topic, as they are and tampered with, and what is no event, to what this command starts.
fn everything_to(args: &[&str]) {
    let inbox = File::new("secrecy.db", "");
    let at = format!("sqlite:{}", inbox.path());
    let mut command = maac_webhook(&[&["listen", "--addr", "127.0.0.1:0", "--inbox", &at], args].concat());
    command.env("MAAC_SHARE_SECRET", SECRET).env("RUST_LOG", "trace");
    let (mut process, stdout) = Running::start(&mut command);
    let lines = Lines::of(stdout);
    let url = process.line_with("listening on ").rsplit(' ').next().unwrap().to_owned();

    let sender = MockSender::new(ShareSecret::new(SECRET).unwrap()).attempt_timeout(PATIENCE);
    let sender = sender.schedule(RetrySchedule::new([]));
    Runtime::new().unwrap().block_on(async {
        for topic in Topic::DOCUMENTED {
            let sample = || samples::of(topic).unwrap();
            sender.event(sample()).send_to(&url).await.assert_accepted();
            for tampering in TAMPERINGS {
                sender.event(sample()).tampering(tampering).send_to(&url).await;
            }
        }
        for odd in [
            r#"{"topic": "receipt.validated", "timestamp": "林雅婷", "data": {"items": "拿鐵咖啡"}}"#,
            r#"{"topic": "林雅婷", "timestamp": "2026-11-24T10:00:00+08:00", "data": {}}"#,
            r#"{"topic": "pnp.status_updated", "data": {"phone_number": ["+886912345678"]}}"#,
            "林雅婷, and no JSON at all",
        ] {
            sender.event(MockEvent::raw(odd)).send_to(&url).await.assert_accepted();
        }
    });
    let log = process.log_to_its_end();
    assert!(log.contains("signature_mismatch") && log.contains(" DEBUG "), "it logs: {log}");
    drop(lines);
}

#[test]
fn what_is_printed_is_logged_without_its_payload() {
    everything_to(&[]);
}

#[test]
fn what_is_forwarded_and_refused_is_logged_without_its_payload_and_without_the_shops_secret() {
    let shop = File::new("shop-secret", "the-secret-of-the-shop\n");
    // Nobody listens at this port of a test's own.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = format!("http://{nobody}/");
    everything_to(&["--forward", &upstream, "--forward-secret-file", shop.path()]);
}
