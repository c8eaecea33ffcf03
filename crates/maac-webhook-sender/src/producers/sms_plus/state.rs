use std::collections::BTreeMap;

use jiff::Timestamp;
use maac_webhook::event::PhoneNumber;

use super::{PnpMessage, PnpPush, PnpSetting, Report, check_phone_number};
use crate::{
    draw::draw,
    payload::PnpStatusUpdated,
    producers::{Field, ProducerError, ProducerErrorKind, field::required},
};

/// SMS+: its templates, and the messages that were pushed.
///
/// A push and each report of what became of a message give a `pnp.status_updated`. A hashed phone number is accepted only
/// by a template with SMS switched off, so no `sms_*` status ever comes with one (documented).
#[derive(Clone, Debug)]
pub struct SmsPlus {
    settings: BTreeMap<u64, PnpSetting>,
    messages: BTreeMap<u64, PnpMessage>,
    next_id: u64,
    message_limit: usize,
    points: Option<u64>,
    reports_after_timeout: bool,
}

impl SmsPlus {
    /// How many messages `POST /pnp/message/multicast/` takes at once (MAAC OpenAPI).
    pub const MULTICAST_LIMIT: usize = 150;

    /// How many messages are remembered unless told otherwise: 10,000.
    pub const DEFAULT_MESSAGE_LIMIT: usize = 10_000;

