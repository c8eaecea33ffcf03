use std::{collections::VecDeque, sync::Arc, time::Duration};

use maac_webhook::{error_with_causes, event::MessageStatus};
use maac_webhook_sender::producers::{PnpMessage, next_statuses};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::{
    Sandbox, SandboxError,
    sandbox::PushedPnp,
    store::pushed::{Following, LeftOff},
};

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

impl SmsPlusProgress {
    /// What follows of a message by itself, given whether it falls back to SMS.
    pub(crate) fn following(&self, message: &PnpMessage, sms: bool) -> Option<Following> {
        match self {
            Self::ByHand => None,
            Self::ByItself { step, ending } => {
                let statuses = steps(message.status(), sms, ending.as_ref());
                Some(Following { is_unpublished: false, step: *step, statuses })
            }
        }
    }
}

/// Lets the statuses follow of messages that were pushed, and publishes the events of it.
#[derive(Clone, Debug)]
pub(crate) struct SmsPlusReporter {
    sandbox: Sandbox,
    places: Arc<Semaphore>,
}

/// How many messages are on their way at a time.
const AT_A_TIME: usize = 10_000;

impl SmsPlusReporter {
    /// In a tokio runtime, it also lets go on what was on its way when the program ended.
    pub(crate) fn new(sandbox: &Sandbox) -> Self {
        // Nobody waits for an answer, so that there is time for room among the deliveries.
        let sandbox = sandbox.clone().with_patience(Duration::MAX);
        let reporter = Self { sandbox, places: Arc::new(Semaphore::new(AT_A_TIME)) };
        if tokio::runtime::Handle::try_current().is_ok() {
            for LeftOff { message, following } in reporter.sandbox.take_left_off() {
                reporter.run(&message, reporter.places(1), following);
            }
        }
        reporter
    }

    /// Places for that many messages on their way; `None` where there is no room.
    pub(crate) fn places(&self, messages: usize) -> Option<OwnedSemaphorePermit> {
        let messages = u32::try_from(messages).ok()?;
        Arc::clone(&self.places).try_acquire_many_owned(messages).ok()
    }

    /// Publishes the event of each message's first status, and lets the others follow. It goes on by itself on the tokio
    /// runtime this is called in.
    pub(crate) fn report(&self, mut places: OwnedSemaphorePermit, pushed: Vec<PushedPnp>) {
        for PushedPnp { message, following } in pushed {
            self.run(&message, places.split(1), following.unwrap_or_default());
        }
    }

    /// Lets the statuses follow of a message whose first one's event was published.
    pub(crate) fn follow(&self, place: OwnedSemaphorePermit, pushed: PushedPnp) {
        if let Some(following) = pushed.following {
            self.run(&pushed.message, Some(place), following);
        }
    }

    fn run(&self, message: &PnpMessage, place: Option<OwnedSemaphorePermit>, following: Following) {
        let (sandbox, id, status) = (self.sandbox.clone(), message.id(), message.status().clone());
        let first = following.is_unpublished.then(|| message.event().clone());
        tokio::spawn(async move {
            let first = match first {
                Some(event) => sandbox.publish_pnp(event).await,
                None => Ok(()),
            };
            // One event that could not be published does not end the message.
            let ended = run(&sandbox, id, status, following).await;
            for error in [first.err(), ended.err()].into_iter().flatten() {
                let error = error_with_causes(&error);
                tracing::warn!(
                    pnp_message_id = id,
                    error,
                    "a status did not follow, or its event was not published"
                );
            }
            drop(place);
        });
    }
}

/// Lets these statuses follow, until somebody reports another one by hand.
async fn run(
    sandbox: &Sandbox,
    id: u64,
    mut status: MessageStatus,
    mut following: Following,
) -> Result<(), SandboxError> {
    while let Some(next) = following.statuses.first().cloned() {
        sleep(following.step).await;
        if !sandbox.report_pnp_next(id, status, following.clone()).await? {
            tracing::debug!(
                pnp_message_id = id,
                "the message's statuses do not follow by themselves any more"
            );
            break;
        }
        following.statuses.remove(0);
        status = next;
    }
    Ok(())
}

/// The statuses from the one after `from` to the ending.
fn steps(from: &MessageStatus, sms: bool, ending: Option<&MessageStatus>) -> Vec<MessageStatus> {
    let first_channel = match from {
        MessageStatus::LinePushPreparing => MessageStatus::LinePushDelivered,
        _ => MessageStatus::PnpDelivered,
    };
    let asked = ending.and_then(|ending| shortest(from, sms, ending));
    asked.or_else(|| shortest(from, sms, &first_channel)).unwrap_or_default()
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
        steps(&MessageStatus::from(from), sms, ending.as_ref()).iter().map(ToString::to_string).collect()
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
