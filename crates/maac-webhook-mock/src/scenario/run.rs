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
        let mut steps = Vec::new();
        for (number, step, delivery) in self.deliveries(sender) {
            let planned = match delivery {
                Some(delivery) => {
                    let plan = delivery.plan().map_err(unsent(number))?;
                    Some((delivery, plan))
                }
                None => None,
            };
            steps.push((number, step, planned));
        }
        if steps.iter().all(|(_, _, planned)| planned.is_none()) {
            return Err(ScenarioError::at(String::new(), "no step sends an event"));
        }
        let (exchanges, incoming) = unbounded_channel();
        let work = async move {
            let mut reports = Vec::new();
            for (number, step, planned) in steps {
                let sent = match planned {
                    Some((delivery, plan)) => Some(delivery.carry_out(&plan, &address, &exchanges).await),
                    None => None,
                };
                let report = StepReport::new(number, step, sent);
                observe(&report);
                reports.push(report);
            }
            ScenarioReport { scenario: self.name.clone(), steps: reports }
        };
        Ok(target.serve(Exchanges(incoming), work).await)
    }

    /// The steps with their numbers and what each sends, each with the secrets that are the sender's by then.
    fn deliveries(&self, sender: &MockSender) -> Vec<(usize, &Step, Option<MockDelivery<'static>>)> {
        let mut sender = sender.clone();
        let mut deliveries = Vec::new();
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
            deliveries.push((index + 1, step, delivery));
        }
        deliveries
    }
}
