use std::{error::Error, fmt};

use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The token that the OpenAPI calls want. `Debug` does not show it.
#[derive(Clone)]
pub struct OpenApiToken(String);

/// A text that cannot be sent as a token: it is empty, or has what is not a visible ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidOpenApiToken;

impl OpenApiToken {
    /// A token of one's own.
    ///
    /// # Errors
    ///
    /// A text that is empty, or has what is not a visible ASCII character.
    pub fn new(token: impl Into<String>) -> Result<Self, InvalidOpenApiToken> {
        let token = token.into();
        let can_be_sent = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if can_be_sent { Ok(Self(token)) } else { Err(InvalidOpenApiToken) }
    }

    /// A token that nobody knows yet: 32 hexadecimal characters, 122 of their bits from the system's random numbers.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The token itself, to be shown to whoever may make the calls.
    #[must_use]
    pub fn expose_token(&self) -> &str {
        &self.0
    }

    /// Whether the value of an `Authorization` header has it. How long that takes tells its length at most.
    pub(super) fn is_in(&self, authorization: &[u8]) -> bool {
        let Some((scheme, token)) = authorization.split_at_checked("Bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(token.trim_ascii().ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for OpenApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenApiToken(…)")
    }
}

impl fmt::Display for InvalidOpenApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token is one or more visible ASCII characters, without spaces")
    }
}

impl Error for InvalidOpenApiToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_behind_its_scheme_alone_and_as_a_whole() {
        let token = OpenApiToken::new("abc/+=").unwrap();
        for authorization in ["Bearer abc/+=", "bearer abc/+=", "Bearer  abc/+= "] {
            assert!(token.is_in(authorization.as_bytes()), "{authorization}");
        }
        for authorization in
            ["", "Bearer", "Bearer ", "abc/+=", "Basic abc/+=", "Bearer abc", "Bearer abc/+=d"]
        {
            assert!(!token.is_in(authorization.as_bytes()), "{authorization}");
        }
    }

    #[test]
    fn a_token_that_cannot_be_sent_is_refused_and_none_is_shown() {
        assert!(["", " ", "a b", "a\n", "權杖"].into_iter().all(|text| OpenApiToken::new(text).is_err()));
        let token = OpenApiToken::random();
        assert!(!format!("{token:?}").contains(token.expose_token()));
        assert_ne!(token.expose_token(), OpenApiToken::random().expose_token());
    }
}
