use maac_webhook::{Endpoint, Verifier};
use tower_layer::Layer;

use crate::Verify;

/// A layer that lets only verified deliveries to one endpoint through. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct VerifyLayer {
    verifier: Verifier,
}

impl VerifyLayer {
    /// A layer that verifies for this endpoint, with its limits.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { verifier: Verifier::new(endpoint) }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify::new(inner, self.verifier.clone())
    }
}
