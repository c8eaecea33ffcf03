//! What is counted, through the [`metrics`](https://docs.rs/metrics) facade: a recorder of your program's takes it, or nobody.
//!
//! Install the recorder before the first request: an [`Endpoint`](crate::Endpoint) looks for it once. Labels are endpoints'
//! names and the names of kinds, never what a stranger wrote. `docs/metrics.md` has every metric of the project.

use std::sync::Arc;

use ::metrics::{Counter, SharedString, counter, describe_counter};

use crate::{RejectionKind, SecretSlot};

/// Requests whose signature was verified, by `endpoint` and by the `secret` that matched: `current` or `previous`.
pub const VERIFIED: &str = "maac_webhook_verified_total";

/// Requests that were rejected, by `endpoint` (empty where none is known) and by `kind`: the
/// [name](RejectionKind::as_str) of a [`RejectionKind`].
pub const REJECTED: &str = "maac_webhook_rejected_total";

/// Describes the metrics to the recorder, and begins each counter of this endpoint at zero, so that the first of a kind is seen
/// to be one more.
pub fn register(endpoint: &str) {
    describe_counter!(VERIFIED, "Requests whose signature was verified, by the secret that matched");
    describe_counter!(REJECTED, "Requests that were rejected, by why");
    let endpoint: Arc<str> = endpoint.into();
    drop(Verified::at(&endpoint));
    for &kind in RejectionKind::ALL {
        rejected(Some(&endpoint), kind).increment(0);
    }
}

/// The counters of an endpoint's verified requests: to look one up costs as much as to verify a short body.
#[derive(Clone)]
pub(crate) struct Verified {
    current: Counter,
    previous: Counter,
}

impl Verified {
    pub(crate) fn at(endpoint: &Arc<str>) -> Self {
        let of = |slot: SecretSlot| counter!(VERIFIED, "endpoint" => SharedString::from(endpoint.clone()), "secret" => slot.as_str());
        Self { current: of(SecretSlot::Current), previous: of(SecretSlot::Previous) }
    }

    pub(crate) fn count(&self, matched: SecretSlot) {
        match matched {
            SecretSlot::Current => self.current.increment(1),
            SecretSlot::Previous => self.previous.increment(1),
        }
    }
}

pub(crate) fn rejected(endpoint: Option<&Arc<str>>, kind: RejectionKind) -> Counter {
    let endpoint = endpoint.map_or(SharedString::const_str(""), |name| SharedString::from(name.clone()));
    counter!(REJECTED, "endpoint" => endpoint, "kind" => kind.as_str())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::{Endpoint, Rejection, RequestHead, ShareSecret, ShareSecrets, Signature, Verifier};

    /// What a recorder has after this, without its comments.
    fn counted(act: impl FnOnce()) -> Vec<String> {
        let recorder = PrometheusBuilder::new().build_recorder();
        ::metrics::with_local_recorder(&recorder, act);
        let text = recorder.handle().render();
        let mut lines: Vec<_> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(String::from)
            .collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn a_verified_request_is_counted_by_the_secret_that_matched() {
        let [old, new] = ["old", "new"].map(|text| ShareSecret::new(text).unwrap());
        let secrets = ShareSecrets::new(old.clone());
        secrets.rotate(new.clone(), ShareSecrets::DEFAULT_OVERLAP);
        let verifier = Verifier::new(Endpoint::new("crm", secrets));
        let lines = counted(|| {
            for secret in [&old, &new, &new] {
                let signature = Signature::sign(secret, b"body").to_string();
                let head = RequestHead::new([signature.as_bytes()], [&b"key"[..]]);
                verifier.verify(head, Bytes::from_static(b"body")).unwrap();
            }
        });
        assert_eq!(
            lines,
            [
                r#"maac_webhook_verified_total{endpoint="crm",secret="current"} 2"#,
                r#"maac_webhook_verified_total{endpoint="crm",secret="previous"} 1"#,
            ]
        );
    }

    #[test]
    fn a_rejection_is_counted_once_by_kind_and_one_that_is_ignored_is_not() {
        let crm = Endpoint::new("crm", ShareSecrets::empty()).ignore_others();
        let lines = counted(|| {
            Rejection::new(RejectionKind::NotConfigured).log();
            Rejection::with_detail(RejectionKind::HandlerFailed, "a stranger's").at(&crm).log();
            Rejection::new(RejectionKind::UnexpectedTopic).at(&crm).log();
        });
        assert_eq!(
            lines,
            [
                r#"maac_webhook_rejected_total{endpoint="",kind="not_configured"} 1"#,
                r#"maac_webhook_rejected_total{endpoint="crm",kind="handler_failed"} 1"#,
            ]
        );
    }

    #[test]
    fn an_endpoint_that_is_registered_begins_at_zero() {
        let lines = counted(|| register("crm"));
        assert_eq!(lines.len(), RejectionKind::ALL.len() + 2);
        assert!(lines.iter().all(|line| line.ends_with(" 0")), "{lines:#?}");
    }
}
