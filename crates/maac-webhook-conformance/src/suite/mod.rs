mod reach;
mod repeat;
mod run;

use std::{fmt, time::Duration};

use maac_webhook::{ShareSecret, event::Topic};
use maac_webhook_sender::{HttpTransport, Target};

use crate::{Selection, settings::Settings};

/// The suite, for one receiver.
///
/// ```no_run
/// use maac_webhook_conformance::{Suite, Verdict, maac_webhook::ShareSecret};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = ShareSecret::from_env("MAAC_SHARE_SECRET")?;
/// let report = Suite::new("http://127.0.0.1:8080/webhooks/maac".parse()?, secret).run().await?;
/// assert_eq!(report.verdict(), Verdict::Passed, "{report}");
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until run is awaited"]
pub struct Suite {
    target: Target,
    secret: ShareSecret,
    transport: HttpTransport,
    probe: Option<Target>,
    selection: Selection,
    settings: Settings,
    repeat_arguments: Vec<String>,
}

impl Suite {
    /// Every case, for the receiver at this URL, which has this share secret.
    pub fn new(target: Target, secret: ShareSecret) -> Self {
        Self {
            target,
            secret,
            transport: HttpTransport::new(),
            probe: None,
            selection: Selection::all(),
            settings: Settings::default(),
            repeat_arguments: Vec::new(),
        }
    }

    /// Sets the receiver's [probe](crate#the-probe).
    pub fn with_probe(mut self, url: Target) -> Self {
        self.probe = Some(url);
        self
    }

    /// Sets which cases are run.
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Sets the topics that the receiver's endpoint is subscribed to; all six unless told otherwise. No event of another one
    /// is sent, and a case that takes one is skipped.
    pub fn with_topics(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.settings.set_topics(topics);
        self
    }

    /// Sets what else the command that runs a case again has to have, word by word: what this suite cannot know of, such as
    /// where the transport's certificates are from. It is printed and stands in reports, so it must not be secret.
    pub fn with_repeat_arguments<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.repeat_arguments = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets what the receiver and its probe are reached by: what trusts a certificate of one's own, say.
    pub fn with_transport(mut self, transport: HttpTransport) -> Self {
        self.transport = transport;
        self
    }

    /// Sets how long one attempt may take; 10 s unless told otherwise. MAAC's own time-out is not documented.
    pub fn with_attempt_timeout(mut self, limit: Duration) -> Self {
        self.settings.attempt_timeout = limit;
        self
    }

    /// Sets how long after each failed attempt the next one follows; 1, 2 and 4 s unless told otherwise, as MAAC's.
    pub fn with_retry_delays(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.retry_delays = delays.into_iter().collect();
        self
    }

    /// Sets within which time an event that was answered 200 is to be handled, as the probe shows; 10 s unless told
    /// otherwise.
    pub fn with_handling_time(mut self, limit: Duration) -> Self {
        self.settings.handling = limit;
        self
    }

    /// Sets how long an answer may take without being slow (MAAC-ANS-003); 3 s unless told otherwise, and a third of it is
    /// better.
    pub fn with_answer_time(mut self, limit: Duration) -> Self {
        self.settings.quick = limit;
        self
    }

    /// Sets how long all of it may take; 10 minutes unless told otherwise. What was not graded by then is inconclusive.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.settings.run = limit;
        self
    }

    /// Sets how long it waits for somebody to listen at the URL; not at all unless told otherwise.
    pub fn with_wait_for_listener(mut self, limit: Duration) -> Self {
        self.settings.listening = limit;
        self
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("target", &self.target)
            .field("probe", &self.probe)
            .field("selection", &self.selection)
            .field("topics", &self.settings.topics)
            .finish_non_exhaustive()
    }
}
