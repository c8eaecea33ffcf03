use std::{fmt, str::FromStr};

use http::{
    Uri,
    uri::{PathAndQuery, Scheme},
};

/// Where deliveries go: an `http` or `https` URL. (MAAC's console accepts `https` alone.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
    https: bool,
}

/// A URL that nothing can be delivered to, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTarget {
    kind: InvalidTargetKind,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidTargetKind {
    /// It does not begin with `https://` or `http://`.
    NoScheme,
    /// It is not a URL.
    NotAUrl,
    /// Its scheme is another one.
    OtherScheme,
    /// It names no host.
    NoHost,
    /// It has a user name or password.
    Credentials,
    /// Its port is not a number up to 65535.
    InvalidPort,
}

impl Target {
    /// Whether it is reached by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host's name or address, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.uri.host().unwrap_or_default();
        host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
    }

    /// The port: the scheme's own where the URL has none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.https { 443 } else { 80 })
    }

    /// The value of the `Host` header.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", http::uri::Authority::as_str)
    }

    /// What the request line asks for.
    pub(crate) fn path_and_query(&self) -> PathAndQuery {
        self.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(url: &str) -> Result<Self, InvalidTarget> {
        use InvalidTargetKind as Kind;

        let invalid = |kind| InvalidTarget { kind };
        if !url.contains("://") {
            return Err(invalid(Kind::NoScheme));
        }
        let uri: Uri = url.parse().map_err(|_| invalid(Kind::NotAUrl))?;
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(_) => return Err(invalid(Kind::OtherScheme)),
            None => return Err(invalid(Kind::NoScheme)),
        };
        let authority = uri.authority().ok_or_else(|| invalid(Kind::NoHost))?;
        if authority.as_str().contains('@') {
            return Err(invalid(Kind::Credentials));
        }
        if authority.host().is_empty() {
            return Err(invalid(Kind::NoHost));
        }
        if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none() {
            return Err(invalid(Kind::InvalidPort));
        }
        // A URL may have a query and no path, which a request line may not: displayed, it has its slash.
        let uri = uri.to_string().parse().map_err(|_| invalid(Kind::NotAUrl))?;
        Ok(Self { uri, https })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

impl InvalidTarget {
    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> InvalidTargetKind {
        self.kind
    }
}

impl fmt::Display for InvalidTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the URL cannot be delivered to: {}", self.kind)
    }
}

impl fmt::Display for InvalidTargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "it does not begin with https:// or http://",
            Self::NotAUrl => "it is not a URL",
            Self::OtherScheme => "its scheme is neither https nor http",
            Self::NoHost => "it has no host",
            Self::Credentials => "it has a user name or password, which would be sent to nobody",
            Self::InvalidPort => "its port is not a number up to 65535",
        })
    }
}

impl std::error::Error for InvalidTarget {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (bool, String, u16, String, String) {
        let target: Target = url.parse().unwrap();
        let [host, authority, path] =
            [target.host(), target.authority(), target.path_and_query().as_str()].map(str::to_owned);
        (target.is_https(), host, target.port(), authority, path)
    }

    #[test]
    fn a_url_is_taken_apart() {
        let text = str::to_owned;
        assert_eq!(
            parts("https://shop.example/hooks?x=1#part"),
            (true, text("shop.example"), 443, text("shop.example"), text("/hooks?x=1"))
        );
        assert_eq!(
            parts("http://127.0.0.1:8080"),
            (false, text("127.0.0.1"), 8080, text("127.0.0.1:8080"), text("/"))
        );
        assert_eq!(parts("http://[::1]/a"), (false, text("::1"), 80, text("[::1]"), text("/a")));
        assert_eq!(parts("http://[::1]:99/").1, "::1");
        assert_eq!(parts("http://shop.example?x=1").4, "/?x=1");
        assert_eq!(parts("http://shop.example//a?").4, "//a?");
    }

    #[test]
    fn what_nothing_can_be_delivered_to_is_refused_with_the_reason() {
        for (url, why) in [
            ("", "does not begin"),
            ("127.0.0.1:8080/webhooks", "does not begin"),
            ("/webhooks", "does not begin"),
            ("shop.example:80", "does not begin"),
            ("ftp://shop.example/", "neither https nor http"),
            ("http://user:pass@shop.example/", "user name or password"),
            ("http://:80/", "no host"),
            ("http://shop.example:99999/", "not a"),
            ("http://shop.example:/", "port"),
            ("http://女.example/", "not a URL"),
        ] {
            let error = url.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains(why), "{url}: {error}");
        }
    }
}
