use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use super::{
    ShareSecret,
    error::{Origin, SecretError, SecretErrorKind},
};
use crate::{Signature, signature::SigningKey};

/// The share secrets of one endpoint that are in force now: the current one and, for a short while
/// after a change, the one before it.
///
/// Clones share one state: a secret set through one is in force for all, from the next request on and
/// without a restart. **A list of secrets is for a change, never for several endpoints**, each of
/// which has a secret of its own.
///
/// Nothing is read again by itself. A program that follows a file looks at it now and then:
///
/// ```no_run
/// # use std::{thread, time::Duration};
/// # use maac_webhook::ShareSecrets;
/// let secrets = ShareSecrets::from_file("/run/secrets/maac")?;
/// let followed = secrets.clone();
/// thread::spawn(move || {
///     loop {
///         thread::sleep(Duration::from_secs(1));
///         // What is wrong with the file is in the log already.
///         let _ = followed.reload_settled();
///     }
/// });
/// # Ok::<(), maac_webhook::SecretError>(())
/// ```
///
/// MAAC's "Change Share Secret" has no overlap on its own side; the overlap here is for retries that
/// were signed before the change and are still on their way.
#[derive(Clone)]
pub struct ShareSecrets(Arc<Shared>);

struct Shared {
    live: RwLock<Arc<LiveKeys>>,
    file: Option<PathBuf>,
    seen: Mutex<Seen>,
}

/// Where a new secret is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Caller,
    File,
}

/// What the file held when it was last looked at.
enum Seen {
    /// The secret in force.
    Good,
    /// Another secret, so many times in a row.
    Other(ShareSecret, u32),
    /// Nothing of use, so many times in a row.
    Fault(SecretErrorKind, u32),
}

/// The keys in force at one moment; a change makes new ones, so that a request holds on to its own.
pub(crate) struct LiveKeys {
    pub(crate) current: Option<Arc<Key>>,
    pub(crate) previous: Option<(Arc<Key>, Instant)>,
    revision: u64,
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

impl SecretSlot {
    /// Its name, in lower case, as a store may keep it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }

    /// The slot of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Current, Self::Previous].into_iter().find(|slot| slot.as_str() == name)
    }
}

