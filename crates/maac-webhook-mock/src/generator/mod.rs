//! Endless events of realistic shape, drawn from a seed.

mod draw;
mod words;

use std::time::Duration;

use maac_webhook::{
    event::{LinePushErrorCategory, MessageStatus, SmsErrorCategory, Topic},
    jiff::Timestamp,
};
use maac_webhook_sender::{
    payload::{
        MessageFirstOpen, PnpProfileUpdated, PnpStatusUpdated, PrizePointsAdded, ReceiptValidated,
        SurveyCakeSubmitted,
    },
    samples, wire_time,
};

use self::draw::Draw;
use crate::{MockEvent, samples::Sample};

/// Endless valid events of all six topics: names and shops in Chinese, every documented status, phone numbers plain and
/// hashed where they can be, friends with and without a customer id, some of whom come again, aliases that were not
/// answered, choices with an alias of their own. Some messages come again with a later status; no other two events are
/// one.
///
/// The same seed gives the same events to the byte, with the same idempotency keys, in one version of this crate. So a
/// test that fails can be run again.
///
/// ```
/// use maac_webhook_mock::{Generator, MockSender, maac_webhook::ShareSecret, maac_webhook_sender::json::BodyStyle};
///
/// let bodies = |seed| Generator::new(seed).take(3).map(|event| event.body(BodyStyle::python()).unwrap());
/// assert!(bodies(7).eq(bodies(7)));
/// assert!(bodies(7).ne(bodies(8)));
///
/// let sender = MockSender::new(ShareSecret::new("d0c5c1a6")?);
/// let hundred = sender.events(Generator::new(7).take(100));
/// # drop(hundred);
/// # Ok::<(), maac_webhook_mock::maac_webhook::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    draw: Draw,
    now: Timestamp,
    /// Messages that came, with the status they have next.
    under_way: Vec<(Sample<PnpStatusUpdated>, MessageStatus)>,
}

impl Generator {
    /// The time that the first events are of, in seconds since 1970: 2025-11-28T10:00:00+08:00.
    const START: i64 = 1_764_295_200;

