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
    pub(crate) case: Duration,
    pub(crate) run: Duration,
    pub(crate) listening: Duration,
    pub(crate) restart: Duration,
    pub(crate) recovery: Duration,
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
            case: Duration::from_secs(180),
            run: Duration::from_secs(600),
            listening: Duration::ZERO,
            restart: Duration::from_secs(30),
            // What a crashed worker was at is given to another once its lease has ended; a minute is usual.
            recovery: Duration::from_secs(75),
        }
    }
}
