use std::time::Duration;

use maac_webhook::event::Topic;

use crate::{SuiteError, SuiteErrorKind};

/// How long the suite waits for what.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whose events are sent, in the order in which they are documented.
    pub(crate) topics: Vec<Topic>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry_delays: Vec<Duration>,
    pub(crate) handling: Duration,
    pub(crate) quick: Duration,
    pub(crate) run: Duration,
    pub(crate) listening: Duration,
    pub(crate) restart: Duration,
}

impl Settings {
    /// How long a receiver may take to handle what it was at when it crashed. That is given to another worker once its lease has
    /// ended: a minute is usual, and who handles slowly has a longer one.
    pub(crate) fn recovery(&self) -> Duration {
        self.handling.max(Duration::from_secs(75))
    }

    /// How long one case may take: each of its waits, and what it sends besides.
    pub(crate) fn case(&self) -> Duration {
        let waits =
            self.restart.saturating_add(self.recovery()).saturating_add(self.handling.saturating_mul(6));
        waits.saturating_add(Duration::from_secs(60))
    }
}

impl Settings {
    pub(crate) fn set_topics(&mut self, topics: impl IntoIterator<Item = Topic>) {
        let mut topics: Vec<_> = topics.into_iter().collect();
        let place = |topic: &Topic| Topic::DOCUMENTED.iter().position(|known| known == topic);
        topics.sort_by_key(|topic| place(topic).unwrap_or(usize::MAX));
        topics.dedup();
        self.topics = topics;
    }

    /// Whether there are events of each of them.
    pub(crate) fn check_topics(&self) -> Result<(), SuiteError> {
        let unknown = self.topics.iter().find(|topic| !Topic::DOCUMENTED.contains(topic));
        let told = match unknown {
            Some(topic) => format!("there are no events of {:?} to send", topic.as_str()),
            None if self.topics.is_empty() => "there are no events of no topic".to_owned(),
            None => return Ok(()),
        };
        Err(SuiteError::new(SuiteErrorKind::UnknownTopic, told))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topics: Topic::DOCUMENTED.to_vec(),
            attempt_timeout: Duration::from_secs(10),
            // MAAC's.
            retry_delays: [1, 2, 4].map(Duration::from_secs).to_vec(),
            handling: Duration::from_secs(10),
            quick: Duration::from_secs(3),
            run: Duration::from_secs(600),
            listening: Duration::ZERO,
            restart: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker's lease is longer than its handler takes.
    #[test]
    fn a_receiver_that_handles_slowly_has_the_time_to_recover_and_a_case_to_wait_for_it() {
        let of = |seconds| Settings { handling: Duration::from_secs(seconds), ..Settings::default() };
        assert_eq!(of(10).recovery(), Duration::from_secs(75));
        assert_eq!(of(300).recovery(), Duration::from_secs(300));
        for seconds in [1, 10, 300] {
            let settings = of(seconds);
            // After a crash: until it is back, until it has recovered, and a later event.
            assert!(settings.case() > settings.restart + settings.recovery() + 5 * settings.handling);
        }
    }
}
