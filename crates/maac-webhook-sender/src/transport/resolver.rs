use std::{fmt, io, net::SocketAddr, pin::Pin, sync::Arc};

use tokio::net::lookup_host;

type Resolved = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Which addresses a host's name has: as the system's resolver says, or one of your own.
///
/// ```
/// use maac_webhook_sender::{HttpTransport, Resolver};
///
/// // A receiver under test takes the place of the one that its URL names.
/// let here = Resolver::new(|_host, _port| async { Ok(vec![([127, 0, 0, 1], 8443).into()]) });
/// let transport = HttpTransport::new().with_resolver(here);
/// ```
#[derive(Clone)]
pub struct Resolver(Arc<dyn Fn(String, u16) -> Resolved + Send + Sync>);

impl Resolver {
    /// The system's resolver.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|host, port| async move { Ok(lookup_host((host, port)).await?.collect()) })
    }

    /// A resolver that says what this function does of a host and a port. It is asked of addresses too.
    pub fn new<F>(resolve: impl Fn(String, u16) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Self(Arc::new(move |host, port| Box::pin(resolve(host, port))))
    }

    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        (self.0)(host.to_owned(), port).await
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}
