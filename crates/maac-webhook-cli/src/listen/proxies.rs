//! Whose request it is behind proxies.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::Request;
use maac_webhook::{PeerAddr, ProxyNetwork, TrustedProxies};

/// The proxies whose word is taken; and whether another's was heard.
#[derive(Clone, Debug)]
pub(super) struct Proxies {
    trusted: TrustedProxies,
    warned: Arc<AtomicBool>,
}

impl Proxies {
    pub(super) fn new(trusted: &[ProxyNetwork]) -> Self {
        Self { trusted: TrustedProxies::new(trusted.iter().copied()), warned: Arc::default() }
    }

    /// Replaces the connection's address by the one that the proxies tell.
    pub(super) fn look_through(&self, mut request: Request) -> Request {
        let told = request.headers().get_all(TrustedProxies::HEADER);
        if let Some(connection) = request.extensions().get::<PeerAddr>().map(|peer| peer.ip()) {
            let told: Vec<_> = told.iter().map(|value| value.as_bytes()).collect();
            if !told.is_empty()
                && !self.trusted.contains(connection)
                && !self.warned.swap(true, Ordering::Relaxed)
            {
                tracing::warn!(
                    proxy = %connection,
                    "a request has an X-Forwarded-For header from an address that is no --trusted-proxy: if that is your proxy, name \
                     it, or all that it forwards is one stranger's to the quarantine"
                );
            }
            let peer = self.trusted.peer(connection, told);
            request.extensions_mut().insert(PeerAddr::new(peer));
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_from_whom_a_trusted_proxy_tells() {
        let proxies = Proxies::new(&["127.0.0.1".parse().unwrap()]);
        let from = |connection: &str| {
            let mut request = Request::new(axum::body::Body::empty());
            request.headers_mut().insert(TrustedProxies::HEADER, "203.0.113.9".parse().unwrap());
            request.extensions_mut().insert(PeerAddr::new(connection.parse().unwrap()));
            let request = proxies.look_through(request);
            request.extensions().get::<PeerAddr>().unwrap().ip().to_string()
        };
        assert_eq!(from("127.0.0.1"), "203.0.113.9");
        assert!(!proxies.warned.load(Ordering::Relaxed));
        assert_eq!(from("192.0.2.1"), "192.0.2.1");
        assert!(proxies.warned.load(Ordering::Relaxed));
    }
}
