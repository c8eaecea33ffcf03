use bytes::Bytes;
use http::Request;
use maac_webhook::{Endpoint, Rejection, RequestHead, ShareSecret, Verifier, headers};
use metrics::{NoopRecorder, with_local_recorder};

/// Whether a receiver with this secret admits the request: what is sent must be what would be received.
pub(super) fn check(request: &Request<Bytes>, secret: &ShareSecret) -> Result<(), Rejection> {
    let values = |name| request.headers().get_all(name).into_iter().map(|value| value.as_bytes());
    let head = RequestHead::new(values(headers::SIGNATURE), values(headers::IDEMPOTENCY_KEY));
    let endpoint = Endpoint::new("sender", secret.clone()).with_body_limit(request.body().len());
    // Nothing was received, so none is to be counted as received.
    with_local_recorder(&NoopRecorder, || Verifier::new(endpoint).verify(head, request.body().clone()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WebhookRequest;

    #[test]
    fn a_request_passes_under_the_secret_that_signed_it_and_only_as_it_was_signed() {
        let [own, other] = ["hush", "other"].map(|secret| ShareSecret::new(secret).unwrap());
        let body = Bytes::from(vec![b' '; 3 * 1024 * 1024]);
        let request = WebhookRequest::signed(&own, body);
        let mut request = request.to_http(&"https://shop.example/".parse().unwrap());
        assert!(check(&request, &own).is_ok());
        assert!(check(&request, &other).is_err());
        *request.body_mut() = Bytes::from_static(b"{}");
        assert!(check(&request, &own).is_err());
    }
}
