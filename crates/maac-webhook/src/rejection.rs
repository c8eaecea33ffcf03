//! Why a request did not become a handled event, and the one table of what each reason is answered.

use std::{fmt, sync::Arc};

use crate::{Delivery, Endpoint, answer::Reaction, metrics};

/// A request that goes no further, and why.
///
/// Its response has the [`status`](Self::status) of its kind and an **empty body**: the reason goes to
/// the log ([`log`](Self::log)) and to the response's extensions, never to the caller. It holds no
/// secret and no digest; of a payload at most its topic and the names in it, and those shortened. What a handler's own
/// error says is in it as the handler wrote it ([`HandlerFailed`](RejectionKind::HandlerFailed)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    kind: RejectionKind,
    detail: Option<String>,
    endpoint: Option<Arc<str>>,
    ignored: bool,
}

/// The reason of a [`Rejection`].
///
/// | kind | whose fault | status | MAAC tries again |
/// | --- | --- | --- | --- |
/// | [`MissingSignature`](Self::MissingSignature) | the request's | 401 | no |
/// | [`RepeatedSignature`](Self::RepeatedSignature) | the request's | 401 | no |
/// | [`MalformedSignature`](Self::MalformedSignature) | the request's | 401 | no |
/// | [`SignatureMismatch`](Self::SignatureMismatch) | the request's | 401 | no |
/// | [`SecretRotating`](Self::SecretRotating) | the request's | 503 | yes |
/// | [`BodyTooLarge`](Self::BodyTooLarge) | the request's | 413 | no |
/// | [`BodyTimeout`](Self::BodyTimeout) | the network's | 408 | yes |
/// | [`BodyIncomplete`](Self::BodyIncomplete) | the network's | 503 | yes |
/// | [`Overloaded`](Self::Overloaded) | the network's | 503 | yes |
/// | [`NoSecret`](Self::NoSecret) | the configuration's | 503 | yes |
/// | [`NotConfigured`](Self::NotConfigured) | the configuration's | 503 | yes |
/// | [`OtherEndpoint`](Self::OtherEndpoint) | the configuration's | 503 | yes |
/// | [`StoreUnavailable`](Self::StoreUnavailable) | the receiver's | 503 | yes |
/// | [`UnexpectedTopic`](Self::UnexpectedTopic) | the receiver's | 503 | yes |
/// | [`UnreadablePayload`](Self::UnreadablePayload) | the receiver's | 503 | yes |
/// | [`HandlerRefused`](Self::HandlerRefused) | the receiver's | 503 | yes |
/// | [`HandlerFailed`](Self::HandlerFailed) | the receiver's | 503 | yes |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// There is no `CrescLab-Signature` header.
    MissingSignature,
    /// There are several `CrescLab-Signature` headers.
    RepeatedSignature,
    /// The signature is not 64 lower-case hexadecimal characters.
    MalformedSignature,
    /// The signature is not the body's under any live secret.
    SignatureMismatch,
    /// The same while the share secret is being changed: it may be genuine, see [`Quarantine`](crate::Quarantine).
    SecretRotating,
    /// The body is larger than the endpoint's limit.
    BodyTooLarge,
    /// The body did not arrive within the endpoint's time-out.
    BodyTimeout,
    /// The body broke off, or its framing is broken.
    BodyIncomplete,
    /// Unverified bodies hold all the memory they may have: see [`BodyBudget`](crate::BodyBudget).
    Overloaded,
    /// No share secret is loaded.
    NoSecret,
    /// An extractor found neither a verifying layer nor an endpoint to verify with.
    NotConfigured,
    /// A layer around the handler verified for another endpoint than the handler's.
    OtherEndpoint,
    /// A verified event could not be stored now.
    StoreUnavailable,
    /// A verified event is of another topic than the one the handler takes.
    UnexpectedTopic,
    /// A verified event could not be read as what the handler takes.
    UnreadablePayload,
    /// The handler answered a verified event with a status that would lose it.
    HandlerRefused,
    /// The handler could not handle a verified event now.
    HandlerFailed,
}

