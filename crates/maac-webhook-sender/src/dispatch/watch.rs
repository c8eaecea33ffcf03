use std::fmt;

use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::DeliveryUpdate;

/// The updates of all deliveries as they come, for a page that is live.
#[derive(Debug)]
pub struct Updates(pub(super) Receiver<DeliveryUpdate>);

/// Updates that were missed, for they came faster than they were taken. A log has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissedUpdates {
    /// How many.
    pub count: u64,
}

impl Updates {
    /// The next update; `None` once the dispatcher is gone.
    ///
    /// # Errors
    ///
    /// [`MissedUpdates`], after which it goes on with the oldest that there is still.
    pub async fn next(&mut self) -> Option<Result<DeliveryUpdate, MissedUpdates>> {
        match self.0.recv().await {
            Ok(update) => Some(Ok(update)),
            Err(RecvError::Lagged(count)) => Some(Err(MissedUpdates { count })),
            Err(RecvError::Closed) => None,
        }
    }
}

impl fmt::Display for MissedUpdates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} updates came faster than they were taken", self.count)
    }
}

impl std::error::Error for MissedUpdates {}
