use std::process::Command;

use maac_webhook::ShareSecret;
use maac_webhook_mock::{Expectation, MockDelivery, MockEvent, MockSender, Tampering, samples};
use maac_webhook_test_support::{
    PATIENCE,
    process::{Lines, Running},
};

const SECRET: &str = "test-share-secret";

/// An example that runs.
pub(crate) struct Example {
    pub(crate) url: String,
    pub(crate) lines: Lines,
    sender: MockSender,
    process: Running,
}

impl Example {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.env_remove("RUST_LOG").env("LISTEN_ADDR", "127.0.0.1:0").env("MAAC_SHARE_SECRET", SECRET);
        let (mut process, stdout) = Running::start(command);
        let url = process.listening();
        let secret = |text: &str| ShareSecret::new(text).unwrap();
        // There was another secret before, whose signature is a forgery too.
        let sender = MockSender::new(secret("the-secret-before"))
            .change_secret(secret(SECRET))
            .attempt_timeout(PATIENCE)
            .without_waiting();
        Self { url, lines: Lines::of(stdout), sender, process }
    }

    /// An event to be sent to it.
    pub(crate) fn event(&self, event: impl Into<MockEvent>) -> MockDelivery<'static> {
        self.sender.event(event)
    }

    /// Several events to be sent to it.
    pub(crate) fn events(&self, events: impl IntoIterator<Item = MockEvent>) -> MockDelivery<'static> {
        self.sender.events(events)
    }

    /// Sends every kind of forgery, each of which is to be answered 401.
    pub(crate) async fn forge(&self) {
        for tampering in Tampering::ALL {
            if tampering.expectation() == Expectation::Rejected(401) {
                let forgery = self.event(samples::surveycake_submitted()).tampering(tampering);
                forgery.send_to(&self.url).await.assert_rejected(401).assert_attempts(1);
            }
        }
    }

    /// Ends it as a crash would, and gives what is left of its output.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill();
        self.lines.rest()
    }
}
