//! What the receiver did, as its probe shows it.

use std::time::{Duration, Instant};

use maac_webhook_mock::{Sent, SentEvent};
use maac_webhook_sender::Target;

use super::{Run, Trial, is_success};
use crate::{
    grade::{Graded, Halt, fail, inconclusive, pass},
    probe::{Fault, Identity, Listing, Probe},
    secrets::Secrets,
    wire::Exchange,
};

/// How often something is to have been handled.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) what: String,
    pub(crate) any_of: Vec<Identity>,
    pub(crate) at_least: u64,
    pub(crate) at_most: u64,
}

impl Wanted {
    /// The events that were sent, in all so many times.
    pub(crate) fn times(what: &str, sent: &Sent, times: u64) -> Self {
        let any_of = sent.events.iter().filter_map(Identity::of).collect();
        Self { what: what.to_owned(), any_of, at_least: times, at_most: times }
    }

    /// One of them, so many times or more.
    pub(crate) fn at_least(what: &str, event: &SentEvent, times: u64) -> Self {
        let any_of = Identity::of(event).into_iter().collect();
        Self { what: what.to_owned(), any_of, at_least: times, at_most: u64::MAX }
    }

    /// What is wrong with it, if something is.
    pub(crate) fn missed_by(&self, listing: &Listing) -> Option<String> {
        let count = listing.count(&self.any_of);
        (count < self.at_least || count > self.at_most)
            .then(|| format!("{} was handled {}", self.what, times(count)))
    }
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => format!("{many} times"),
    }
}

