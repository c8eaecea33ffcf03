use tokio::sync::mpsc::unbounded_channel;

use super::{Action, Scenario, ScenarioError, ScenarioReport, Step, StepReport};
use crate::{MockDelivery, MockSender, MockTarget, handover::Exchanges};

impl Scenario {
    /// Sends each step in order, whatever became of the one before it.
    ///
    /// # Errors
    ///
    /// A step that cannot be sent as it says, or none that sends anything, and then nothing is sent. What the receiver does is no error.
    pub async fn run<Kind>(
        &self,
        sender: &MockSender,
        target: impl MockTarget<Kind>,
    ) -> Result<ScenarioReport, ScenarioError> {
        self.run_observed(sender, target, |_| {}).await
    }

    /// The same, showing each step as it ends: to print it, or to tell the receiver of a changed secret.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_observed<Kind>(
        &self,
        sender: &MockSender,
        target: impl MockTarget<Kind>,
        mut observe: impl FnMut(&StepReport),
    ) -> Result<ScenarioReport, ScenarioError> {
        let unsent = |number: usize| move |error| ScenarioError::of_step(number, &error);
        let address = sender.address(&target).map_err(unsent(1))?;
        let steps = self.planned(sender);
        if steps.iter().all(|(_, _, delivery)| delivery.is_none()) {
            return Err(ScenarioError::at(String::new(), "no step sends an event"));
        }
        for (number, _, delivery) in &steps {
            if let Some(delivery) = delivery {
                delivery.validate().map_err(unsent(*number))?;
            }
        }
        let (exchanges, incoming) = unbounded_channel();
        let work = async move {
            let mut reports = Vec::new();
            for (number, step, delivery) in steps {
                let sent = match delivery {
                    Some(delivery) => {
                        Some(delivery.send_by(&address, &exchanges).await.map_err(unsent(number))?)
                    }
                    None => None,
                };
                let report = StepReport::new(number, step, sent);
                observe(&report);
                reports.push(report);
            }
            Ok(ScenarioReport { scenario: self.name.clone(), steps: reports })
        };
        target.serve(Exchanges(incoming), work).await
    }

    /// The steps with their numbers and what each sends, each with the secrets that are the sender's by then.
    fn planned(&self, sender: &MockSender) -> Vec<(usize, &Step, Option<MockDelivery<'static>>)> {
        let mut sender = sender.clone();
        let mut planned = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let delivery = match &step.action {
                Action::ChangeSecret(secret) => {
                    sender = sender.clone().change_secret(secret.clone());
                    None
                }
                Action::Send(events) => {
                    let mut delivery = sender.events(events.iter().cloned());
                    if let Some(tampering) = step.tampering {
                        delivery = delivery.tampering(tampering);
                    }
                    if let Some(behaviour) = step.behaviour {
                        delivery = delivery.behaviour(behaviour);
                    }
                    Some(delivery)
                }
            };
            planned.push((index + 1, step, delivery));
        }
        planned
    }
}
