use std::sync::Arc;

use jiff::Timestamp;
use maac_webhook::{error_with_causes, event::Topic};

use super::{
    AcceptedDelivery, DeliveryLog, DeliveryUpdate, Dispatcher, LoggedDelivery, Origin, RetriesUnderWay,
    self_check,
};
use crate::{
    Outcome, Target, Transport, WebhookRequest,
    platform::{EndpointId, NotDelivered, Platform, WebhookEndpoint},
};

/// One delivery, from its turn to its end.
pub(super) async fn run<T, L>(
    dispatcher: &Dispatcher<T, L>,
    accepted: Arc<AcceptedDelivery>,
) -> LoggedDelivery
where
    T: Transport + Send + Sync + 'static,
    L: DeliveryLog,
{
    let _turn = dispatcher.turns.next(accepted.endpoint).await;
    let mut run = Run { dispatcher, delivery: LoggedDelivery::new(accepted) };
    let (outcome, because) = match run.signed() {
        Ok((target, request)) => run.attempts(&target, &request).await,
        Err(why_not) => (Outcome::Cancelled, Some(why_not)),
    };
    let (id, at) = (run.delivery.accepted.id, run.now());
    run.tell(DeliveryUpdate::Finished { id, outcome, because, at }).await;
    run.delivery
}

struct Run<'a, T, L> {
    dispatcher: &'a Dispatcher<T, L>,
    delivery: LoggedDelivery,
}

impl<T: Transport + Send + Sync + 'static, L: DeliveryLog> Run<'_, T, L> {
    /// Signs with the secret that is in force now that its turn has come, and verifies that.
    fn signed(&self) -> Result<(Target, WebhookRequest), NotDelivered> {
        let accepted = &self.delivery.accepted;
        let (target, secret) =
            self.receiver(|endpoint| (endpoint.url().clone(), endpoint.share_secret().clone()))?;
        let request = WebhookRequest::signed(&secret, accepted.bytes().clone())
            .with_idempotency_key(&accepted.idempotency_key)
            .map_err(|_| NotDelivered::FailedSelfCheck)?;
        self_check::check(&request.to_http(&target), &secret).map_err(|rejection| {
            tracing::error!(delivery = %accepted.id, "what was signed does not verify: {rejection}");
            NotDelivered::FailedSelfCheck
        })?;
        Ok((target, request))
    }

    async fn attempts(
        &mut self,
        target: &Target,
        request: &WebhookRequest,
    ) -> (Outcome, Option<NotDelivered>) {
        let (id, sender) = (self.delivery.accepted.id, &self.dispatcher.sender);
        let (url, record) = (target.to_string(), Arc::new(request.record(target)));
        self.tell(DeliveryUpdate::Signed { id, url, request: record }).await;
        let mut number = 0;
        loop {
            number += 1;
            self.tell(DeliveryUpdate::AttemptBegan { id, number, at: self.now() }).await;
            let (attempt, outcome) = sender.attempt(number, target, request).await;
            let delay = attempt.retry_after;
            let next_attempt_at = delay.and_then(|delay| self.now().checked_add(delay).ok());
            let attempt = Arc::new(attempt);
            self.tell(DeliveryUpdate::AttemptEnded { id, attempt, next_attempt_at }).await;
            if let Some(outcome) = outcome {
                return (outcome, None);
            }
            sender.wait(delay.unwrap_or_default()).await;
            if self.dispatcher.retries_under_way == RetriesUnderWay::Cancelled
                && let Err(why_not) = self.receiver(|_| ())
            {
                return (Outcome::Cancelled, Some(why_not));
            }
        }
    }

    /// Something of the endpoint, where it is sent this now.
    fn receiver<V>(&self, of: impl FnOnce(&WebhookEndpoint) -> V) -> Result<V, NotDelivered> {
        let AcceptedDelivery { origin, endpoint, topic, .. } = &*self.delivery.accepted;
        let platform = self.dispatcher.lock();
        origin.receiver(&platform, *endpoint, topic, self.now()).map(of)
    }

    /// To the log first: whoever is told of an update finds it there.
    async fn tell(&mut self, update: DeliveryUpdate) {
        if let Err(error) = self.dispatcher.log.record(&update).await {
            let error = error_with_causes(&error).to_string();
            tracing::error!(delivery = %update.id(), error, "an update could not be recorded");
        }
        self.delivery.apply(&update);
        // Nobody may be watching.
        let _ = self.dispatcher.updates.send(update);
    }

    fn now(&self) -> Timestamp {
        self.dispatcher.sender.clock().now()
    }
}

impl Origin {
    /// The endpoint, where it is sent such an event now.
    pub(super) fn receiver<'a>(
        self,
        platform: &'a Platform,
        endpoint: EndpointId,
        topic: &Topic,
        now: Timestamp,
    ) -> Result<&'a WebhookEndpoint, NotDelivered> {
        match self {
            Self::Test => platform.receives_test(endpoint, topic, now),
            Self::Event => platform.receives(endpoint, topic, now),
        }
    }
}
