use std::fmt;

use jiff::Timestamp;
use maac_webhook::{ShareSecret, event::Topic};
use serde::{Deserialize, Serialize};

use crate::Target;

random_id! {
    /// The id of a webhook endpoint in the console.
    EndpointId
}

/// Whether an endpoint is sent events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndpointStatus {
    /// It is, as far as the platform's purchase goes.
    Ongoing,
    /// It was stopped, and is not until it is resumed.
    Stopped,
}

impl EndpointStatus {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ongoing => "ongoing",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the console's form for an endpoint has: *Webhook endpoint name*, *Webhook endpoint URL* and *Select webhook
/// event*, as they were filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EndpointForm {
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The URL.
    #[serde(default)]
    pub url: String,
    /// The topics, as `message.first_open`.
    #[serde(default)]
    pub topics: Vec<Topic>,
}

impl EndpointForm {
    /// A form that is filled in.
    pub fn new(
        name: impl Into<String>,
        url: impl Into<String>,
        topics: impl IntoIterator<Item = Topic>,
    ) -> Self {
        Self { name: name.into(), url: url.into(), topics: topics.into_iter().collect() }
    }
}

/// A webhook endpoint as the console has it. `Debug` does not show its share secret.
#[derive(Clone, Debug)]
pub struct WebhookEndpoint {
    pub(super) id: EndpointId,
    pub(super) name: String,
    pub(super) url: Target,
    pub(super) topics: Vec<Topic>,
    pub(super) status: EndpointStatus,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) share_secret: ShareSecret,
}

/// An endpoint's parts, for a store of one's own. `Debug` does not show the share secret.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "a store of one's own makes them")]
pub struct StoredEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// Its name.
    pub name: String,
    /// Where its events go.
    pub url: Target,
    /// The topics it is subscribed to.
    pub topics: Vec<Topic>,
    /// Whether it is sent events.
    pub status: EndpointStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Its share secret.
    pub share_secret: ShareSecret,
}

impl From<&WebhookEndpoint> for StoredEndpoint {
    fn from(endpoint: &WebhookEndpoint) -> Self {
        let WebhookEndpoint { id, name, url, topics, status, created_at, updated_at, share_secret } =
            endpoint.clone();
        Self { id, name, url, topics, status, created_at, updated_at, share_secret }
    }
}

impl WebhookEndpoint {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> EndpointId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its events go.
    #[must_use]
    pub fn url(&self) -> &Target {
        &self.url
    }

    /// The topics it is subscribed to, in their documented order.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// Whether it is sent events.
    #[must_use]
    pub fn status(&self) -> EndpointStatus {
        self.status
    }

    /// When it was created.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it was last changed: edited, stopped, resumed, or given another secret.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Its share secret, which the console hides until it is asked to uncover it.
    #[must_use]
    pub fn share_secret(&self) -> &ShareSecret {
        &self.share_secret
    }

    pub(super) fn works(&self) -> bool {
        self.status == EndpointStatus::Ongoing
    }
}
