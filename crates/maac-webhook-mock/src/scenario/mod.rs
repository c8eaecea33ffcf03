//! What is sent step by step, and what is to become of it: as a value and as a file.

mod error;
mod file;
mod overrides;
mod report;
mod run;

use maac_webhook::ShareSecret;

pub use error::ScenarioError;
pub use report::{ScenarioReport, StepReport};

use crate::{Behaviour, Expectation, MockEvent, Tampering, delivery};

/// What is sent step by step, and what is to become of each step.
///
/// In code or from a file, to a receiver in a test or, by `maac-webhook send --scenario FILE`, to one that runs.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use maac_webhook_axum::{VerifyLayer, Webhook, maac_webhook::{Endpoint, Event, ShareSecret}};
/// use maac_webhook_mock::{Behaviour, MockSender, Scenario, Step, Tampering, samples};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = Scenario::new("a forgery, and an answer that gets lost")
///     .step(Step::event(samples::receipt_validated()).tampering(Tampering::SignatureMissing))
///     .step(Step::event(samples::prize_points_added()).behaviour(Behaviour::AnswerLost).attempts(2));
///
/// let file = r#"{
///     "name": "a forgery, and an answer that gets lost",
///     "steps": [
///         {"event": {"topic": "receipt.receipt_validated"}, "tampering": "signature_missing", "expect": {"rejected": 401}},
///         {"event": {"topic": "prize.points_added"}, "behaviour": "answer_lost", "attempts": 2}
///     ]
/// }"#;
///
/// # async fn receive(Webhook(_): Webhook<Event>) -> StatusCode { StatusCode::OK }
/// # let secret = ShareSecret::new("d0c5c1a6")?;
/// # let layer = VerifyLayer::new(Endpoint::new("crm", secret.clone()));
/// # let mut app = Router::new().route("/webhooks/maac", post(receive).layer(layer));
/// let sender = MockSender::new(secret).without_waiting();
/// for scenario in [scenario, Scenario::from_json(file)?] {
///     scenario.run(&sender, &mut app).await?.assert_met();
/// }
/// # Ok(()) }
/// ```
///
/// # The file
///
/// A JSON object with a `name` and an array of `steps`. Unknown members are refused. A step has one of:
///
/// | member | is |
/// | --- | --- |
/// | `event` | an event |
/// | `events` | an array of events |
/// | `generated` | `{"seed": 7, "count": 20}`: the first events of a [`Generator`](crate::Generator), at most 100,000 |
/// | `change_secret` | the new secret. What follows is signed with it. The receiver has to be told otherwise |
///
/// and, beside events, any of:
///
/// | member | is |
/// | --- | --- |
/// | `name` | what it is for |
/// | `tampering` | a [`Tampering`], as `"signature_missing"` |
/// | `behaviour` | a [`Behaviour`], as `"answer_lost"` or `{"dripped": {"pause_ms": 20}}` |
/// | `expect` | an [`Expectation`]: `"accepted"`, `{"rejected": 401}` or `"unanswered"`; otherwise what a correct receiver makes of it |
/// | `attempts` | how many attempts each event takes |
///
/// An event has one of `topic` and, for a body of any bytes, `body` or `body_hex`; and maybe a `key`. With a `topic` it
/// is a sample, in which `set` overrides fields (objects are merged, and a `status` and an `answer.alias` bring along what
/// depends on them; what MAAC never sends together, as an `sms_*` status of a hashed phone number, takes `data`), or has
/// `data` of its own:
///
/// ```json
/// {"topic": "pnp.status_updated", "set": {"status": "sms_delivered", "event_id": 875}}
/// {"topic": "form.surveycake_submitted", "set": {"answer": {"alias": {"newsletter": ["yes"]}}}}
/// {"topic": "new.topic", "data": {"any": "thing"}, "key": "0123456789abcdef"}
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    steps: Vec<Step>,
}

/// One step of a [`Scenario`].
#[derive(Clone, Debug)]
pub struct Step {
    name: Option<String>,
    action: Action,
    tampering: Option<Tampering>,
    behaviour: Option<Behaviour>,
    expected: Option<Expectation>,
    attempts: Option<usize>,
}

#[derive(Clone, Debug)]
enum Action {
    Send(Vec<MockEvent>),
    ChangeSecret(ShareSecret),
}

impl Scenario {
    /// A scenario without steps yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), steps: Vec::new() }
    }

    /// Reads a scenario from the JSON of a file. Its samples are drawn by this.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in which step and where in it.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        file::read(text)
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// What it is for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl Step {
    /// Sends an event.
    #[must_use]
    pub fn event(event: impl Into<MockEvent>) -> Self {
        Self::events([event])
    }

    /// Sends several events.
    #[must_use]
    pub fn events<E: Into<MockEvent>>(events: impl IntoIterator<Item = E>) -> Self {
        Self::of(Action::Send(events.into_iter().map(Into::into).collect()))
    }

    /// Changes the secret: what follows is signed with this one.
    #[must_use]
    pub fn change_secret(secret: ShareSecret) -> Self {
        Self::of(Action::ChangeSecret(secret))
    }

    fn of(action: Action) -> Self {
        Self { name: None, action, tampering: None, behaviour: None, expected: None, attempts: None }
    }

    /// Sets what it is for.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Tampers with each event.
    ///
    /// # Panics
    ///
    /// Where it has a tampering already: one would be lost.
    #[must_use]
    #[track_caller]
    pub fn tampering(mut self, tampering: Tampering) -> Self {
        let before = self.tampering.replace(tampering);
        assert!(before.is_none(), "a second tampering: one at a time");
        self
    }

    /// Has the sender or the network behave in this way.
    ///
    /// # Panics
    ///
    /// Where it has a behaviour already: one would be lost.
    #[must_use]
    #[track_caller]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        let before = self.behaviour.replace(behaviour);
        assert!(before.is_none(), "a second behaviour: one at a time");
        self
    }

    /// Sets what is to become of each event. Otherwise it is what a correct receiver makes of it.
    #[must_use]
    pub fn expect(mut self, expected: Expectation) -> Self {
        self.expected = Some(expected);
        self
    }

    /// Sets how many attempts each event is to take. Otherwise any number will do.
    #[must_use]
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// What is to become of each event; `None` where nothing is sent.
    #[must_use]
    pub fn expectation(&self) -> Option<Expectation> {
        match self.action {
            Action::Send(_) => {
                Some(self.expected.unwrap_or_else(|| delivery::expectation(self.tampering, self.behaviour)))
            }
            Action::ChangeSecret(_) => None,
        }
    }
}
