//! SMS+ messages, pushed and reported on.

use maac_webhook::event::{MessageStatus, Topic};
use maac_webhook_sender::{
    payload::PnpStatusUpdated,
    producers::{PnpMessage, PnpPush, ProducerError, ProducerErrorKind, Report, SmsPlus},
};

use super::{Sandbox, locked};
use crate::{
    Producers, PublishedEvent, SandboxError,
    store::pushed::{Following, LeftOff, keep_pnp_message, keep_published, prune_pnp_messages},
};

/// What one call pushes.
#[derive(Clone, Debug)]
pub(crate) enum PnpPushes {
    One(PnpPush),
    Multicast(Vec<PnpPush>),
}

/// An SMS+ message that was pushed, and what follows of it by itself.
#[derive(Clone, Debug)]
pub(crate) struct PushedPnp {
    pub(crate) message: PnpMessage,
    pub(crate) following: Option<Following>,
}

impl Sandbox {
    /// Pushes an SMS+ message, and publishes the event of its first status.
    ///
    /// # Errors
    ///
    /// What [`SmsPlus::push`] and [`publish`](Self::publish) refuse, and a file that cannot be written: then nothing is
    /// pushed.
    pub async fn push_pnp(&self, push: PnpPush) -> Result<(PnpMessage, PublishedEvent), SandboxError> {
        let (pushed, event) = self.push_pnp_with(push, |_, _| None).await?;
        Ok((pushed.message, event))
    }

    /// The same, with what follows by itself, given the message and whether it falls back to SMS.
    pub(crate) async fn push_pnp_with(
        &self,
        push: PnpPush,
        following: impl Fn(&PnpMessage, bool) -> Option<Following> + Send + 'static,
    ) -> Result<(PushedPnp, PublishedEvent), SandboxError> {
        let mut room = self.room(&Topic::PnpStatusUpdated, 1).await?;
        let mut pushed = self.keep_pnp_pushes(PnpPushes::One(push), following).await?;
        // One push is one message.
        let pushed = pushed.swap_remove(0);
        let event = self.publish_in(&mut room, pushed.message.event().clone().into()).await?;
        Ok((pushed, event))
    }

    /// Pushes SMS+ messages, all or none. The events of their first statuses are yet to be published.
    pub(crate) async fn keep_pnp_pushes(
        &self,
        pushes: PnpPushes,
        following: impl Fn(&PnpMessage, bool) -> Option<Following> + Send + 'static,
    ) -> Result<Vec<PushedPnp>, SandboxError> {
        self.change_producers(
            move |Producers { sms_plus, .. }, now| {
                let events = match &pushes {
                    PnpPushes::One(push) => vec![sms_plus.push(push, now)?],
                    PnpPushes::Multicast(pushes) => sms_plus.multicast(pushes, now)?,
                };
                let pushed = |id| {
                    let message = sms_plus.message(id)?.clone();
                    let sms = has_sms(sms_plus, message.event().pnp_setting_id);
                    Ok(PushedPnp { following: following(&message, sms), message })
                };
                events.into_iter().map(|event| pushed(event.pnp_message_id)).collect()
            },
            |connection, producers, pushed: &Vec<PushedPnp>| {
                for PushedPnp { message, following } in pushed {
                    keep_pnp_message(connection, message, following.as_ref())?;
                }
                prune_pnp_messages(connection, &producers.sms_plus)
            },
            |producers, pushed| {
                pushed.iter().for_each(|pushed| producers.sms_plus.forget(pushed.message.id()));
            },
        )
        .await
    }

    /// Reports what became of an SMS+ message, and publishes the event of it. Statuses do not follow by themselves from
    /// then on.
    ///
    /// # Errors
    ///
    /// What [`SmsPlus::report`] and [`publish`](Self::publish) refuse, and a file that cannot be written: then nothing is
    /// changed.
    pub async fn report_pnp(
        &self,
        id: u64,
        report: Report,
    ) -> Result<(PnpMessage, PublishedEvent), SandboxError> {
        let mut room = self.room(&Topic::PnpStatusUpdated, 1).await?;
        let reported = self.keep_pnp_report(id, report, None, None).await?;
        // No status was asked for before, so that it was reported.
        let message =
            reported.ok_or_else(|| ProducerError::from(ProducerErrorKind::NoSuchPnpMessage { id }))?;
        let event = self.publish_in(&mut room, message.event().clone().into()).await?;
        Ok((message, event))
    }

    /// Reports the next status of a message whose statuses follow by themselves, and publishes the event of it; `false`
    /// where it is not as it was left any more.
    pub(crate) async fn report_pnp_next(
        &self,
        id: u64,
        left_at: MessageStatus,
        following: Following,
    ) -> Result<bool, SandboxError> {
        let Some(next) = following.statuses.first() else { return Ok(false) };
        let report = Report::new(next.clone());
        let statuses = following.statuses[1..].to_vec();
        let following = Following { is_unpublished: false, statuses, ..following };
        let mut room = self.room(&Topic::PnpStatusUpdated, 1).await?;
        let Some(message) = self.keep_pnp_report(id, report, Some(left_at), Some(following)).await? else {
            return Ok(false);
        };
        self.publish_in(&mut room, message.event().clone().into()).await?;
        Ok(true)
    }

    /// The message after a report; `None`, and nothing is reported, where its status was to be another one before.
    async fn keep_pnp_report(
        &self,
        id: u64,
        report: Report,
        left_at: Option<MessageStatus>,
        following: Option<Following>,
    ) -> Result<Option<PnpMessage>, SandboxError> {
        let reported = self.change_producers(
            move |Producers { sms_plus, .. }, now| {
                let before = sms_plus.message(id)?.clone();
                if left_at.is_some_and(|status| status != *before.status()) {
                    return Ok(None);
                }
                sms_plus.report(id, &report, now)?;
                Ok(Some((before, sms_plus.message(id)?.clone())))
            },
            move |connection, _, reported| match reported {
                Some((_, message)) => keep_pnp_message(connection, message, following.as_ref()),
                None => Ok(()),
            },
            |producers, reported| {
                reported.into_iter().for_each(|(before, _)| producers.sms_plus.restore(before));
            },
        );
        Ok(reported.await?.map(|(_, message)| message))
    }

    /// Publishes the event of a message's first status, which is noted.
    pub(crate) async fn publish_pnp(&self, first: PnpStatusUpdated) -> Result<(), SandboxError> {
        let id = first.pnp_message_id;
        self.publish(first).await?;
        Ok(self.database.run(move |connection| keep_published(connection, id)).await?)
    }

    /// The SMS+ messages whose statuses were following by themselves when the program ended: once, for whoever lets them
    /// go on.
    pub(crate) fn take_left_off(&self) -> Vec<LeftOff> {
        std::mem::take(&mut *locked(&self.left_off))
    }
}

/// Whether a template falls back to SMS; not, where there is none of this id.
pub(crate) fn has_sms(sms_plus: &SmsPlus, id: u64) -> bool {
    sms_plus.settings().any(|setting| setting.id == id && setting.sms)
}
