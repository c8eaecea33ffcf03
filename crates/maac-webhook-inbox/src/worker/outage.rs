use maac_webhook::error_with_causes;

use crate::{StoreError, metrics};

/// Tells once that the store is away, and once that it is back.
#[derive(Default)]
pub(super) struct Outage(bool);

impl Outage {
    pub(super) fn over<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        match result {
            Ok(value) => {
                if std::mem::take(&mut self.0) {
                    tracing::info!("the inbox's store is back");
                }
                Some(value)
            }
            Err(error) => {
                metrics::store_error(&error);
                if !std::mem::replace(&mut self.0, true) {
                    tracing::error!(error = %error_with_causes(&error), "the inbox's store is away: nothing is handled until it is back");
                }
                None
            }
        }
    }
}
