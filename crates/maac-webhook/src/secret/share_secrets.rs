use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;

use super::{
    ShareSecret,
    error::{Origin, SecretError, SecretErrorKind},
};
use crate::signature::SigningKey;

/// The share secrets of one endpoint that are in force now: the current one and, for a short while
/// after a change, the one before it.
///
/// Clones share one state: a secret set through one is in force for all, from the next request on and
/// without a restart. **A list of secrets is for a change, never for several endpoints**, each of
/// which has a secret of its own.
///
/// MAAC's "Change Share Secret" has no overlap on its own side; the overlap here is for retries that
/// were signed before the change and are still on their way.
#[derive(Clone)]
pub struct ShareSecrets(Arc<Shared>);

struct Shared {
    live: RwLock<LiveKeys>,
    file: Option<PathBuf>,
}

pub(crate) struct LiveKeys {
    pub(crate) current: Option<Key>,
    pub(crate) previous: Option<(Key, Instant)>,
    /// Counts the changes, so that a verification that began before one can tell.
    pub(crate) generation: u64,
}

pub(crate) struct Key {
    secret: ShareSecret,
    pub(crate) signing: SigningKey,
}

/// Which of the live secrets a signature matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretSlot {
    /// The current secret.
    Current,
    /// The one before it, within its overlap.
    Previous,
}

/// What [`ShareSecrets::reload`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reload {
    /// The file holds the secret that is in force already.
    Unchanged,
    /// The file held another secret, which is now the current one.
    Changed,
}

impl ShareSecrets {
    /// How long the old secret stays in force after a change, where nothing else is said.
    pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(60);

    /// The longest time an old secret may stay in force: a leaked secret must not live on.
    pub const MAX_OVERLAP: Duration = Duration::from_secs(600);

    /// One secret, in force at once.
    #[must_use]
    pub fn new(secret: ShareSecret) -> Self {
        Self::with(Some(secret), None)
    }

    /// No secret yet: until one is [`set`](Self::set), every request is answered 503, so that it comes
    /// back.
    #[must_use]
    pub fn empty() -> Self {
        Self::with(None, None)
    }

    /// Takes the secret from a value.
    ///
    /// # Errors
    ///
    /// As [`ShareSecret::new`].
    pub fn from_value(secret: impl Into<String>) -> Result<Self, SecretError> {
        ShareSecret::new(secret).map(Self::new)
    }

    /// Reads the secret from an environment variable.
    ///
    /// # Errors
    ///
    /// As [`ShareSecret::from_env`].
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        ShareSecret::from_env(name).map(Self::new)
    }

    /// Reads the secret from a file and remembers which, for [`reload`](Self::reload).
    ///
    /// # Errors
    ///
    /// As [`ShareSecret::from_file`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SecretError> {
        let path = path.as_ref();
        let secret = ShareSecret::from_file(path)?;
        Ok(Self::with(Some(secret), Some(path.to_owned())))
    }

    fn with(secret: Option<ShareSecret>, file: Option<PathBuf>) -> Self {
        let live = LiveKeys { current: secret.map(Key::new), previous: None, generation: 0 };
        Self(Arc::new(Shared { live: RwLock::new(live), file }))
    }

    /// Makes `secret` the only one in force. The one before it stops at once, as in MAAC.
    pub fn set(&self, secret: ShareSecret) {
        let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
        live.current = Some(Key::new(secret));
        live.previous = None;
        live.generation += 1;
    }

    /// Makes `secret` the current one and keeps the one before it in force for `keep_old_for`
    /// ([`DEFAULT_OVERLAP`](Self::DEFAULT_OVERLAP) is a good choice), at most
    /// [`MAX_OVERLAP`](Self::MAX_OVERLAP). Rotating to the secret in force changes nothing.
    pub fn rotate(&self, secret: ShareSecret, keep_old_for: Duration) {
        self.rotate_at(secret, keep_old_for, Instant::now());
    }

    fn rotate_at(&self, secret: ShareSecret, keep_old_for: Duration, now: Instant) {
        if keep_old_for > Self::MAX_OVERLAP {
            tracing::warn!(
                asked_s = keep_old_for.as_secs(),
                kept_s = Self::MAX_OVERLAP.as_secs(),
                "an old share secret is kept no longer than the ceiling"
            );
        }
        let until = now + keep_old_for.min(Self::MAX_OVERLAP);
        let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.current.as_ref().is_some_and(|key| key.is(&secret)) {
            return;
        }
        live.previous = live.current.replace(Key::new(secret)).map(|old| (old, until));
        live.generation += 1;
    }

    /// Reads the file anew and, where it holds another secret, rotates to it with the default overlap.
    ///
    /// # Errors
    ///
    /// A file that became unreadable, empty or otherwise unusable, which is logged as an ERROR too;
    /// and secrets that did not come from a file. In each case **the last good secret stays in force**.
    pub fn reload(&self) -> Result<Reload, SecretError> {
        let path = self
            .0
            .file
            .as_deref()
            .ok_or_else(|| SecretError::new(SecretErrorKind::NotFromFile, Origin::Value))?;
        let secret = ShareSecret::from_file(path).inspect_err(|error| {
            tracing::error!(%error, "the last good share secret stays in force");
        })?;
        let before = self.live().generation;
        self.rotate(secret, Self::DEFAULT_OVERLAP);
        Ok(if self.live().generation == before { Reload::Unchanged } else { Reload::Changed })
    }

    pub(crate) fn live(&self) -> RwLockReadGuard<'_, LiveKeys> {
        // A panic cannot leave the keys half written, so a poisoned lock holds good ones.
        self.0.live.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ShareSecret> for ShareSecrets {
    fn from(secret: ShareSecret) -> Self {
        Self::new(secret)
    }
}

impl fmt::Debug for ShareSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live();
        f.debug_struct("ShareSecrets")
            .field("current", &live.current.as_ref().map(|_| "redacted"))
            .field("previous", &live.previous.as_ref().map(|_| "redacted"))
            .field("file", &self.0.file)
            .finish()
    }
}

impl Key {
    fn new(secret: ShareSecret) -> Self {
        let signing = SigningKey::new(&secret);
        Self { secret, signing }
    }

    fn is(&self, secret: &ShareSecret) -> bool {
        let (ours, other) = (self.secret.expose_secret(), secret.expose_secret());
        ours.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests;
