use std::{env, fmt, fs, path::Path};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::error::{Origin, SecretError, SecretErrorKind};

/// The share secret of one MAAC webhook endpoint: an opaque string, the HMAC key of its signatures.
///
/// It has no `Display`, its `Debug` is redacted, and its memory is zeroed when it is dropped.
///
/// ```
/// use maac_webhook::ShareSecret;
///
/// let secret = ShareSecret::new("d0c5c1a6")?;
/// assert_eq!(format!("{secret:?}"), "ShareSecret(redacted)");
/// assert!(ShareSecret::new("d0c5c1a6\n").is_err(), "a slip of copying");
/// # Ok::<(), maac_webhook::SecretError>(())
/// ```
#[derive(Clone)]
pub struct ShareSecret(Zeroizing<String>);

impl ShareSecret {
    /// Takes the secret as it stands in the console.
    ///
    /// # Errors
    ///
    /// The empty string, and leading or trailing white space: with either, no genuine event would
    /// ever verify.
    pub fn new(secret: impl Into<String>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(secret.into()), Origin::Value)
    }

    /// Reads the secret from an environment variable.
    ///
    /// # Errors
    ///
    /// As [`ShareSecret::new`]; and a variable that is not set or not UTF-8.
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        let origin = Origin::Environment(name.to_owned());
        match env::var(name) {
            Ok(secret) => Self::checked(Zeroizing::new(secret), origin),
            Err(env::VarError::NotPresent) => Err(SecretError::new(SecretErrorKind::NotSet, origin)),
            Err(env::VarError::NotUnicode(_)) => Err(SecretError::new(SecretErrorKind::NotUnicode, origin)),
        }
    }

    /// Reads the secret from a file. One newline at its end, LF or CRLF, is not part of the secret.
    ///
    /// # Errors
    ///
    /// As [`ShareSecret::new`]; and a file that cannot be read or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SecretError> {
        let path = path.as_ref();
        let mut text = Zeroizing::new(
            fs::read_to_string(path).map_err(|error| SecretError::unreadable(path.to_owned(), error))?,
        );
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Self::checked(text, Origin::File(path.to_owned()))
    }

    fn checked(secret: Zeroizing<String>, origin: Origin) -> Result<Self, SecretError> {
        if secret.is_empty() {
            return Err(SecretError::new(SecretErrorKind::Empty, origin));
        }
        if secret.trim().len() != secret.len() {
            return Err(SecretError::new(SecretErrorKind::SurroundingWhitespace, origin));
        }
        Ok(Self(secret))
    }

    /// What about the secret looks like a slip of copying, where something does: quotes around it, or the name of a variable
    /// before it. It is taken as it is, for a secret is an opaque string; [`ShareSecrets`](crate::ShareSecrets) warns of it.
    ///
    /// ```
    /// # use maac_webhook::ShareSecret;
    /// assert_eq!(ShareSecret::new("d0c5c1a6")?.slip(), None);
    /// assert!(ShareSecret::new("'d0c5c1a6'")?.slip().is_some());
    /// assert!(ShareSecret::new("MAAC_SHARE_SECRET=d0c5c1a6")?.slip().is_some());
    /// # Ok::<(), maac_webhook::SecretError>(())
    /// ```
    #[must_use]
    pub fn slip(&self) -> Option<&'static str> {
        let text = self.expose_secret();
        let quoted = |quote: char| text.strip_prefix(quote).is_some_and(|rest| rest.ends_with(quote));
        let named = text.split_once('=').is_some_and(|(name, value)| {
            let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            name.contains('_') && name.bytes().all(upper) && !value.is_empty()
        });
        if quoted('"') || quoted('\'') {
            Some("the share secret has quotes around it, which are most likely not part of it")
        } else if named {
            Some("the share secret begins with the name of a variable, which is most likely not part of it")
        } else {
            None
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.expose_secret().as_bytes().ct_eq(other.expose_secret().as_bytes()).into()
    }

    /// The secret itself, for a sender that signs with it or a console that shows it on request.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShareSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareSecret(redacted)")
    }
}
