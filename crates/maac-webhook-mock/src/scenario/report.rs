use std::fmt;

use serde::Serialize;

use super::{Action, Step};
use crate::{
    Expectation, Sent, SentEvent,
    report::{self, Failing},
};

/// What came of each step of a scenario.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ScenarioReport {
    /// The scenario's name.
    pub scenario: String,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
}

/// What came of a step.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Counts from 1.
    pub step: usize,
    /// What it is for, or else what it does.
    pub name: String,
    /// Whether what was expected of it is so.
    pub met: bool,
    /// What was to become of each event; `None` where nothing was sent.
    pub expected: Option<Expectation>,
    /// How many attempts each event was to take; `None` for any number.
    #[serde(rename = "expected_attempts", skip_serializing_if = "Option::is_none")]
    pub attempts: Option<usize>,
    /// What was sent, and what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
}

impl ScenarioReport {
    /// Whether what was expected of each step is so; never where no step sent anything.
    #[must_use]
    pub fn met(&self) -> bool {
        self.steps.iter().any(|step| step.sent.is_some()) && self.steps.iter().all(|step| step.met)
    }

    /// How many steps are as expected, in words.
    #[must_use]
    pub fn conclusion(&self) -> String {
        let met = self.steps.iter().filter(|step| step.met).count();
        format!("{met} of {} steps are as expected", self.steps.len())
    }

    /// Asserts that what was expected of each step is so.
    ///
    /// # Panics
    ///
    /// With each step of which it is not, what was sent and what came of it.
    #[track_caller]
    pub fn assert_met(&self) -> &Self {
        assert!(self.met(), "{self}");
        self
    }
}

impl StepReport {
    pub(super) fn new(number: usize, step: &Step, sent: Option<Sent>) -> Self {
        let name = step.name.clone().unwrap_or_else(|| match (&step.action, &sent) {
            (Action::Send(_), Some(sent)) => sent.summary(),
            _ => "the secret is changed".to_owned(),
        });
        let expected = step.expectation();
        let met = match (&sent, expected) {
            (Some(sent), Some(expected)) => {
                sent.met(expected) && step.attempts.is_none_or(|attempts| sent.took(attempts))
            }
            _ => true,
        };
        Self { step: number, name, met, expected, attempts: step.attempts, sent }
    }

    /// Whether an event that it sent is not as expected.
    fn fails(&self, event: &SentEvent) -> bool {
        !(self.expected.is_none_or(|expected| event.met(expected))
            && self.attempts.is_none_or(|attempts| event.took(attempts)))
    }

    /// What was expected, in words.
    fn expected_text(&self) -> String {
        let fate = self.expected.map_or_else(String::new, |expected| expected.to_string());
        match self.attempts {
            Some(attempts) => format!("{fate} in {}", report::attempts(attempts)),
            None => fate,
        }
    }
}

/// One line where it is met, and where it is not all that was sent and answered of the events that fail.
impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}, {}: ", self.step, self.name)?;
        match &self.sent {
            None => f.write_str("done"),
            Some(_) if self.met => write!(f, "{}, as expected", self.expected_text()),
            Some(sent) if sent.events.len() < 2 => {
                write!(f, "was to be {}\n\n{}\n", self.expected_text(), sent.to_string().trim_end())
            }
            Some(sent) => {
                let Failing { count, events } = report::failing(sent, |event| self.fails(event));
                write!(f, "was to be {}; {count}\n\n{}\n", self.expected_text(), events.trim_end())
            }
        }
    }
}

impl fmt::Display for ScenarioReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.scenario)?;
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        f.write_str(&self.conclusion())
    }
}
