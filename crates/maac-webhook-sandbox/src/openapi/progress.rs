use std::{collections::VecDeque, sync::Arc, time::Duration};

use maac_webhook::{error_with_causes, event::MessageStatus};
use maac_webhook_sender::{
    dispatch::DispatchErrorKind,
    payload::PnpStatusUpdated,
    producers::{Report, next_statuses},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::{Sandbox, SandboxErrorKind};

/// How the statuses of an SMS+ message follow one another once it is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmsPlusProgress {
    /// Each is reported by hand.
    ByHand,
    /// They follow by themselves.
    #[non_exhaustive]
    ByItself {
        /// How long after the one before each follows.
        step: Duration,
        /// The status to get to, by the shortest way there is. A message that cannot get there, and each where it is
        /// `None`, is delivered by the first channel that is tried.
        ending: Option<MessageStatus>,
    },
}

impl SmsPlusProgress {
    /// By themselves, each after this time, until the message has this status.
    #[must_use]
    pub fn by_itself(step: Duration, ending: Option<MessageStatus>) -> Self {
        Self::ByItself { step, ending }
    }
}

impl Default for SmsPlusProgress {
    /// By themselves, a second apart, until the message is delivered by the first channel that is tried.
    fn default() -> Self {
        Self::by_itself(Duration::from_secs(1), None)
    }
}

/// Reports what becomes of messages that were pushed, and publishes the events of it.
#[derive(Clone, Debug)]
pub(crate) struct SmsPlusReporter {
    sandbox: Sandbox,
    places: Arc<Semaphore>,
}

/// How many messages are on their way at a time.
const AT_A_TIME: usize = 10_000;

/// How long to wait for room among the deliveries.
const WAIT_FOR_ROOM: Duration = Duration::from_millis(250);

