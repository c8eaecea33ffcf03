use std::{
    fmt,
    future::poll_fn,
    sync::{Mutex, PoisonError},
    task::Poll,
};

use maac_webhook_sender::{Attempt, Target};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{
    Behaviour, Expectation, MockError, MockEvent, MockSender, MockTarget, Sent, SentEvent, Tampering,
    error::told,
    handover::{Exchange, Exchanges, Handover, Log},
    outgoing::Outgoing,
    plan::Plan,
};

/// One event or several, to be sent as they are or otherwise.
#[must_use = "nothing is sent until send_to is awaited"]
pub struct MockDelivery<'a> {
    sender: MockSender,
    events: Vec<MockEvent>,
    tampering: Option<Tampering>,
    behaviour: Option<Behaviour>,
    observe: Observe<'a>,
}

type Observe<'a> = Mutex<Box<dyn FnMut(&Attempt) + Send + 'a>>;

impl<'a> MockDelivery<'a> {
    pub(crate) fn new(sender: MockSender, events: Vec<MockEvent>) -> Self {
        Self { sender, events, tampering: None, behaviour: None, observe: Mutex::new(Box::new(|_| {})) }
    }

    /// Sets the idempotency key of each event.
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.events = self.events.into_iter().map(|event| event.idempotency_key(key)).collect();
        self
    }

    /// Tampers with each event.
    ///
    /// # Panics
    ///
    /// Where it has a tampering already: one would be lost.
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
    #[track_caller]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        let before = self.behaviour.replace(behaviour);
        assert!(before.is_none(), "a second behaviour: one at a time");
        self
    }

    /// Shows each attempt as it ends, before the wait for the next one: to mend the receiver in between, or to change
    /// its secret.
    pub fn on_attempt<'b>(self, observe: impl FnMut(&Attempt) + Send + 'b) -> MockDelivery<'b> {
        let Self { sender, events, tampering, behaviour, .. } = self;
        MockDelivery { sender, events, tampering, behaviour, observe: Mutex::new(Box::new(observe)) }
    }

    /// What a correct receiver makes of it, where each event is genuine but for what is done to it here.
    #[must_use]
    pub fn expectation(&self) -> Expectation {
        expectation(self.tampering, self.behaviour)
    }

    /// Sends it and gives back what came of it. The target is `&mut` a tower service or an actix-web app, or a URL:
    /// see [`MockTarget`].
    ///
    /// # Panics
    ///
    /// Where [`try_send_to`](Self::try_send_to) fails.
    pub async fn send_to<Kind>(self, target: impl MockTarget<Kind>) -> Sent {
        match self.try_send_to(target).await {
            Ok(sent) => sent,
            Err(error) => panic!("the mock cannot send this: {}", told(&error)),
        }
    }

    /// The same without panicking.
    ///
    /// # Errors
    ///
    /// What cannot be sent as it was asked for. What the receiver does is no error.
    pub async fn try_send_to<Kind>(self, target: impl MockTarget<Kind>) -> Result<Sent, MockError> {
        let address = self.sender.address(&target)?;
        let plan = self.plan()?;
        let (exchanges, incoming) = unbounded_channel();
        let work = async move { self.carry_out(&plan, &address, &exchanges).await };
        Ok(target.serve(Exchanges(incoming), work).await)
    }

    /// What it sends, or why it cannot.
    pub(crate) fn plan(&self) -> Result<Plan, MockError> {
        Plan::new(&self.sender, &self.events, self.tampering, self.behaviour)
    }

    /// Sends it by these exchanges, which a target serves in the meantime.
    pub(crate) async fn carry_out(
        &self,
        plan: &Plan,
        address: &Target,
        exchanges: &UnboundedSender<Exchange>,
    ) -> Sent {
        let mut events = Vec::new();
        if plan.at_once {
            let all = plan.events.iter().map(|event| self.deliver(event, address, exchanges));
            events = join_all(all).await;
        } else {
            for event in &plan.events {
                events.push(self.deliver(event, address, exchanges).await);
            }
        }
        Sent::new(address, events)
    }

    async fn deliver(
        &self,
        outgoing: &Outgoing,
        address: &Target,
        exchanges: &UnboundedSender<Exchange>,
    ) -> SentEvent {
        let log = Log::default();
        let sender =
            self.sender.sender(Handover { outgoing, exchanges: exchanges.clone(), log: log.clone() });
        let observe = |attempt: &Attempt| {
            let mut observe = self.observe.lock().unwrap_or_else(PoisonError::into_inner);
            observe(attempt);
        };
        let record = sender.deliver_observed(address, &outgoing.request, observe).await;
        SentEvent::new(outgoing, record, log.take())
    }
}

pub(crate) fn expectation(tampering: Option<Tampering>, behaviour: Option<Behaviour>) -> Expectation {
    let by_behaviour = behaviour.map_or(Expectation::Accepted, Behaviour::expectation);
    match tampering.map_or(Expectation::Accepted, Tampering::expectation) {
        Expectation::Accepted => by_behaviour,
        // What nobody hears is neither accepted nor rejected.
        rejected if by_behaviour == Expectation::Accepted => rejected,
        _ => by_behaviour,
    }
}

async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut outputs: Vec<_> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in running.iter_mut().zip(&mut outputs).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

impl fmt::Debug for MockDelivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockDelivery")
            .field("events", &self.events)
            .field("tampering", &self.tampering)
            .field("behaviour", &self.behaviour)
            .finish_non_exhaustive()
    }
}