    /// The events of this seed, which happened one after another from 28 November 2025 on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let now = Timestamp::from_second(Self::START).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { draw: Draw::new(seed), now, under_way: Vec::new() }
    }

    /// Sets the time from which on they happened, for a receiver to whom the age of an event matters.
    #[must_use]
    pub fn starting_at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    fn event(&mut self, topic: &Topic) -> Option<MockEvent> {
        Some(match topic {
            Topic::ReceiptValidated => self.receipt().into(),
            Topic::SurveyCakeSubmitted => self.survey().into(),
            Topic::PnpStatusUpdated => self.status().into(),
            Topic::PnpProfileUpdated => self.profile().into(),
            Topic::PrizePointsAdded => self.points().into(),
            Topic::MessageFirstOpen => self.first_open().into(),
            _ => return None,
        })
    }

    fn receipt(&mut self) -> Sample<ReceiptValidated> {
        let (now, draw) = (self.now, &mut self.draw);
        let friend = draw.friend();
        let mut sample = Sample::new(now, samples::receipt_validated(now))
            .line_uid(friend.line_uid)
            .number(draw.invoice())
            .random_number(draw.digits(4))
            .channel(draw.of(words::SHOPS))
            .with(|receipt| {
                receipt.customer_id = friend.customer_id;
                receipt.campaign_name = draw.maybe(|draw| draw.of(words::CAMPAIGNS).to_owned());
            })
            .no_items();
        for _ in 0..=draw.below(4) {
            let (description, price) = draw.of(words::ITEMS);
            sample = sample.item(description, price, (1 + draw.below(3)) as f64);
        }
        sample
    }

    fn survey(&mut self) -> Sample<SurveyCakeSubmitted> {
        let (now, draw) = (self.now, &mut self.draw);
        let friend = draw.friend();
        let (svid, name, title) = draw.of(words::SURVEYS);
        let flavours = &words::FLAVOURS[..draw.below(5) as usize];
        let gender = draw.of(words::GENDERS);
        let remark = draw.maybe(|draw| draw.of(words::REMARKS));
        let birthday = draw.maybe(|draw| {
            format!("19{}-{:02}-{:02}", 60 + draw.below(40), 1 + draw.below(12), 1 + draw.below(28))
        });
        Sample::new(now, samples::surveycake_submitted(now))
            .line_uid(friend.line_uid)
            .svid(svid)
            .survey_name(name)
            .answer_id(1_000_000 + draw.below(9_000_000))
            .alias("maac_member_name", [draw.name()])
            .choices("maac_member_gender", [gender])
            .alias("maac_member_birthday", birthday)
            .choices("flavours", flavours.iter().copied())
            .alias("guests", [draw.below(9).to_string()])
            .alias("remarks", remark)
            .with(|survey| {
                title.clone_into(&mut survey.answer.title);
                survey.customer_id = friend.customer_id;
                survey.answer_hash = draw.maybe(|draw| draw.hex(64));
            })
    }

    /// A message's status; in some cases a later one of a message that came before.
    fn status(&mut self) -> Sample<PnpStatusUpdated> {
        let (sample, status) = match self.under_way.pop() {
            Some((sample, status)) if self.draw.flip() => (sample.at(self.now), status),
            next => {
                self.under_way.extend(next);
                self.message()
            }
        };
        let draw = &mut self.draw;
        let sample = sample.status(status.clone()).with(|message| {
            if let Some(category) = &mut message.line_push_error_category {
                *category = draw.one(LinePushErrorCategory::DOCUMENTED).to_string();
            }
            if let Some(category) = &mut message.sms_error_category {
                *category = draw.one(SmsErrorCategory::DOCUMENTED).to_string();
            }
        });
        let hashed = sample.data().phone_number.len() == SHA256_DIGITS;
        let later = later(&status).filter(|status| !(hashed && status.as_str().starts_with("sms_")));
        let later: Vec<_> = later.collect();
        if !later.is_empty() && draw.flip() {
            self.under_way.push((sample.clone(), draw.of(&later).clone()));
        }
        sample
    }

    /// A new message and its status.
    fn message(&mut self) -> (Sample<PnpStatusUpdated>, MessageStatus) {
        let (now, draw) = (self.now, &mut self.draw);
        let status = draw.one(MessageStatus::DOCUMENTED).clone();
        // A hashed number is accepted only by templates with SMS switched off.
        let phone_number =
            if status.as_str().starts_with("sms_") { draw.phone() } else { draw.phone_or_hash() };
        let sample = Sample::new(now, samples::pnp_status_updated(now))
            .pnp_message_id(1_000_000 + draw.below(9_000_000))
            .phone_number(phone_number)
            .with(|message| {
                let (id, name) = draw.of(words::TEMPLATES);
                (message.pnp_setting_id, message.pnp_setting_name) = (id, name.to_owned());
                message.event_id = draw.maybe(|draw| 100 + draw.below(900));
                message.customized_id = draw.maybe(|draw| format!("order-{}", draw.digits(5)));
                message.line_push_template_id = draw.maybe(|draw| 2000 + draw.below(100));
            });
        (sample, status)
    }

    fn profile(&mut self) -> Sample<PnpProfileUpdated> {
        let draw = &mut self.draw;
        let friend = draw.friend();
        let (id, name) = draw.of(words::TEMPLATES);
        let (source, phone_number) =
            if draw.flip() { ("sms", draw.phone()) } else { ("pnp", draw.phone_or_hash()) };
        Sample::new(self.now, samples::pnp_profile_updated())
            .line_uid(friend.line_uid)
            .source(source)
            .phone_number(phone_number)
            .with(|profile| {
                (profile.pnp_setting_id, profile.pnp_setting_name) = (id, name.to_owned());
                profile.customer_id = friend.customer_id;
            })
    }

    fn points(&mut self) -> Sample<PrizePointsAdded> {
        let (now, draw) = (self.now, &mut self.draw);
        let friend = draw.friend();
        let expire = now.checked_add(Duration::from_secs(86_400 * (1 + draw.below(730))));
        Sample::new(now, samples::prize_points_added(now))
            .line_uid(friend.line_uid)
            .points_id(draw.uuid())
            .points_count(1 + draw.below(500))
            .prize_name(draw.of(words::PRIZES))
            .with(|points| {
                points.customer_id = friend.customer_id;
                points.points_category = draw.maybe(|draw| draw.of(words::CATEGORIES).to_owned());
                points.points_expire_date = draw.maybe(|_| wire_time(expire.unwrap_or(now)));
            })
    }

    fn first_open(&mut self) -> Sample<MessageFirstOpen> {
        let draw = &mut self.draw;
        let friend = draw.friend();
        let sample = Sample::new(self.now, samples::message_first_open()).line_uid(friend.line_uid);
        // So many that no friend opens one for the first time twice.
        let id = 100_000 + draw.below(900_000);
        let sample = if draw.flip() { sample.openapi(id) } else { sample.broadcast(id) };
        sample.with(|open| open.customer_id = friend.customer_id)
    }
}

/// How many digits a hashed phone number has.
const SHA256_DIGITS: usize = 64;

/// The statuses that a message may have after this one.
fn later(status: &MessageStatus) -> impl Iterator<Item = &'static MessageStatus> {
    let delivered = status.as_str().ends_with("_delivered");
    let under_way = status.is_final() == Some(false);
    let channel = status.channel();
    MessageStatus::DOCUMENTED.iter().filter(move |later| {
        let ends = under_way && later.channel() == channel && later.is_final() == Some(true);
        !delivered && (ends || later.channel() > channel)
    })
}

impl Iterator for Generator {
    type Item = MockEvent;

    fn next(&mut self) -> Option<MockEvent> {
        let later = Duration::from_micros(1 + self.draw.below(90_000_000));
        self.now = self.now.checked_add(later).unwrap_or(self.now);
        let topic = self.draw.one(Topic::DOCUMENTED);
        let event = self.event(topic)?;
        Some(event.idempotency_key(self.draw.hex(32)))
    }
}

#[cfg(test)]
mod tests;
