use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    BodyBudget, Delivery, Quarantine, Rejection, RejectionKind, SecretSlot, ShareSecrets, Unverified,
    answer::Reaction, metrics::Verified,
};

/// One MAAC webhook endpoint, as it stands in the console: a name of yours and its share secret, with
/// the limits of what is read before it is verified.
///
/// Each MAAC endpoint has its own secret, so each gets its own `Endpoint` and its own path or layer.
/// The name travels in the [`Delivery`](crate::Delivery) and scopes identities. Cheap to clone.
///
/// ```
/// use std::time::Duration;
/// use maac_webhook::{Endpoint, ShareSecrets};
///
/// let secrets = ShareSecrets::from_value("d0c5c1a6")?;
/// let endpoint = Endpoint::new("crm", secrets)
///     .with_body_limit(256 * 1024)
///     .with_body_timeout(Duration::from_secs(3));
/// assert_eq!(endpoint.name(), "crm");
/// # Ok::<(), maac_webhook::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Endpoint(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    name: Arc<str>,
    secrets: ShareSecrets,
    body_limit: usize,
    body_timeout: Duration,
    body_budget: BodyBudget,
    ignore_others: bool,
    preserve_inner_status: bool,
    quarantine: Option<Arc<dyn Quarantine>>,
    verified: OnceLock<Verified>,
}

impl Endpoint {
    /// The largest body that is read unless told otherwise: 1 MiB.
    pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

    /// How long a body may take to arrive unless told otherwise: 5 s. MAAC's own time-out is not
    /// documented.
    pub const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(5);

