use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use subtle::ConstantTimeEq;

/// Who may use the console, and by which names it is reached.
#[derive(Clone, Debug)]
pub struct Access {
    reach: Reach,
    names: Vec<String>,
    token: Option<AccessToken>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    ThisMachine,
    Anywhere,
}

/// A token that whoever uses the console from elsewhere must have. `Debug` does not show it.
#[derive(Clone)]
pub struct AccessToken(String);

/// A token that is too short to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenTooShort;

/// An address that others reach, without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequired;

impl AccessToken {
    /// How many characters a token has at least.
    pub const SHORTEST: usize = 16;

    /// Takes a token, without the white space around it.
    ///
    /// # Errors
    ///
    /// Fewer than [`SHORTEST`](Self::SHORTEST) characters.
    pub fn new(token: &str) -> Result<Self, TokenTooShort> {
        let token = token.trim();
        if token.chars().count() < Self::SHORTEST { Err(TokenTooShort) } else { Ok(Self(token.to_owned())) }
    }

    /// Compares without telling by the time it takes where they differ.
    pub(crate) fn is(&self, token: &str) -> bool {
        self.0.as_bytes().ct_eq(token.trim().as_bytes()).into()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

impl Access {
    /// The access to a console that listens at this address: without a token only where nobody else reaches it.
    ///
    /// # Errors
    ///
    /// An address that is not loopback, and no token.
    pub fn at(address: SocketAddr, token: Option<AccessToken>) -> Result<Self, TokenRequired> {
        let reach = if is_loopback(address.ip()) { Reach::ThisMachine } else { Reach::Anywhere };
        if reach == Reach::Anywhere && token.is_none() {
            return Err(TokenRequired);
        }
        Ok(Self { reach, names: Vec::new(), token })
    }

    /// Lets the console be reached by this host name too, as behind a proxy. Unless told otherwise it is by addresses and as
    /// `localhost` alone, so that no page elsewhere can point a name of its own at it.
    #[must_use]
    pub fn with_host(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into().to_ascii_lowercase());
        self
    }

    pub(crate) fn token(&self) -> Option<&AccessToken> {
        self.token.as_ref()
    }

    /// Whether a `Host` header is one that this console is reached by. A stranger's name that resolves to this address (DNS
    /// rebinding) is none.
    pub(crate) fn serves(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<axum::http::uri::Authority>() else { return false };
        if host.contains('@') {
            return false;
        }
        let has_port = host.len() > authority.host().len();
        if has_port && authority.port_u16().is_none() {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
        match bare.parse::<IpAddr>() {
            Ok(address) => self.reach == Reach::Anywhere || is_loopback(address),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

impl fmt::Display for TokenTooShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token has fewer than {} characters", AccessToken::SHORTEST)
    }
}

impl std::error::Error for TokenTooShort {}

impl fmt::Display for TokenRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a console that others can reach needs a token")
    }
}

impl std::error::Error for TokenRequired {}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: &str) -> Access {
        Access::at(address.parse().unwrap(), AccessToken::new("0123456789abcdef").ok()).unwrap()
    }

    #[test]
    fn an_address_that_others_reach_needs_a_token() {
        let at = |address: &str| Access::at(address.parse().unwrap(), None).map(|_| ());
        assert_eq!([at("127.0.0.1:80"), at("[::1]:80"), at("[::ffff:127.0.0.1]:80")], [Ok(()); 3]);
        assert_eq!([at("0.0.0.0:80"), at("[::]:80"), at("10.0.0.1:80")], [Err(TokenRequired); 3]);
        assert_eq!(AccessToken::new(" short ").unwrap_err(), TokenTooShort);
    }

    #[test]
    fn a_host_is_an_address_or_localhost_or_a_name_that_was_told() {
        let local = access("127.0.0.1:8090");
        for host in ["127.0.0.1:8090", "localhost", "LOCALHOST:1", "[::1]:8090", "127.9.9.9"] {
            assert!(local.serves(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "a@localhost",
            "127.0.0.1.nip.io",
            "[::1",
            "localhost:evil.example",
            "localhost:';id;'",
            "127.0.0.1:99999",
        ] {
            assert!(!local.serves(host), "{host}");
        }
        let open = access("0.0.0.0:8090").with_host("Sandbox.Example");
        for host in ["10.0.0.1:8090", "sandbox.example", "localhost:1"] {
            assert!(open.serves(host), "{host}");
        }
        assert!(!open.serves("evil.example"));
    }

    #[test]
    fn a_token_is_not_told() {
        let access = access("0.0.0.0:1");
        assert!(!format!("{access:?}").contains("0123456789abcdef"));
        let token = access.token().unwrap();
        assert!(token.is("0123456789abcdef\n") && !token.is("0123456789abcdeF") && !token.is(""));
    }
}
