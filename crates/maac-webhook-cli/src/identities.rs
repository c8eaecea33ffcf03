//! Which events are known, in memory and bounded: for receivers without a durable inbox.

use std::collections::{HashMap, VecDeque};

use maac_webhook::{ContentDigest, Delivery, IdempotencyKey, Identity};
use maac_webhook_inbox::Verdict;

/// The identities of the last so many events.
#[derive(Debug)]
pub(crate) struct Identities {
    capacity: usize,
    by_body: HashMap<Identity, Option<IdempotencyKey>>,
    by_key: HashMap<IdempotencyKey, Vec<Option<ContentDigest>>>,
    /// Oldest first.
    order: VecDeque<Known>,
}

#[derive(Debug)]
struct Known {
    identity: Identity,
    key: Option<IdempotencyKey>,
    content: Option<ContentDigest>,
}

impl Identities {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, by_body: HashMap::new(), by_key: HashMap::new(), order: VecDeque::new() }
    }

    /// Judges a delivery without recording it.
    pub(crate) fn judge(&self, delivery: &Delivery) -> Verdict {
        let key = delivery.idempotency_key();
        if let Some(first_key) = self.by_body.get(&delivery.identity()) {
            let same = first_key.as_ref() == key;
            return if same { Verdict::Duplicate } else { Verdict::Replay };
        }
        match key.and_then(|key| self.by_key.get(key)) {
            None => Verdict::New,
            Some(contents) => match delivery.content_digest() {
                content @ Some(_) if contents.contains(&content) => Verdict::Duplicate,
                _ => Verdict::KeyReused,
            },
        }
    }

    /// Records a delivery, once it has been handled or is known not to need it, and forgets the oldest ones beyond
    /// the capacity. A retry that was built anew has a body of its own, whose replay must be known for one.
    pub(crate) fn record(&mut self, delivery: &Delivery) {
        if self.by_body.contains_key(&delivery.identity()) {
            return;
        }
        let known = Known {
            identity: delivery.identity(),
            key: delivery.idempotency_key().cloned(),
            content: delivery.content_digest(),
        };
        self.by_body.insert(known.identity, known.key.clone());
        if let Some(key) = &known.key {
            self.by_key.entry(key.clone()).or_default().push(known.content);
        }
        self.order.push_back(known);
        while self.order.len() > self.capacity {
            if let Some(oldest) = self.order.pop_front() {
                self.forget(&oldest);
            }
        }
    }

    fn forget(&mut self, known: &Known) {
        self.by_body.remove(&known.identity);
        let Some(key) = &known.key else { return };
        if let Some(contents) = self.by_key.get_mut(key) {
            // The oldest of them: they are recorded and forgotten in one order.
            contents.remove(0);
            if contents.is_empty() {
                self.by_key.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use maac_webhook::{SecretSlot, Signature, StoredDelivery, jiff::Timestamp};

    use super::*;

    fn delivery(body: &str, key: &str) -> Delivery {
        Delivery::dangerous_from_verified_store(StoredDelivery {
            endpoint: "test".into(),
            idempotency_key: IdempotencyKey::parse(key.as_bytes()),
            signature: Signature::from_bytes([0; 32]),
            matched: SecretSlot::Current,
            received_at: Timestamp::UNIX_EPOCH,
            body: body.to_owned().into(),
        })
    }

    fn event(second: u32, data: &str) -> String {
        format!(r#"{{"timestamp": "2025-11-28T10:00:{second:02}+08:00", "topic": "t", "data": {data}}}"#)
    }

    fn known(deliveries: &[Delivery]) -> Identities {
        let mut identities = Identities::new(100);
        deliveries.iter().for_each(|delivery| identities.record(delivery));
        identities
    }

    #[test]
    fn the_five_rows_of_the_table_are_told_apart() {
        let identities = known(&[delivery(&event(1, "1"), "a"), delivery(&event(2, "2"), "")]);
        for (body, key, verdict) in [
            (event(3, "3"), "b", Verdict::New),
            (event(3, "3"), "", Verdict::New),
            (event(1, "1"), "a", Verdict::Duplicate),
            (event(2, "2"), "", Verdict::Duplicate),
            (event(1, "1"), "b", Verdict::Replay),
            (event(1, "1"), "", Verdict::Replay),
            (event(2, "2"), "b", Verdict::Replay),
            (event(3, "1"), "a", Verdict::Duplicate),
            (event(1, "3"), "a", Verdict::KeyReused),
            ("not json".to_owned(), "a", Verdict::KeyReused),
        ] {
            assert_eq!(identities.judge(&delivery(&body, key)), verdict, "{body} {key}");
        }
    }

    #[test]
    fn the_body_of_a_retry_that_was_built_anew_is_known_from_then_on() {
        let rebuilt = event(2, "1");
        let identities = known(&[delivery(&event(1, "1"), "a"), delivery(&rebuilt, "a")]);
        assert_eq!(identities.judge(&delivery(&rebuilt, "a")), Verdict::Duplicate);
        assert_eq!(identities.judge(&delivery(&rebuilt, "fresh")), Verdict::Replay);
    }

    #[test]
    fn two_unreadable_bodies_under_one_key_are_two_events() {
        let identities = known(&[delivery("one", "a")]);
        assert_eq!(identities.judge(&delivery("two", "a")), Verdict::KeyReused);
        assert_eq!(identities.judge(&delivery("one", "a")), Verdict::Duplicate);
    }

    #[test]
    fn a_replay_does_not_burn_a_key_that_a_genuine_event_will_use() {
        let identities = known(&[delivery(&event(1, "1"), "a")]);
        assert_eq!(identities.judge(&delivery(&event(1, "1"), "next")), Verdict::Replay);
        // What is not handled is not recorded.
        assert_eq!(identities.judge(&delivery(&event(2, "2"), "next")), Verdict::New);
    }

    #[test]
    fn each_event_of_a_reused_key_has_retries_of_its_own() {
        let identities = known(&[delivery(&event(1, "1"), "a"), delivery(&event(2, "2"), "a")]);
        assert_eq!(identities.judge(&delivery(&event(3, "1"), "a")), Verdict::Duplicate);
        assert_eq!(identities.judge(&delivery(&event(3, "2"), "a")), Verdict::Duplicate);
        assert_eq!(identities.judge(&delivery(&event(3, "3"), "a")), Verdict::KeyReused);
    }

    #[test]
    fn only_the_last_events_are_known_and_nothing_is_left_of_the_others() {
        let mut identities = Identities::new(3);
        for n in 0..1000 {
            identities.record(&delivery(&event(1, &n.to_string()), &format!("k{}", n % 2)));
        }
        assert_eq!(identities.judge(&delivery(&event(1, "999"), "k1")), Verdict::Duplicate);
        assert_eq!(identities.judge(&delivery(&event(1, "996"), "other")), Verdict::New);
        assert_eq!((identities.by_body.len(), identities.order.len()), (3, 3));
        assert_eq!(identities.by_key.values().map(Vec::len).sum::<usize>(), 3);
    }
}
