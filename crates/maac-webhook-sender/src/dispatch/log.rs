use std::{error::Error, sync::Arc};

use super::DeliveryUpdate;

/// Where every update of every delivery is recorded, before those who watch are told of it.
///
/// [`MemoryLog`](super::MemoryLog) keeps them in memory; another may write them to a database.
pub trait DeliveryLog: Send + Sync + 'static {
    /// What can go wrong.
    type Error: Error + Send + Sync + 'static;

    /// Records an update. Those of one delivery come one after another, those of several in any order.
    ///
    /// Where it fails for [`DeliveryUpdate::Accepted`], the delivery is refused. A later failure is written to the
    /// program's log, and the delivery goes on: its receiver must not lose an event for our book-keeping.
    fn record(&self, update: &DeliveryUpdate) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

impl<L: DeliveryLog> DeliveryLog for Arc<L> {
    type Error = L::Error;

    async fn record(&self, update: &DeliveryUpdate) -> Result<(), L::Error> {
        (**self).record(update).await
    }
}