impl Trial<'_> {
    /// The probe, without which nothing can be seen.
    pub(crate) fn probe(&self) -> Result<&Probe, Halt> {
        let none = "the receiver has no probe (--probe URL) that shows what it handled";
        self.run.probe.as_ref().ok_or_else(|| Halt::Unseen(none.to_owned()))
    }

    /// The probe, where it offers a fault.
    pub(crate) async fn probe_with(&self, fault: Fault) -> Result<&Probe, Halt> {
        let probe = self.probe()?;
        if self.listing().await?.faults.iter().any(|offered| offered == fault.as_str()) {
            return Ok(probe);
        }
        Err(Halt::Unseen(format!("the receiver's probe does not offer {fault}")))
    }

    pub(crate) async fn listing(&self) -> Result<Listing, Halt> {
        self.probe()?.listing().await.map_err(|why| self.probe_failed(&why))
    }

    /// What a probe says may be anything.
    fn probe_failed(&self, why: &str) -> Halt {
        let mut why = why.to_owned();
        Secrets::new(&self.run.secret, [""; 0]).redact(&mut why);
        Halt::Error(format!("the probe failed: {why}"))
    }

    /// Whether what was sent was handled as it is to be. It is looked at once what must happen has happened, and then a
    /// later event has been handled, so that what must not happen has had its time.
    pub(crate) async fn handled(&self, wanted: Vec<Wanted>) -> Graded {
        let missing =
            |listing: &Listing| wanted.iter().any(|wanted| listing.count(&wanted.any_of) < wanted.at_least);
        self.until(|listing| !missing(listing)).await?;
        self.a_later_event_is_handled().await?;
        let listing = self.listing().await?;
        if let Some(missed) = self.missed(&wanted, &listing) {
            return fail(missed);
        }
        let told: Vec<_> = wanted
            .iter()
            .map(|wanted| format!("{}: {}", wanted.what, times(listing.count(&wanted.any_of))))
            .collect();
        self.will_have(wanted);
        pass(format!("handled {}", told.join(", ")))
    }

    /// What is wrong with them, if something is.
    pub(crate) fn missed(&self, wanted: &[Wanted], listing: &Listing) -> Option<String> {
        let (wanted, missed) = wanted.iter().find_map(|wanted| Some((wanted, wanted.missed_by(listing)?)))?;
        let too_few = listing.count(&wanted.any_of) < wanted.at_least;
        Some(if too_few { format!("{missed} {}", self.in_time_to_handle()) } else { missed })
    }

    /// Sends a plain genuine event, and waits until it has been handled: what came before it has had its time then.
    pub(crate) async fn a_later_event_is_handled(&self) -> Result<(), Halt> {
        let control = self.control().await?;
        let seen = Wanted::times("the event after it", &control, 1);
        if !self.until(|listing| listing.count(&seen.any_of) > 0).await? {
            let in_time = self.in_time_to_handle();
            return inconclusive(format!(
                "an event that was sent after it, and accepted, was not handled either {in_time}, as far as the probe shows"
            ));
        }
        self.pause().await;
        Ok(())
    }

    /// How long a receiver may take, and by what it may take longer.
    pub(crate) fn in_time_to_handle(&self) -> String {
        format!("within {} s (--handling-time)", self.run.settings.handling.as_secs_f64())
    }

    /// It must still be so when the run ends.
    pub(crate) fn will_have(&self, wanted: Vec<Wanted>) {
        self.with_record(|record| record.effects.extend(wanted));
    }

    /// Waits until the listing is so, for as long as a receiver may take to handle an event. `false` where it was not.
    pub(crate) async fn until(&self, so: impl Fn(&Listing) -> bool) -> Result<bool, Halt> {
        self.until_within(self.run.settings.handling, so).await
    }

    /// The same for as long as one may take that crashed at it.
    pub(crate) async fn until_recovered(&self, wanted: &[Wanted]) -> Result<bool, Halt> {
        let recovered = |listing: &Listing| wanted.iter().all(|wanted| wanted.missed_by(listing).is_none());
        self.until_within(self.run.settings.recovery(), recovered).await
    }

    async fn until_within(&self, limit: Duration, so: impl Fn(&Listing) -> bool) -> Result<bool, Halt> {
        let deadline = Instant::now() + limit;
        let mut pause = Duration::from_millis(20);
        loop {
            if so(&self.listing().await?) {
                return Ok(true);
            }
            if Instant::now() > deadline {
                return Ok(false);
            }
            tokio::time::sleep(pause).await;
            // A listing may be long.
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// Has the receiver suffer it.
    pub(crate) async fn suffer(&self, fault: Fault) -> Result<(), Halt> {
        let probe = self.probe()?;
        let began = Instant::now();
        if fault == Fault::StoreDown {
            self.run.set_store_down(true);
        }
        let suffered = probe.suffer(fault).await;
        if fault == Fault::StoreUp && suffered.is_ok() {
            self.run.set_store_down(false);
        }
        let url: &Target = &probe.url;
        let mut exchange = Exchange::new(format!("probe: {fault}"), format!("POST {url}"), began.elapsed());
        exchange.error = suffered.as_ref().err().cloned();
        self.log([exchange]);
        suffered.map_err(|why| self.probe_failed(&why))
    }

    /// Waits until the receiver is back after a crash: a plain genuine event is accepted.
    pub(crate) async fn until_it_is_back(&self) -> Result<(), Halt> {
        let deadline = Instant::now() + self.run.settings.restart;
        loop {
            if self.connect().await.is_ok() {
                let sent = self.send_beside(self.attempt(self.plain())).await?;
                if sent.events.iter().all(|event| event.status().is_some_and(is_success)) {
                    return Ok(());
                }
            }
            if Instant::now() > deadline {
                let seconds = self.run.settings.restart.as_secs();
                return inconclusive(format!("the receiver was not back within {seconds} s of its crash"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Run {
    fn set_store_down(&self, down: bool) {
        *self.store_is_down.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = down;
    }

    /// Brings the store up again, wherever a case ended that had it down.
    pub(crate) async fn bring_the_store_up(&self) -> Result<(), String> {
        let down = *self.store_is_down.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (true, Some(probe)) = (down, &self.probe) {
            probe.suffer(Fault::StoreUp).await?;
            self.set_store_down(false);
        }
        Ok(())
    }
}