impl RejectionKind {
    /// Every kind there is.
    pub const ALL: &'static [Self] = &[
        Self::MissingSignature,
        Self::RepeatedSignature,
        Self::MalformedSignature,
        Self::SignatureMismatch,
        Self::SecretRotating,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::Overloaded,
        Self::NoSecret,
        Self::NotConfigured,
        Self::OtherEndpoint,
        Self::StoreUnavailable,
        Self::UnexpectedTopic,
        Self::UnreadablePayload,
        Self::HandlerRefused,
        Self::HandlerFailed,
    ];

    /// The table: the status each kind is answered, its name in logs, and what it says there.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MissingSignature => (401, "missing_signature", "there is no signature header"),
            Self::RepeatedSignature => (401, "repeated_signature", "there is more than one signature header"),
            Self::MalformedSignature => {
                (401, "malformed_signature", "the signature is not 64 lower-case hexadecimal characters")
            }
            Self::SignatureMismatch => (
                401,
                "signature_mismatch",
                "the signature is not the body's under any live secret: a forgery, or the secret is not the console's",
            ),
            Self::SecretRotating => (
                503,
                "secret_rotating",
                "the signature is not the body's under any live secret, and the secret is being changed",
            ),
            Self::BodyTooLarge => (413, "body_too_large", "the body is larger than the limit"),
            Self::BodyTimeout => (408, "body_timeout", "the body did not arrive in time"),
            Self::BodyIncomplete => (503, "body_incomplete", "the body broke off"),
            Self::Overloaded => (503, "overloaded", "unverified bodies hold all the memory they may have"),
            Self::NoSecret => (503, "no_secret", "no share secret is loaded"),
            Self::NotConfigured => {
                (503, "not_configured", "not configured: neither a verifying layer nor an endpoint")
            }
            Self::OtherEndpoint => {
                (503, "other_endpoint", "a layer verified it for another endpoint than the handler's")
            }
            Self::StoreUnavailable => (503, "store_unavailable", "the event could not be stored now"),
            Self::UnexpectedTopic => {
                (503, "unexpected_topic", "the event is of another topic than the handler takes")
            }
            Self::UnreadablePayload => {
                (503, "unreadable_payload", "the event could not be read as what the handler takes")
            }
            Self::HandlerRefused => {
                (503, "handler_refused", "the handler's answer would have lost a genuine event")
            }
            Self::HandlerFailed => (503, "handler_failed", "the handler could not handle the event now"),
        }
    }

    /// The status code it is answered.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().0
    }

    /// Whether MAAC sends the event again after this answer.
    #[must_use]
    pub const fn sender_retries(self) -> bool {
        matches!(Reaction::of_status(self.status()), Reaction::Retried)
    }

    /// Its name in logs and metrics, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().1
    }

    /// Whether it is the receiver's own to mend, rather than the request's or the network's fault:
    /// logged as an ERROR, where the others are a WARN.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        match self {
            Self::MissingSignature
            | Self::RepeatedSignature
            | Self::MalformedSignature
            | Self::SignatureMismatch
            | Self::SecretRotating
            | Self::BodyTooLarge
            | Self::BodyTimeout
            | Self::BodyIncomplete
            | Self::Overloaded => false,
            Self::NoSecret
            | Self::NotConfigured
            | Self::OtherEndpoint
            | Self::StoreUnavailable
            | Self::UnexpectedTopic
            | Self::UnreadablePayload
            | Self::HandlerRefused
            | Self::HandlerFailed => true,
        }
    }
}

impl Rejection {
    /// A rejection of this kind.
    #[must_use]
    pub fn new(kind: RejectionKind) -> Self {
        Self { kind, detail: None, endpoint: None, ignored: false }
    }

    /// A rejection that says more in the log: on one line, and no more than 240 characters of it. `detail` must hold
    /// no secret, digest or personal data.
    #[must_use]
    pub fn with_detail(kind: RejectionKind, detail: impl fmt::Display) -> Self {
        Self { detail: Some(one_line(&detail.to_string())), ..Self::new(kind) }
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// What else is known, for the log.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The rejection by this endpoint: its name is logged, and it may
    /// [ignore others](Endpoint::ignore_others).
    #[must_use]
    pub fn at(self, endpoint: &Endpoint) -> Self {
        let ignored = endpoint.ignores_others() && self.kind == RejectionKind::UnexpectedTopic;
        Self { endpoint: Some(endpoint.shared_name().clone()), ignored, ..self }
    }

    /// The rejection of a verified delivery, by whoever handles it: its endpoint's name is logged.
    #[must_use]
    pub fn of(self, delivery: &Delivery) -> Self {
        Self { endpoint: Some(delivery.endpoint.clone()), ..self }
    }

    /// Whether the endpoint ignores it: it is answered 200 then, and neither logged nor shown in extensions.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.ignored
    }

    /// The status code it is answered: its kind's, or 200 where it is [ignored](Self::is_ignored).
    #[must_use]
    pub fn status(&self) -> u16 {
        if self.ignored { 200 } else { self.kind.status() }
    }

