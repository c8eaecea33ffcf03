use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
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
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

/// A root certificate that cannot be read.
#[derive(Clone, Debug)]
pub struct InvalidRootCertificate(String);

impl Default for Tls {
    fn default() -> Self {
        Self { added: RootCertStore::empty(), config: Arc::default() }
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
        self.config = Arc::default();
        Ok(())
    }

    pub(super) async fn connect<S>(&self, host: &str, stream: S) -> Result<TlsStream<S>, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let tls = |message: String| TransportError::new(TransportErrorKind::Tls, message);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(error.to_string()))?;
        let config = match self.config.get() {
            Some(config) => config.clone(),
            None => {
                let made = Arc::new(self.configure().map_err(tls)?);
                self.config.get_or_init(|| made).clone()
            }
        };
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map_err(|error| TransportError::handshake(&error))
    }

    fn configure(&self) -> Result<ClientConfig, String> {
        let mut roots = self.added.clone();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
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
