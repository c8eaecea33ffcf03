use actix_web::{HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_LENGTH};
use futures_util::StreamExt;
use maac_webhook::{
    Delivery, Endpoint, PeerAddr, Rejection, RejectionKind, RequestHead, Verification, Verifier, headers,
};
use tokio::time::timeout;

/// Begins with what can be known before the body is read.
pub(crate) fn begin(endpoint: &Endpoint, request: &HttpRequest) -> Result<Verification, Rejection> {
    let values = |name| request.headers().get_all(name).map(|value| value.as_bytes());
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let peer = request.extensions().get::<PeerAddr>().map(|peer| peer.ip());
    let head = RequestHead::new(values(headers::SIGNATURE), values(headers::IDEMPOTENCY_KEY))
        .with_content_length(length)
        .with_peer(peer.or_else(|| Some(request.peer_addr()?.ip())));
    Verifier::new(endpoint.clone()).begin(head)
}

/// Reads the body, within the endpoint's limit and time-out, and verifies it.
pub(crate) async fn read(
    endpoint: Endpoint,
    mut verification: Verification,
    mut payload: Payload,
) -> Result<Delivery, Rejection> {
    let reading = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|error| Rejection::with_detail(RejectionKind::BodyIncomplete, error.to_string()))?;
            verification.update(chunk)?;
        }
        verification.finish()
    };
    timeout(endpoint.body_timeout(), reading).await.unwrap_or(Err(RejectionKind::BodyTimeout.into()))
}
