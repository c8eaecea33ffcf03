use std::time::Duration;

use maac_webhook_sender::{dispatch::DispatchErrorKind, payload::Payload};
use tokio::time::{Instant, sleep};

use super::{error::ApiError, router::Api};
use crate::{PublishedEvent, SandboxErrorKind};

/// How long a call waits for room among the deliveries, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(100);

impl Api {
    /// Publishes an event. What it is of has happened already, a first open for one, and does not happen again: so
    /// where there is no room for it, some is waited for.
    pub(super) async fn publish(&self, event: impl Into<Payload>) -> Result<PublishedEvent, ApiError> {
        let (event, until) = (event.into(), Instant::now() + PATIENCE);
        loop {
            let error = match self.sandbox.publish(event.clone()).await {
                Ok(published) => return Ok(published),
                Err(error) => error,
            };
            let full =
                matches!(error.kind(), SandboxErrorKind::Dispatch(DispatchErrorKind::QueueFull { .. }));
            if !full || Instant::now() >= until {
                return Err(error.into());
            }
            sleep(LOOK).await;
        }
    }
}
