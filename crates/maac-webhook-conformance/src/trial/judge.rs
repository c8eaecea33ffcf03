//! What is made of the answers.

use maac_webhook::answer::Reaction;
use maac_webhook_mock::{MockDelivery, MockEvent, Sent, SentAttempt, SentEvent, Tampering};
use maac_webhook_sender::{RetrySchedule, TransportError, TransportErrorKind};

use super::Trial;
use crate::grade::{Graded, Halt, Pass, fail, inconclusive, non_strict, pass};

/// What is told of a receiver that ended.
pub(crate) const NOBODY: &str = "nobody listens any more after it";

/// Whether MAAC would take it for delivered.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether each event was answered with a success in the end.
pub(crate) fn accepted(sent: &Sent) -> bool {
    !sent.events.is_empty() && sent.events.iter().all(|event| event.status().is_some_and(is_success))
}

/// What came of each attempt, for a person.
pub(crate) fn statuses(sent: &Sent) -> String {
    let mut told: Vec<String> = Vec::new();
    for event in &sent.events {
        let attempts: Vec<_> = event.attempts.iter().map(outcome).collect();
        let text = attempts.join(", then ");
        if !told.contains(&text) {
            told.push(text);
        }
    }
    told.join("; ")
}

fn outcome(attempt: &SentAttempt) -> String {
    match (&attempt.attempt.result, &attempt.unheard) {
        (Ok(answer), _) => format!("answered {}", answer.status),
        (Err(_), Some(answer)) => format!("answered {} unheard", answer.status),
        (Err(error), None) => format!("no answer ({error})"),
    }
}

/// Whether it was accepted only after the receiver had refused it or not answered, by its own doing.
fn needed_a_retry(event: &SentEvent) -> bool {
    let meant = event.behaviour.is_some();
    event.attempts.iter().any(|attempt| match &attempt.attempt.result {
        Ok(answer) => !is_success(answer.status),
        Err(_) => !meant && attempt.unheard.is_none(),
    })
}

/// What MAAC makes of how an event ended.
pub(crate) fn reaction(event: &SentEvent) -> Reaction {
    event.status().map_or(Reaction::Retried, Reaction::of_status)
}

impl Trial<'_> {
    /// It is genuine, and is accepted.
    pub(crate) async fn accepts(&self, delivery: MockDelivery<'_>) -> Graded {
        self.accepts_all(delivery).await.map(|(pass, _)| pass)
    }

    /// The same, and what was sent.
    pub(crate) async fn accepts_all(&self, delivery: MockDelivery<'_>) -> Result<(Pass, Sent), Halt> {
        let sent = self.send(delivery).await?;
        if !accepted(&sent) {
            self.control().await?;
            return fail(statuses(&sent));
        }
        let told = statuses(&sent);
        let strict = !sent.events.iter().any(needed_a_retry);
        Ok((Pass { actual: told, strict }, sent))
    }

    /// It is forged in this way, and is not accepted.
    pub(crate) async fn refuses(&self, tampering: Tampering) -> Graded {
        self.refuses_event(self.plain(), |event| event.tampering(tampering)).await
    }

    /// It is not what was signed, and is not accepted, however often MAAC would send it.
    pub(crate) async fn refuses_event(
        &self,
        event: MockEvent,
        forged: impl Fn(MockDelivery<'static>) -> MockDelivery<'static>,
    ) -> Graded {
        let mut sent = self.send(forged(self.attempt(event.clone()))).await?;
        self.survives(&statuses(&sent), sent.events.iter().all(|event| event.status().is_some())).await?;
        let comes_again = sent.events.iter().any(|event| reaction(event) == Reaction::Retried);
        if let (true, Some((first, rest))) = (comes_again, self.run.settings.retry_delays.split_first()) {
            tokio::time::sleep(*first).await;
            let again = self.sender().schedule(RetrySchedule::new(rest.iter().copied())).event(event);
            let again = self.send(forged(again)).await?;
            for (event, again) in sent.events.iter_mut().zip(again.events) {
                event.attempts.extend(again.attempts);
            }
        }
        let told = statuses(&sent);
        if sent.events.iter().any(|event| event.status().is_some_and(is_success)) {
            return fail(told);
        }
        // What answers nobody refuses no forgery.
        self.control().await?;
        if sent.events.iter().any(|event| reaction(event) == Reaction::Retried) {
            return non_strict(format!(
                "{told}: as if it were to come again, so that nothing tells whether it was refused for its signature"
            ));
        }
        let at_once = |event: &SentEvent| event.status() == Some(401) && event.attempts.len() == 1;
        if sent.events.iter().all(at_once) { pass(told) } else { non_strict(told) }
    }

    /// Nothing that a stranger sends ends the receiver. Looked at at once: whoever watches over it may start it again.
    pub(crate) async fn survives(&self, told: &str, answered: bool) -> Result<(), Halt> {
        let refused = |error: TransportError| error.kind() == TransportErrorKind::Refused;
        if !answered && self.connect().await.is_err_and(refused) {
            return fail(format!("{told}; {NOBODY}"));
        }
        Ok(())
    }

    /// A plain genuine event is still accepted, without which nothing follows from what was not.
    pub(crate) async fn control(&self) -> Result<Sent, Halt> {
        let sent = self.send_beside(self.event(self.plain())).await?;
        if accepted(&sent) {
            return Ok(sent);
        }
        inconclusive(format!("a plain genuine event after it was not accepted either: {}", statuses(&sent)))
    }

    /// What came of a plain genuine event before anything else.
    pub(crate) fn baseline(&self) -> Result<&Sent, Halt> {
        let late = "a plain genuine event was not done with in the time for the whole run";
        self.run.baseline.as_ref().ok_or_else(|| Halt::Inconclusive(late.to_owned()))
    }
}