impl SmsPlusReporter {
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        Self { sandbox, places: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Places for that many messages on their way; `None` where there is no room.
    pub(crate) fn places(&self, messages: usize) -> Option<OwnedSemaphorePermit> {
        let messages = u32::try_from(messages).ok()?;
        Arc::clone(&self.places).try_acquire_many_owned(messages).ok()
    }

    /// Publishes the event of each message's first status, and lets the others follow. Gives back which ones, for each
    /// message. It goes on by itself on the tokio runtime this is called in.
    pub(crate) fn report(
        &self,
        mut places: OwnedSemaphorePermit,
        pushed: Vec<PnpStatusUpdated>,
        progress: &SmsPlusProgress,
    ) -> Vec<Vec<MessageStatus>> {
        let start = |event: PnpStatusUpdated| {
            let (place, sandbox) = (places.split(1), self.sandbox.clone());
            let (step, steps) = self.steps(&event, progress);
            let follow = steps.clone();
            tokio::spawn(async move {
                let pushed = Pushed::from(&event);
                publish(&sandbox, event).await;
                run(&sandbox, pushed, step, follow).await;
                drop(place);
            });
            steps
        };
        pushed.into_iter().map(start).collect()
    }

    /// Lets the statuses follow of a message whose first one's event was published.
    pub(crate) fn follow(
        &self,
        place: OwnedSemaphorePermit,
        pushed: &PnpStatusUpdated,
        progress: &SmsPlusProgress,
    ) {
        let (sandbox, (step, steps)) = (self.sandbox.clone(), self.steps(pushed, progress));
        let pushed = Pushed::from(pushed);
        tokio::spawn(async move {
            run(&sandbox, pushed, step, steps).await;
            drop(place);
        });
    }

    fn steps(&self, pushed: &PnpStatusUpdated, progress: &SmsPlusProgress) -> (Duration, Vec<MessageStatus>) {
        match progress {
            SmsPlusProgress::ByHand => (Duration::ZERO, Vec::new()),
            SmsPlusProgress::ByItself { step, ending } => {
                let sms = self.has_sms(pushed.pnp_setting_id);
                (*step, steps(&pushed.status, sms, ending.as_ref()))
            }
        }
    }

    fn has_sms(&self, pnp_setting_id: u64) -> bool {
        let producers = self.sandbox.producers();
        producers.sms_plus.settings().any(|setting| setting.id == pnp_setting_id && setting.sms)
    }
}

/// Lets these statuses follow, until somebody reports another one by hand.
async fn run(sandbox: &Sandbox, pushed: Pushed, step: Duration, steps: Vec<MessageStatus>) {
    let Pushed { id, mut status } = pushed;
    for next in steps {
        sleep(step).await;
        let reported = {
            let (now, mut producers) = (sandbox.now(), sandbox.producers());
            let is_as_left = producers.sms_plus.message(id).is_ok_and(|message| *message.status() == status);
            if !is_as_left {
                tracing::debug!(
                    pnp_message_id = id,
                    "the message's statuses do not follow by themselves any more"
                );
                return;
            }
            producers.sms_plus.report(id, &Report::new(next.clone()), now)
        };
        match reported {
            Ok(event) => publish(sandbox, event).await,
            Err(refused) => {
                tracing::warn!(pnp_message_id = id, "the message's next status is refused: {refused}");
                return;
            }
        }
        status = next;
    }
}

/// A message and the status that it was left with.
struct Pushed {
    id: u64,
    status: MessageStatus,
}

impl From<&PnpStatusUpdated> for Pushed {
    fn from(event: &PnpStatusUpdated) -> Self {
        Self { id: event.pnp_message_id, status: event.status.clone().into() }
    }
}

/// Publishes an event, once there is room for it.
async fn publish(sandbox: &Sandbox, event: PnpStatusUpdated) {
    loop {
        let Err(error) = sandbox.publish(event.clone()).await else { return };
        if !matches!(error.kind(), SandboxErrorKind::Dispatch(DispatchErrorKind::QueueFull { .. })) {
            let error = error_with_causes(&error);
            tracing::warn!(
                pnp_message_id = event.pnp_message_id,
                error,
                "the event of a status was not published"
            );
            return;
        }
        sleep(WAIT_FOR_ROOM).await;
    }
}

/// The statuses from the one after `from` to the ending.
fn steps(from: &str, sms: bool, ending: Option<&MessageStatus>) -> Vec<MessageStatus> {
    let from = MessageStatus::from(from.to_owned());
    let first_channel = match from {
        MessageStatus::LinePushPreparing => MessageStatus::LinePushDelivered,
        _ => MessageStatus::PnpDelivered,
    };
    let asked = ending.and_then(|ending| shortest(&from, sms, ending));
    asked.or_else(|| shortest(&from, sms, &first_channel)).unwrap_or_default()
}

/// Breadth first, so that the first way found is a shortest one.
fn shortest(from: &MessageStatus, sms: bool, to: &MessageStatus) -> Option<Vec<MessageStatus>> {
    let mut ways = VecDeque::from([vec![from.clone()]]);
    let mut seen = vec![from.clone()];
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        if last == to {
            return Some(way[1..].to_vec());
        }
        for next in next_statuses(last, sms) {
            if !seen.contains(next) {
                seen.push(next.clone());
                ways.push_back([&way[..], std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(from: &str, sms: bool, ending: Option<MessageStatus>) -> Vec<String> {
        steps(from, sms, ending.as_ref()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn statuses_get_to_the_ending_by_the_shortest_way_that_the_platforms_rules_allow() {
        assert_eq!(walked("pnp_preparing", true, None), ["pnp_accepted", "pnp_delivered"]);
        assert_eq!(walked("line_push_preparing", true, None), ["line_push_delivered"]);
        assert_eq!(
            walked("line_push_preparing", true, Some(MessageStatus::SmsDelivered)),
            [
                "line_push_failed",
                "pnp_preparing",
                "pnp_failed",
                "sms_preparing",
                "sms_accepted",
                "sms_delivered"
            ]
        );
        assert_eq!(walked("pnp_preparing", true, Some(MessageStatus::PnpPreparing)), [""; 0]);
    }

    #[test]
    fn a_message_that_cannot_get_to_the_ending_is_delivered_by_its_first_channel() {
        let delivered = ["pnp_accepted", "pnp_delivered"];
        assert_eq!(walked("pnp_preparing", false, Some(MessageStatus::SmsDelivered)), delivered);
        assert_eq!(walked("pnp_preparing", true, Some(MessageStatus::LinePushDelivered)), delivered);
    }

    #[test]
    fn each_documented_status_is_got_to() {
        for status in MessageStatus::DOCUMENTED {
            let steps = walked("line_push_preparing", true, Some(status.clone()));
            let last = steps.last().map_or("line_push_preparing", String::as_str);
            assert_eq!(last, status.as_str());
        }
    }
}
