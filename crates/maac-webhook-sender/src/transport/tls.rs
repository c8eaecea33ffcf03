use std::{
    fmt, io,
    sync::{Arc, OnceLock},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        self, CertificateError, ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{TransportError, TransportErrorKind};

/// The certificates that are trusted: the system's, read when the first `https` target is met, and those
/// added.
#[derive(Clone)]
pub(super) struct Tls {
    added: RootCertStore,
    trusted: Arc<OnceLock<Trusted>>,
}

#[derive(Clone)]
struct Trusted {
    config: Arc<ClientConfig>,
    /// Why certificates of the system's are not among them.
    unread: Option<String>,
}

/// A root certificate that cannot be read.
#[derive(Clone, Debug)]
pub struct InvalidRootCertificate(String);

impl Default for Tls {
    fn default() -> Self {
        Self { added: RootCertStore::empty(), trusted: Arc::default() }
    }
}

impl Tls {
    pub(super) fn add_root(&mut self, pem: &[u8]) -> Result<(), InvalidRootCertificate> {
        let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let found = found.map_err(|error| InvalidRootCertificate(error.to_string()))?;
        if found.is_empty() {
            return Err(InvalidRootCertificate("there is no certificate in it".to_owned()));
        }
        for certificate in found {
            self.added.add(certificate).map_err(|error| InvalidRootCertificate(error.to_string()))?;
        }
        self.trusted = Arc::default();
        Ok(())
    }

    pub(super) async fn connect<S>(&self, host: &str, stream: S) -> Result<TlsStream<S>, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let tls = |message: String| TransportError::new(TransportErrorKind::Tls, message);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(error.to_string()))?;
        let Trusted { config, unread } = match self.trusted.get() {
            Some(trusted) => trusted.clone(),
            None => {
                let made = self.read().map_err(tls)?;
                self.trusted.get_or_init(|| made).clone()
            }
        };
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map_err(|error| match lacks_root(&error) {
            true => tls(untrusted(&error, unread.as_deref())),
            false => TransportError::handshake(&error),
        })
    }

    fn read(&self) -> Result<Trusted, String> {
        let mut roots = self.added.clone();
        let system = rustls_native_certs::load_native_certs();
        let unread = match system.errors.first() {
            Some(error) => Some(error.to_string()),
            None => system.certs.is_empty().then(|| "there are none".to_owned()),
        };
        roots.add_parsable_certificates(system.certs);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
        Ok(Trusted { config, unread })
    }
}

/// Whether the receiver's certificate may be a good one, but for the root that it wants.
fn lacks_root(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)))
}

fn untrusted(error: &io::Error, unread: Option<&str>) -> String {
    let unread = unread.map(|why| format!(" (the system's certificates: {why})")).unwrap_or_default();
    format!(
        "{error}: no root that is trusted is behind it{unread}; HttpTransport::with_root_certificate adds one, and --ca-file of `maac-webhook`"
    )
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("added", &self.added.len()).finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidRootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the root certificate cannot be read: {}", self.0)
    }
}

impl std::error::Error for InvalidRootCertificate {}
