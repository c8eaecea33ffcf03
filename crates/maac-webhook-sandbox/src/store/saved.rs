//! What was set up: the platform, and what its events are made of.

use jiff::Timestamp;
use maac_webhook::{ShareSecret, event::Topic};
use maac_webhook_sender::platform::{
    EndpointId, EndpointStatus, Platform, Purchase, StoredEndpoint, WebhookEndpoint, Zone,
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{StoreError, StoreErrorKind, log::json};

/// A part of what was set up.
pub(crate) trait Saved: Serialize + DeserializeOwned {
    /// Its name in the file.
    const NAME: &str;

    fn load(connection: &Connection) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT value FROM sandbox_saved WHERE name = ?";
        let value: Option<String> = connection.query_row(sql, [Self::NAME], |row| row.get(0)).optional()?;
        let corrupt = |error| StoreError::because(StoreErrorKind::Corrupt, error);
        value.map(|value| serde_json::from_str(&value).map_err(corrupt)).transpose()
    }

    fn save(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO sandbox_saved VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        connection.execute(sql, params![Self::NAME, json(self)?])?;
        Ok(())
    }
}

#[derive(Deserialize, Serialize)]
pub(crate) struct SavedPlatform {
    zones: Vec<Zone>,
    from: Timestamp,
    until: Timestamp,
    endpoints: Vec<SavedEndpoint>,
}

#[derive(Deserialize, Serialize)]
struct SavedEndpoint {
    id: EndpointId,
    name: String,
    url: String,
    topics: Vec<String>,
    status: EndpointStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
    share_secret: String,
}

impl Saved for SavedPlatform {
    const NAME: &str = "platform";
}

impl SavedPlatform {
    pub(crate) fn of(platform: &Platform) -> Self {
        let purchase = platform.purchase();
        let endpoints = platform.endpoints().map(SavedEndpoint::of).collect();
        Self { zones: purchase.zones().collect(), from: purchase.from(), until: purchase.until(), endpoints }
    }

    /// The platform with what was saved in it.
    pub(crate) fn restore(self, with: impl FnOnce(Purchase) -> Platform) -> Result<Platform, StoreError> {
        let corrupt = |error| StoreError::because(StoreErrorKind::Corrupt, error);
        let purchase = Purchase::new(self.zones, self.from, self.until).map_err(corrupt)?;
        let mut platform = with(purchase);
        for endpoint in self.endpoints {
            platform.restore(endpoint.stored()?).map_err(corrupt)?;
        }
        Ok(platform)
    }
}

impl SavedEndpoint {
    fn of(endpoint: &WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id(),
            name: endpoint.name().to_owned(),
            url: endpoint.url().to_string(),
            topics: endpoint.topics().iter().map(|topic| topic.as_str().to_owned()).collect(),
            status: endpoint.status(),
            created_at: endpoint.created_at(),
            updated_at: endpoint.updated_at(),
            share_secret: endpoint.share_secret().expose_secret().to_owned(),
        }
    }

    fn stored(self) -> Result<StoredEndpoint, StoreError> {
        Ok(StoredEndpoint {
            id: self.id,
            name: self.name,
            url: self.url.parse().map_err(|error: maac_webhook_sender::InvalidTarget| {
                StoreError::because(StoreErrorKind::Corrupt, error)
            })?,
            topics: self.topics.into_iter().map(Topic::from).collect(),
            status: self.status,
            created_at: self.created_at,
            updated_at: self.updated_at,
            share_secret: ShareSecret::new(self.share_secret)
                .map_err(|error| StoreError::because(StoreErrorKind::Corrupt, error))?,
        })
    }
}
