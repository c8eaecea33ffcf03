//! The signature scheme: HMAC-SHA256 over the raw body, in lower-case hexadecimal. Signing and
//! verifying share this one module.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::ShareSecret;

/// A signature: the 32 bytes of an HMAC-SHA256 over the raw body.
///
/// `Display` writes the header's value. `Debug` is redacted, for the *expected* digest of a request
/// that failed must not reach a log: whoever reads it could send that request. Equality takes constant
/// time.
///
/// ```
/// use maac_webhook::{ShareSecret, Signature};
///
/// let secret = ShareSecret::new("key")?;
/// let signature = Signature::sign(&secret, b"The quick brown fox jumps over the lazy dog");
/// assert_eq!(
///     signature.to_string(),
///     "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
/// );
/// assert_eq!(Signature::parse(signature.to_string().as_bytes()), Some(signature));
/// assert_eq!(Signature::parse(signature.to_string().to_uppercase().as_bytes()), None);
/// # Ok::<(), maac_webhook::SecretError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Signature([u8; Self::BYTES]);

impl Signature {
    const BYTES: usize = 32;

    /// Reads the header's value: exactly 64 characters out of `0-9a-f`, nothing around them.
    #[must_use]
    pub fn parse(header: &[u8]) -> Option<Self> {
        let header: &[u8; 2 * Self::BYTES] = header.try_into().ok()?;
        // All characters at once, whether or not one is wrong, so that the compiler makes vectors of it: a third of
        // the time of one pair after the other.
        let digits = header.map(hex_digit);
        let valid = digits.iter().fold(true, |all, digit| all & (*digit != u8::MAX));
        let mut digest = [0; Self::BYTES];
        for (byte, [high, low]) in digest.iter_mut().zip(digits.as_chunks().0) {
            *byte = high.wrapping_mul(16).wrapping_add(*low);
        }
        valid.then_some(Self(digest))
    }

    /// Signs `body` with `secret`.
    #[must_use]
    pub fn sign(secret: &ShareSecret, body: &[u8]) -> Self {
        SigningKey::new(secret).sign(body)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A signature given back by a store, as [`as_bytes`](Self::as_bytes) gave it.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// In words of eight bytes, whose differences are gathered before they are looked at: `subtle` takes three
    /// times as long over 32 bytes one by one.
    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        let (ours, theirs) = (self.0.as_chunks::<8>().0, other.0.as_chunks::<8>().0);
        let difference = ours
            .iter()
            .zip(theirs)
            .fold(0, |all, (ours, theirs)| all | (u64::from_ne_bytes(*ours) ^ u64::from_ne_bytes(*theirs)));
        difference.ct_eq(&0)
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Signature {}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = [0; 2 * Self::BYTES];
        f.write_str(base16ct::lower::encode_str(&self.0, &mut hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

/// The value of one of `0-9a-f`; 255 for any other character, upper case included.
fn hex_digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => u8::MAX,
    }
}

/// A secret's keyed HMAC state, made once, so that a request costs a copy and no key schedule.
#[derive(Clone)]
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    pub(crate) fn new(secret: &ShareSecret) -> Self {
        #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let state = Hmac::new_from_slice(secret.expose_secret().as_bytes()).expect("any length will do");
        Self(state)
    }

    pub(crate) fn begin(&self) -> Digest {
        Digest(self.0.clone())
    }

    pub(crate) fn sign(&self, body: &[u8]) -> Signature {
        let mut digest = self.begin();
        digest.update(body);
        digest.finish()
    }
}

/// A signature being computed as the body arrives.
pub(crate) struct Digest(Hmac<Sha256>);

impl Digest {
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        self.0.update(chunk);
    }

    pub(crate) fn finish(self) -> Signature {
        Signature(self.0.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests;
