//! Whether a receiver can take events now.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use maac_webhook::ShareSecrets;
use maac_webhook_inbox::Store;
use tokio::time::{sleep, timeout};

/// How often the store is asked, and how long it may take to answer.
const ASK_EVERY: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(3);

/// How long ago its last answer may be.
const FRESH: Duration = Duration::from_secs(5);

/// What a receiver needs to take an event: a secret, and a store that answers, where it has one.
#[derive(Clone)]
pub(crate) struct Health {
    secrets: ShareSecrets,
    answered: Option<Arc<Mutex<Instant>>>,
}

impl Health {
    pub(crate) fn of(secrets: ShareSecrets) -> Self {
        Self { secrets, answered: None }
    }

    /// Asks this store from now on, which has just been opened.
    pub(crate) fn watching<S: Store>(&mut self, store: S) -> S {
        let answered = Arc::new(Mutex::new(Instant::now()));
        self.answered = Some(answered.clone());
        tokio::spawn({
            let store = store.clone();
            async move {
                loop {
                    sleep(ASK_EVERY).await;
                    if let Ok(Ok(_)) = timeout(PATIENCE, store.next_due()).await {
                        *answered.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                    }
                }
            }
        });
        store
    }

    /// What is wrong, in as many words as a stranger may read.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.secrets.is_loaded() {
            return Err("no share secret is loaded".to_owned());
        }
        let Some(answered) = &self.answered else { return Ok(()) };
        let ago = answered.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        if ago > FRESH {
            return Err(format!("the inbox's store has not answered for {} s", ago.as_secs()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_secret_it_is_not_ready() {
        let health = Health::of(ShareSecrets::empty());
        assert_eq!(health.check().unwrap_err(), "no share secret is loaded");
        assert_eq!(Health::of(ShareSecrets::from_value("d0c5c1a6").unwrap()).check(), Ok(()));
    }
}