/// What [`ShareSecrets::reload`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reload {
    /// The file holds the secret that is in force already.
    Unchanged,
    /// The file held another secret, which is now the current one.
    Changed,
    /// The file held another secret, which [`reload_settled`](ShareSecrets::reload_settled) has not found twice in a row yet.
    Unsettled,
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
        let live = LiveKeys { current: secret.map(Key::new), previous: None, revision: 0 };
        Self(Arc::new(Shared { live: RwLock::new(Arc::new(live)), file, seen: Mutex::new(Seen::Good) }))
    }

    /// Whether there is a secret to verify with.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.live().current.is_some()
    }

    /// Makes `secret` the only one in force. The one before it stops at once, as in MAAC.
    pub fn set(&self, secret: ShareSecret) {
        let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
        *live = Arc::new(LiveKeys {
            current: Some(Key::new(secret)),
            previous: None,
            revision: live.revision + 1,
        });
    }

    /// Makes `secret` the current one and keeps the one before it in force for `keep_old_for`
    /// ([`DEFAULT_OVERLAP`](Self::DEFAULT_OVERLAP) is a good choice), at most
    /// [`MAX_OVERLAP`](Self::MAX_OVERLAP). Rotating to the secret in force changes nothing. There is one previous secret: of
    /// two rotations within an overlap, the first one's old secret stops at the second.
    pub fn rotate(&self, secret: ShareSecret, keep_old_for: Duration) {
        self.rotate_at(secret, keep_old_for, Instant::now());
    }

    fn rotate_at(&self, secret: ShareSecret, keep_old_for: Duration, now: Instant) -> Reload {
        self.rotate_from(Source::Caller, secret, keep_old_for, now)
    }

    fn rotate_from(
        &self,
        source: Source,
        secret: ShareSecret,
        keep_old_for: Duration,
        now: Instant,
    ) -> Reload {
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
            return Reload::Unchanged;
        }
        let previous = match (&live.current, &live.previous) {
            // A file that was written in two steps, with a pause: its first half was no secret, and the one before it is on its
            // way still.
            (Some(half), Some((old, until)))
                if source == Source::File && now < *until && half.begins(&secret) =>
            {
                Some((old.clone(), *until))
            }
            (current, _) => current.clone().map(|old| (old, until)),
        };
        *live = Arc::new(LiveKeys { current: Some(Key::new(secret)), previous, revision: live.revision + 1 });
        Reload::Changed
    }

    /// Reads the file anew and, where it holds another secret, rotates to it with the default overlap. For when it is known that
    /// the file was written, as on a signal.
    ///
    /// # Errors
    ///
    /// A file that became unreadable, empty or otherwise unusable, which is logged as an ERROR too, once
    /// until it is mended; and secrets that did not come from a file. In each case **the last good secret stays in force**.
    pub fn reload(&self) -> Result<Reload, SecretError> {
        self.look(1)
    }

    /// The same for a file that is looked at every now and then, as each second: what is found counts once two calls in a row
    /// found the same, for a file that is being written is seen with half a secret in it.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload); an ERROR is logged once two calls in a row found the same fault.
    pub fn reload_settled(&self) -> Result<Reload, SecretError> {
        self.look(2)
    }

    /// What is found counts once it was found so many times in a row.
    fn look(&self, times: u32) -> Result<Reload, SecretError> {
        let not_from_file = || SecretError::new(SecretErrorKind::NotFromFile, Origin::Value);
        let path = self.0.file.as_deref().ok_or_else(not_from_file)?;
        // Held until it is rotated to: of two who look at once, the one that read earlier must not have the last word.
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match ShareSecret::from_file(path) {
            Ok(secret) if self.live().current.as_ref().is_some_and(|key| key.is(&secret)) => {
                *seen = Seen::Good;
                Ok(Reload::Unchanged)
            }
            Ok(secret) => {
                let before = match &*seen {
                    Seen::Other(other, count) if other.is_same(&secret) => *count,
                    _ => 0,
                };
                if before + 1 < times {
                    *seen = Seen::Other(secret, before + 1);
                    return Ok(Reload::Unsettled);
                }
                *seen = Seen::Good;
                Ok(self.rotate_from(Source::File, secret, Self::DEFAULT_OVERLAP, Instant::now()))
            }
            Err(error) => {
                let before = match &*seen {
                    Seen::Fault(kind, count) if *kind == error.kind() => *count,
                    _ => 0,
                };
                if before + 1 == times {
                    tracing::error!(%error, "the last good share secret stays in force");
                }
                *seen = Seen::Fault(error.kind(), before.saturating_add(1));
                Err(error)
            }
        }
    }

    /// Signs `body` with the current secret, as for passing an event on; `None` where there is no secret yet.
    ///
    /// ```
    /// # use maac_webhook::{ShareSecret, ShareSecrets, Signature};
    /// let secrets = ShareSecrets::from_value("d0c5c1a6")?;
    /// assert_eq!(secrets.sign(b"{}"), Some(Signature::sign(&ShareSecret::new("d0c5c1a6")?, b"{}")));
    /// # Ok::<(), maac_webhook::SecretError>(())
    /// ```
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> Option<Signature> {
        Some(self.live().current.as_ref()?.signing.sign(body))
    }

    /// How often another secret was put in force: for those who look now and then whether there is something to verify anew.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.live().revision
    }

    pub(crate) fn live(&self) -> Arc<LiveKeys> {
        // A panic cannot leave the keys half written, so a poisoned lock holds good ones.
        self.0.live.read().unwrap_or_else(PoisonError::into_inner).clone()
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
    fn new(secret: ShareSecret) -> Arc<Self> {
        if let Some(slip) = secret.slip() {
            tracing::warn!("{slip}: should that be so, no genuine event is verified");
        }
        let signing = SigningKey::new(&secret);
        Arc::new(Self { secret, signing })
    }

    fn begins(&self, secret: &ShareSecret) -> bool {
        secret.expose_secret().starts_with(self.secret.expose_secret())
    }

    fn is(&self, secret: &ShareSecret) -> bool {
        self.secret.is_same(secret)
    }
}

#[cfg(test)]
mod tests;
