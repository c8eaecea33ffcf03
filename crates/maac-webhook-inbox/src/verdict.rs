use maac_webhook::{Delivery, event::Envelope};

use crate::{EntryId, metrics};

/// What a verified delivery is among those that came before it.
///
/// | body | idempotency key | verdict |
/// | --- | --- | --- |
/// | new | new, or none usable | [`New`](Self::New) |
/// | known | the one it came with | [`Duplicate`](Self::Duplicate): a retry |
/// | known | any other | [`Replay`](Self::Replay); its key is not registered |
/// | new | known, same topic and data | [`Duplicate`](Self::Duplicate): a retry that was built anew, whose body is known from then on |
/// | new | known, anything else | [`KeyReused`](Self::KeyReused): an event of its own |
///
/// Whichever it is, it is answered 200: a verified event is never refused for its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// An event that was not known.
    New,
    /// A retry of a known event.
    Duplicate,
    /// A known event under another key: somebody captured it, or the console's "Send test" was used twice.
    Replay,
    /// Another event under a key that is known: whoever captured a request can burn a key so.
    KeyReused,
}

impl Verdict {
    /// Every verdict there is.
    pub const ALL: &'static [Self] = &[Self::New, Self::Duplicate, Self::Replay, Self::KeyReused];

    /// Whether it is an event of its own, to be handled.
    #[must_use]
    pub fn is_handled(self) -> bool {
        match self {
            Self::New | Self::KeyReused => true,
            Self::Duplicate | Self::Replay => false,
        }
    }

    /// Its name in logs and metrics, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Replay => "replay",
            Self::KeyReused => "key_reused",
        }
    }
}

/// A delivery that is durable: stored now, or known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// What it is among those that came before it.
    pub verdict: Verdict,
    /// Where it was stored, if it was now.
    pub entry: Option<EntryId>,
    /// Whether it waits for a person: see [`State::Held`](crate::State::Held).
    pub held: bool,
}

impl Accepted {
    /// One that a store accepted.
    #[must_use]
    pub fn new(verdict: Verdict, entry: Option<EntryId>, held: bool) -> Self {
        Self { verdict, entry, held }
    }

    /// Writes the one log line of this verdict, and [counts](crate::metrics::ACCEPTED) it. [`Inbox::accept`](crate::Inbox::accept)
    /// does.
    pub fn log(&self, delivery: &Delivery) {
        let envelope = Envelope::read(delivery.body()).ok();
        self.log_of_topic(delivery, metrics::topic(envelope.as_ref().map(Envelope::topic)));
    }

    pub(crate) fn log_of_topic(&self, delivery: &Delivery, topic: &'static str) {
        metrics::accepted(delivery.endpoint(), topic, self.verdict);
        let (endpoint, entry) = (delivery.endpoint(), self.entry.map(crate::EntryId::get));
        let key = delivery.idempotency_key().map(|key| key.as_str());
        match self.verdict {
            Verdict::New => tracing::debug!(endpoint, key, entry, "an event"),
            Verdict::Duplicate => {
                tracing::info!(endpoint, key, "a retry of a known event: answered 200, not handled again");
            }
            Verdict::Replay => tracing::warn!(
                endpoint,
                key,
                "a replay: a known event under another idempotency key, answered 200 and not handled again \
             (the console's Send test may well do this)"
            ),
            Verdict::KeyReused => tracing::error!(
                endpoint,
                key,
                entry,
                "another event under a known idempotency key: stored as an event of its own"
            ),
        }
        if self.held {
            tracing::error!(endpoint, key, entry, "an event is held for a person to look at");
        }
    }
}