    /// No templates, no messages, and points without end.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: BTreeMap::new(),
            messages: BTreeMap::new(),
            // So that the messages of another run are others.
            next_id: 1_000_000 + draw(1_000_000_000),
            message_limit: Self::DEFAULT_MESSAGE_LIMIT,
            points: None,
            reports_after_timeout: false,
        }
    }

    /// Sets how many messages are remembered. The oldest is forgotten for a new one.
    #[must_use]
    pub fn with_message_limit(mut self, messages: usize) -> Self {
        self.message_limit = messages;
        self
    }

    /// Sets how many points there are, each message taking one, so that they can run out. What a message costs is not
    /// documented.
    #[must_use]
    pub fn with_points(mut self, points: u64) -> Self {
        self.points = Some(points);
        self
    }

    /// Sets whether a carrier may report after `sms_callback_timeout`, of messages that are pushed from now on: unless
    /// told otherwise it may not.
    #[must_use]
    pub fn with_reports_after_timeout(mut self, may: bool) -> Self {
        self.reports_after_timeout = may;
        self
    }

    /// Adds a template, or changes the one of its id.
    ///
    /// # Errors
    ///
    /// A template without a name.
    pub fn add_setting(&mut self, setting: PnpSetting) -> Result<(), ProducerError> {
        required(&setting.name, Field::PnpSettingName)?;
        self.settings.insert(setting.id, setting);
        Ok(())
    }

    /// Removes the template of this id. The messages that it was used for stay.
    ///
    /// # Errors
    ///
    /// A template that there is not, and one of which messages are still on their way.
    pub fn remove_setting(&mut self, id: u64) -> Result<(), ProducerError> {
        if !self.settings.contains_key(&id) {
            return Err(ProducerErrorKind::NoSuchPnpSetting { id }.into());
        }
        let is_used =
            |message: &&PnpMessage| message.event().pnp_setting_id == id && !message.next().is_empty();
        let messages = self.messages.values().filter(is_used).count();
        if messages > 0 {
            return Err(ProducerErrorKind::PnpSettingInUse { id, messages }.into());
        }
        self.settings.remove(&id);
        Ok(())
    }

    /// The templates, by id.
    pub fn settings(&self) -> impl Iterator<Item = &PnpSetting> {
        self.settings.values()
    }

    /// The messages, the newest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &PnpMessage> + ExactSizeIterator {
        self.messages.values().rev()
    }

    /// The message of this id.
    ///
    /// # Errors
    ///
    /// [`ProducerErrorKind::NoSuchPnpMessage`].
    pub fn message(&self, id: u64) -> Result<&PnpMessage, ProducerError> {
        self.messages.get(&id).ok_or_else(|| ProducerErrorKind::NoSuchPnpMessage { id }.into())
    }

    /// Pushes a message, which is then being prepared.
    ///
    /// # Errors
    ///
    /// A template that there is not, a phone number in neither form, a hashed one where SMS is switched on, and too few
    /// points.
    pub fn push(&mut self, push: &PnpPush, now: Timestamp) -> Result<PnpStatusUpdated, ProducerError> {
        let setting = self.check(push)?.clone();
        self.spend(1)?;
        Ok(self.add(push, &setting, now))
    }

    /// Pushes several messages, or none where one is refused.
    ///
    /// # Errors
    ///
    /// What [`push`](Self::push) refuses; no message, or more than [`MULTICAST_LIMIT`](Self::MULTICAST_LIMIT); a LINE
    /// push, which this call has not.
    pub fn multicast(
        &mut self,
        pushes: &[PnpPush],
        now: Timestamp,
    ) -> Result<Vec<PnpStatusUpdated>, ProducerError> {
        let limit = Self::MULTICAST_LIMIT;
        if pushes.is_empty() {
            return Err(ProducerErrorKind::NoRecipient.into());
        }
        if pushes.len() > limit {
            return Err(ProducerErrorKind::TooManyRecipients { limit }.into());
        }
        if pushes.iter().any(|push| push.line_push_template_id.is_some()) {
            return Err(ProducerErrorKind::NoLinePushInMulticast.into());
        }
        let settings = pushes.iter().map(|push| self.check(push).cloned());
        let settings: Vec<_> = settings.collect::<Result<_, _>>()?;
        self.spend(pushes.len() as u64)?;
        Ok(pushes.iter().zip(&settings).map(|(push, setting)| self.add(push, setting, now)).collect())
    }

    /// Reports what became of a message: one step, and the event of it. [`PnpMessage::next`] has the steps there are.
    ///
    /// # Errors
    ///
    /// A message that there is not, a status that does not follow the one before, an error category that the status has
    /// not, and a time before the last report's.
    pub fn report(
        &mut self,
        id: u64,
        report: &Report,
        now: Timestamp,
    ) -> Result<PnpStatusUpdated, ProducerError> {
        let message = self.messages.get_mut(&id).ok_or(ProducerErrorKind::NoSuchPnpMessage { id })?;
        message.report(report, now).cloned()
    }

    /// Takes up a message as it was, in the place of the one of its id. New messages have later ids.
    pub fn restore(&mut self, message: PnpMessage) {
        let id = message.id();
        self.next_id = self.next_id.max(id.saturating_add(1));
        self.messages.insert(id, message);
        while self.messages.len() > self.message_limit {
            self.messages.pop_first();
        }
    }

    /// Forgets a message, as if it had never been pushed.
    pub fn forget(&mut self, id: u64) {
        self.messages.remove(&id);
    }

    fn check(&self, push: &PnpPush) -> Result<&PnpSetting, ProducerError> {
        let id = push.pnp_setting_id;
        let setting = self.settings.get(&id).ok_or(ProducerErrorKind::NoSuchPnpSetting { id })?;
        check_phone_number(&push.phone_number)?;
        if setting.sms && matches!(push.phone_number, PhoneNumber::Sha256(_)) {
            return Err(ProducerErrorKind::HashedPhoneNumberWithSms.into());
        }
        Ok(setting)
    }

    fn spend(&mut self, cost: u64) -> Result<(), ProducerError> {
        if let Some(points) = &mut self.points {
            *points = points.checked_sub(cost).ok_or(ProducerErrorKind::PointsInsufficient)?;
        }
        Ok(())
    }

    fn add(&mut self, push: &PnpPush, setting: &PnpSetting, now: Timestamp) -> PnpStatusUpdated {
        let id = self.next_id;
        let event = PnpStatusUpdated {
            pnp_setting_id: setting.id,
            pnp_setting_name: setting.name.clone(),
            pnp_message_id: id,
            event_id: push.event_id,
            customized_id: push.customized_id.clone(),
            phone_number: push.phone_number.to_string(),
            status: String::new(),
            line_push_template_id: push.line_push_template_id,
            line_push_status: None,
            line_push_delivered_at: None,
            line_push_error_category: None,
            pnp_status: None,
            sms_status: None,
            pnp_delivered_at: None,
            sms_delivered_at: None,
            sms_error_category: None,
        };
        let message = PnpMessage::new(event, setting.sms, self.reports_after_timeout, now);
        let event = message.event().clone();
        self.restore(message);
        event
    }
}

impl Default for SmsPlus {
    fn default() -> Self {
        Self::new()
    }
}
