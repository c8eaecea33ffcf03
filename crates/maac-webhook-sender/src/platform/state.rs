use jiff::Timestamp;
use maac_webhook::{ShareSecret, event::Topic};
use uuid::Uuid;

use super::{
    Decision, EndpointForm, EndpointId, EndpointStatus, NotDelivered, PlainHttp, PlatformError,
    PlatformErrorKind, Purchase, StoredEndpoint, WebhookEndpoint, Zone,
    check::{Checked, check, faults},
};

/// A platform: what it has bought and its webhook endpoints. See the [module](super) for the rules.
#[derive(Clone, Debug)]
pub struct Platform {
    purchase: Purchase,
    /// In the order in which they were created.
    endpoints: Vec<WebhookEndpoint>,
    working_limit: usize,
    plain_http: PlainHttp,
    editable: bool,
    tests_of_any_topic: bool,
    tests_when_stopped: bool,
}

impl Platform {
    /// How many endpoints may work unless told otherwise: 3.
    pub const DEFAULT_WORKING_LIMIT: usize = 3;

    /// A platform without endpoints.
    #[must_use]
    pub fn new(purchase: Purchase) -> Self {
        Self {
            purchase,
            endpoints: Vec::new(),
            working_limit: Self::DEFAULT_WORKING_LIMIT,
            plain_http: PlainHttp::Refused,
            editable: false,
            tests_of_any_topic: false,
            tests_when_stopped: true,
        }
    }

    /// Sets how many endpoints may work, as MAAC's support would.
    #[must_use]
    pub fn with_working_limit(mut self, endpoints: usize) -> Self {
        self.working_limit = endpoints;
        self
    }

    /// Sets where an endpoint's URL may begin with `http://`: unless told otherwise nowhere.
    #[must_use]
    pub fn with_plain_http(mut self, plain_http: PlainHttp) -> Self {
        self.plain_http = plain_http;
        self
    }

    /// Sets whether an endpoint's name, URL and topics can be changed. No documented page of the console does.
    #[must_use]
    pub fn with_editing(mut self, editable: bool) -> Self {
        self.editable = editable;
        self
    }

    /// Sets whether a test may be of a topic that the endpoint is not subscribed to: unless told otherwise it may not.
    #[must_use]
    pub fn with_tests_of_any_topic(mut self, any: bool) -> Self {
        self.tests_of_any_topic = any;
        self
    }

    /// Sets whether a stopped endpoint can be sent a test: unless told otherwise it can.
    #[must_use]
    pub fn with_tests_when_stopped(mut self, tests: bool) -> Self {
        self.tests_when_stopped = tests;
        self
    }

    /// What is bought.
    #[must_use]
    pub fn purchase(&self) -> &Purchase {
        &self.purchase
    }

    /// Buys something else in its place. The endpoints stay as they are; what they are sent changes at once.
    pub fn set_purchase(&mut self, purchase: Purchase) {
        self.purchase = purchase;
    }

    /// How many endpoints may work.
    #[must_use]
    pub fn working_limit(&self) -> usize {
        self.working_limit
    }

    /// The endpoints, in the order in which they were created.
    pub fn endpoints(&self) -> impl ExactSizeIterator<Item = &WebhookEndpoint> {
        self.endpoints.iter()
    }

    /// How many endpoints work: those that are not stopped.
    #[must_use]
    pub fn working(&self) -> usize {
        self.endpoints.iter().filter(|endpoint| endpoint.works()).count()
    }