    /// Writes the one log line of this rejection, and [counts](crate::metrics::REJECTED) it. Adapters call it once per
    /// rejected request.
    pub fn log(&self) {
        if self.ignored {
            return;
        }
        metrics::rejected(self.endpoint.as_ref(), self.kind).increment(1);
        let (kind, status, endpoint) = (self.kind.as_str(), self.status(), self.endpoint.as_deref());
        if self.kind.is_ours() {
            tracing::error!(kind, status, endpoint, "webhook rejected: {self}");
        } else {
            tracing::warn!(kind, status, endpoint, "webhook rejected: {self}");
        }
    }
}

/// What a stranger wrote may be in a detail: it begins no line of the log, and fills none.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 240;
    let plain = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    match text.char_indices().nth(LONGEST) {
        None => text.chars().map(plain).collect(),
        Some((end, _)) => text[..end].chars().map(plain).chain(['…']).collect(),
    }
}

impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.row().2)?;
        match &self.detail {
            Some(detail) => write!(f, " ({detail})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_log::log_of;

    #[test]
    fn the_table_of_statuses_is_the_documented_one() {
        use RejectionKind as K;
        for &kind in K::ALL {
            let (status, retried) = match kind {
                K::MissingSignature | K::RepeatedSignature | K::MalformedSignature | K::SignatureMismatch => {
                    (401, false)
                }
                K::BodyTooLarge => (413, false),
                K::BodyTimeout => (408, true),
                K::SecretRotating
                | K::BodyIncomplete
                | K::NoSecret
                | K::NotConfigured
                | K::OtherEndpoint
                | K::StoreUnavailable
                | K::UnexpectedTopic
                | K::UnreadablePayload
                | K::HandlerRefused
                | K::HandlerFailed
                | K::Overloaded => (503, true),
            };
            assert_eq!((kind.status(), kind.sender_retries()), (status, retried), "{kind:?}");
            assert_eq!(Rejection::new(kind).status(), status, "{kind:?}");
        }
    }

    #[test]
    fn a_rejection_is_one_line_of_the_log_by_whose_fault_it_is() {
        for &kind in RejectionKind::ALL {
            let endpoint = Endpoint::new("crm", crate::ShareSecrets::empty());
            let rejection = Rejection::with_detail(kind, "more").at(&endpoint);
            let ((), written) = log_of(|| rejection.log());
            let from_outside =
                [RejectionKind::SecretRotating, RejectionKind::BodyIncomplete, RejectionKind::Overloaded];
            let level = if matches!(kind.status(), 401 | 413 | 408) || from_outside.contains(&kind) {
                " WARN"
            } else {
                "ERROR"
            };
            let (name, status) = (kind.as_str(), kind.status());
            let fields = format!("kind=\"{name}\" status={status} endpoint=\"crm\"\n");
            assert!(written.starts_with(level) && written.ends_with(&fields), "{written}");
            assert_eq!(written.matches('\n').count(), 1, "{written}");
            assert!(written.contains(&rejection.to_string()), "{written}");
        }
    }

    #[test]
    fn what_is_not_forged_or_too_large_comes_back() {
        for &kind in RejectionKind::ALL {
            let final_answer = matches!(kind.status(), 401 | 413);
            assert_eq!(kind.sender_retries(), !final_answer, "{kind:?}");
            assert!(!(final_answer && kind.is_ours()), "our own fault must not lose an event: {kind:?}");
        }
    }

    #[test]
    fn names_are_snake_case_and_no_two_alike() {
        let mut names: Vec<_> = RejectionKind::ALL.iter().map(|kind| kind.as_str()).collect();
        for name in &names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RejectionKind::ALL.len());
    }

    #[test]
    fn the_text_has_the_reason_and_the_detail() {
        let rejection = Rejection::with_detail(RejectionKind::BodyTooLarge, "limit 5 bytes");
        assert_eq!(rejection.to_string(), "the body is larger than the limit (limit 5 bytes)");
        assert_eq!(rejection.detail(), Some("limit 5 bytes"));
    }

    #[test]
    fn a_detail_is_one_line_of_bounded_length() {
        let detail = |text: &str| Rejection::with_detail(RejectionKind::UnexpectedTopic, text).detail;
        assert_eq!(detail("a\n b\u{1b}[31m\u{85}").unwrap(), "a\u{fffd} b\u{fffd}[31m\u{fffd}");
        assert_eq!(detail(&"女".repeat(240)).unwrap(), "女".repeat(240));
        assert_eq!(detail(&"女".repeat(241)).unwrap(), format!("{}…", "女".repeat(240)));
    }
}