    /// An endpoint with the default limits.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, secrets: impl Into<ShareSecrets>) -> Self {
        Self(Arc::new(Settings {
            name: name.into(),
            secrets: secrets.into(),
            body_limit: Self::DEFAULT_BODY_LIMIT,
            body_timeout: Self::DEFAULT_BODY_TIMEOUT,
            body_budget: BodyBudget::default(),
            ignore_others: false,
            preserve_inner_status: false,
            quarantine: None,
            verified: OnceLock::new(),
        }))
    }

    /// Sets the largest body that is read, in bytes. A larger one is answered 413, **which loses the
    /// event**.
    #[must_use]
    pub fn with_body_limit(self, bytes: usize) -> Self {
        self.change(|settings| settings.body_limit = bytes)
    }

    /// Sets how long a body may take to arrive. A slower one is answered 408, and comes back.
    #[must_use]
    pub fn with_body_timeout(self, timeout: Duration) -> Self {
        self.change(|settings| settings.body_timeout = timeout)
    }

    /// Sets how much memory its unverified bodies may hold together, or with those of other endpoints that are given
    /// a clone. Beyond it a request is answered 503, and comes back.
    #[must_use]
    pub fn with_body_budget(self, budget: BodyBudget) -> Self {
        self.change(|settings| settings.body_budget = budget)
    }

    /// Answers 200 to an event of another topic than a `Webhook<T>` takes, and ignores it. Otherwise it
    /// is answered 503 and logged as an ERROR, since nobody handles it. A [`TopicRouter`](crate::TopicRouter) ignores by
    /// [a setting of its own](crate::TopicRouter::ignore_others).
    #[must_use]
    pub fn ignore_others(self) -> Self {
        self.change(|settings| settings.ignore_others = true)
    }

    /// Leaves the handler's answers to verified deliveries as they are. Otherwise another 2xx becomes
    /// 200, and an answer that would lose the event (3xx, and 4xx but 408 and 429) becomes 503 with an
    /// ERROR.
    #[must_use]
    pub fn preserve_inner_status(self) -> Self {
        self.change(|settings| settings.preserve_inner_status = true)
    }

    /// Keeps what looks like an event and no live secret verifies, for when one is loaded that does; and answers it 503 while
    /// the secret is being changed.
    #[must_use]
    pub fn with_quarantine(self, quarantine: impl Quarantine) -> Self {
        self.change(|settings| settings.quarantine = Some(Arc::new(quarantine)))
    }

    pub(crate) fn quarantine(&self) -> Option<&dyn Quarantine> {
        self.0.quarantine.as_deref()
    }

    /// What becomes of a request that no live secret verifies.
    pub(crate) fn not_verified(
        &self,
        is_loaded: bool,
        body_bytes: usize,
        request: impl FnOnce() -> Unverified,
    ) -> Rejection {
        let quarantine = self.quarantine();
        // Nothing is made of what is too large in any case.
        if let Some(quarantine) = quarantine.filter(|_| body_bytes <= Unverified::BODY_LIMIT) {
            let unverified = request();
            if unverified.looks_like_an_event() {
                quarantine.keep(unverified);
            }
        }
        let rotating = || quarantine.is_some_and(Quarantine::is_rotating);
        Rejection::new(match is_loaded {
            false => RejectionKind::NoSecret,
            true if rotating() => RejectionKind::SecretRotating,
            true => RejectionKind::SignatureMismatch,
        })
    }

    pub(crate) fn count_verified(&self, matched: SecretSlot) {
        self.0.verified.get_or_init(|| Verified::at(&self.0.name)).count(matched);
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The endpoint's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The endpoint's live secrets, to [`set`](ShareSecrets::set), rotate or reload.
    #[must_use]
    pub fn secrets(&self) -> &ShareSecrets {
        &self.0.secrets
    }

    /// The largest body that is read, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// How long a body may take to arrive.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        self.0.body_timeout
    }

    /// How much memory its unverified bodies may hold together.
    #[must_use]
    pub fn body_budget(&self) -> &BodyBudget {
        &self.0.body_budget
    }

    /// What is answered where the handler answered a *verified* delivery with `status`: 200 for another 2xx, since MAAC
    /// asks for 200; what comes back, as it is; all of it with [`preserve_inner_status`](Self::preserve_inner_status).
    ///
    /// # Errors
    ///
    /// A status that would lose a genuine event, for which the rejection is answered.
    pub fn guard(&self, status: u16) -> Result<u16, Rejection> {
        if self.0.preserve_inner_status {
            return Ok(status);
        }
        match Reaction::of_status(status) {
            Reaction::Delivered => Ok(200),
            Reaction::Retried => Ok(status),
            Reaction::Final => {
                let detail = format!("the handler answered {status}");
                Err(Rejection::with_detail(RejectionKind::HandlerRefused, detail).at(self))
            }
        }
    }

    /// Whether a delivery was verified for this endpoint: another layer around the handler may have verified it for
    /// another one, under another secret.
    ///
    /// # Errors
    ///
    /// A delivery of an endpoint of another name: [`OtherEndpoint`](RejectionKind::OtherEndpoint).
    pub fn check_own(&self, delivery: &Delivery) -> Result<(), Rejection> {
        if delivery.endpoint() == self.name() {
            return Ok(());
        }
        let detail = format!("it was for {:?}", delivery.endpoint());
        Err(Rejection::with_detail(RejectionKind::OtherEndpoint, detail).at(self))
    }

    pub(crate) fn ignores_others(&self) -> bool {
        self.0.ignore_others
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.0.name
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.0.name)
            .field("secrets", &self.0.secrets)
            .field("body_limit", &self.0.body_limit)
            .field("body_timeout", &self.0.body_timeout)
            .field("body_budget", &self.0.body_budget)
            .field("ignore_others", &self.0.ignore_others)
            .field("preserve_inner_status", &self.0.preserve_inner_status)
            .field("quarantine", &self.0.quarantine)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("crm", ShareSecrets::empty())
    }

    #[test]
    fn a_guarded_answer_never_loses_an_event() {
        for status in 100..1000 {
            let answered =
                endpoint().guard(status).map_err(|rejection| (rejection.kind(), rejection.status()));
            let expected = match status {
                200 | 408 | 429 | 500..=599 => Ok(status),
                201..=299 => Ok(200),
                _ => Err((RejectionKind::HandlerRefused, 503)),
            };
            assert_eq!(answered, expected, "{status}");
            assert_eq!(endpoint().preserve_inner_status().guard(status), Ok(status));
        }
    }

    #[test]
    fn only_another_topic_is_ignored_and_only_where_it_was_said() {
        for &kind in RejectionKind::ALL {
            let strict = Rejection::new(kind).at(&endpoint());
            assert!(!strict.is_ignored() && strict.status() == kind.status(), "{kind:?}");
            let ignoring = Rejection::new(kind).at(&endpoint().ignore_others());
            let ignored = kind == RejectionKind::UnexpectedTopic;
            let status = if ignored { 200 } else { kind.status() };
            assert_eq!((ignoring.is_ignored(), ignoring.status()), (ignored, status), "{kind:?}");
        }
    }

    #[test]
    fn what_is_set_is_what_is_told() {
        let endpoint = endpoint().with_body_limit(7).with_body_timeout(Duration::from_secs(9));
        assert_eq!((endpoint.body_limit(), endpoint.body_timeout()), (7, Duration::from_secs(9)));
        let told = format!("{endpoint:?}");
        for part in ["\"crm\"", "body_limit: 7", "body_timeout: 9s", "ignore_others: false"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn only_an_endpoints_own_deliveries_are_its_own() {
        let secret = crate::ShareSecret::new("hush").unwrap();
        let crm = Endpoint::new("crm", secret.clone());
        let signature = crate::Signature::sign(&secret, b"{}").to_string();
        let head = crate::RequestHead::new([signature.as_bytes()], []);
        let delivery = crate::Verifier::new(crm.clone()).verify(head, "{}".into()).unwrap();
        assert_eq!(crm.check_own(&delivery), Ok(()));
        let other = Endpoint::new("shop", secret).check_own(&delivery).unwrap_err();
        assert_eq!(other.kind(), RejectionKind::OtherEndpoint);
    }
}
