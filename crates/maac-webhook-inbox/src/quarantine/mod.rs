//! What no live secret verified, kept apart until one does.

mod gate;
mod keeper;
mod limits;
mod peers;
mod store;

use std::{fmt, time::Duration};

use maac_webhook::Endpoint;

use crate::{Inbox, StoreError};

pub use keeper::QuarantineKeeper;
pub(crate) use peers::ProvenPeers;

pub use limits::{QuarantineLimits, RateLimit};
pub use store::{
    QuarantineBounds, QuarantineId, QuarantineRequest, QuarantineStats, QuarantineStore, Quarantined,
};

/// The longest time that a rotation window should be open: 1 hour. A forgery is answered 503 in it, and comes back.
pub const LONGEST_ROTATION: Duration = Duration::from_secs(60 * 60);

/// Keeps requests that look like events and that no live secret verifies, and makes events of those that a later one does.
///
/// "Change Share Secret" in MAAC's console has no overlap: until the receiver has the new secret, genuine events do not verify, and
/// the 401 that they are answered is final. The same happens for as long as a wrong secret is configured.
///
/// 1. **What is kept**: a request with one well-formed signature whose body is an envelope with a timestamp of the last or next 15
///    minutes, of at most 64 KiB ([`Unverified::looks_like_an_event`](maac_webhook::Unverified::looks_like_an_event)); within
///    [`QuarantineLimits`] for each peer and [`QuarantineBounds`] in all. It stays untrusted: no handler sees it.
/// 2. **When it is an event**: as soon as a secret is in force that verifies it, it enters the inbox as any other, once. The rest is
///    forgotten with age.
/// 3. **What is answered**: 401 as ever, so that a test event shows the truth. While the *rotation window* is open, 503: the event comes
///    back, and may verify then. The window is in the store, for all receivers and endpoints on it:
///    [`QuarantineStore::set_rotation`], or `maac-webhook inbox rotate`. It is a time of day: clocks must agree to within seconds.
///
/// # Under a flood of forgeries
///
/// As long as the server says whose request it is ([`PeerAddr`](maac_webhook::PeerAddr)), a peer that brought a new event since the
/// receiver started is *proven*: what it sends has limits, a queue and room of its own, which no number of others can use up.
/// MAAC is, in a receiver that ran before the secret changed. Whoever captured a request is not, since a replay is not new; who knows an
/// old secret can be, while it is in force.
///
/// Peers that are not proven have equal shares: one alone cannot keep out what others sent, and some twenty that send as much as they may
/// can. A wrong secret that was there from the start has no proven peers.
///
/// ```
/// use maac_webhook_inbox::{Inbox, Quarantine, maac_webhook::{Endpoint, ShareSecrets}, sqlite::SqliteStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let secrets = ShareSecrets::from_file("/run/secrets/maac")?;
/// let inbox = Inbox::new(SqliteStore::open("maac-inbox.db")?);
/// let (endpoint, keeper) = Quarantine::new(inbox.clone()).watch(Endpoint::new("crm", secrets)).await?;
/// let stop = async { /* Ctrl-C */ };
/// tokio::spawn(keeper.run(stop));
/// // And then VerifyLayer::new(endpoint), or VerifyWebhook::new(endpoint).
/// # drop(endpoint);
/// # Ok(()) }
/// ```
pub struct Quarantine<S> {
    inbox: Inbox<S>,
    bounds: QuarantineBounds,
    limits: QuarantineLimits,
}

impl<S: QuarantineStore> Quarantine<S> {
    /// A quarantine beside this inbox, in its store.
    pub fn new(inbox: Inbox<S>) -> Self {
        Self { inbox, bounds: QuarantineBounds::default(), limits: QuarantineLimits::default() }
    }

    /// Sets how much is kept, and for how long.
    #[must_use]
    pub fn with_bounds(self, bounds: QuarantineBounds) -> Self {
        Self { bounds, ..self }
    }

    /// Sets how fast requests are taken.
    #[must_use]
    pub fn with_limits(self, limits: QuarantineLimits) -> Self {
        Self { limits, ..self }
    }

    /// The endpoint with this quarantine, for its layer or middleware; and what keeps it, to be run beside it.
    ///
    /// # Errors
    ///
    /// A store that does not say whether the rotation window is open: the first answers depend on it.
    pub async fn watch(self, endpoint: Endpoint) -> Result<(Endpoint, QuarantineKeeper<S>), StoreError> {
        let window = gate::Window::new(self.inbox.store().rotation().await?);
        let (buckets, proven) = (limits::Buckets::new(self.limits), self.inbox.proven_peers().clone());
        let (gate, queues) = gate::gate(buckets, proven, window.clone());
        let keeper = QuarantineKeeper::new(self.inbox, self.bounds, endpoint.clone(), queues, window);
        Ok((endpoint.with_quarantine(gate), keeper))
    }
}

impl<S> fmt::Debug for Quarantine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quarantine")
            .field("bounds", &self.bounds)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