    /// The endpoint of this id.
    ///
    /// # Errors
    ///
    /// [`PlatformErrorKind::NoSuchEndpoint`].
    pub fn endpoint(&self, id: EndpointId) -> Result<&WebhookEndpoint, PlatformError> {
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == id);
        endpoint.ok_or_else(|| PlatformErrorKind::NoSuchEndpoint.into())
    }

    /// All that is wrong with a form by itself, in the order of its fields; [`create`](Self::create) refuses the first of them.
    #[must_use]
    pub fn faults(&self, form: &EndpointForm) -> Vec<PlatformErrorKind> {
        faults(form, &self.purchase, self.plain_http)
    }

    /// Creates an endpoint, ongoing, with a share secret of its own. It may be created outside of the purchase's
    /// period, and is then sent nothing.
    ///
    /// # Errors
    ///
    /// What the form lacks, a URL or topic that is not accepted, and one working endpoint too many.
    pub fn create(&mut self, form: EndpointForm, now: Timestamp) -> Result<&WebhookEndpoint, PlatformError> {
        let Checked { name, url, topics } = check(&form, &self.purchase, self.plain_http)?;
        self.room_for_one_more()?;
        let endpoint = WebhookEndpoint {
            id: EndpointId::random(),
            name,
            url,
            topics,
            status: EndpointStatus::Ongoing,
            created_at: now,
            updated_at: now,
            share_secret: random_secret(),
        };
        let id = endpoint.id;
        self.endpoints.push(endpoint);
        self.endpoint(id)
    }

    /// Puts back an endpoint that was stored, as it was: with its id and share secret, and with topics whose zone may not
    /// be bought any more.
    ///
    /// # Errors
    ///
    /// One that is there already, and one working endpoint too many.
    pub fn restore(&mut self, stored: StoredEndpoint) -> Result<&WebhookEndpoint, PlatformError> {
        let StoredEndpoint { id, name, url, topics, status, created_at, updated_at, share_secret } = stored;
        if self.endpoint(id).is_ok() {
            return Err(PlatformErrorKind::RestoredTwice.into());
        }
        if status == EndpointStatus::Ongoing {
            self.room_for_one_more()?;
        }
        let endpoint =
            WebhookEndpoint { id, name, url, topics, status, created_at, updated_at, share_secret };
        self.endpoints.push(endpoint);
        self.endpoint(id)
    }

    /// Changes an endpoint's name, URL and topics.
    ///
    /// # Errors
    ///
    /// An id that there is not, what [`create`](Self::create) would refuse of the form, and
    /// [`PlatformErrorKind::EditingNotOffered`] unless [`with_editing`](Self::with_editing) allows it.
    pub fn edit(
        &mut self,
        id: EndpointId,
        form: EndpointForm,
        now: Timestamp,
    ) -> Result<&WebhookEndpoint, PlatformError> {
        self.endpoint(id)?;
        if !self.editable {
            return Err(PlatformErrorKind::EditingNotOffered.into());
        }
        let Checked { name, url, topics } = check(&form, &self.purchase, self.plain_http)?;
        self.change(id, now, |endpoint| {
            (endpoint.name, endpoint.url, endpoint.topics) = (name, url, topics);
        })
    }

    /// Stops an endpoint: it is sent nothing until it is resumed.
    ///
    /// # Errors
    ///
    /// An id that there is not, and an endpoint that is stopped.
    pub fn stop(&mut self, id: EndpointId, now: Timestamp) -> Result<&WebhookEndpoint, PlatformError> {
        self.not_yet(id, EndpointStatus::Stopped)?;
        self.change(id, now, |endpoint| endpoint.status = EndpointStatus::Stopped)
    }

    /// Resumes an endpoint that was stopped. What happened meanwhile is not sent.
    ///
    /// # Errors
    ///
    /// An id that there is not, an endpoint that is ongoing, and one working endpoint too many.
    pub fn resume(&mut self, id: EndpointId, now: Timestamp) -> Result<&WebhookEndpoint, PlatformError> {
        self.not_yet(id, EndpointStatus::Ongoing)?;
        self.room_for_one_more()?;
        self.change(id, now, |endpoint| endpoint.status = EndpointStatus::Ongoing)
    }

    /// Deletes an endpoint, and gives it back as it was.
    ///
    /// # Errors
    ///
    /// An id that there is not.
    pub fn delete(&mut self, id: EndpointId) -> Result<WebhookEndpoint, PlatformError> {
        let at = self.endpoints.iter().position(|endpoint| endpoint.id == id);
        at.map(|at| self.endpoints.remove(at)).ok_or_else(|| PlatformErrorKind::NoSuchEndpoint.into())
    }

    /// Makes a new share secret. The old one stops at once: whatever is signed from now on is signed with the new one,
    /// and a receiver that does not know it yet loses events.
    ///
    /// # Errors
    ///
    /// An id that there is not.
    pub fn change_share_secret(
        &mut self,
        id: EndpointId,
        now: Timestamp,
    ) -> Result<&WebhookEndpoint, PlatformError> {
        self.set_share_secret(id, random_secret(), now)
    }

    /// Sets the share secret to one of your own, such as a receiver has already. MAAC's console cannot.
    ///
    /// # Errors
    ///
    /// An id that there is not.
    pub fn set_share_secret(
        &mut self,
        id: EndpointId,
        secret: ShareSecret,
        now: Timestamp,
    ) -> Result<&WebhookEndpoint, PlatformError> {
        self.change(id, now, |endpoint| endpoint.share_secret = secret)
    }

    /// Which endpoints an event of this topic goes to at this moment: one decision for each endpoint.
    #[must_use]
    pub fn decide(&self, topic: &Topic, now: Timestamp) -> Vec<Decision> {
        let decision = |endpoint: &WebhookEndpoint| Decision {
            endpoint: endpoint.id,
            verdict: self.receives(endpoint.id, topic, now).map(|_| ()),
        };
        self.endpoints.iter().map(decision).collect()
    }

    /// The endpoint, where it is sent events of this topic at this moment.
    ///
    /// # Errors
    ///
    /// Why it is not.
    pub fn receives(
        &self,
        id: EndpointId,
        topic: &Topic,
        now: Timestamp,
    ) -> Result<&WebhookEndpoint, NotDelivered> {
        let endpoint = self.endpoint(id).map_err(|_| NotDelivered::Deleted)?;
        self.is_sold(topic, now)?;
        if !endpoint.works() {
            return Err(NotDelivered::Stopped);
        }
        if endpoint.topics.contains(topic) { Ok(endpoint) } else { Err(NotDelivered::NotSubscribed) }
    }

    /// The endpoint, where it can be sent a test of this topic at this moment. Zone and period count for a test too.
    ///
    /// # Errors
    ///
    /// Why it cannot.
    pub fn receives_test(
        &self,
        id: EndpointId,
        topic: &Topic,
        now: Timestamp,
    ) -> Result<&WebhookEndpoint, NotDelivered> {
        let endpoint = self.endpoint(id).map_err(|_| NotDelivered::Deleted)?;
        self.is_sold(topic, now)?;
        if !endpoint.works() && !self.tests_when_stopped {
            return Err(NotDelivered::Stopped);
        }
        let subscribed = self.tests_of_any_topic || endpoint.topics.contains(topic);
        if subscribed { Ok(endpoint) } else { Err(NotDelivered::NotSubscribed) }
    }

    fn is_sold(&self, topic: &Topic, now: Timestamp) -> Result<(), NotDelivered> {
        let zone = Zone::of(topic).ok_or(NotDelivered::UnknownTopic)?;
        if !self.purchase.has(zone) {
            return Err(NotDelivered::ZoneNotBought { zone });
        }
        self.purchase.covers(now)
    }

    fn room_for_one_more(&self) -> Result<(), PlatformError> {
        let limit = self.working_limit;
        let room = self.working() < limit;
        if room { Ok(()) } else { Err(PlatformErrorKind::TooManyWorkingEndpoints { limit }.into()) }
    }

    fn not_yet(&self, id: EndpointId, status: EndpointStatus) -> Result<(), PlatformError> {
        let already = self.endpoint(id)?.status == status;
        if already { Err(PlatformErrorKind::AlreadyInStatus { status }.into()) } else { Ok(()) }
    }

    fn change(
        &mut self,
        id: EndpointId,
        now: Timestamp,
        change: impl FnOnce(&mut WebhookEndpoint),
    ) -> Result<&WebhookEndpoint, PlatformError> {
        let endpoint = self.endpoints.iter_mut().find(|endpoint| endpoint.id == id);
        let endpoint = endpoint.ok_or(PlatformErrorKind::NoSuchEndpoint)?;
        change(endpoint);
        endpoint.updated_at = now;
        Ok(endpoint)
    }
}

/// 64 hexadecimal characters, 244 of their bits from the system's random numbers.
#[allow(clippy::expect_used, reason = "hexadecimal digits are neither empty nor white space")]
fn random_secret() -> ShareSecret {
    let half = || Uuid::new_v4().simple();
    ShareSecret::new(format!("{}{}", half(), half())).expect("hexadecimal digits are a secret")
}
